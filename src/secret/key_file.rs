//! The key file: 32 bytes from the system's randomness in a file of its owner's alone, which may lie on another volume or
//! come from systemd. While secrets are given another key it holds two: the new one first, and the one before.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aes_gcm_siv::Aes256GcmSiv;
use aes_gcm_siv::aead::{Generate as _, Key};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::SecretError;
use crate::own_file::{self, Guard};

/// The first line of a key file.
const HEAD: &str = "renkei-secret-key 1";
const KEY_BYTES: usize = 32;
/// Each use has a key of its own, so that the id tells nothing of what encrypts.
const ID_USE: &[u8] = b"renkei secret key id";
const FILE_USE: &[u8] = b"renkei secret file";
/// Where systemd puts what `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where the key file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// A file, absolute.
    File(PathBuf),
    /// The name of a credential that systemd gives the service (`LoadCredential=`, `LoadCredentialEncrypted=`).
    Credential(String),
}

/// The key file that whoever runs this process names in place of the declared one.
static BY_HAND: OnceLock<PathBuf> = OnceLock::new();

/// Has this process take `path`, absolute, for its key file, whatever is declared: by hand there is no credential of
/// systemd's. The first call counts.
pub fn use_key_file(path: PathBuf) {
    let _ = BY_HAND.set(path);
}

impl KeyPlace {
    /// The path of the key file; for a credential only within the service that has it, or where [`use_key_file`] was told.
    pub fn path(&self) -> Result<PathBuf, SecretError> {
        match (self, BY_HAND.get()) {
            (_, Some(path)) | (Self::File(path), None) => Ok(path.clone()),
            (Self::Credential(name), None) => {
                let folder = std::env::var_os(CREDENTIALS).filter(|folder| !folder.is_empty());
                let folder = folder.ok_or_else(|| SecretError::NoCredentials { name: name.clone() })?;
                Ok(Path::new(&folder).join(name))
            }
        }
    }

    pub(crate) fn guard(&self) -> Guard {
        match self {
            Self::Credential(_) if BY_HAND.get().is_none() => Guard::Credential,
            Self::File(_) | Self::Credential(_) => Guard::Own,
        }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Credential(name) => write!(f, "${CREDENTIALS}/{name}"),
        }
    }
}

/// By what a key is known: 16 hex digits derived from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// The id as it stands in files, if it is one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_id = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_id.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One key; wiped on drop.
pub(crate) struct MasterKey([u8; KEY_BYTES]);

impl MasterKey {
    pub(crate) fn generate() -> Result<Self, SecretError> {
        let key = Key::<Aes256GcmSiv>::try_generate().map_err(|_| SecretError::Cipher)?;
        Ok(Self(key.into()))
    }

    pub(crate) fn id(&self) -> KeyId {
        let mut id = [0; 8];
        self.derive(ID_USE, &mut id);
        KeyId(hex(&id).to_string())
    }

    /// The key for what stands in files.
    pub(crate) fn for_files(&self) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        self.derive(FILE_USE, key.as_mut());
        key
    }

    fn derive(&self, purpose: &[u8], into: &mut [u8]) {
        // Refused only for more than 255 blocks.
        let _ = Hkdf::<Sha256>::new(None, &self.0).expand(purpose, into);
    }

    fn read(text: &str) -> Option<Self> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        let mut key = Self([0; KEY_BYTES]);
        if pairs.len() != KEY_BYTES {
            return None;
        }
        for (byte, [high, low]) in key.0.iter_mut().zip(pairs) {
            let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            *byte = value(*high)? << 4 | value(*low)?;
        }
        Some(key)
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    for byte in bytes {
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// The keys of a key file: the one that encrypts first, then at most one that still opens.
pub(crate) struct KeyFile {
    pub(crate) path: PathBuf,
    pub(crate) current: MasterKey,
    pub(crate) before: Option<MasterKey>,
}

impl KeyFile {
    pub(crate) fn read(place: &KeyPlace) -> Result<Self, SecretError> {
        let path = place.path()?;
        let text = match own_file::read(&path, place.guard()) {
            Err(SecretError::Unreadable { path, source }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(SecretError::KeyMissing { path });
            }
            read => read?,
        };
        let mut lines = text.lines();
        let damaged = || SecretError::KeyDamaged { path: path.clone() };
        if lines.next() != Some(HEAD) {
            return Err(damaged());
        }
        let mut keys = lines.map(|line| key_of(line).ok_or_else(damaged));
        let current = keys.next().ok_or_else(damaged)??;
        let before = keys.next().transpose()?;
        if keys.next().is_some() {
            return Err(damaged());
        }
        drop(keys);
        Ok(Self { path, current, before })
    }

    /// The key with this id.
    pub(crate) fn key(&self, id: &KeyId) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.before).find(|key| key.id() == *id)
    }

    /// The ids, for messages.
    pub(crate) fn held(&self) -> String {
        let before = self.before.as_ref().map(|key| format!(" and {}", key.id()));
        format!("{}{}", self.current.id(), before.unwrap_or_default())
    }
}

/// What a key file with these keys holds.
pub(crate) fn text_of(current: &MasterKey, before: Option<&MasterKey>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(HEAD.len() + 1 + 2 * (16 + 1 + 2 * KEY_BYTES + 1)));
    text.push_str(HEAD);
    text.push('\n');
    for key in std::iter::once(current).chain(before) {
        text.push_str(&key.id().0);
        text.push(' ');
        text.push_str(&hex(&key.0));
        text.push('\n');
    }
    text
}

/// A line of a key file; a key that is not the one its id names was copied wrongly.
fn key_of(line: &str) -> Option<MasterKey> {
    let (id, key) = line.split_once(' ')?;
    let key = MasterKey::read(key)?;
    (key.id().0 == id).then_some(key)
}

/// A credential's name: a file's name and nothing else.
pub(crate) fn is_file_name(name: &OsStr) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(std::path::Component::Normal(_)), None))
}
