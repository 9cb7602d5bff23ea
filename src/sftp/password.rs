//! Hashes of passwords: argon2id in the PHC form.
//!
//! Both steps take time and memory on purpose (19 MiB, tens of milliseconds); the server bounds how many run at once.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};

use crate::SftpError;

/// Hashes a password with a salt of its own.
pub fn hash_password(password: &str) -> Result<String, SftpError> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|_| SftpError::Password)?;
    Ok(hash.to_string())
}

/// Whether a password is the one of a hash; a hash that cannot be read is nobody's.
pub fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_password("correct horse", &hash));
        assert!(!is_password("correct horse ", &hash));
        assert!(!is_password("", &hash));
        assert!(!is_password("correct horse", ""));
        assert!(!is_password("correct horse", "correct horse"));
        assert_ne!(hash, hash_password("correct horse").unwrap(), "each has a salt of its own");
    }
}
