//! The audit's end in a second place.

use serde::{Deserialize, Serialize};

use super::chain::AuditLink;
use crate::ids::Digest;

/// The audit's end as a file in a second place holds it: one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptHead {
    /// 1: what this program writes.
    pub format: u32,
    /// The line's number.
    pub audit_no: u64,
    /// Its chain value.
    pub chain_sha256: Digest,
    /// When it was written down.
    pub at: String,
}

impl KeptHead {
    /// Of an audit that ends with this line.
    pub fn new(head: AuditLink, at: String) -> Self {
        Self { format: 1, audit_no: head.audit_no, chain_sha256: head.chain_sha256, at }
    }

    /// The line.
    pub fn link(&self) -> AuditLink {
        AuditLink { audit_no: self.audit_no, chain_sha256: self.chain_sha256 }
    }

    /// As the file holds it.
    pub fn to_text(&self) -> String {
        // A number, hex digits and a time: they always serialise.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads [`KeptHead::to_text`]; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|head: &Self| head.format == 1)
    }
}
