//! Every way of tampering, line by line.

use super::*;
use crate::ids::Digest;
use crate::port::AuditEntry;

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
