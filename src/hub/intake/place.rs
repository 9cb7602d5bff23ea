//! Where a set's files go, and in which order.

use renkei_core::notice::Notice;
use renkei_core::{Digest, FileName, IdError, IntakeId};

/// The place of a refused set in the quarantine, the same however often it is refused.
pub(crate) fn place_of(intake: &IntakeId, notice_sha256: Digest) -> Result<FileName, IdError> {
    let digest: String = notice_sha256.to_string().chars().take(12).collect();
    format!("intake-{intake}-{digest}").parse()
}

/// The names of a set's files, the notice last.
pub(crate) fn names_of(notice: &Notice, notice_name: &FileName) -> Vec<FileName> {
    notice.names().chain([notice_name]).cloned().collect()
}
