//! The next set in order: its files read once, held against its notice, and taken in as one.

use std::sync::OnceLock;

use renkei_core::layout::{FileFormat, Layout};
use renkei_core::notice::Notice;
use renkei_core::port::{IntakeHead, Outcome, TakeMode, Taking};
use renkei_core::receive::{FoundSet, Reason, ReasonCode, RowPolicy, Terms};
use renkei_core::{FileName, stem_within};

use super::answer::{self, Findings};
use super::desk::{Desk, HandedOver};
use super::left_out::LeftOut;
use super::mapped_set::MappedSet;
use super::row_report::{RowReport, RowReportWriter};
use super::rows::{ReadSet, SetReader};
use super::set::{Goal, Set, SetResult, Taker, conclude, plain};
use super::table::table_spec;
use super::verified::VerifiedSet;
use crate::error::EngineError;

/// The next set in order, its notice found right.
pub(super) struct Next<'n> {
    pub(super) taker: Taker<'n>,
    pub(super) set: Set<'n>,
    pub(super) head: Option<IntakeHead>,
    pub(super) layout: &'n Layout,
    pub(super) format: FileFormat,
    pub(super) mode: TakeMode,
    pub(super) is_switch: bool,
}

impl Next<'_> {
    pub(super) fn take(&self, goal: Goal, desk: &mut dyn Desk) -> Result<SetResult, EngineError> {
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

    pub(super) fn notice(&self) -> &Notice {
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
