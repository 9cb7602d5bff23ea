//! What is recorded and answered of a set.

use renkei_core::notice::{NoticeError, StateWords};
use renkei_core::port::{Outcome, SetRecord, TakeCounts};
use renkei_core::receive::{FoundSet, Reason, ReasonCode, Receipt, RowResults, Terms, UnreadableNotice};
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

/// Receipt and record of a notice that cannot be read.
pub(super) fn of_unreadable(
    terms: &Terms,
    notice: &UnreadableNotice,
    run_id: &str,
    now: Moment,
) -> (Receipt, SetRecord) {
    let code = match &notice.error {
        NoticeError::TooLong | NoticeError::Malformed { .. } => ReasonCode::NoticeMalformed,
        NoticeError::Format { .. } => ReasonCode::NoticeFormat,
        NoticeError::Contradiction { .. } => ReasonCode::NoticeContradiction,
    };
    let receipt = Receipt {
        format: Receipt::FORMAT,
        municipality: terms.municipality.clone(),
        receiver: terms.receiver.clone(),
        intake: terms.id.clone(),
        notice: notice.name.to_string(),
        notice_sha256: notice.sha256,
        content_sha256: None,
        interface: None,
        branch: None,
        version: None,
        feed: None,
        kind: None,
        sequence: None,
        outcome: Outcome::Refused,
        reasons: vec![Reason::of_set(code, notice.error.to_string())],
        rows: RowResults::default(),
        state: None,
        holds_sequence: None,
        at: now.to_string(),
    };
    let record = SetRecord {
        set_no: 0,
        intake: terms.id.clone(),
        notice_name: receipt.notice.clone(),
        notice_sha256: notice.sha256,
        content_sha256: None,
        interface: None,
        version: None,
        feed: None,
        kind: None,
        sequence: None,
        business_date: None,
        outcome: Outcome::Refused,
        n_rows: 0,
        counts: TakeCounts::default(),
        n_warned: 0,
        n_parked: 0,
        state: None,
        receipt: receipt.to_json(),
        run_id: run_id.to_owned(),
        at: now,
    };
    (receipt, record)
}

pub(super) fn words(state: &FeedState) -> StateWords {
    StateWords { n_rows: u64::try_from(state.n_rows()).unwrap_or(0), digest: state.digest() }
}
