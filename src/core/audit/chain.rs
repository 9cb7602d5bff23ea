//! A line's chain value, and whether a line follows from another.

use crate::hash::Hasher;
use crate::ids::Digest;
use crate::port::AuditEntry;

/// A line's number with its chain value: enough to go on verifying after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditLink {
    /// The line's number; 0 before the first.
    pub audit_no: u64,
    /// Its chain value; zeros before the first.
    pub chain_sha256: Digest,
}

impl AuditLink {
    /// Before the first line of an audit.
    pub const START: Self = Self { audit_no: 0, chain_sha256: Digest([0; 32]) };

    /// The action of the line that tells why verifying begins after this link: lines up to it were removed by
    /// retention, or an operator accepted them as they stood.
    pub fn base_action(&self) -> String {
        format!("begin the audit after line {} ({})", self.audit_no, self.chain_sha256)
    }
}

impl From<&AuditEntry> for AuditLink {
    fn from(entry: &AuditEntry) -> Self {
        Self { audit_no: entry.audit_no, chain_sha256: entry.chain_sha256 }
    }
}

/// A line's chain value: SHA-256 over the chain value before (32 bytes) and each of time, operator, action,
/// reason and result, its length in 8 bytes (big-endian) ahead of it.
pub fn chain(last: Digest, entry: &AuditEntry) -> Digest {
    let mut hash = Hasher::new();
    hash.update(&last.0);
    for field in [&entry.at, &entry.operator, &entry.action, &entry.reason, &entry.result] {
        hash.update(&(field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finish()
}

/// True when a line follows from the one before it.
pub fn follows(last: AuditLink, entry: &AuditEntry) -> bool {
    entry.audit_no == last.audit_no.saturating_add(1) && entry.chain_sha256 == chain(last.chain_sha256, entry)
}
