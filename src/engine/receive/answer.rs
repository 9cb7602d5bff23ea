//! What is recorded and answered of a set.

use renkei_core::notice::StateWords;
use renkei_core::port::{Outcome, SetRecord, TakeCounts};
use renkei_core::receive::{FoundSet, Reason, Receipt, RowResults, Terms};
use renkei_core::state::FeedState;
use renkei_core::{Moment, Sequence};

/// What came of a set, in short.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) reasons: Vec<Reason>,
    pub(super) n_rows: u64,
    pub(super) counts: TakeCounts,
    pub(super) n_warned: u64,
    pub(super) n_parked: u64,
    /// What is held afterwards, if something is.
    pub(super) holds: Option<(Sequence, FeedState)>,
    /// True when the set moved the state.
    pub(super) moved_state: bool,
}

pub(super) fn receipt(
    terms: &Terms,
    found: &FoundSet,
    outcome: Outcome,
    findings: &Findings,
    now: Moment,
) -> Receipt {
    let notice = &found.notice;
    Receipt {
        format: Receipt::FORMAT,
        municipality: terms.municipality.clone(),
        receiver: terms.receiver.clone(),
        intake: terms.id.clone(),
        notice: found.notice_name.to_string(),
        notice_sha256: found.notice_sha256,
        content_sha256: Some(notice.content_sha256()),
        interface: Some(notice.interface.clone()),
        branch: Some(notice.branch.clone()),
        version: Some(notice.version),
        feed: Some(notice.feed.clone()),
        kind: Some(notice.kind),
        sequence: Some(notice.sequence),
        outcome,
        reasons: findings.reasons.clone(),
        rows: RowResults {
            added: findings.counts.added,
            changed: findings.counts.changed,
            removed: findings.counts.removed,
            unchanged: findings.counts.unchanged,
            warned: findings.n_warned,
            parked: findings.n_parked,
        },
        state: findings.holds.as_ref().map(|(_, state)| words(state)),
        holds_sequence: findings.holds.as_ref().map(|(sequence, _)| *sequence),
        at: now.to_string(),
    }
}

pub(super) fn record(
    receipt: &Receipt,
    found: &FoundSet,
    findings: &Findings,
    run_id: &str,
    now: Moment,
) -> SetRecord {
    let notice = &found.notice;
    SetRecord {
        set_no: 0,
        intake: receipt.intake.clone(),
        notice_name: receipt.notice.clone(),
        notice_sha256: found.notice_sha256,
        content_sha256: receipt.content_sha256,
        interface: Some((notice.interface.clone(), notice.branch.clone())),
        version: Some(notice.version),
        feed: Some(notice.feed.clone()),
        kind: Some(notice.kind),
        sequence: Some(notice.sequence),
        business_date: Some(notice.business_date),
        outcome: receipt.outcome,
        n_rows: findings.n_rows,
        counts: findings.counts,
        n_warned: findings.n_warned,
        n_parked: findings.n_parked,
        state: findings.holds.as_ref().filter(|_| findings.moved_state).map(|(_, state)| state.clone()),
        receipt: receipt.to_json(),
        run_id: run_id.to_owned(),
        at: now,
    }
}

pub(super) fn words(state: &FeedState) -> StateWords {
    StateWords { n_rows: u64::try_from(state.n_rows()).unwrap_or(0), digest: state.digest() }
}
