//! One set: from its notice to the mark that it was taken in, or to the reasons why not.

use renkei_core::FolderPath;
use renkei_core::port::{Folders, IntakeStore, Outcome, SetRecord, Share};
use renkei_core::receive::{
    Conversion, FoundSet, Reason, Receipt, Standing, TakenBefore, Terms, UnreadableNotice, judge,
};

use super::answer::{self, Findings, words};
use super::desk::Desk;
use super::next::Next;
use super::row_report::RowReport;
use crate::error::EngineError;
use crate::house::{Clock, Witness};

/// Who takes in.
#[derive(Clone, Copy)]
pub struct Taker<'t> {
    /// The taker's database.
    pub store: &'t dyn IntakeStore,
    /// Where sets arrive.
    pub share: &'t dyn Share,
    /// The taker's own folders: reports are staged there.
    pub own: &'t dyn Folders,
    /// The time of day, to record.
    pub clock: &'t dyn Clock,
    /// Who watches.
    pub witness: &'t dyn Witness,
    /// The run it is done in; empty for an agent without runs.
    pub run_id: &'t str,
}

/// A set to be taken in.
#[derive(Clone, Copy)]
pub struct Set<'s> {
    /// On what terms.
    pub terms: &'s Terms,
    /// The folder it stands in.
    pub folder: &'s FolderPath,
    /// The set.
    pub found: &'s FoundSet,
    /// The table its rows go into; `None` keeps keys and digests only.
    pub table: Option<&'s str>,
    /// What values become on their way into the table.
    pub conversion: Option<&'s Conversion>,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Take it in and record it.
    Take,
    /// Say what taking it in would do; nothing is changed or recorded.
    Preview,
}

/// What came of a set.
#[derive(Debug)]
pub struct SetResult {
    /// What is answered.
    pub receipt: Receipt,
    /// What was recorded; under [`Goal::Preview`], what would be.
    pub record: SetRecord,
    /// The report on rows, on a stage of the taker's own folders.
    pub report: Option<RowReport>,
    /// False when the last word on the same notice was the same, so that nothing was recorded.
    pub is_new: bool,
    /// True when the set begins another feed than the one followed before.
    pub is_switch: bool,
}

/// Judges a set and, if it is the next one and nothing is wrong, takes it in.
///
/// A set that is refused, repeated, passed over or waits is no error: the result says so. An error is a fault of
/// the taker's own: nothing was recorded, and the same call later goes on.
pub fn take_set(
    taker: Taker<'_>,
    set: Set<'_>,
    goal: Goal,
    desk: &mut dyn Desk,
) -> Result<SetResult, EngineError> {
    let Set { terms, found, .. } = set;
    let notice = &found.notice;
    let head = taker.store.head(&terms.id)?;
    let before = taker.store.taken(&terms.id, &notice.feed, notice.sequence)?;
    let before = before.as_ref().and_then(|record| {
        let state = record.state.as_ref().map(words);
        Some(TakenBefore { content: record.content_sha256?, state })
    });
    let followed = head.as_ref().filter(|head| head.feed == notice.feed);
    let holds = followed.map(|head| (head.sequence, head.state.clone()));
    let (outcome, reasons) = match judge(notice, terms, head.as_ref(), &|_, _| before) {
        Standing::Next { layout, format, mode, is_switch } => {
            let next = Next { taker, set, head, layout: &layout, format, mode, is_switch };
            return next.take(goal, desk);
        }
        Standing::Refused(reasons) => (Outcome::Refused, reasons),
        Standing::Repeated => (Outcome::Repeated, Vec::new()),
        Standing::Passed { why } => (Outcome::Passed, vec![plain("passed", why.to_owned())]),
        Standing::Waiting(gap) => (Outcome::Waiting, vec![plain("gap", gap.to_string())]),
    };
    let findings = Findings { reasons, holds, ..Findings::default() };
    conclude(taker, set, goal, outcome, &findings, None)
}

/// Refuses a notice that cannot be read.
pub(super) fn refuse_unreadable(
    taker: Taker<'_>,
    terms: &Terms,
    notice: &UnreadableNotice,
) -> Result<SetResult, EngineError> {
    let now = taker.clock.now();
    let (receipt, mut record) = answer::of_unreadable(terms, notice, taker.run_id, now);
    let is_new = !is_on_record(taker, &record)?;
    if is_new {
        record.set_no = taker.store.note(&record)?;
        tracing::info!(intake = %terms.id, "a notice that cannot be read is refused");
    }
    Ok(SetResult { receipt, record, report: None, is_new, is_switch: false })
}

/// A word on something that is no refusal.
pub(super) fn plain(code: &str, detail: String) -> Reason {
    Reason { code: code.to_owned(), detail, file: None, row: None, column: None, count: None }
}

/// Records what needs no rows.
pub(super) fn conclude(
    taker: Taker<'_>,
    set: Set<'_>,
    goal: Goal,
    outcome: Outcome,
    findings: &Findings,
    report: Option<RowReport>,
) -> Result<SetResult, EngineError> {
    let now = taker.clock.now();
    let receipt = answer::receipt(set.terms, set.found, outcome, findings, now);
    let mut record = answer::record(&receipt, set.found, findings, taker.run_id, now);
    let is_new = !is_on_record(taker, &record)?;
    if goal == Goal::Take && is_new {
        record.set_no = taker.store.note(&record)?;
        tracing::info!(
            intake = %set.terms.id,
            feed = %set.found.notice.feed,
            sequence = set.found.notice.sequence.0,
            outcome = outcome.as_str(),
            "a set is judged"
        );
    }
    Ok(SetResult { receipt, record, report, is_new, is_switch: false })
}

/// True when the last word on this notice was the same: a look every few seconds is not a line every few seconds.
fn is_on_record(taker: Taker<'_>, record: &SetRecord) -> Result<bool, EngineError> {
    let reasons = |record: &SetRecord| Receipt::parse(record.receipt.as_bytes()).ok().map(|r| r.reasons);
    let last = taker.store.last_of_notice(&record.intake, &record.notice_sha256)?;
    Ok(last.is_some_and(|one| match (record.outcome, one.outcome) {
        // That it was taken in says that it is a repeat.
        (Outcome::Repeated, Outcome::Taken | Outcome::Repeated) => true,
        (now, before) => now == before && reasons(&one) == reasons(record),
    }))
}
