//! Where a secret comes from, and the one way to read it.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::key_file::{KeyFile, KeyPlace};
use crate::own_file::{self, Guard};
use crate::sealed::{self, Sealed};
use crate::{MOST_BYTES, SecretError};

/// So often a file and its key are read anew where they do not fit: another key may just be given to it.
const LOOKS: usize = 3;

/// Where a secret comes from. The secret itself is never part of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file that its owner alone may use, absolute.
    File(PathBuf),
    /// The same, plain or encrypted under a key.
    FileUnder {
        /// The file, absolute.
        path: PathBuf,
        /// Where the key is.
        key: KeyPlace,
    },
    /// An environment variable.
    Env(String),
}

/// A secret in memory; wiped when it is dropped, shown by nobody.
pub struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The text, for the library that needs it.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::FileUnder { path, .. } => write!(f, "{}", path.display()),
            Self::Env(name) => write!(f, "${name}"),
        }
    }
}

impl SecretSource {
    /// A file that may be encrypted where a key is declared.
    pub fn file(path: PathBuf, key: Option<&KeyPlace>) -> Self {
        match key {
            Some(key) => Self::FileUnder { path, key: key.clone() },
            None => Self::File(path),
        }
    }

    /// Its file; `None` for a variable.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::FileUnder { path, .. } => Some(path),
            Self::Env(_) => None,
        }
    }

    /// Reads it whole: a key.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let text = match self {
            Self::Env(name) => {
                let text = std::env::var(name).map_err(|_| SecretError::NotSet { name: name.clone() })?;
                Zeroizing::new(text)
            }
            Self::File(path) => read_file(path, None)?,
            Self::FileUnder { path, key } => read_file(path, Some(key))?,
        };
        Ok(Secret(text))
    }

    /// Reads it without the newline at its end: a password.
    pub fn read_line(&self) -> Result<Secret, SecretError> {
        let read = self.read()?;
        let line = read.text().trim_end_matches(['\r', '\n']);
        if line.is_empty() || line.contains(['\r', '\n', '\0']) {
            return Err(SecretError::NotOneLine { place: self.to_string() });
        }
        Ok(Secret(Zeroizing::new(line.to_owned())))
    }
}

/// The secret in a file, decrypted where it is encrypted.
pub(crate) fn read_file(path: &Path, key: Option<&KeyPlace>) -> Result<Zeroizing<String>, SecretError> {
    let mut looks_left = LOOKS;
    loop {
        looks_left -= 1;
        // The file before the key: the key that is dropped last is the one the file no longer needs.
        let text = own_file::read(path, Guard::Own)?;
        if !sealed::is_sealed(&text) {
            let is_too_long = text.len() as u64 > MOST_BYTES;
            return if is_too_long { Err(SecretError::TooLong { path: path.to_owned() }) } else { Ok(text) };
        }
        let sealed = Sealed::read(&text, path)?;
        let key = key.ok_or_else(|| SecretError::NoKeyDeclared { path: path.to_owned() })?;
        match sealed.open(path, &KeyFile::read(key)?) {
            Err(SecretError::WrongKey { .. }) if looks_left > 0 => {}
            opened => return opened,
        }
    }
}
