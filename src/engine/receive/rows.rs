//! The rows of a set's files: each file against what the notice says of it, each row against the layout, and the
//! good ones on their way to the staging table.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use renkei_core::layout::{FileFormat, Layout};
use renkei_core::notice::{DataFile, Notice};
use renkei_core::port::{Share as _, Taking};
use renkei_core::publication::Kind;
use renkei_core::receive::{Conversion, Reason, ReasonCode, RowPolicy};
use renkei_core::state::FeedState;
use renkei_core::{FileName, FolderPath};

use super::line_set::LineSet;
use super::mapped_issues::{IssueDesk, RowWords};
use super::mapped_set::{MappedSet, SourceFile};
use super::row_report::RowReportWriter;
use super::set::Set;
use super::staging::BatchTaker;
use crate::error::EngineError;
use crate::house::Witness;
use crate::judge::{FileJudge, JudgedFile, KeyOrder};

/// What came of reading a set's files.
#[derive(Default)]
pub(super) struct ReadSet {
    /// What is wrong with the set; rows that are parked are not among it.
    pub(super) reasons: Vec<Reason>,
    /// Rows read.
    pub(super) n_rows: u64,
    /// Rows marked as removed.
    pub(super) n_removed: u64,
    /// Rows with warnings only.
    pub(super) n_warned: u64,
    /// Rows with errors.
    pub(super) n_wrong: u64,
    /// Issues by column and rule, complete.
    pub(super) by_rule: BTreeMap<(String, String), u64>,
    /// The lines with errors as they are read, turned over or not, where others go on without them.
    pub(super) parked: HashMap<FileName, LineSet>,
}

/// Reads, judges and stages.
pub(super) struct SetReader<'r> {
    notice: &'r Notice,
    layout: &'r Layout,
    policy: RowPolicy,
    keeps_values: bool,
    conversion: Option<&'r Conversion>,
    judge: FileJudge<'r>,
    report: RowReportWriter<'r>,
    read: ReadSet,
}

impl<'r> SetReader<'r> {
    /// A reader of the set of a notice. Keys are told apart by the staging table.
    pub(super) fn new(
        layout: &'r Layout,
        format: FileFormat,
        set: Set<'r>,
        report: RowReportWriter<'r>,
    ) -> Self {
        let notice = &set.found.notice;
        Self {
            notice,
            layout,
            policy: set.terms.rows,
            keeps_values: set.table.is_some(),
            conversion: set.conversion,
            judge: FileJudge::new(layout, format, notice.business_date, KeyOrder::Unchecked),
            report,
            read: ReadSet::default(),
        }
    }

    /// Rows read so far.
    pub(super) fn n_rows(&self) -> u64 {
        self.read.n_rows
    }

    /// Reads one file to its end, whatever is wrong with it, unless the work is to end.
    pub(super) fn read_file(
        &mut self,
        named: &DataFile,
        source: impl Read + Send,
        taking: &mut dyn Taking,
        witness: &dyn Witness,
    ) -> Result<(), EngineError> {
        let Self { layout, policy, keeps_values, conversion, judge, report, read, .. } = self;
        let mut taker = BatchTaker {
            named,
            layout,
            policy: *policy,
            keeps_values: *keeps_values,
            conversion: *conversion,
            mapped: None,
            report,
            read,
            taking,
        };
        // It may have grown since it was looked at: one byte more than the notice says tells, and no more is read.
        let source = source.take(named.n_bytes.saturating_add(1));
        let judged = judge.judge(source, &mut |batch| {
            if witness.wants_stop() { Err(EngineError::Stopped) } else { taker.take(batch) }
        })?;
        if let Some(source) = judged.unreadable {
            return Err(EngineError::Input { file: named.name.to_string(), source });
        }
        self.compare(named, &judged);
        self.read.n_rows += judged.n_rows;
        self.read.n_removed += judged.n_removed;
        Ok(())
    }

    /// The same of a file in another form: it is turned over first, and what was turned over is read. Lines are told
    /// as they stand in the file that was handed in, and so are its length, digest and rows.
    pub(super) fn read_mapped(
        &mut self,
        folder: &FolderPath,
        named: &DataFile,
        mapped: &mut MappedSet<'_>,
        taking: &mut dyn Taking,
        witness: &dyn Witness,
    ) -> Result<(), EngineError> {
        let day = self.notice.business_date;
        let mut desk = IssueDesk { file: &named.name, read: &mut self.read, report: &mut self.report };
        let (mut of_row, mut told) = (RowWords::default(), Ok(()));
        let source = mapped.turn_over(folder, named, day, &mut |issue| {
            let noted = desk.note(issue, &mut of_row);
            if told.is_ok() {
                told = noted;
            }
        })?;
        told?;
        of_row.close(&mut self.read);
        let Self { layout, policy, keeps_values, conversion, judge, report, read, .. } = self;
        let mut taker = BatchTaker {
            named,
            layout,
            policy: *policy,
            keeps_values: *keeps_values,
            conversion: *conversion,
            mapped: Some(mapped),
            report,
            read,
            taking,
        };
        let judged = judge.judge(mapped.open(folder, &named.name)?, &mut |batch| {
            if witness.wants_stop() { Err(EngineError::Stopped) } else { taker.take(batch) }
        })?;
        if let Some(source) = judged.unreadable {
            return Err(EngineError::Input { file: named.name.to_string(), source });
        }
        let SourceFile { sha256, n_bytes, n_rows } = source;
        self.compare(named, &JudgedFile { sha256, n_bytes, n_rows, ..JudgedFile::default() });
        self.read.n_rows += n_rows;
        self.read.n_removed += judged.n_removed;
        Ok(())
    }

    /// The file as such against what the notice says of it.
    fn compare(&mut self, named: &DataFile, judged: &JudgedFile) {
        let mut differs = |code, declared: String, found: String| {
            let detail = format!("notice {declared}, file {found}");
            self.read.reasons.push(Reason::of_file(code, named.name.as_str(), detail));
        };
        if judged.n_bytes != named.n_bytes {
            let bytes = |n_bytes: u64| format!("{n_bytes} bytes");
            differs(ReasonCode::WrongLength, bytes(named.n_bytes), bytes(judged.n_bytes));
        }
        if judged.sha256 != named.sha256 {
            differs(ReasonCode::WrongDigest, named.sha256.to_string(), judged.sha256.to_string());
        }
        if judged.n_rows != named.n_rows {
            differs(ReasonCode::WrongRowCount, named.n_rows.to_string(), judged.n_rows.to_string());
        }
    }

    /// Ends the reading: adds what is known only of all files together, and gives the state the rows make.
    pub(super) fn end(mut self) -> (ReadSet, FeedState, RowReportWriter<'r>) {
        let mut refuse = |code, detail: String| self.read.reasons.push(Reason::of_set(code, detail));
        if self.read.n_wrong > 0 && self.policy == RowPolicy::RefuseSet {
            refuse(ReasonCode::WrongRows, format!("{} rows have errors", self.read.n_wrong));
        }
        if self.notice.kind == Kind::Full && self.read.n_removed > 0 {
            refuse(ReasonCode::RemovalInFull, format!("{} rows", self.read.n_removed));
        }
        if self.notice.changes.is_some_and(|changes| changes.removed != self.read.n_removed) {
            refuse(ReasonCode::WrongChangeCounts, format!("the files remove {} rows", self.read.n_removed));
        }
        (self.read, self.judge.state().clone(), self.report)
    }
}

/// A line that is no row of the layout refuses the set; the first of a file is the reason.
pub(super) fn no_layout(read: &mut ReadSet, file: &str, row_no: u64, detail: impl FnOnce() -> String) {
    let code = ReasonCode::NotLayout;
    let is_its = |reason: &Reason| reason.code == code.as_str() && reason.file.as_deref() == Some(file);
    if !read.reasons.iter().any(is_its) {
        read.reasons.push(Reason { row: Some(row_no), ..Reason::of_file(code, file, detail()) });
    }
}
