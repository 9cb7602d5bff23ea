//! What is declared of a partner's SFTP server.

use std::time::Duration;

use renkei_core::DestinationId;

use super::fingerprint::Fingerprint;
use super::secret::SecretSource;

/// What a server's disk reads or makes durable in a second at least.
const SLOW_DISK_BYTES_PER_SECOND: u64 = 10_000_000;

/// Which library carries the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// libssh2: one session for each file under way.
    Ssh2,
    /// russh: one connection, many requests and files in flight.
    Pipelined,
}

/// How the hub shows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginTerms {
    /// By a private key.
    Key {
        /// The key, in OpenSSH's or a PEM format.
        key: SecretSource,
        /// Its passphrase.
        passphrase: Option<SecretSource>,
    },
    /// By a password.
    Password(SecretSource),
}

/// A partner's SFTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SftpTerms {
    /// The destination it belongs to, for what people are told.
    pub destination: DestinationId,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The login's user.
    pub user: String,
    /// How it is proven.
    pub login: LoginTerms,
    /// The folder files are put into; it must be there. Empty for the one the login lands in.
    pub folder: String,
    /// Which library carries the files.
    pub backend: Backend,
    /// How many files are under way at a time, at least 1.
    pub parallel: usize,
    /// The most bytes a second, over all files.
    pub bytes_per_second: Option<u64>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// The host keys that are accepted; with none, the first contact is refused.
    pub host_keys: Vec<Fingerprint>,
}

impl SftpTerms {
    /// `host:port`, for messages and for what a host key is accepted for.
    pub fn place(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// How long an answer may take for which the server goes through so many bytes of a file.
    pub(crate) fn patience(&self, n_bytes: u64) -> Duration {
        self.timeout + Duration::from_secs(n_bytes / SLOW_DISK_BYTES_PER_SECOND)
    }

    /// The path of a name in the folder.
    pub(crate) fn path_of(&self, name: &str) -> String {
        match self.folder.trim_end_matches('/') {
            "" if self.folder.is_empty() => name.to_owned(),
            folder => format!("{folder}/{name}"),
        }
    }
}

#[cfg(test)]
impl SftpTerms {
    /// Of a server that no test connects to by them.
    pub(crate) fn of_nowhere(timeout: Duration) -> Self {
        Self {
            destination: "nowhere".parse().unwrap(),
            host: "nowhere.invalid".to_owned(),
            port: 22,
            user: "nobody".to_owned(),
            login: LoginTerms::Password(SecretSource::File("/nonexistent".into())),
            folder: String::new(),
            backend: Backend::Pipelined,
            parallel: 1,
            bytes_per_second: None,
            timeout,
            host_keys: Vec::new(),
        }
    }
}
