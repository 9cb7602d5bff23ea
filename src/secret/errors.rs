//! What can be wrong with a secret. No error holds a part of one.

use std::io;
use std::path::PathBuf;

use renkei_core::delivery::DeliveryError;
use renkei_core::{Class, Fault};

/// A secret that cannot be had or kept. Its words say how it is mended where a command does that.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be opened or read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The variable is not set, or holds no text.
    #[error("${name} is not set, or is no text")]
    NotSet {
        /// Its name.
        name: String,
    },
    /// A folder, a pipe, a terminal.
    #[error("{} is no plain file", path.display())]
    NoPlainFile {
        /// Which.
        path: PathBuf,
    },
    /// Others than its owner may use it.
    #[error("others than its owner may use {0} (mode {mode:03o}); run: chmod 600 {0}", path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
        /// The bits of its mode.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("{0} belongs to uid {owner}, who is neither root nor who runs this (uid {own}); run: chown {own} {0}", path.display())]
    ForeignOwner {
        /// Which.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Whose process this is.
        own: u32,
    },
    /// Longer than any key or password.
    #[error("{} is too long for a key or password", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// No UTF-8.
    #[error("{} is no text", path.display())]
    NoText {
        /// Which.
        path: PathBuf,
    },
    /// A password of no line or several.
    #[error("{place} must hold one line and not be empty")]
    NotOneLine {
        /// The file or variable.
        place: String,
    },
    /// Encrypted, or to be, and nothing says under which key file.
    #[error("{} needs a key, and none is declared: [secrets] key_file", path.display())]
    NoKeyDeclared {
        /// Which.
        path: PathBuf,
    },
    /// The key file cannot be had.
    #[error("the key file {} is missing", path.display())]
    KeyMissing {
        /// Where it is to be.
        path: PathBuf,
    },
    /// A credential of systemd's that is not there.
    #[error(
        "the key is the systemd credential {name:?}, and CREDENTIALS_DIRECTORY is not set; by hand, name a file by --key-file"
    )]
    NoCredentials {
        /// Its name.
        name: String,
    },
    /// The key file holds something else.
    #[error("{} holds no key for secrets, or is damaged", path.display())]
    KeyDamaged {
        /// Which.
        path: PathBuf,
    },
    /// A key is there already.
    #[error("{} is there already; another key for what is kept: renkei secret rekey", path.display())]
    KeyThere {
        /// Which.
        path: PathBuf,
    },
    /// The key file was named as a secret of its own.
    #[error("{} is the key file, which nothing may take the place of but another key: renkei secret rekey", path.display())]
    IsKey {
        /// Which.
        path: PathBuf,
    },
    /// Encrypted under another key than the key file's.
    #[error("{} is encrypted under key {needed}, and the key file {} holds {held}", path.display(), key.display())]
    WrongKey {
        /// Which.
        path: PathBuf,
        /// The key it needs.
        needed: String,
        /// The key file.
        key: PathBuf,
        /// What that holds.
        held: String,
    },
    /// Its end is missing.
    #[error("{} is cut off", path.display())]
    Cut {
        /// Which.
        path: PathBuf,
    },
    /// Not what was encrypted under this name.
    #[error("{} was altered, or is another secret's file", path.display())]
    Altered {
        /// Which.
        path: PathBuf,
    },
    /// Of a later program's form.
    #[error("{} has a form that this program does not know", path.display())]
    UnknownForm {
        /// Which.
        path: PathBuf,
    },
    /// A plain secret that begins as an encrypted one does.
    #[error("what was given is a file of an encrypted secret already, or is cut from one")]
    IsSealed,
    /// Another secret has the name.
    #[error("{} is there already", path.display())]
    There {
        /// Which.
        path: PathBuf,
    },
    /// A file that cannot be written.
    #[error("{} cannot be written", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Somebody else changes secrets at the moment.
    #[error("another process is changing the secrets of {}", folder.display())]
    Busy {
        /// Where.
        folder: PathBuf,
    },
    /// The system gives no randomness, or the cipher refuses.
    #[error("the secret could not be encrypted")]
    Cipher,
}

impl SecretError {
    /// It and what caused it, in one line.
    pub fn told(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}"));
        format!("{self}{}", cause.unwrap_or_default())
    }
}

impl Fault for SecretError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. }
            | Self::NoPlainFile { .. }
            | Self::TooLong { .. }
            | Self::NoText { .. } => "secret.unreadable",
            Self::NotSet { .. } => "secret.not-set",
            Self::Exposed { .. } | Self::ForeignOwner { .. } => "secret.exposed",
            Self::NotOneLine { .. } => "secret.not-one-line",
            Self::NoKeyDeclared { .. } | Self::KeyMissing { .. } | Self::NoCredentials { .. } => {
                "secret.key-missing"
            }
            Self::KeyDamaged { .. } => "secret.key-damaged",
            Self::IsKey { .. } => "secret.is-key",
            Self::KeyThere { .. } => "secret.key-there",
            Self::WrongKey { .. } => "secret.wrong-key",
            Self::Cut { .. } => "secret.cut",
            Self::Altered { .. } => "secret.altered",
            Self::UnknownForm { .. } => "secret.unknown-form",
            Self::IsSealed => "secret.is-encrypted",
            Self::There { .. } => "secret.there",
            Self::Unwritable { .. } => "secret.unwritable",
            Self::Busy { .. } => "secret.busy",
            Self::Cipher => "secret.cipher",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Busy { .. } => Class::Retry,
            _ => Class::Operator,
        }
    }
}

/// A delivery that cannot have its key or password.
impl From<SecretError> for DeliveryError {
    fn from(error: SecretError) -> Self {
        Self::Secret { what: "a key or password".to_owned(), detail: error.told() }
    }
}
