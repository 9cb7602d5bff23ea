//! The chain of the audit (監査): each line carries a SHA-256 over the line before and itself, so that a line
//! changed, taken out or moved shows; and the chain value kept in a second place shows where its end was.

mod chain;
mod kept_head;
#[cfg(test)]
mod tests;
mod verify;

pub use chain::{AuditLink, chain, follows};
pub use kept_head::KeptHead;
pub use verify::{AuditFault, AuditReport, MAX_FAULTS, Verifier, compare};
