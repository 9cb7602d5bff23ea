//! Public keys of accounts: which are taken, and what they are known by.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Fewest bits of an RSA key that is taken.
const LEAST_RSA_BITS: usize = 3072;
/// Most bits of an RSA key; checking a signature by a larger one is work that a stranger should not cause.
const MOST_RSA_BITS: usize = 16_384;
/// A longer line is no key.
const MOST_LINE_BYTES: usize = 8192;

/// What kind a public key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// `ssh-ed25519`.
    Ed25519,
    /// `ecdsa-sha2-nistp256`.
    EcdsaP256,
    /// `ecdsa-sha2-nistp384`.
    EcdsaP384,
    /// `ecdsa-sha2-nistp521`.
    EcdsaP521,
    /// `ssh-rsa` of at least 3072 bits, signing by rsa-sha2-256 or rsa-sha2-512 only.
    Rsa,
}

impl KeyAlgorithm {
    const ALL: [Self; 5] = [Self::Ed25519, Self::EcdsaP256, Self::EcdsaP384, Self::EcdsaP521, Self::Rsa];

    /// The word that a key of it begins with (RFC 4253, 5656, 8709).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521",
            Self::Rsa => "ssh-rsa",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

/// SHA-256 of a public key, shown as OpenSSH does: `SHA256:` and 43 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Of a key in the form in which it travels (RFC 4253, 6.6).
    pub fn of_blob(blob: &[u8]) -> Self {
        Self(Sha256::digest(blob).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl FromStr for Fingerprint {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = text.strip_prefix("SHA256:").and_then(|text| STANDARD_NO_PAD.decode(text).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(KeyError::NoFingerprint)
    }
}

/// Why a text is not taken as a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is a private key, which nobody else is to have.
    #[error("this is a private key; the public one is wanted, which OpenSSH keeps in the file ending .pub")]
    Private,
    /// It is no line `ALGORITHM BASE64 [COMMENT]`.
    #[error(
        "a public key is one line: algorithm, key in base64, comment, as OpenSSH writes into a file ending .pub"
    )]
    NoKeyLine,
    /// It is of an algorithm that is not taken.
    #[error(
        "keys of {algorithm} are not taken; ssh-ed25519, ecdsa-sha2-nistp256/384/521 and ssh-rsa from 3072 bits are"
    )]
    Algorithm {
        /// Its algorithm, shortened.
        algorithm: String,
    },
    /// The base64 part does not hold a key of that algorithm.
    #[error("the key is damaged: it does not hold what its algorithm says")]
    Damaged,
    /// An RSA key that is too short or too long.
    #[error("an RSA key of {bits} bits is not taken: {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits are")]
    RsaBits {
        /// Its length.
        bits: usize,
    },
    /// Not a fingerprint.
    #[error("a fingerprint is SHA256: and 43 characters, as ssh-keygen -l shows it")]
    NoFingerprint,
}

/// A public key that an account may log in by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    /// What kind it is.
    pub algorithm: KeyAlgorithm,
    blob: Vec<u8>,
}

impl PublicKey {
    /// Reads a line as OpenSSH writes it; gives the key and its comment. Options before the algorithm are refused:
    /// what an account may do is said here, not in the line.
    pub fn parse_line(line: &str) -> Result<(Self, String), KeyError> {
        let line = line.trim();
        if line.contains("PRIVATE KEY") {
            return Err(KeyError::Private);
        }
        if line.len() > MOST_LINE_BYTES || line.lines().count() != 1 {
            return Err(KeyError::NoKeyLine);
        }
        let mut words = line.splitn(3, [' ', '\t']);
        let (Some(word), Some(base64)) = (words.next(), words.next()) else {
            return Err(KeyError::NoKeyLine);
        };
        let Some(algorithm) = KeyAlgorithm::parse(word) else {
            let is_like_one =
                word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-");
            let algorithm = word.escape_debug().take(60).collect();
            return Err(if is_like_one { KeyError::Algorithm { algorithm } } else { KeyError::NoKeyLine });
        };
        let blob = STANDARD.decode(base64).map_err(|_| KeyError::Damaged)?;
        check_blob(algorithm, &blob)?;
        let comment = words.next().unwrap_or_default().trim();
        let comment = comment.chars().filter(|c| !c.is_control()).take(100).collect();
        Ok((Self { algorithm, blob }, comment))
    }

    /// Takes a key in the form in which it travels.
    pub fn from_blob(blob: Vec<u8>) -> Result<Self, KeyError> {
        let word = Fields(&blob).next().ok_or(KeyError::Damaged)?;
        let word = std::str::from_utf8(word).map_err(|_| KeyError::Damaged)?;
        let algorithm = KeyAlgorithm::parse(word)
            .ok_or_else(|| KeyError::Algorithm { algorithm: word.escape_debug().take(60).collect() })?;
        check_blob(algorithm, &blob)?;
        Ok(Self { algorithm, blob })
    }

    /// The key in the form in which it travels (RFC 4253, 6.6).
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// What it is known by.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_blob(&self.blob)
    }

    /// `ALGORITHM BASE64`.
    pub fn to_line(&self) -> String {
        format!("{} {}", self.algorithm.as_str(), STANDARD.encode(&self.blob))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm.as_str(), self.fingerprint())
    }
}

/// The length-prefixed fields of a blob.
struct Fields<'b>(&'b [u8]);

impl<'b> Iterator for Fields<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(field)
    }
}

fn check_blob(algorithm: KeyAlgorithm, blob: &[u8]) -> Result<(), KeyError> {
    let mut fields = Fields(blob);
    let mut next = || fields.next().ok_or(KeyError::Damaged);
    if next()? != algorithm.as_str().as_bytes() {
        return Err(KeyError::Damaged);
    }
    let is_right = match algorithm {
        KeyAlgorithm::Ed25519 => next()?.len() == 32,
        KeyAlgorithm::EcdsaP256 => next()? == b"nistp256" && is_point(next()?, 32),
        KeyAlgorithm::EcdsaP384 => next()? == b"nistp384" && is_point(next()?, 48),
        KeyAlgorithm::EcdsaP521 => next()? == b"nistp521" && is_point(next()?, 66),
        KeyAlgorithm::Rsa => {
            let (exponent, modulus) = (next()?, next()?);
            let bits = n_bits(modulus);
            if !(LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&bits) {
                return Err(KeyError::RsaBits { bits });
            }
            (2..=64).contains(&n_bits(exponent))
        }
    };
    if is_right && fields.0.is_empty() { Ok(()) } else { Err(KeyError::Damaged) }
}

/// An uncompressed point (SEC 1, 2.3.3).
fn is_point(bytes: &[u8], n_field_bytes: usize) -> bool {
    bytes.len() == 1 + 2 * n_field_bytes && bytes.first() == Some(&4)
}

/// The length in bits of a number that is not negative.
fn n_bits(bytes: &[u8]) -> usize {
    let significant = bytes.iter().position(|byte| *byte != 0).map_or(&[][..], |at| bytes.split_at(at).1);
    significant.first().map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Its 32 bytes are 1 to 32, so it is nobody's.
    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g office@example";

    fn blob(fields: &[&[u8]]) -> Vec<u8> {
        let each = |field: &&[u8]| [&u32::try_from(field.len()).unwrap().to_be_bytes()[..], field].concat();
        fields.iter().flat_map(each).collect()
    }

    #[test]
    fn a_line_is_read_and_written_alike() {
        let (key, comment) = PublicKey::parse_line(ED25519).unwrap();
        assert_eq!((key.algorithm, comment.as_str()), (KeyAlgorithm::Ed25519, "office@example"));
        assert!(ED25519.starts_with(&key.to_line()));
        assert_eq!(PublicKey::from_blob(key.blob().to_vec()).unwrap(), key);
        let shown = key.fingerprint().to_string();
        assert_eq!(shown.len(), "SHA256:".len() + 43);
        assert_eq!(shown.parse::<Fingerprint>().unwrap(), key.fingerprint());
    }

    #[test]
    fn rsa_keys_have_enough_bits() {
        for (n_bytes, expect) in
            [(256, Some(2048)), (383, Some(3064)), (384, None), (512, None), (2049, Some(16_392))]
        {
            let modulus = [&[0][..], &vec![0xff; n_bytes]].concat();
            let found = PublicKey::from_blob(blob(&[b"ssh-rsa", &[1, 0, 1], &modulus]));
            match expect {
                Some(bits) => assert_eq!(found.unwrap_err(), KeyError::RsaBits { bits }),
                None => assert_eq!(found.unwrap().algorithm, KeyAlgorithm::Rsa),
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused_for_what_it_is() {
        let point = [&[4][..], &[7; 64]].concat();
        assert!(PublicKey::from_blob(blob(&[b"ecdsa-sha2-nistp256", b"nistp256", &point])).is_ok());
        let wrong_curve = blob(&[b"ecdsa-sha2-nistp256", b"nistp384", &point]);
        assert_eq!(PublicKey::from_blob(wrong_curve).unwrap_err(), KeyError::Damaged);
        let with_more = [blob(&[b"ssh-ed25519", &[1; 32]]), vec![0]].concat();
        assert_eq!(PublicKey::from_blob(with_more).unwrap_err(), KeyError::Damaged);
        assert_eq!(PublicKey::from_blob(vec![0xff; 4]).unwrap_err(), KeyError::Damaged);

        let check =
            |line: &str, expect: KeyError| assert_eq!(PublicKey::parse_line(line), Err(expect), "{line}");
        check("-----BEGIN OPENSSH PRIVATE KEY-----", KeyError::Private);
        check("", KeyError::NoKeyLine);
        check("ssh-ed25519", KeyError::NoKeyLine);
        check(&format!("{ED25519}\n{ED25519}"), KeyError::NoKeyLine);
        check(&format!("command=\"sh\" {ED25519}"), KeyError::NoKeyLine);
        check("ssh-dss AAAA", KeyError::Algorithm { algorithm: "ssh-dss".into() });
        check("ssh-ed25519 AAAA", KeyError::Damaged);
        check("ssh-ed25519 ****", KeyError::Damaged);
    }
}
