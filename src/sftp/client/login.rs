//! Checks that both backends make in the same way: the host key, and what an SFTP status means.

use renkei_core::delivery::DeliveryError;

use super::fingerprint::Fingerprint;
use super::terms::SftpTerms;

/// Host key algorithms in the order in which both backends ask for them, so that a server with several keys shows
/// the same one to both.
pub(crate) const HOST_KEY_ORDER: &str =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";

/// Whether a host key is one of those accepted. Nothing is sent to a server whose key is not.
pub(crate) fn check_host_key(terms: &SftpTerms, found: Fingerprint) -> Result<(), DeliveryError> {
    if terms.host_keys.contains(&found) {
        return Ok(());
    }
    let (place, fingerprint) = (terms.place(), found.to_string());
    Err(if terms.host_keys.is_empty() {
        DeliveryError::HostKeyUnknown { destination: terms.destination.clone(), place, fingerprint }
    } else {
        DeliveryError::HostKeyChanged { place, fingerprint }
    })
}

/// SFTP status codes: version 3 (draft-ietf-secsh-filexfer-02, 7) and, above 8, those of later versions that some
/// servers give all the same.
pub(crate) mod status {
    pub(crate) const OK: u32 = 0;
    pub(crate) const EOF: u32 = 1;
    pub(crate) const NO_SUCH_FILE: u32 = 2;
    pub(crate) const FAILURE: u32 = 4;
    pub(crate) const NO_CONNECTION: u32 = 6;
    pub(crate) const CONNECTION_LOST: u32 = 7;
    pub(crate) const UNSUPPORTED: u32 = 8;
    pub(crate) const NO_SUCH_PATH: u32 = 10;
    pub(crate) const NO_SPACE: u32 = 14;
    pub(crate) const QUOTA_EXCEEDED: u32 = 15;
}

/// What was asked of the server when it gave a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To open, look at, rename or remove.
    Name,
    /// To write, or to make durable.
    Bytes,
}

/// The fault behind a status. A failed write without more words is a full disk at OpenSSH's server, which has no
/// status for it.
pub(crate) fn of_status(
    terms: &SftpTerms,
    asked: Asked,
    code: u32,
    words: &str,
    name: &str,
) -> DeliveryError {
    let name = name.rsplit('/').next().unwrap_or(name).to_owned();
    let detail = if words.is_empty() { format!("SFTP status {code}") } else { plain(words) };
    match (code, asked) {
        (status::NO_SPACE | status::QUOTA_EXCEEDED, _) | (status::FAILURE, Asked::Bytes) => {
            DeliveryError::DestinationFull { name }
        }
        (status::NO_CONNECTION | status::CONNECTION_LOST, _) => {
            DeliveryError::CutOff { place: terms.place(), attempt: "waiting for an answer", detail }
        }
        _ => DeliveryError::Refused { name, detail },
    }
}

/// A server's words on one line and not too long: they are shown and kept.
pub(crate) fn plain(words: &str) -> String {
    let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim().to_owned()
}
