//! One set: from its notice to the mark that it was taken in, or to the reasons why not.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use renkei_core::guard::{Decision, Facts, judge as judge_change};
use renkei_core::layout::{FileFormat, Layout};
use renkei_core::notice::{ChangeCounts, Notice};
use renkei_core::port::{
    Folders, HeldRow, IntakeHead, IntakeStore, Outcome, SetRecord, Share, TakeCounts, TakeMode, Taking,
};
use renkei_core::publication::Kind;
use renkei_core::receive::{
    Conversion, FoundSet, Reason, ReasonCode, Receipt, RowPolicy, Standing, TakenBefore, Terms,
    UnreadableNotice, judge,
};
use renkei_core::state::FeedState;
use renkei_core::{FileName, FolderPath, IntakeId, stem_within};

use super::answer::{self, Findings, words};
use super::desk::{Desk, HandedOver};
use super::left_out::LeftOut;
use super::mapped_set::MappedSet;
use super::row_report::{RowReport, RowReportWriter};
use super::rows::{ReadSet, SetReader};
use super::table::table_spec;
use super::verified::VerifiedSet;
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
fn plain(code: &str, detail: String) -> Reason {
    Reason { code: code.to_owned(), detail, file: None, row: None, column: None, count: None }
}

/// Records what needs no rows.
fn conclude(
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

/// The next set in order, its notice found right.
struct Next<'n> {
    taker: Taker<'n>,
    set: Set<'n>,
    head: Option<IntakeHead>,
    layout: &'n Layout,
    format: FileFormat,
    mode: TakeMode,
    is_switch: bool,
}

impl Next<'_> {
    fn take(&self, goal: Goal, desk: &mut dyn Desk) -> Result<SetResult, EngineError> {
        let (notice, terms) = (self.notice(), self.set.terms);
        if let Some(reason) = self.wrong_state_before() {
            return match self.counted_anew()? {
                Some(head) => Next { head: Some(head), mode: TakeMode::Correct, ..*self }.take(goal, desk),
                None => self.refuse(goal, &Findings { reasons: vec![reason], ..self.findings() }, None),
            };
        }
        self.taker.witness.reached("receive.begun");
        let spec = table_spec(self.layout, self.set.table.map(str::to_owned));
        let mut taking = match goal {
            Goal::Take => self.taker.store.begin_taking(&terms.id, &spec)?,
            Goal::Preview => self.taker.store.preview_taking(&terms.id, &spec)?,
        };
        let desk_stage = stage_name(terms, notice)?;
        self.taker.own.begin_stage(&desk_stage)?;
        let report_name = report_name(self.set.found)?;
        let report = RowReportWriter::new(self.taker.own, desk_stage.clone(), report_name);
        let mut mapped = self.mapped(&desk_stage)?;
        let mut reader = SetReader::new(self.layout, self.format, self.set, report);
        let read = self.read_files(&mut reader, mapped.as_mut(), taking.as_mut());
        if read.is_err() {
            // What could not be removed is swept when the set is begun again.
            let _ = self.taker.own.discard_stage(&desk_stage);
        }
        read?;
        let (mut read, state, writer) = reader.end();
        let counted = Findings {
            n_rows: read.n_rows,
            n_warned: read.n_warned,
            n_parked: read.n_wrong,
            ..self.findings()
        };
        let source_row =
            |name: &FileName, row| mapped.as_ref().map_or(row, |mapped| mapped.source_row(name, row));
        let reasons = std::mem::take(&mut read.reasons);
        let mut left_out = LeftOut::new(&mut read, writer, &source_row);
        if !reasons.is_empty() {
            let report = self.report_of(left_out, goal, &desk_stage)?;
            let reasons = reasons.into_iter().chain(row_rules(&read)).collect();
            return self.refuse(goal, &Findings { reasons, ..counted }, report);
        }
        self.taker.witness.reached("receive.staged");
        let after = self.state_after(&state, taking.as_mut())?;
        let counts = taking.effect(self.mode)?;
        let reasons = self.proof(&state, &after, counts);
        if !reasons.is_empty() {
            let report = self.report_of(left_out, goal, &desk_stage)?;
            return self.refuse(goal, &Findings { reasons, ..counted }, report);
        }
        if !desk.is_change_allowed(self.set.found)
            && let Some(reason) = self.held(&after, counts)
        {
            let report = self.report_of(left_out, goal, &desk_stage)?;
            let counts = if goal == Goal::Preview { counts } else { counted.counts };
            let findings = Findings { reasons: vec![reason], counts, ..counted };
            drop(taking);
            return conclude(self.taker, self.set, goal, Outcome::Waiting, &findings, report);
        }
        let holds = Some((notice.sequence, after));
        let mut findings = Findings { counts, holds, moved_state: true, ..counted };
        if goal == Goal::Preview {
            let report = self.report_of(left_out, goal, &desk_stage)?;
            findings.reasons = row_rules(&read).collect();
            drop(taking);
            let result = conclude(self.taker, self.set, goal, Outcome::Taken, &findings, report)?;
            return Ok(SetResult { is_switch: self.is_switch, ..result });
        }
        let verified = VerifiedSet {
            folder: self.set.folder,
            found: self.set.found,
            layout: self.layout,
            format: self.format,
            share: mapped.as_ref().map_or(self.taker.share, |mapped| mapped),
            is_turned_over: mapped.is_some(),
            source_row: &source_row,
            parks_rows: terms.rows == RowPolicy::Park,
            changed: OnceLock::new(),
        };
        match hand_over(desk, &verified, &mut left_out)? {
            HandedOver::NotHere => {}
            HandedOver::Taken(counts) => {
                findings.counts = counts;
                self.taker.witness.reached("receive.handed-over");
            }
            HandedOver::Refused(reasons) => {
                let report = self.report_of(left_out, goal, &desk_stage)?;
                drop(taking);
                return self.refuse(goal, &Findings { reasons, ..self.findings() }, report);
            }
        }
        left_out.put_report(&mut |report| desk.report(report))?;
        let report = self.report_of(left_out, goal, &desk_stage)?;
        findings.n_parked = read.n_wrong;
        findings.reasons = row_rules(&read).collect();
        self.finish(taking, &findings, report)
    }

    /// Reads all files, each once.
    fn read_files(
        &self,
        reader: &mut SetReader<'_>,
        mut mapped: Option<&mut MappedSet<'_>>,
        taking: &mut dyn Taking,
    ) -> Result<(), EngineError> {
        let Taker { share, witness, .. } = self.taker;
        for named in &self.notice().files {
            if let Some(mapped) = &mut mapped {
                reader.read_mapped(self.set.folder, named, mapped, taking, witness)?;
            } else {
                reader.read_file(named, share.open(self.set.folder, &named.name)?, taking, witness)?;
            }
            witness.progress("rows", reader.n_rows(), self.notice().n_rows);
        }
        Ok(())
    }

    /// The report on rows; where there is none, or none is wanted, its stage goes.
    fn report_of(
        &self,
        left_out: LeftOut<'_, '_>,
        goal: Goal,
        stage: &FileName,
    ) -> Result<Option<RowReport>, EngineError> {
        let report = left_out.into_report()?.filter(|_| goal == Goal::Take);
        if report.is_none() {
            self.taker.own.discard_stage(stage)?;
        }
        Ok(report)
    }

    /// Where files come in another form, the place they are turned over in.
    fn mapped(&self, stage: &FileName) -> Result<Option<MappedSet<'_>>, EngineError> {
        let Some(mapping) = self.set.terms.mapping.as_deref() else { return Ok(None) };
        let Taker { own, share, witness, .. } = self.taker;
        let stage = format!("{stage}-mapped").parse()?;
        Ok(Some(MappedSet::begin(mapping, own, share, witness, stage)?))
    }

    fn finish(
        &self,
        taking: Box<dyn Taking + '_>,
        findings: &Findings,
        report: Option<RowReport>,
    ) -> Result<SetResult, EngineError> {
        let now = self.taker.clock.now();
        let receipt = answer::receipt(self.set.terms, self.set.found, Outcome::Taken, findings, now);
        let record = answer::record(&receipt, self.set.found, findings, self.taker.run_id, now);
        self.taker.witness.reached("receive.proven");
        taking.finish(self.mode, &record)?;
        self.taker.witness.reached("receive.taken");
        tracing::info!(
            intake = %self.set.terms.id,
            feed = %self.notice().feed,
            sequence = self.notice().sequence.0,
            rows = findings.n_rows,
            parked = findings.n_parked,
            "a set is taken in"
        );
        Ok(SetResult { receipt, record, report, is_new: true, is_switch: self.is_switch })
    }

    fn notice(&self) -> &Notice {
        &self.set.found.notice
    }

    /// What is held as it was, and nothing found yet.
    fn findings(&self) -> Findings {
        let followed = self.head.as_ref().filter(|head| head.feed == self.notice().feed);
        let holds = followed.map(|head| (head.sequence, head.state.clone()));
        Findings { holds, ..Findings::default() }
    }

    fn refuse(
        &self,
        goal: Goal,
        findings: &Findings,
        report: Option<RowReport>,
    ) -> Result<SetResult, EngineError> {
        // A file still being written has neither its length nor its digest yet.
        let is_unsettled = !self.set.found.is_settled
            && findings.reasons.iter().any(|reason| {
                [ReasonCode::WrongDigest, ReasonCode::WrongLength]
                    .map(ReasonCode::as_str)
                    .contains(&&*reason.code)
            });
        let outcome = if is_unsettled { Outcome::Waiting } else { Outcome::Refused };
        conclude(self.taker, self.set, goal, outcome, findings, report)
    }

    /// A diff must build on what is held: known before a row is read.
    fn wrong_state_before(&self) -> Option<Reason> {
        let is_declared = self.notice().kind == Kind::Diff && self.set.terms.mapping.is_none();
        let declared = self.notice().state_before.filter(|_| is_declared)?;
        let held = words(&self.head.as_ref()?.state);
        (declared != held).then(|| {
            let detail = format!(
                "the notice says {} rows {}, held are {} rows {}",
                declared.n_rows, declared.digest, held.n_rows, held.digest
            );
            Reason::of_set(ReasonCode::WrongStateBefore, detail)
        })
    }

    /// The head with the state as the rows held give it, where that is what the set builds on: the sum on record is
    /// not what was put right, the rows are.
    fn counted_anew(&self) -> Result<Option<IntakeHead>, EngineError> {
        let Some(head) = self.head.as_ref().filter(|_| self.notice().kind == Kind::Diff) else {
            return Ok(None);
        };
        let state = count_held(self.taker.store, &self.set.terms.id, &mut |_| ControlFlow::Continue(()))?;
        let is_base = self.notice().state_before == Some(words(&state));
        Ok(is_base.then(|| IntakeHead { state, ..head.clone() }))
    }

    /// What is held after the set.
    fn state_after(&self, of_set: &FeedState, taking: &mut dyn Taking) -> Result<FeedState, EngineError> {
        if self.mode == TakeMode::Replace {
            return Ok(of_set.clone());
        }
        let mut state = self.head.as_ref().map_or_else(FeedState::empty, |head| head.state.clone());
        taking.held_before(&mut |bucket, digest| state.remove(bucket, &digest))?;
        state.merge(of_set);
        Ok(state)
    }

    /// Whether rows and states are what the notice says.
    fn proof(&self, of_set: &FeedState, after: &FeedState, counts: TakeCounts) -> Vec<Reason> {
        let notice = self.notice();
        let mut reasons = Vec::new();
        if self.set.terms.mapping.is_some() {
            // A sender cannot know the states of what its files are turned over into.
            return reasons;
        }
        let mut refuse = |code, detail: String| reasons.push(Reason::of_set(code, detail));
        if let (Kind::Diff, Some(declared), Some(_)) = (notice.kind, notice.changes, notice.state_after) {
            let found =
                ChangeCounts { added: counts.added, changed: counts.changed, removed: counts.removed };
            if found != declared || counts.absent > 0 || counts.unchanged > 0 {
                let detail = format!(
                    "added {}, changed {}, removed {}; unchanged {}, absent {}",
                    found.added, found.changed, found.removed, counts.unchanged, counts.absent
                );
                refuse(ReasonCode::WrongChangeCounts, detail);
            }
        }
        // A full proves what its sender holds, which is ours only where it replaces.
        let proven = if notice.kind == Kind::Full { of_set } else { after };
        if let Some(declared) = notice.state_after
            && declared != words(proven)
        {
            let found = words(proven);
            let detail = format!(
                "the notice says {} rows {}, found {} rows {}",
                declared.n_rows, declared.digest, found.n_rows, found.digest
            );
            refuse(ReasonCode::WrongStateAfter, detail);
        }
        reasons
    }

    /// Whether the guard wants a person to look at it first.
    fn held(&self, after: &FeedState, counts: TakeCounts) -> Option<Reason> {
        let rows = |n_rows: i64| u64::try_from(n_rows).unwrap_or(0);
        let facts = Facts {
            n_held: self.head.as_ref().map(|head| rows(head.state.n_rows())),
            n_after: rows(after.n_rows()),
            changes: (self.mode != TakeMode::Replace).then_some(ChangeCounts {
                added: counts.added,
                changed: counts.changed,
                removed: counts.removed,
            }),
            earlier_diffs: Vec::new(),
        };
        match judge_change(&self.set.terms.guard, &facts) {
            Decision::Pass => None,
            Decision::Hold(exceeded) => {
                let bounds: Vec<String> = exceeded.iter().map(ToString::to_string).collect();
                Some(Reason::of_set(ReasonCode::ChangeHeld, bounds.join("; ")))
            }
        }
    }
}

/// The state that the rows held give, whatever sum is on record; each row is also given to `each`, until it breaks.
pub fn count_held(
    store: &dyn IntakeStore,
    intake: &IntakeId,
    each: &mut dyn FnMut(HeldRow<'_>) -> ControlFlow<()>,
) -> Result<FeedState, EngineError> {
    let mut state = FeedState::empty();
    store.held_rows(intake, &mut |row| {
        state.add(row.bucket, &row.digest);
        each(row)
    })?;
    Ok(state)
}

/// Hands a set over. One whose files are not any more what was judged is refused.
fn hand_over(
    desk: &mut dyn Desk,
    set: &VerifiedSet<'_>,
    left_out: &mut LeftOut<'_, '_>,
) -> Result<HandedOver, EngineError> {
    let handed_over = desk.hand_over(set, left_out);
    match (&handed_over, set.changed()) {
        (Err(_), Some(file)) => {
            let detail = "it was changed after it was judged".to_owned();
            Ok(HandedOver::Refused(vec![Reason::of_file(ReasonCode::WrongDigest, file.as_str(), detail)]))
        }
        _ => handed_over,
    }
}

/// Every rule that rows broke, with how often.
fn row_rules(read: &ReadSet) -> impl Iterator<Item = Reason> {
    read.by_rule.iter().map(|((column, rule), count)| {
        let column = Some(column.clone()).filter(|column| !column.is_empty());
        Reason { column, count: Some(*count), ..plain(rule, String::new()) }
    })
}

/// How much of a notice's name the name of its report on rows has, in bytes.
const MOST_STEM_BYTES: usize = 120;

/// The stage of a set's reports: the same for the same set, so that a cut-off one is swept by the next.
fn stage_name(terms: &Terms, notice: &Notice) -> Result<FileName, EngineError> {
    Ok(format!("intake-{}-{}-{}", terms.id, notice.feed, notice.sequence).parse()?)
}

fn report_name(found: &FoundSet) -> Result<FileName, EngineError> {
    let name = found.notice_name.as_str();
    let stem = name.strip_suffix(renkei_core::naming::NOTICE_ENDING).unwrap_or(name);
    Ok(format!("{}.errors.csv", stem_within(stem, MOST_STEM_BYTES)).parse()?)
}
