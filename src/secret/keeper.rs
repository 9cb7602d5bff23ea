//! Putting secrets in their place, encrypting them there, and giving all of them another key: whole or not at all, so that
//! a process killed anywhere leaves every secret readable.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::FlockOperation;

use crate::key_file::{KeyFile, KeyId, KeyPlace, MasterKey, is_file_name, text_of};
use crate::own_file::{self, Exposure, Guard};
use crate::sealed::{self, Sealed, name_of};
use crate::source::{SecretSource, read_file};
use crate::{MOST_BYTES, SecretError};

/// Where a change of keys may be cut off, in order; the second comes once for each file.
pub const REKEY_POINTS: [&str; 4] =
    ["secret.key-added", "secret.file-given", "secret.files-given", "secret.key-dropped"];
/// How what is being written is called until it is whole.
const WRITING: &str = ".writing";

/// The secrets of one hub.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    key: Option<KeyPlace>,
    elsewhere: Vec<PathBuf>,
}

/// A secret's file as it stands. Nothing of the secret is in it.
#[derive(Debug)]
pub struct Kept {
    /// Where.
    pub path: PathBuf,
    /// The bits of its mode.
    pub mode: u32,
    /// When it was last written.
    pub changed: Option<SystemTime>,
    /// How it stands.
    pub told: Told,
}

/// How a secret's file stands.
#[derive(Debug)]
pub enum Told {
    /// Readable as it is.
    Plain,
    /// Encrypted under this key, and it opens.
    Encrypted(KeyId),
    /// It cannot be used.
    Unusable(SecretError),
}

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

/// The right to change secrets, for as long as it lives.
struct Turn {
    _folder: File,
}

impl Keeper {
    /// Of `folder`, under `key`; `elsewhere` are secrets' files that are declared, wherever they are.
    pub fn new(folder: PathBuf, key: Option<KeyPlace>, elsewhere: Vec<PathBuf>) -> Self {
        Self { folder, key, elsewhere }
    }

    /// All files, by path.
    pub fn list(&self) -> Result<Vec<Kept>, SecretError> {
        let files = self.files()?.into_iter();
        Ok(files.map(|path| self.look(path)).collect())
    }

    /// Puts a secret under a name: over another only with `replaces`, encrypted where that is asked for.
    pub fn put(
        &self,
        name: &str,
        secret: &str,
        replaces: bool,
        is_encrypted: bool,
    ) -> Result<(), SecretError> {
        let path = self.folder.join(name);
        if !is_file_name(name.as_ref()) {
            return Err(SecretError::TooLong { path });
        }
        self.put_at(&path, secret, replaces, is_encrypted)
    }

    /// The same for a file that may be elsewhere, in a folder that is there.
    pub fn put_at(
        &self,
        path: &Path,
        secret: &str,
        replaces: bool,
        is_encrypted: bool,
    ) -> Result<(), SecretError> {
        if sealed::is_sealed(secret) {
            return Err(SecretError::IsSealed);
        }
        if secret.len() as u64 > MOST_BYTES {
            return Err(SecretError::TooLong { path: path.to_owned() });
        }
        let _turn = self.turn()?;
        let sealed =
            if is_encrypted { Some(sealed::seal(secret, path, &self.keys()?.current)?) } else { None };
        write_whole(path, sealed.as_deref().unwrap_or(secret), replaces)
    }

    /// Where a file's secret comes from, plain or encrypted.
    pub fn source(&self, path: PathBuf) -> SecretSource {
        SecretSource::file(path, self.key.as_ref())
    }

    /// Makes the key file.
    pub fn make_key(&self) -> Result<KeyId, SecretError> {
        let path = self.key_place()?.path()?;
        let _turn = self.turn()?;
        if path.symlink_metadata().is_ok() {
            return Err(SecretError::KeyThere { path });
        }
        let key = MasterKey::generate()?;
        write_whole(&path, &text_of(&key, None), false)?;
        Ok(key.id())
    }

    /// Encrypts the file of this name as it stands; false where it is encrypted already.
    pub fn encrypt(&self, name: &str) -> Result<bool, SecretError> {
        self.encrypt_at(&self.folder.join(name))
    }

    /// The same for a file that may be elsewhere.
    pub fn encrypt_at(&self, path: &Path) -> Result<bool, SecretError> {
        let _turn = self.turn()?;
        let text = own_file::read(path, Guard::Own)?;
        if sealed::is_sealed(&text) {
            // One that does not open is not passed over.
            read_file(path, self.key.as_ref())?;
            return Ok(false);
        }
        give(path, &text, &self.keys()?.current)?;
        Ok(true)
    }

    /// Gives every encrypted file a new key, or finishes where that was cut off. The key file holds both keys until
    /// every file is under the new one, and nothing begins where one file cannot be opened.
    pub fn rekey(&self, reached: &dyn Fn(&'static str)) -> Result<Rekeyed, SecretError> {
        let [added, given, all_given, dropped] = REKEY_POINTS;
        let _turn = self.turn()?;
        let place = self.key_place()?;
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

    fn keys(&self) -> Result<KeyFile, SecretError> {
        KeyFile::read(self.key_place()?)
    }

    fn key_place(&self) -> Result<&KeyPlace, SecretError> {
        self.key.as_ref().ok_or_else(|| SecretError::NoKeyDeclared { path: self.folder.clone() })
    }

    /// Takes the turn, and removes what a killed process left half written.
    fn turn(&self) -> Result<Turn, SecretError> {
        let failed = |source| SecretError::Unwritable { path: self.folder.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        let folder = File::open(&self.folder).map_err(failed)?;
        if rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(SecretError::Busy { folder: self.folder.clone() });
        }
        let others =
            self.elsewhere.iter().filter_map(|path| path.parent()).filter(|other| *other != self.folder);
        let folders: BTreeSet<&Path> = others.chain([self.folder.as_path()]).collect();
        // A folder that cannot be listed keeps what is left in it: hidden, and its owner's alone.
        for path in folders.into_iter().filter_map(|folder| entries(folder).ok()).flatten() {
            let name = name_of(&path);
            if name.starts_with('.') && name.ends_with(WRITING) {
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(Turn { _folder: folder })
    }

    fn sealed_files(&self) -> Result<Vec<PathBuf>, SecretError> {
        let mut sealed = Vec::new();
        for path in self.files()? {
            // What cannot be read is none that a key could be given to; a secret's file that others may use is told of.
            match own_file::read(&path, Guard::Own) {
                Ok(text) if sealed::is_sealed(&text) => sealed.push(path),
                Err(error @ (SecretError::Exposed { .. } | SecretError::ForeignOwner { .. }))
                    if begins_sealed(&path) =>
                {
                    return Err(error);
                }
                _ => {}
            }
        }
        Ok(sealed)
    }

    fn files(&self) -> Result<BTreeSet<PathBuf>, SecretError> {
        let mut files: BTreeSet<PathBuf> = match entries(&self.folder) {
            Ok(entries) => entries.into_iter().collect(),
            Err(SecretError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                BTreeSet::new()
            }
            Err(error) => return Err(error),
        };
        // Of the key nothing is listed.
        let key = self.key.as_ref().and_then(|key| key.path().ok()?.canonicalize().ok());
        files.retain(|path| {
            let is_shown = !name_of(path).starts_with('.') && path.is_file();
            is_shown && (key.is_none() || path.canonicalize().ok() != key)
        });
        files.extend(self.elsewhere.iter().cloned());
        Ok(files)
    }

    fn look(&self, path: PathBuf) -> Kept {
        let metadata = std::fs::metadata(&path);
        let (mode, changed) = metadata
            .as_ref()
            .map_or((0, None), |metadata| (metadata.mode() & 0o777, metadata.modified().ok()));
        Kept { told: self.told(&path), mode, changed, path }
    }

    fn told(&self, path: &Path) -> Told {
        let read = || -> Result<Told, SecretError> {
            let text = own_file::read(path, Guard::Own)?;
            if !sealed::is_sealed(&text) {
                return Ok(Told::Plain);
            }
            read_file(path, self.key.as_ref())?;
            Ok(Told::Encrypted(Sealed::read(&text, path)?.key))
        };
        read().unwrap_or_else(Told::Unusable)
    }
}

/// Writes a file encrypted in its own place; where that is a link, in the place it leads to.
fn give(path: &Path, secret: &str, key: &MasterKey) -> Result<(), SecretError> {
    let real = path.canonicalize();
    let real = real.map_err(|source| SecretError::Unwritable { path: path.to_owned(), source })?;
    write_whole(&real, &sealed::seal(secret, path, key)?, true)
}

/// Whether a file begins as an encrypted secret does, whoever may use it; nothing else of it is looked at. False where it
/// cannot be read.
pub fn begins_sealed(path: &Path) -> bool {
    let plain = std::fs::metadata(path).is_ok_and(|metadata| {
        own_file::exposure(&metadata) != Some(Exposure::NoPlainFile) && metadata.len() <= 2 * MOST_BYTES
    });
    plain && std::fs::read_to_string(path).is_ok_and(|text| sealed::is_sealed(&text))
}

/// What root puts there is for whoever has the folder, such as the user of a service.
fn give_to_owner(file: &File, folder: &Path) -> io::Result<()> {
    let (owner, mine) = (folder.metadata()?, file.metadata()?);
    if mine.uid() != 0 || owner.uid() == 0 {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, SecretError> {
    let failed = |source| SecretError::Unreadable { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}

/// Writes a file whole and for its owner alone, and has it durable; over another only where that is asked for.
fn write_whole(path: &Path, text: &str, replaces: bool) -> Result<(), SecretError> {
    let place = || -> io::Result<()> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let hidden = folder.join(format!(".{}.{}{WRITING}", name_of(path), std::process::id()));
        let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Of a process of that number that was killed here.
                std::fs::remove_file(&hidden)?;
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden)?
            }
            opened => opened?,
        };
        give_to_owner(&file, folder)?;
        let placed = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| {
            if replaces { std::fs::rename(&hidden, path) } else { std::fs::hard_link(&hidden, path) }
        });
        // Renamed, it is gone already.
        let _ = std::fs::remove_file(&hidden);
        // After a power failure it is still the one that was told of.
        placed.and_then(|()| File::open(folder)).and_then(|folder| folder.sync_all())
    };
    place().map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => SecretError::There { path: path.to_owned() },
        _ => SecretError::Unwritable { path: path.to_owned(), source },
    })
}
