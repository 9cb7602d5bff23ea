//! The key for 個人番号: 32 random bytes, written as 64 hex digits.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};

/// A new key with a line end.
pub(super) fn new_key() -> io::Result<String> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut text = String::with_capacity(65);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    Ok(text)
}
