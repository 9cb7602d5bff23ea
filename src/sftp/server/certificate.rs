//! From the library's certificate to the one that is judged.
//!
//! russh has checked the authority's signature and that the caller has the key; the rest is not its business
//! (`russh::server::Handler::auth_openssh_certificate`).

use renkei_core::access::{Fingerprint, PublicKey, UserCertificate};
use russh::keys::Certificate;
use russh::keys::ssh_key::Algorithm;
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::public::KeyData;

/// The certificate as it is judged; `None` for one with a key, or a signature of its authority, that the policy does not
/// take.
pub(super) fn judged(certificate: &Certificate) -> Option<UserCertificate> {
    if matches!(certificate.signature().algorithm(), Algorithm::Rsa { hash: None } | Algorithm::Dsa) {
        return None;
    }
    let critical = certificate.critical_options().iter();
    Some(UserCertificate {
        key: fingerprint(certificate.public_key())?,
        authority: fingerprint(certificate.signature_key())?,
        is_for_users: certificate.cert_type() == CertType::User,
        key_id: certificate.key_id().to_owned(),
        serial: certificate.serial(),
        principals: certificate.valid_principals().to_vec(),
        valid_after: certificate.valid_after(),
        valid_before: certificate.valid_before(),
        critical: critical.map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

/// Of a key that the core would take in.
fn fingerprint(key: &KeyData) -> Option<Fingerprint> {
    let key = russh::keys::PublicKey::new(key.clone(), "");
    PublicKey::from_blob(key.to_bytes().ok()?).ok().map(|key| key.fingerprint())
}
