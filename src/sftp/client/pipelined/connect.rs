//! Connecting and logging in by russh.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use renkei_core::delivery::DeliveryError;
use russh::Preferred;
use russh::cipher::{AES_128_GCM, AES_256_CTR, AES_256_GCM, CHACHA20_POLY1305};
use russh::client::{self, AuthResult, Handle};
use russh::kex::{
    CURVE25519, CURVE25519_PRE_RFC_8731, DH_G16_SHA512, ECDH_SHA2_NISTP256, ECDH_SHA2_NISTP384,
};
use russh::keys::ssh_key::{Algorithm, EcdsaCurve, HashAlg};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};

use crate::client::fingerprint::Fingerprint;
use crate::client::login::{check_host_key, plain};
use crate::client::secret::{Secret, SecretSource};
use crate::client::terms::{LoginTerms, SftpTerms};

/// What a server may send ahead: as much as a far one can have under way, and no more than one delivery may hold.
const WINDOW_BYTES: u32 = 8 << 20;
/// russh's own bound.
const PACKET_BYTES: u32 = 65_535;

/// What the session asks back.
pub(super) struct Gate {
    terms: SftpTerms,
    verdict: Arc<Mutex<Option<DeliveryError>>>,
}

impl client::Handler for Gate {
    type Error = russh::Error;

    async fn check_server_key(&mut self, found: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let checked = match found {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                let sha256 = key.fingerprint(HashAlg::Sha256).sha256();
                let found = sha256.map(Fingerprint::new).ok_or(russh::Error::WrongServerSig)?;
                check_host_key(&self.terms, found)
            }
            PublicKeyOrCertificate::Certificate(_) => Err(DeliveryError::Protocol {
                place: self.terms.place(),
                detail: "it shows a certificate instead of a host key".to_owned(),
            }),
        };
        Ok(match checked {
            Ok(()) => true,
            Err(error) => {
                *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                false
            }
        })
    }
}

/// Connects, checks the host key, logs in.
pub(super) async fn connect(terms: &SftpTerms) -> Result<Handle<Gate>, DeliveryError> {
    let stream =
        in_time(terms, "connecting", tokio::net::TcpStream::connect((terms.host.as_str(), terms.port)))
            .await?
            .map_err(|error| unreachable(terms, &error))?;
    stream.set_nodelay(true).map_err(|error| unreachable(terms, &error))?;
    let verdict = Arc::new(Mutex::new(None));
    let gate = Gate { terms: terms.clone(), verdict: Arc::clone(&verdict) };
    let session = client::connect_stream(Arc::new(config()), stream, gate);
    let attempt = "agreeing on keys";
    let mut handle = in_time(terms, attempt, session).await?.map_err(|error| {
        let refused = verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
        refused.unwrap_or_else(|| of_error(terms, &error, attempt))
    })?;
    in_time(terms, "logging in", log_in(terms, &mut handle)).await??;
    Ok(handle)
}

fn config() -> client::Config {
    client::Config {
        window_size: WINDOW_BYTES,
        maximum_packet_size: PACKET_BYTES,
        channel_buffer_size: 4096,
        nodelay: true,
        preferred: Preferred {
            // In the order of `login::HOST_KEY_ORDER`.
            key: Cow::Borrowed(&[
                Algorithm::Ed25519,
                Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
                Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
                Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
                Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
                Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
            ]),
            kex: Cow::Owned({
                let mut kex = Preferred::DEFAULT.kex.to_vec();
                let more = [
                    CURVE25519,
                    CURVE25519_PRE_RFC_8731,
                    ECDH_SHA2_NISTP256,
                    ECDH_SHA2_NISTP384,
                    DH_G16_SHA512,
                ];
                kex.extend(more.into_iter().filter(|name| !Preferred::DEFAULT.kex.contains(name)));
                kex
            }),
            // The fastest first where both have the instructions for it; not among russh's own.
            cipher: Cow::Borrowed(&[AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, AES_256_CTR]),
            ..Preferred::DEFAULT
        },
        ..client::Config::default()
    }
}

async fn log_in(terms: &SftpTerms, handle: &mut Handle<Gate>) -> Result<(), DeliveryError> {
    let attempt = "logging in";
    let failed = |error: russh::Error| of_error(terms, &error, attempt);
    let (result, method) = match &terms.login {
        LoginTerms::Key { key: source, passphrase } => {
            let secret = source.read()?;
            let passphrase = passphrase.as_ref().map(SecretSource::read_line).transpose()?;
            let passphrase = passphrase.as_ref().map(Secret::text);
            let key = decode_secret_key(secret.text(), passphrase).map_err(|_| DeliveryError::Secret {
                what: source.to_string(),
                detail: "is no private key that can be read, or has another passphrase".to_owned(),
            })?;
            let hash = if key.algorithm().is_rsa() {
                // SHA-1 is never used, whatever the server says it has.
                handle.best_supported_rsa_hash().await.map_err(failed)?.flatten().or(Some(HashAlg::Sha256))
            } else {
                None
            };
            let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
            (handle.authenticate_publickey(&terms.user, key).await.map_err(failed)?, "key")
        }
        LoginTerms::Password(source) => {
            let secret = source.read_line()?;
            (handle.authenticate_password(&terms.user, secret.text()).await.map_err(failed)?, "password")
        }
    };
    match result {
        AuthResult::Success => Ok(()),
        AuthResult::Failure { .. } => {
            Err(DeliveryError::LoginRefused { place: terms.place(), user: terms.user.clone(), method })
        }
    }
}

/// Waits as long as an answer may take.
pub(super) async fn in_time<T>(
    terms: &SftpTerms,
    attempt: &'static str,
    future: impl Future<Output = T>,
) -> Result<T, DeliveryError> {
    tokio::time::timeout(terms.timeout, future).await.map_err(|_| DeliveryError::TimedOut {
        place: terms.place(),
        seconds: terms.timeout.as_secs(),
        attempt,
    })
}

fn unreachable(terms: &SftpTerms, error: &std::io::Error) -> DeliveryError {
    DeliveryError::Unreachable { place: terms.place(), detail: error.to_string() }
}

/// The fault behind an error of russh.
pub(super) fn of_error(terms: &SftpTerms, error: &russh::Error, attempt: &'static str) -> DeliveryError {
    let (place, detail) = (terms.place(), plain(&error.to_string()));
    match error {
        russh::Error::IO(_)
        | russh::Error::Disconnect
        | russh::Error::HUP
        | russh::Error::ConnectionTimeout
        | russh::Error::SendError
        | russh::Error::RecvError => DeliveryError::CutOff { place, attempt, detail },
        _ => DeliveryError::Protocol { place, detail },
    }
}
