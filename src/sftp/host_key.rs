//! The server's own keys: made, read, shown.

use renkei_core::access::Fingerprint;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey};
use zeroize::Zeroizing;

use crate::SftpError;

/// Fewest bits of an RSA host key.
const LEAST_RSA_BITS: u32 = 3072;

/// What kind of host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKeyKind {
    /// Ed25519: what clients of today ask for first.
    Ed25519,
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// RSA of 3072 bits, signing by rsa-sha2-256 or rsa-sha2-512: for older clients. Making one takes seconds.
    Rsa,
}

/// A private key that the server proves itself by. `Debug` shows only its fingerprint.
#[derive(Clone)]
pub struct HostKey(pub(crate) PrivateKey);

impl HostKey {
    /// Makes a new key.
    pub fn generate(kind: HostKeyKind) -> Result<Self, SftpError> {
        let algorithm = match kind {
            HostKeyKind::Ed25519 => Algorithm::Ed25519,
            HostKeyKind::EcdsaP256 => Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
            HostKeyKind::Rsa => Algorithm::Rsa { hash: None },
        };
        let made = match kind {
            HostKeyKind::Rsa => new_rsa_key(),
            _ => PrivateKey::random(&mut rand::rng(), algorithm),
        };
        made.map(Self).map_err(|_| SftpError::HostKey { reason: "it could not be made" })
    }

    /// Reads a key in OpenSSH's form, without passphrase.
    pub fn parse(text: &str) -> Result<Self, SftpError> {
        let refused = |reason| SftpError::HostKey { reason };
        let key = PrivateKey::from_openssh(text).map_err(|_| refused("it cannot be read"))?;
        if key.is_encrypted() {
            return Err(refused("it has a passphrase"));
        }
        match key.algorithm() {
            Algorithm::Ed25519 | Algorithm::Ecdsa { .. } => {}
            Algorithm::Rsa { .. } if key.public_key().key_data().rsa().is_some_and(is_long_enough) => {}
            Algorithm::Rsa { .. } => return Err(refused("an RSA key has at least 3072 bits")),
            _ => return Err(refused("its algorithm is not ed25519, ecdsa or rsa")),
        }
        Ok(Self(key))
    }

    /// The key in OpenSSH's form: a secret.
    pub fn to_text(&self) -> Result<Zeroizing<String>, SftpError> {
        let text = self.0.to_openssh(LineEnding::LF);
        text.map_err(|_| SftpError::HostKey { reason: "it cannot be written" })
    }

    /// The public half as a line for `known_hosts`, without a host's name.
    pub fn public_line(&self) -> Result<String, SftpError> {
        let line = self.0.public_key().to_openssh();
        line.map_err(|_| SftpError::HostKey { reason: "it cannot be written" })
    }

    /// What people know it by.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_blob(&self.0.public_key().to_bytes().unwrap_or_default())
    }
}

/// A new RSA key of the fewest bits that are taken.
pub(crate) fn new_rsa_key() -> Result<PrivateKey, russh::keys::ssh_key::Error> {
    russh::keys::ssh_key::private::RsaKeypair::random(&mut rand::rng(), LEAST_RSA_BITS as usize)
        .map(PrivateKey::from)
}

fn is_long_enough(key: &russh::keys::ssh_key::public::RsaPublicKey) -> bool {
    key.key_size() >= LEAST_RSA_BITS
}

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HostKey({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_not_shown() {
        for kind in [HostKeyKind::Ed25519, HostKeyKind::EcdsaP256] {
            let key = HostKey::generate(kind).unwrap();
            let text = key.to_text().unwrap();
            let again = HostKey::parse(&text).unwrap();
            assert_eq!(again.fingerprint(), key.fingerprint());
            assert_eq!(format!("{again:?}"), format!("HostKey({})", key.fingerprint()));
            assert!(key.public_line().unwrap().contains(' '));
        }
        assert!(HostKey::parse("").is_err());
        assert!(HostKey::parse("-----BEGIN OPENSSH PRIVATE KEY-----\n").is_err());
    }
}
