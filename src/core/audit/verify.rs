//! What can be wrong with an audit, and how it is found in one pass.

use super::chain::{AuditLink, follows};
use crate::fault::{Class, Fault};
use crate::ids::Digest;
use crate::port::AuditEntry;

/// So many faults of one audit are told one by one.
pub const MAX_FAULTS: usize = 20;

/// What is wrong with an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// A line that does not follow from the one before it: it, or what stood before it, was changed or taken out.
    #[error("line {audit_no} of the audit does not follow from the line before it")]
    Broken {
        /// The number the line has.
        audit_no: u64,
    },
    /// Lines are missing from the start, and no line says why.
    #[error("the audit begins after line {audit_no}, and no line says why")]
    Unexplained {
        /// The last line that is not proven.
        audit_no: u64,
    },
    /// The line whose chain value was kept in a second place is another one now.
    #[error("line {audit_no} of the audit is not the one whose chain value was kept in the second place")]
    Rewritten {
        /// The line.
        audit_no: u64,
    },
    /// The audit ends before the line whose chain value was kept in a second place.
    #[error("the audit ends at line {last_no}; line {kept_no} was there when the second place was written")]
    Truncated {
        /// Its last line.
        last_no: u64,
        /// The line kept.
        kept_no: u64,
    },
}

impl Fault for AuditFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Broken { .. } | Self::Unexplained { .. } => "audit.broken",
            Self::Rewritten { .. } => "audit.rewritten",
            Self::Truncated { .. } => "audit.truncated",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}

/// Verifies an audit piece by piece; memory does not grow with it. After a fault it goes on from what stands, so
/// that every fault is found.
#[derive(Debug)]
pub struct Verifier {
    base: AuditLink,
    last: AuditLink,
    kept: Option<AuditLink>,
    is_base_told: bool,
    report: AuditReport,
}

/// What verifying an audit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// Lines are proven from the one after this number.
    pub base_no: u64,
    /// Lines looked at.
    pub n_lines: u64,
    /// The last line.
    pub last: AuditLink,
    /// How many faults there are.
    pub n_faults: u64,
    /// The first [`MAX_FAULTS`] of them.
    pub faults: Vec<AuditFault>,
}

impl Verifier {
    /// For an audit that is to be proven after `base`, and whose line `kept` has its chain value in a second place.
    pub fn new(base: AuditLink, kept: Option<AuditLink>) -> Self {
        let report =
            AuditReport { base_no: base.audit_no, n_lines: 0, last: base, n_faults: 0, faults: Vec::new() };
        let mut verifier = Self { base, last: base, kept, is_base_told: base.audit_no == 0, report };
        if let Some(kept) = kept
            && (kept.audit_no < base.audit_no || (kept.audit_no == base.audit_no && kept != base))
        {
            verifier.report(AuditFault::Rewritten { audit_no: kept.audit_no });
        }
        verifier
    }

    /// Takes the next lines.
    pub fn take(&mut self, entries: &[AuditEntry]) {
        for entry in entries {
            if !follows(self.last, entry) {
                self.report(AuditFault::Broken { audit_no: entry.audit_no });
            }
            self.last = entry.into();
            self.report.n_lines += 1;
            if self.kept.is_some_and(|kept| kept.audit_no == entry.audit_no && kept != self.last) {
                self.report(AuditFault::Rewritten { audit_no: entry.audit_no });
            }
            self.is_base_told |= entry.action == self.base.base_action();
        }
    }

    /// The number of the last line taken, or of the base.
    pub fn last_no(&self) -> u64 {
        self.last.audit_no
    }

    /// What it came to, when no more lines come.
    pub fn end(mut self) -> AuditReport {
        if !self.is_base_told {
            self.report(AuditFault::Unexplained { audit_no: self.base.audit_no });
        }
        let last_no = self.last.audit_no;
        if let Some(kept) = self.kept.filter(|kept| kept.audit_no > last_no) {
            self.report(AuditFault::Truncated { last_no, kept_no: kept.audit_no });
        }
        self.report.last = self.last;
        self.report
    }

    fn report(&mut self, fault: AuditFault) {
        self.report.n_faults += 1;
        if self.report.faults.len() < MAX_FAULTS {
            self.report.faults.push(fault);
        }
    }
}

/// Whether an audit whose last line is `head` still has what was `kept` of it. `at_kept` is the chain value that
/// stands at the number kept now: of the line, or of the base.
pub fn compare(kept: AuditLink, head: AuditLink, at_kept: Option<Digest>) -> Result<(), AuditFault> {
    if kept.audit_no > head.audit_no {
        Err(AuditFault::Truncated { last_no: head.audit_no, kept_no: kept.audit_no })
    } else if at_kept == Some(kept.chain_sha256) {
        Ok(())
    } else {
        Err(AuditFault::Rewritten { audit_no: kept.audit_no })
    }
}
