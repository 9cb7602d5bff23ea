//! Keys, certificates and passwords that live no longer than a proof.

use renkei_core::access::{KeyAlgorithm, PublicKey, UserCertificate};
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::certificate::{Builder, CertType};
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey};
use zeroize::Zeroizing;

use crate::SftpError;
use crate::host_key::new_rsa_key;
use crate::password::random_password;

/// A key pair that lives no longer than a proof.
pub struct PassingKey {
    private: Zeroizing<String>,
    public: PublicKey,
}

impl PassingKey {
    /// Makes one. An RSA key, of 3072 bits, takes seconds.
    pub fn make(algorithm: KeyAlgorithm) -> Result<Self, SftpError> {
        let failed = || SftpError::Proof { attempt: "make a key", detail: algorithm.as_str().to_owned() };
        let ecdsa = |curve| Algorithm::Ecdsa { curve };
        let wanted = match algorithm {
            KeyAlgorithm::Ed25519 => Some(Algorithm::Ed25519),
            KeyAlgorithm::EcdsaP256 => Some(ecdsa(EcdsaCurve::NistP256)),
            KeyAlgorithm::EcdsaP384 => Some(ecdsa(EcdsaCurve::NistP384)),
            KeyAlgorithm::EcdsaP521 => Some(ecdsa(EcdsaCurve::NistP521)),
            KeyAlgorithm::Rsa => None,
        };
        let key = match wanted {
            Some(wanted) => PrivateKey::random(&mut rand::rng(), wanted).map_err(|_| failed())?,
            None => new_rsa_key().map_err(|_| failed())?,
        };
        let line = key.public_key().to_openssh().map_err(|_| failed())?;
        let (public, _) = PublicKey::parse_line(&line).map_err(|_| failed())?;
        Ok(Self { private: key.to_openssh(LineEnding::LF).map_err(|_| failed())?, public })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn private(&self) -> &str {
        &self.private
    }

    fn parsed(&self) -> russh::keys::ssh_key::Result<PrivateKey> {
        PrivateKey::from_openssh(self.private.as_str())
    }

    /// Signs, as an authority, what `says` says, for the key of `holder`; which keys `says` names is not looked at.
    pub fn certify(&self, holder: &Self, says: &UserCertificate) -> Result<PassingCertificate, SftpError> {
        self.signed(holder, says)
            .map(PassingCertificate)
            .map_err(|error| SftpError::Proof { attempt: "sign a certificate", detail: error.to_string() })
    }

    fn signed(&self, holder: &Self, says: &UserCertificate) -> russh::keys::ssh_key::Result<String> {
        let (after, before) = (says.valid_after, says.valid_before);
        let key = holder.parsed()?.public_key().key_data().clone();
        let mut builder = Builder::new_with_random_nonce(&mut rand::rng(), key, after, before)?;
        builder.serial(says.serial)?.key_id(&says.key_id)?;
        builder.cert_type(if says.is_for_users { CertType::User } else { CertType::Host })?;
        for principal in &says.principals {
            builder.valid_principal(principal)?;
        }
        for (name, value) in &says.critical {
            builder.critical_option(name, value)?;
        }
        builder.sign(&self.parsed()?)?.to_openssh()
    }
}

/// Shows the public half only.
impl std::fmt::Debug for PassingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PassingKey({})", self.public.fingerprint())
    }
}

/// A certificate by a passing key, in OpenSSH's form.
#[derive(Debug)]
pub struct PassingCertificate(String);

impl PassingCertificate {
    pub(super) fn line(&self) -> &str {
        &self.0
    }
}

/// A password that lives no longer than a proof.
pub fn passing_password() -> Result<Zeroizing<String>, SftpError> {
    let made = random_password(|bytes| {
        rand::fill(bytes);
        Ok(())
    });
    made.map_err(|error| SftpError::Proof { attempt: "make a password", detail: error.to_string() })
}
