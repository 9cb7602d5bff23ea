//! Passwords of accounts: only their argon2id hash is ever kept.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

/// Fewest characters of a password that is taken: it may be tried by anybody who reaches the port.
pub const LEAST_PASSWORD_CHARS: usize = 12;
/// Most bytes of a password, so that a stranger's attempt costs no more than its hash.
pub const MOST_PASSWORD_BYTES: usize = 256;
/// Memory of one hash in KiB: 19 MiB, with two passes (OWASP password storage, argon2id).
const MEMORY_KIB: u32 = 19 * 1024;
const N_PASSES: u32 = 2;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It could be guessed.
    #[error("a password has at least {LEAST_PASSWORD_CHARS} characters")]
    Short,
    /// It is longer than any client sends.
    #[error("a password has at most {MOST_PASSWORD_BYTES} bytes")]
    Long,
    /// It holds characters that terminals and clients send differently.
    #[error("a password has no control characters and no space at its ends")]
    Blank,
    /// All its characters are one or two.
    #[error("a password has at least five different characters")]
    Plain,
    /// The hash cannot be made: no memory or no randomness.
    #[error("the password cannot be hashed on this machine now")]
    Machine,
}

/// The hash (argon2id, PHC form) that is kept of a new password.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    check(password)?;
    hasher()?
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| PasswordError::Machine)
}

/// Whether a password is the one of this hash. Takes tens of milliseconds and 19 MiB; a hash that cannot be read is
/// of no password.
pub fn is_password_of(password: &[u8], hash: &str) -> bool {
    if password.len() > MOST_PASSWORD_BYTES {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password, &parsed).is_ok()
}

/// A password made by chance: 24 letters and digits, of which none is like another.
pub fn random_password(
    fill: impl Fn(&mut [u8]) -> std::io::Result<()>,
) -> std::io::Result<Zeroizing<String>> {
    // 32 of them, so that five bits of a byte choose one evenly.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = Zeroizing::new([0_u8; 24]);
    fill(bytes.as_mut())?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).map_or('a', |letter| char::from(*letter));
    Ok(Zeroizing::new(bytes.iter().map(letter).collect()))
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, N_PASSES, 1, None).map_err(|_| PasswordError::Machine)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn check(password: &str) -> Result<(), PasswordError> {
    if password.len() > MOST_PASSWORD_BYTES {
        return Err(PasswordError::Long);
    }
    if password.chars().any(char::is_control) || password.trim() != password {
        return Err(PasswordError::Blank);
    }
    if password.chars().count() < LEAST_PASSWORD_CHARS {
        return Err(PasswordError::Short);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < 5 { Err(PasswordError::Plain) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = hash_password("correct horse 電池").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_password_of("correct horse 電池".as_bytes(), &hash));
        for wrong in ["correct horse 電地", "", "correct horse 電池 "] {
            assert!(!is_password_of(wrong.as_bytes(), &hash), "{wrong:?}");
        }
        assert_ne!(hash, hash_password("correct horse 電池").unwrap(), "each hash has its own salt");
        assert!(!is_password_of(b"anything", "$argon2id$"));
        assert!(!is_password_of(b"anything", ""));
    }

    #[test]
    fn what_could_be_guessed_is_refused() {
        let check = |password: &str, expect| assert_eq!(hash_password(password), Err(expect), "{password:?}");
        check("", PasswordError::Short);
        check("short-one", PasswordError::Short);
        check("aaaaaaaaaaaaabbb", PasswordError::Plain);
        check(" leading space is lost", PasswordError::Blank);
        check("a line\nand another", PasswordError::Blank);
        check(&"x1y2z3".repeat(60), PasswordError::Long);
    }

    #[test]
    fn a_password_by_chance_is_taken() {
        let even = |bytes: &mut [u8]| {
            bytes.iter_mut().zip(0_u8..).for_each(|(byte, at)| *byte = at.wrapping_mul(37));
            Ok(())
        };
        let password = random_password(even).unwrap();
        assert_eq!(password.len(), 24);
        assert_eq!(check(&password), Ok(()));
    }
}
