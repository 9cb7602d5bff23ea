//! The key under which 個人番号 stand in the database: 32 bytes from a file, the environment or the
//! operating system. It is wiped on drop and shown nowhere.

use std::fmt;
use std::path::Path;

use aes_gcm_siv::Aes256GcmSiv;
use aes_gcm_siv::aead::{Generate as _, Key};
use renkei_core::port::StoreError;
use renkei_secret::SecretSource;
use zeroize::{Zeroize as _, Zeroizing};

const KEY_BYTES: usize = 32;
const EXPECTED: &str = "expected 64 hex digits";

/// The key for 個人番号.
pub struct NumberKey([u8; KEY_BYTES]);

impl NumberKey {
    /// Reads 64 hex digits and at most one newline from where the key is kept. What others may use is refused, with
    /// the command that mends it.
    pub fn read(source: &SecretSource) -> Result<Self, StoreError> {
        let secret = source.read().map_err(|error| no_key(error.told()))?;
        let text = secret.text();
        let digits = text.strip_suffix('\n').unwrap_or(text);
        let digits = digits.strip_suffix('\r').unwrap_or(digits);
        Self::from_hex(digits).map_err(|_| no_key(format!("{source}: {EXPECTED}")))
    }

    /// Reads a file that is not encrypted.
    pub fn from_file(path: &Path) -> Result<Self, StoreError> {
        Self::read(&SecretSource::File(path.to_owned()))
    }

    /// Reads 64 hex digits, of either case.
    pub fn from_hex(text: &str) -> Result<Self, StoreError> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(no_key(EXPECTED)) };
        if pairs.len() != KEY_BYTES {
            return Err(no_key(EXPECTED));
        }
        let mut key = Self([0; KEY_BYTES]);
        for (byte, [high, low]) in key.0.iter_mut().zip(pairs) {
            let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let (Some(high), Some(low)) = (value(*high), value(*low)) else { return Err(no_key(EXPECTED)) };
            *byte = high << 4 | low;
        }
        Ok(key)
    }

    /// Makes a new key from the operating system's randomness.
    pub fn generate() -> Result<Self, StoreError> {
        let key = Key::<Aes256GcmSiv>::try_generate()
            .map_err(|_| no_key("the operating system gives no randomness"))?;
        Ok(Self(key.into()))
    }

    /// The 64 hex digits that [`NumberKey::from_file`] reads, wiped on drop.
    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES));
        for byte in self.0 {
            for digit in [byte >> 4, byte & 0x0f] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        text
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl Drop for NumberKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberKey(hidden)")
    }
}

fn no_key(detail: impl Into<String>) -> StoreError {
    StoreError::NoKey { detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_holds_64_digits_and_at_most_a_newline() {
        let long = format!("{HEX}\n\n");
        let cases = [(HEX, true), ("", false), ("0001", false), (&long, false)];
        for (text, is_key) in cases {
            let (_folder, path) = file(text, 0o600);
            assert_eq!(NumberKey::from_file(&path).is_ok(), is_key, "{text:?}");
        }
        for newline in ["\n", "\r\n"] {
            let (_folder, path) = file(&format!("{HEX}{newline}"), 0o400);
            assert_eq!(NumberKey::from_file(&path).unwrap().bytes()[31], 0x1f);
        }
    }

    #[test]
    fn a_file_others_can_reach_is_refused_with_the_remedy() {
        for mode in [0o640, 0o604, 0o660, 0o644] {
            let (_folder, path) = file(HEX, mode);
            let error = NumberKey::from_file(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("chmod 600 {}", path.display())), "{mode:o}: {error}");
        }
    }

    #[test]
    fn hex_is_taken_strictly_and_never_shown() {
        for wrong in
            ["", "00", &HEX[1..], &HEX.replace('A', "g"), &HEX.replace("00", "+0"), &format!("{HEX}00")]
        {
            let error = NumberKey::from_hex(wrong).unwrap_err();
            assert_eq!(error.to_string(), format!("no key for individual numbers: {EXPECTED}"));
        }
        let key = NumberKey::from_hex(HEX).unwrap();
        assert_eq!(*key.to_hex(), HEX.to_lowercase());
        assert_eq!(format!("{key:?}"), "NumberKey(hidden)");
    }

    #[test]
    fn generated_keys_differ() {
        assert_ne!(NumberKey::generate().unwrap().bytes(), NumberKey::generate().unwrap().bytes());
    }
}
