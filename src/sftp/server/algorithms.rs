//! Which algorithms are spoken. By default only those that `ssh-audit` has nothing against.

use std::borrow::Cow;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, cipher, compression, kex, mac};

/// Key agreement, in the order of preference. Those that cost a server milliseconds for whoever asks, before he has said
/// who he is, are not among them.
const KEX: [kex::Name; 6] = [
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
];
/// Ciphers, in the order of preference.
const CIPHERS: [cipher::Name; 4] =
    [cipher::AES_128_GCM, cipher::AES_256_GCM, cipher::CHACHA20_POLY1305, cipher::AES_256_CTR];
/// For ciphers that do not bring their own: only those that are checked before decryption.
const MACS: [mac::Name; 2] = [mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM];

/// An algorithm for partners whose program is old: none is spoken unless it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyAlgorithm {
    /// Key agreement on the NIST curves.
    EcdhNist,
    /// Key agreement by Diffie-Hellman with SHA-512 (groups 16 and 18).
    DhSha512,
    /// Key agreement by Diffie-Hellman with SHA-256 (group 14, and groups agreed).
    DhSha256,
    /// Key agreement by Diffie-Hellman group 14 with SHA-1.
    Dh14Sha1,
    /// `aes128-ctr` and `aes192-ctr`.
    AesCtr,
    /// `aes128-cbc`, `aes192-cbc` and `aes256-cbc`.
    AesCbc,
    /// `hmac-sha2-256` and `hmac-sha2-512`, checked after decryption.
    HmacSha2,
    /// `hmac-sha1`.
    HmacSha1,
    /// RSA signatures with SHA-1, of the server's and of users' keys.
    SshRsaSha1,
}

impl LegacyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::EcdhNist,
        Self::DhSha512,
        Self::DhSha256,
        Self::Dh14Sha1,
        Self::AesCtr,
        Self::AesCbc,
        Self::HmacSha2,
        Self::HmacSha1,
        Self::SshRsaSha1,
    ];

    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdhNist => "ecdh-sha2-nistp",
            Self::DhSha512 => "diffie-hellman-sha512",
            Self::DhSha256 => "diffie-hellman-sha256",
            Self::Dh14Sha1 => "diffie-hellman-group14-sha1",
            Self::AesCtr => "aes-ctr",
            Self::AesCbc => "aes-cbc",
            Self::HmacSha2 => "hmac-sha2",
            Self::HmacSha1 => "hmac-sha1",
            Self::SshRsaSha1 => "ssh-rsa",
        }
    }

    /// Reads [`LegacyAlgorithm::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

/// A set of algorithms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suite {
    legacy: Vec<LegacyAlgorithm>,
}

impl Suite {
    /// The strict set.
    pub fn strict() -> Self {
        Self::default()
    }

    /// The strict set and, after it, these.
    pub fn with_legacy(legacy: Vec<LegacyAlgorithm>) -> Self {
        Self { legacy }
    }

    /// Whether users' RSA keys may sign with SHA-1.
    pub(super) fn has_rsa_sha1(&self) -> bool {
        self.legacy.contains(&LegacyAlgorithm::SshRsaSha1)
    }

    pub(super) fn preferred(&self) -> Preferred {
        let (mut kexes, mut ciphers, mut macs) = (KEX.to_vec(), CIPHERS.to_vec(), MACS.to_vec());
        let mut keys = vec![
            Algorithm::Ed25519,
            Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
            Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
            Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
            Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
            Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
        ];
        for algorithm in &self.legacy {
            match algorithm {
                LegacyAlgorithm::EcdhNist => {
                    kexes.extend([kex::ECDH_SHA2_NISTP256, kex::ECDH_SHA2_NISTP384, kex::ECDH_SHA2_NISTP521]);
                }
                LegacyAlgorithm::DhSha512 => kexes.extend([kex::DH_G18_SHA512, kex::DH_G16_SHA512]),
                LegacyAlgorithm::DhSha256 => kexes.extend([kex::DH_G14_SHA256, kex::DH_GEX_SHA256]),
                LegacyAlgorithm::Dh14Sha1 => kexes.push(kex::DH_G14_SHA1),
                LegacyAlgorithm::AesCtr => ciphers.extend([cipher::AES_128_CTR, cipher::AES_192_CTR]),
                LegacyAlgorithm::AesCbc => {
                    ciphers.extend([cipher::AES_128_CBC, cipher::AES_192_CBC, cipher::AES_256_CBC]);
                }
                LegacyAlgorithm::HmacSha2 => macs.extend([mac::HMAC_SHA256, mac::HMAC_SHA512]),
                LegacyAlgorithm::HmacSha1 => macs.push(mac::HMAC_SHA1),
                LegacyAlgorithm::SshRsaSha1 => keys.push(Algorithm::Rsa { hash: None }),
            }
        }
        Preferred {
            kex: Cow::Owned(kexes),
            key: Cow::Owned(keys),
            host_key_certificates: Cow::Borrowed(&[]),
            cipher: Cow::Owned(ciphers),
            mac: Cow::Owned(macs),
            compression: Cow::Borrowed(&[compression::NONE]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<N: AsRef<str>>(names: &[N]) -> Vec<String> {
        names.iter().map(|name| name.as_ref().to_owned()).collect()
    }

    #[test]
    fn the_strict_set_is_the_documented_one() {
        let strict = Suite::strict().preferred();
        let kexes: Vec<_> = names(&strict.kex)
            .into_iter()
            .filter(|name| !name.starts_with("ext-") && !name.contains("strict"))
            .collect();
        assert_eq!(kexes, ["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"]);
        assert_eq!(
            names(&strict.cipher),
            [
                "aes128-gcm@openssh.com",
                "aes256-gcm@openssh.com",
                "chacha20-poly1305@openssh.com",
                "aes256-ctr"
            ]
        );
        assert_eq!(names(&strict.mac), ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"]);
        assert!(!strict.key.contains(&Algorithm::Rsa { hash: None }));
        assert_eq!(names(&strict.compression), ["none"]);
    }

    #[test]
    fn legacy_algorithms_come_last_and_only_when_named() {
        for algorithm in LegacyAlgorithm::ALL {
            assert_eq!(LegacyAlgorithm::parse(algorithm.as_str()), Some(algorithm));
            let strict = Suite::strict().preferred();
            let more = Suite::with_legacy(vec![algorithm]).preferred();
            assert!(names(&more.kex).starts_with(&names(&strict.kex)));
            assert!(names(&more.cipher).starts_with(&names(&strict.cipher)));
            assert!(names(&more.mac).starts_with(&names(&strict.mac)));
            assert!(more.key.starts_with(&strict.key));
            let n = |set: &Preferred| set.kex.len() + set.cipher.len() + set.mac.len() + set.key.len();
            assert!(n(&more) > n(&strict), "{algorithm:?}");
        }
    }
}
