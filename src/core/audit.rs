//! The chain of the audit (監査): each line carries a SHA-256 over the line before and itself, so that a line
//! changed, taken out or moved shows; and the chain value kept in a second place shows where its end was.

use crate::fault::{Class, Fault};
use crate::hash::Hasher;
use crate::ids::Digest;
use crate::port::AuditEntry;
use serde::{Deserialize, Serialize};

/// So many faults of one audit are told one by one.
pub const MAX_FAULTS: usize = 20;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines that follow `last`.
    fn lines(last: AuditLink, actions: &[&str]) -> Vec<AuditEntry> {
        let mut last = last;
        let line = |action: &&str| {
            let at = "2026-10-02T01:30:00+09:00".to_owned();
            let mut entry = AuditEntry::new(at, "night", (*action).to_owned(), "", "ok".to_owned());
            entry.audit_no = last.audit_no + 1;
            entry.chain_sha256 = chain(last.chain_sha256, &entry);
            last = (&entry).into();
            entry
        };
        actions.iter().map(line).collect()
    }

    fn verify(base: AuditLink, kept: Option<AuditLink>, entries: &[AuditEntry]) -> Vec<AuditFault> {
        let mut verifier = Verifier::new(base, kept);
        entries.chunks(2).for_each(|piece| verifier.take(piece));
        let report = verifier.end();
        assert_eq!(report.n_faults, report.faults.len() as u64);
        report.faults
    }

    #[test]
    fn the_chain_value_is_what_the_manual_says() {
        let entry = AuditEntry::new("t".to_owned(), "o", "a".to_owned(), "r", "x".to_owned());
        let mut bytes = vec![7; 32];
        for field in ["t", "o", "a", "r", "x"] {
            bytes.extend([0, 0, 0, 0, 0, 0, 0, 1]);
            bytes.extend(field.as_bytes());
        }
        assert_eq!(chain(Digest([7; 32]), &entry), Digest(crate::hash::sha256(&bytes)));
    }

    #[test]
    fn every_change_of_a_line_shows() {
        let check = |change: fn(&mut Vec<AuditEntry>), broken: &[u64]| {
            let mut lines = lines(AuditLink::START, &["apply", "generate", "publish", "hold"]);
            change(&mut lines);
            let expected: Vec<_> = broken.iter().map(|no| AuditFault::Broken { audit_no: *no }).collect();
            assert_eq!(verify(AuditLink::START, None, &lines), expected);
        };
        check(|_| {}, &[]);
        check(Vec::clear, &[]);
        check(|lines| lines[1].operator.push('x'), &[2]);
        check(|lines| lines[1].at.push('x'), &[2]);
        check(|lines| lines[1].reason.push('x'), &[2]);
        check(|lines| lines[1].result.clear(), &[2]);
        check(|lines| lines[1].chain_sha256 = Digest([1; 32]), &[2, 3]);
        check(|lines| drop(lines.remove(1)), &[3]);
        check(|lines| drop(lines.remove(0)), &[2]);
        check(|lines| lines.swap(0, 1), &[2, 1, 3]);
        // The same characters, moved over the border of two fields.
        check(|lines| (lines[0].action, lines[0].reason) = ("appl".to_owned(), "y".to_owned()), &[1]);
    }

    #[test]
    fn what_was_kept_shows_a_cut_off_end_and_a_rewritten_line() {
        let all = lines(AuditLink::START, &["a", "b", "c"]);
        let other = lines(AuditLink::START, &["a", "x", "y", "z"]);
        let third = Some(AuditLink::from(&all[2]));
        assert_eq!(verify(AuditLink::START, third, &all), []);
        assert_eq!(verify(AuditLink::START, Some((&all[0]).into()), &all), []);
        assert_eq!(
            verify(AuditLink::START, third, &all[..1]),
            [AuditFault::Truncated { last_no: 1, kept_no: 3 }]
        );
        assert_eq!(verify(AuditLink::START, third, &[]), [AuditFault::Truncated { last_no: 0, kept_no: 3 }]);
        assert_eq!(verify(AuditLink::START, third, &other), [AuditFault::Rewritten { audit_no: 3 }]);
        let kept = AuditLink::from(&all[1]);
        let head = AuditLink::from(&all[2]);
        assert_eq!(compare(kept, head, Some(kept.chain_sha256)), Ok(()));
        assert_eq!(compare(kept, head, None), Err(AuditFault::Rewritten { audit_no: 2 }));
        assert_eq!(compare(head, kept, None), Err(AuditFault::Truncated { last_no: 2, kept_no: 3 }));
    }

    #[test]
    fn an_audit_may_begin_late_if_a_line_says_so() {
        let all = lines(AuditLink::START, &["a", "b"]);
        let base = AuditLink::from(&all[1]);
        let told = lines(base, &["c", &base.base_action(), "d"]);
        assert_eq!(verify(base, None, &told), []);
        assert_eq!(verify(base, Some(base), &told), []);
        assert_eq!(verify(base, Some((&all[0]).into()), &told), [AuditFault::Rewritten { audit_no: 1 }]);
        let untold = lines(base, &["c"]);
        assert_eq!(verify(base, None, &untold), [AuditFault::Unexplained { audit_no: 2 }]);
    }

    #[test]
    fn a_kept_head_is_read_back_and_garbage_is_not() {
        let head = KeptHead::new(AuditLink { audit_no: 7, chain_sha256: Digest([9; 32]) }, "now".to_owned());
        assert_eq!(KeptHead::parse(&head.to_text()), Some(head.clone()));
        let later = head.to_text().replace("\"format\":1", "\"format\":2");
        for text in ["", "{}", "garbage", &later, &head.to_text()[..40]] {
            assert_eq!(KeptHead::parse(text), None, "{text}");
        }
    }
}
