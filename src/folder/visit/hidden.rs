//! Names that visitors neither see nor give.

use rustix::rand::GetRandomFlags;
use sha2::{Digest as _, Sha256};

use super::VisitError;

/// Ends the name of a file that is being uploaded; it begins with a dot.
pub(super) const UPLOADING: &str = ".uploading";
/// Ends the name of what was kept of an upload that broke off; it begins with a dot.
pub(super) const PARTIAL: &str = ".partial-upload";
/// Ends the name of what the hub writes beside its final name.
const WRITING: &str = ".writing";
/// Bytes of a name on the file systems Linux has.
const MAX_NAME_BYTES: usize = 255;

/// True for names of the hub's own in any folder.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".")
        && [UPLOADING, PARTIAL, WRITING].iter().any(|ending| name.ends_with(ending.as_bytes()))
}

/// True for names a visitor may give: no control bytes, which no character set for names has, and none of ours.
pub(super) fn may_be_made(name: &[u8]) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len())
        && !name.iter().any(|&byte| byte < 0x20 || byte == 0x7F)
        && !is_hidden(name)
}

/// A name for an upload that nobody else has.
pub(super) fn upload_name() -> Result<String, VisitError> {
    let mut random = [0_u8; 16];
    let mut n_filled = 0;
    while n_filled < random.len() {
        let rest = random.get_mut(n_filled..).unwrap_or_default();
        n_filled += rustix::rand::getrandom(rest, GetRandomFlags::empty())?;
    }
    Ok(format!(".{}{UPLOADING}", hex(&random)))
}

/// The name under which what came of an upload waits for the same visitor to go on with the same file.
pub(super) fn partial_name(visitor: &str, name: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(visitor.as_bytes());
    hasher.update([0]);
    hasher.update(name);
    let digest: [u8; 32] = hasher.finalize().into();
    format!(".{}{PARTIAL}", hex(digest.first_chunk::<16>().unwrap_or(&[0; 16])))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
