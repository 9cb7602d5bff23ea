//! Putting secrets in their place and encrypting them there: whole or not at all, so that a process killed anywhere leaves
//! every secret readable.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::FlockOperation;
use zeroize::Zeroizing;

use crate::key_file::{KeyFile, KeyId, KeyPlace, MasterKey, is_file_name, text_of};
use crate::own_file::{self, Guard};
use crate::sealed::{self, Sealed, name_of};
use crate::source::{SecretSource, read_file};
use crate::whole::{WRITING, write_whole};
use crate::{MOST_BYTES, SecretError};

/// The secrets of one hub.
#[derive(Debug)]
pub struct Keeper {
    folder: PathBuf,
    key: Option<KeyPlace>,
    elsewhere: Vec<PathBuf>,
    more: Vec<PathBuf>,
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

/// What stands where a secret is exchanged.
enum Before {
    None,
    Text(Zeroizing<String>),
    NoText,
}

/// The right to change secrets, for as long as it lives.
pub(crate) struct Turn {
    _folder: File,
}

impl Keeper {
    /// Of `folder`, under `key`; `elsewhere` are secrets' files that are declared, wherever they are.
    pub fn new(folder: PathBuf, key: Option<KeyPlace>, elsewhere: Vec<PathBuf>) -> Self {
        Self { folder, key, elsewhere, more: Vec::new() }
    }

    /// With these folders, whose files are secrets too but for those that end in `.pub`. What is in them is looked at
    /// anew each time.
    #[must_use]
    pub fn with_folders(self, more: Vec<PathBuf>) -> Self {
        Self { more, ..self }
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
        self.check_is_no_key(path)?;
        let _turn = self.turn()?;
        let sealed = self.sealed(path, secret, is_encrypted)?;
        write_whole(path, sealed.as_deref().unwrap_or(secret), replaces)
    }

    /// Puts a secret in the place of another, which stays as `former`, encrypted where that is asked for or the one
    /// before was; whatever refuses it leaves both files as they were.
    pub fn exchange(
        &self,
        path: &Path,
        former: &Path,
        secret: &str,
        is_encrypted: bool,
    ) -> Result<(), SecretError> {
        self.check_is_no_key(path)?;
        let _turn = self.turn()?;
        let before = match own_file::read(path, Guard::Own) {
            Err(SecretError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Before::None
            }
            // Damaged, and therefore exchanged.
            Err(SecretError::NoText { .. } | SecretError::TooLong { .. }) => Before::NoText,
            before => Before::Text(before?),
        };
        let was_encrypted = matches!(&before, Before::Text(text) if sealed::is_sealed(text));
        let sealed = self.sealed(path, secret, is_encrypted || was_encrypted)?;
        match before {
            Before::None => {}
            Before::Text(text) => write_whole(former, &text, true)?,
            Before::NoText => std::fs::rename(path, former)
                .map_err(|source| SecretError::Unwritable { path: former.to_owned(), source })?,
        }
        write_whole(path, sealed.as_deref().unwrap_or(secret), true)
    }

    fn sealed(&self, path: &Path, secret: &str, is_encrypted: bool) -> Result<Option<String>, SecretError> {
        Ok(if is_encrypted { Some(sealed::seal(secret, path, &self.keys()?.current)?) } else { None })
    }

    /// The key file is no secret of its own: sealed under itself, or replaced, nothing could be opened any more.
    fn check_is_no_key(&self, path: &Path) -> Result<(), SecretError> {
        let Some(key) = self.key.as_ref().and_then(|key| key.path().ok()) else { return Ok(()) };
        let real = |path: &Path| path.canonicalize().ok();
        let place = |path: &Path| Some((real(path.parent()?)?, path.file_name()?.to_owned()));
        let is_same_file = real(&key).is_some_and(|key| real(path) == Some(key));
        if key == path || is_same_file || place(&key).is_some_and(|key| place(path) == Some(key)) {
            return Err(SecretError::IsKey { path: path.to_owned() });
        }
        Ok(())
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
        self.check_is_no_key(path)?;
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

    fn keys(&self) -> Result<KeyFile, SecretError> {
        KeyFile::read(self.key_place()?)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn key_place(&self) -> Result<&KeyPlace, SecretError> {
        self.key.as_ref().ok_or_else(|| SecretError::NoKeyDeclared { path: self.folder.clone() })
    }

    /// Takes the turn, and removes what a killed process left half written.
    pub(crate) fn turn(&self) -> Result<Turn, SecretError> {
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

    /// Every file that may be a secret's, as it is now.
    pub(crate) fn files(&self) -> Result<BTreeSet<PathBuf>, SecretError> {
        let mut files: BTreeSet<PathBuf> = entries_if_there(&self.folder)?.into_iter().collect();
        for folder in &self.more {
            let entries = entries_if_there(folder)?.into_iter();
            files.extend(entries.filter(|path| path.extension().is_none_or(|extension| extension != "pub")));
        }
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
pub(crate) fn give(path: &Path, secret: &str, key: &MasterKey) -> Result<(), SecretError> {
    let real = path.canonicalize();
    let real = real.map_err(|source| SecretError::Unwritable { path: path.to_owned(), source })?;
    write_whole(&real, &sealed::seal(secret, path, key)?, true)
}

/// Whether a file begins as an encrypted secret does, whoever may use it; nothing more of it is looked at. False where it
/// cannot be read.
pub(crate) fn begins_sealed(path: &Path) -> bool {
    own_file::beginning(path).is_ok_and(|bytes| std::str::from_utf8(&bytes).is_ok_and(sealed::is_sealed))
}

fn entries_if_there(folder: &Path) -> Result<Vec<PathBuf>, SecretError> {
    match entries(folder) {
        Err(SecretError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(Vec::new())
        }
        entries => entries,
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, SecretError> {
    let failed = |source| SecretError::Unreadable { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}
