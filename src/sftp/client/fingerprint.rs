//! Fingerprints of host keys as OpenSSH prints them.

use std::fmt;
use std::str::FromStr;

/// The SHA-256 of a host key: `SHA256:` and 43 characters of base64 without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// A text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be SHA256: and 43 characters of base64, as ssh-keygen -lf prints it")]
pub struct NoFingerprint;

const START: &str = "SHA256:";
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Fingerprint {
    /// Of a key with this SHA-256.
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from(START);
        let (mut bits, mut n_bits) = (0_u32, 0);
        // Two zero bits fill up the 256 to 43 digits of six.
        for (byte, width) in self.0.iter().map(|byte| (u32::from(*byte), 8)).chain([(0, 2)]) {
            bits = (bits << width) | byte;
            n_bits += width;
            while n_bits >= 6 {
                n_bits -= 6;
                let digit = usize::try_from((bits >> n_bits) & 63).unwrap_or(0);
                text.push(char::from(DIGITS.get(digit).copied().unwrap_or(b'A')));
            }
        }
        f.write_str(&text)
    }
}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;
    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let digits = text.strip_prefix(START).ok_or(NoFingerprint)?.trim_end_matches('=');
        if digits.len() != 43 {
            return Err(NoFingerprint);
        }
        let (mut bits, mut n_bits, mut bytes) = (0_u32, 0, Vec::with_capacity(32));
        for digit in digits.bytes() {
            let value = DIGITS.iter().position(|known| *known == digit).ok_or(NoFingerprint)?;
            bits = (bits << 6) | u32::try_from(value).map_err(|_| NoFingerprint)?;
            n_bits += 6;
            if n_bits >= 8 {
                n_bits -= 8;
                bytes.push(u8::try_from((bits >> n_bits) & 255).map_err(|_| NoFingerprint)?);
            }
        }
        bytes.try_into().map(Self).map_err(|_| NoFingerprint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_written_as_openssh_writes_it() {
        // printf '' | sha256sum, in base64 by coreutils.
        let empty = Fingerprint::new(renkei_core::hash::sha256(b""));
        assert_eq!(empty.to_string(), "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
        assert_eq!("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".parse(), Ok(empty));
        for wrong in ["", "SHA256:", "MD5:47:de", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(NoFingerprint), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_it_prints(sha256: [u8; 32]) {
            let fingerprint = Fingerprint::new(sha256);
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }
    }
}
