//! Keys and passwords: named in the configuration, read when they are needed, wiped after, never shown.

use std::fmt;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use renkei_core::delivery::DeliveryError;
use zeroize::Zeroizing;

/// No key or password is longer.
const MOST_BYTES: u64 = 64 * 1024;

/// Where a secret comes from. The secret itself is never part of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file that its owner alone may use, absolute.
    File(PathBuf),
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
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Env(name) => write!(f, "${name}"),
        }
    }
}

impl SecretSource {
    /// Reads it whole: a key.
    pub fn read(&self) -> Result<Secret, DeliveryError> {
        match self {
            Self::File(_) => self.read_file(),
            Self::Env(name) => match std::env::var(name) {
                Ok(text) => Ok(Secret(Zeroizing::new(text))),
                Err(_) => Err(self.refused("is not set or no text")),
            },
        }
    }

    /// Reads it without the newline at its end: a password.
    pub fn read_line(&self) -> Result<Secret, DeliveryError> {
        let read = self.read()?;
        let line = read.text().trim_end_matches(['\r', '\n']);
        if line.is_empty() || line.contains(['\r', '\n', '\0']) {
            return Err(self.refused("must hold one line and not be empty"));
        }
        Ok(Secret(Zeroizing::new(line.to_owned())))
    }

    fn read_file(&self) -> Result<Secret, DeliveryError> {
        let Self::File(path) = self else { return Err(self.refused("is no file")) };
        let failed = |error: std::io::Error| self.refused(&error.to_string());
        let mut options = std::fs::OpenOptions::new();
        // A pipe or a terminal must not hold a delivery up.
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let mut file = options.read(true).custom_flags(flags).open(path).map_err(failed)?;
        // Of the file that is open, so that it cannot be another one by the time it is read.
        let metadata = file.metadata().map_err(failed)?;
        let mode = metadata.mode() & 0o777;
        if !metadata.is_file() {
            return Err(self.refused("is no plain file"));
        }
        if mode & 0o077 != 0 {
            let detail =
                format!("others than its owner may use it (mode {mode:03o}); chmod 600 {}", path.display());
            return Err(self.refused(&detail));
        }
        if metadata.len() > MOST_BYTES {
            return Err(self.refused("is too long for a key or password"));
        }
        // Room for all of it at once: a buffer that grows leaves copies behind that nobody wipes.
        let room = usize::try_from(metadata.len()).unwrap_or(0) + 1;
        let mut text = Zeroizing::new(String::with_capacity(room));
        (&mut file).take(metadata.len()).read_to_string(&mut text).map_err(failed)?;
        Ok(Secret(text))
    }

    fn refused(&self, detail: &str) -> DeliveryError {
        DeliveryError::Secret { what: self.to_string(), detail: detail.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_its_owner_may_use_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "hidden words\r\n").unwrap();
        let source = SecretSource::File(path.clone());
        for (mode, is_taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = source.read_line();
            assert_eq!(read.is_ok(), is_taken, "{mode:o}");
            if let Err(error) = read {
                let told = error.to_string();
                assert!(told.contains("chmod 600") && !told.contains("hidden"), "{told}");
            }
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let secret = source.read_line().unwrap();
        assert_eq!((secret.text(), format!("{secret:?}")), ("hidden words", "Secret(…)".to_owned()));
        for wrong in ["", "\n", "two\nlines\n"] {
            std::fs::write(&path, wrong).unwrap();
            assert!(source.read_line().is_err(), "{wrong:?}");
        }
        assert!(SecretSource::File(folder.path().to_owned()).read().is_err());
        assert!(SecretSource::Env("RENKEI_NO_SUCH_SECRET".to_owned()).read().is_err());
    }
}
