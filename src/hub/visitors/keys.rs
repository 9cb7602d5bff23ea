//! The server's host keys on disk: a folder of its owner's with one file a key, plain or encrypted, and a `.pub` beside it
//! for partners.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use renkei_secret::{Keeper, SecretError};
use renkei_sftp::{HostKey, HostKeyKind};

use super::errors::VisitorFault;
use crate::Failure;
use crate::config::Config;

/// What is put after the name of a key that was exchanged.
const FORMER: &str = "old";

/// A kind of host key and the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyKind {
    pub(crate) kind: HostKeyKind,
    pub(crate) name: &'static str,
}

impl KeyKind {
    /// All of them, in the order in which they are offered.
    pub(crate) const ALL: [Self; 3] = [
        Self { kind: HostKeyKind::Ed25519, name: "ed25519" },
        Self { kind: HostKeyKind::EcdsaP256, name: "ecdsa" },
        Self { kind: HostKeyKind::Rsa, name: "rsa" },
    ];
    /// Those a new hub has; an RSA key is for older clients and made when asked for.
    pub(crate) const AT_FIRST: [Self; 2] = [Self::ALL[0], Self::ALL[1]];
}

/// The folder of host keys.
#[derive(Debug)]
pub(crate) struct HostKeys {
    folder: PathBuf,
    keeper: Keeper,
}

impl HostKeys {
    /// Those of a hub that is only made, which knows no key to encrypt them under.
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), keeper: Keeper::new(folder.to_owned(), None, Vec::new()) }
    }

    /// Those that a hub declares.
    pub(crate) fn of(config: &Config) -> Result<Self, VisitorFault> {
        let sftp = config.sftp.as_ref().ok_or(VisitorFault::NotDeclared)?;
        Ok(Self { folder: sftp.host_keys.clone(), keeper: config.keeper(None) })
    }

    /// The files in a folder that are host keys, or were before they were exchanged.
    pub(crate) fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
        let current = KeyKind::ALL.map(|kind| folder.join(kind.name));
        let former = current.clone().map(|path| path.with_extension(FORMER));
        current.into_iter().chain(former).filter(|path| path.is_file())
    }

    /// The keys that are there. A key others may read is refused: it may be in others' hands.
    pub(crate) fn read(&self) -> Result<Vec<(KeyKind, HostKey)>, Failure> {
        let mut keys = Vec::new();
        for kind in KeyKind::ALL {
            let path = self.path(kind);
            let secret = match self.keeper.source(path).read() {
                Ok(secret) => secret,
                Err(SecretError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    continue;
                }
                Err(SecretError::Unreadable { path, source }) => {
                    return Err(VisitorFault::KeyFile { path, source }.into());
                }
                Err(SecretError::Exposed { path, mode }) => {
                    return Err(VisitorFault::ExposedKey { path, mode }.into());
                }
                Err(error) => return Err(error.into()),
            };
            keys.push((kind, HostKey::parse(secret.text())?));
        }
        if keys.is_empty() {
            return Err(VisitorFault::NoHostKeys { folder: self.folder.clone() }.into());
        }
        Ok(keys)
    }

    /// Makes a key; one of the kind that is there stays beside it under `.old`, so that a mistake can be mended. It is
    /// encrypted where that is asked for, or where the one before it was.
    pub(crate) fn make(&self, kind: KeyKind, is_encrypted: bool) -> Result<HostKey, Failure> {
        let key = HostKey::generate(kind.kind)?;
        let path = self.path(kind);
        let failed = |path: &Path, source| VisitorFault::KeyFile { path: path.to_owned(), source };
        if !self.folder.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)
                .map_err(|source| failed(&self.folder, source))?;
        }
        let public = format!("{}\n", key.public_line()?);
        // Partners pin it: after a power failure it is this one, or the one before.
        self.keeper.exchange(&path, &path.with_extension(FORMER), &key.to_text()?, is_encrypted)?;
        let public_path = self.folder.join(format!("{}.pub", kind.name));
        fs::write(&public_path, public).map_err(|source| failed(&public_path, source))?;
        Ok(key)
    }

    /// Encrypts every key that stands, also those that were exchanged: how many were plain.
    pub(crate) fn encrypt(&self) -> Result<usize, Failure> {
        let mut n_new = 0;
        for path in Self::files(&self.folder) {
            n_new += usize::from(self.keeper.encrypt_at(&path)?);
        }
        Ok(n_new)
    }

    /// Makes what a new hub has, where it is not there yet: the keys that were made.
    pub(crate) fn make_at_first(&self) -> Result<Vec<HostKey>, Failure> {
        let missing = KeyKind::AT_FIRST.into_iter().filter(|kind| !self.path(*kind).exists());
        missing.map(|kind| self.make(kind, false)).collect()
    }

    fn path(&self, kind: KeyKind) -> PathBuf {
        self.folder.join(kind.name)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_kept_and_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = HostKeys::at(&folder.path().join("ssh"));
        assert_eq!(keys.read().unwrap_err().code(), "sftp.no-host-key");
        keys.make_at_first().unwrap();
        let first = keys.read().unwrap();
        keys.make_at_first().unwrap();
        let again = keys.read().unwrap();
        assert_eq!(first.len(), 2);
        for ((_, one), (_, other)) in first.iter().zip(&again) {
            assert_eq!(one.fingerprint(), other.fingerprint());
        }
        let rotated = keys.make(KeyKind::AT_FIRST[0], false).unwrap();
        assert_ne!(rotated.fingerprint(), first[0].1.fingerprint());
        assert_eq!(keys.read().unwrap()[0].1.fingerprint(), rotated.fingerprint());
        assert!(folder.path().join("ssh/ed25519.old").exists());

        let path = folder.path().join("ssh/ecdsa");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(keys.read().unwrap_err().code(), "sftp.exposed-key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "no key").unwrap();
        assert_eq!(keys.read().unwrap_err().code(), "sftp.host-key");
        // Whatever stands there, another can be made, and it is put aside as it is.
        fs::write(&path, [0xff, 0xfe]).unwrap();
        keys.make(KeyKind::ALL[1], false).unwrap();
        assert_eq!(keys.read().unwrap().len(), 2);
        assert_eq!(fs::read(folder.path().join("ssh/ecdsa.old")).unwrap(), [0xff, 0xfe]);
    }
}
