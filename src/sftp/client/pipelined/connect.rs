//! Connecting and logging in by russh.

use std::borrow::Cow;
use std::net::SocketAddr;
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
use tokio::net::{TcpStream, lookup_host};

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
    let addresses = in_time(terms, "connecting", lookup_host((terms.host.as_str(), terms.port))).await?;
    let addresses = addresses.map_err(|error| unreachable(terms, &error))?;
    let stream = first_of(terms, addresses).await?;
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

/// A connection to the first address that takes one. Each has its own time: one that answers nobody uses up no other's.
async fn first_of(
    terms: &SftpTerms,
    addresses: impl Iterator<Item = SocketAddr>,
) -> Result<TcpStream, DeliveryError> {
    let mut last = None;
    for address in addresses {
        match in_time(terms, "connecting", TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Some(unreachable(terms, &error)),
            Err(error) => last = Some(error),
        }
    }
    let none = || std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
    Err(last.unwrap_or_else(|| unreachable(terms, &none())))
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use socket2::{Domain, SockAddr, Socket, Type};

    use super::*;

    #[tokio::test]
    async fn an_address_that_answers_nobody_leaves_the_next_its_time() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        // A queue of length 0 that somebody stands in: who comes next gets no answer.
        let mute = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        mute.bind(&SockAddr::from(any)).unwrap();
        mute.listen(0).unwrap();
        let full = mute.local_addr().unwrap().as_socket().unwrap();
        let mut standing = Vec::new();
        while let Ok(Ok(one)) =
            tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(full)).await
        {
            standing.push(one);
            assert!(standing.len() < 100, "it has no end");
        }
        let answers = TcpListener::bind(any).unwrap();
        let terms = SftpTerms::of_nowhere(Duration::from_secs(2));
        let addresses = [full, answers.local_addr().unwrap()];
        let met = first_of(&terms, addresses.into_iter()).await.unwrap();
        assert_eq!(met.peer_addr().unwrap(), answers.local_addr().unwrap());
        let none = first_of(&terms, [full].into_iter()).await;
        assert!(matches!(none, Err(DeliveryError::TimedOut { .. })), "{none:?}");
    }
}
