//! Giving every encrypted secret another key.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::SecretError;
use crate::keeper::{Keeper, begins_sealed, give};
use crate::key_file::{KeyFile, KeyId, MasterKey, text_of};
use crate::own_file::{self, Guard};
use crate::sealed::{self, Sealed};
use crate::source::read_file;
use crate::whole::write_whole;

/// Where a change of keys may be cut off, in order; the second comes once for each file.
pub const REKEY_POINTS: [&str; 4] =
    ["secret.key-added", "secret.file-given", "secret.files-given", "secret.key-dropped"];
/// What a change of keys did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeyed {
    /// The key all are under now.
    pub key: KeyId,
    /// How many files were written anew.
    pub n_files: usize,
    /// True where one begun earlier was finished.
    pub was_begun: bool,
}

/// The right to change a key file, which more than one hub or agent may have declared: of the folder it is in, for the file
/// itself is exchanged.
struct KeyTurn {
    _folder: Option<File>,
}

impl KeyTurn {
    /// `taken` is a folder of which this process has the turn already.
    fn take(key: &Path, taken: &Path) -> Result<Self, SecretError> {
        let folder = key.parent().unwrap_or(Path::new("/"));
        let failed = |source| SecretError::Unreadable { path: folder.to_owned(), source };
        let real = folder.canonicalize().map_err(failed)?;
        if taken.canonicalize().is_ok_and(|taken| taken == real) {
            return Ok(Self { _folder: None });
        }
        let file = File::open(&real).map_err(failed)?;
        let busy = |_| SecretError::Busy { folder: folder.to_owned() };
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(busy)?;
        Ok(Self { _folder: Some(file) })
    }
}

impl Keeper {
    /// Gives every encrypted file a new key, or finishes where that was cut off. The key file holds both keys until
    /// every file is under the new one, and nothing begins where one file cannot be opened.
    pub fn rekey(&self, reached: &dyn Fn(&'static str)) -> Result<Rekeyed, SecretError> {
        let [added, given, all_given, dropped] = REKEY_POINTS;
        let _turn = self.turn()?;
        let place = self.key_place()?;
        let _key_turn = KeyTurn::take(&place.path()?, self.folder())?;
        let mut keys = KeyFile::read(place)?;
        let sealed = self.sealed_files()?;
        for path in &sealed {
            read_file(path, Some(place))?;
        }
        let was_begun = keys.before.is_some();
        if !was_begun {
            let before = std::mem::replace(&mut keys.current, MasterKey::generate()?);
            write_whole(&keys.path, &text_of(&keys.current, Some(&before)), true)?;
            keys.before = Some(before);
            reached(added);
        }
        let mut n_files = 0;
        for path in &sealed {
            let is_given = {
                let text = own_file::read(path, Guard::Own)?;
                Sealed::read(&text, path)?.key == keys.current.id()
            };
            if !is_given {
                give(path, &read_file(path, Some(place))?, &keys.current)?;
                n_files += 1;
                reached(given);
            }
        }
        reached(all_given);
        write_whole(&keys.path, &text_of(&keys.current, None), true)?;
        reached(dropped);
        Ok(Rekeyed { key: keys.current.id(), n_files, was_begun })
    }

    fn sealed_files(&self) -> Result<Vec<PathBuf>, SecretError> {
        let mut sealed = Vec::new();
        for path in self.files()? {
            match own_file::read(&path, Guard::Own) {
                Ok(text) if sealed::is_sealed(&text) => sealed.push(path),
                // No secret's file.
                Ok(_)
                | Err(
                    SecretError::NoPlainFile { .. }
                    | SecretError::NoText { .. }
                    | SecretError::TooLong { .. },
                ) => {}
                // Declared, and not put there yet.
                Err(SecretError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(error @ (SecretError::Exposed { .. } | SecretError::ForeignOwner { .. })) => {
                    if begins_sealed(&path) {
                        return Err(error);
                    }
                }
                // One that cannot be looked at may be an encrypted one, which nothing would open after.
                Err(error) => return Err(error),
            }
        }
        Ok(sealed)
    }
}
