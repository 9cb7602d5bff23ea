//! The rows of a set's files: each file against what the notice says of it, each row against the layout, and the
//! good ones on their way to the staging table.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use renkei_core::layout::{FileFormat, Layout};
use renkei_core::notice::{DataFile, Notice};
use renkei_core::port::{Share as _, StagedRow, StoreError, Taking};
use renkei_core::publication::Kind;
use renkei_core::receive::{Conversion, Reason, ReasonCode, RowPolicy};
use renkei_core::state::FeedState;
use renkei_core::{FileName, FolderPath};

use super::mapped_set::{MappedSet, SourceFile};
use super::row_report::RowReportWriter;
use super::set::Set;
use crate::error::EngineError;
use crate::house::Witness;
use crate::intake::InputIssue;
use crate::judge::{FileJudge, JudgedBatch, JudgedFile, JudgedLine, JudgedRow, KeyOrder};

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
        let source = mapped.turn_over(folder, &named.name, day, &mut |issue| {
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
fn no_layout(read: &mut ReadSet, file: &str, row_no: u64, detail: impl FnOnce() -> String) {
    let code = ReasonCode::NotLayout;
    let is_its = |reason: &Reason| reason.code == code.as_str() && reason.file.as_deref() == Some(file);
    if !read.reasons.iter().any(is_its) {
        read.reasons.push(Reason { row: Some(row_no), ..Reason::of_file(code, file, detail()) });
    }
}

/// Takes what is told while a file is turned over.
struct IssueDesk<'d, 'r> {
    file: &'d FileName,
    read: &'d mut ReadSet,
    report: &'d mut RowReportWriter<'r>,
}

/// What was told of the row at hand: its issues come together.
#[derive(Default)]
struct RowWords {
    row_no: u64,
    has_error: bool,
    has_warning: bool,
}

impl IssueDesk<'_, '_> {
    fn note(&mut self, issue: &InputIssue, of_row: &mut RowWords) -> Result<(), EngineError> {
        if issue.row != of_row.row_no {
            of_row.close(self.read);
            of_row.row_no = issue.row;
        }
        if issue.is_warning {
            of_row.has_warning = true;
        } else if issue.column.is_empty() {
            no_layout(self.read, self.file.as_str(), issue.row, || issue.to_string());
        } else {
            of_row.has_error = true;
        }
        *self.read.by_rule.entry((issue.column.clone(), issue.rule.clone())).or_default() += 1;
        self.report.push(self.file, issue.row, &issue.column, &issue.rule, issue.is_warning)
    }
}

impl RowWords {
    fn close(&mut self, read: &mut ReadSet) {
        read.n_wrong += u64::from(self.has_error);
        read.n_warned += u64::from(self.has_warning && !self.has_error);
        *self = Self::default();
    }
}

/// Takes the judged lines of one file.
struct BatchTaker<'b, 'r> {
    named: &'b DataFile,
    layout: &'b Layout,
    policy: RowPolicy,
    keeps_values: bool,
    conversion: Option<&'b Conversion>,
    /// What the lines come from where they were turned over; then issues that were told as that was done are not
    /// told again.
    mapped: Option<&'b MappedSet<'b>>,
    report: &'b mut RowReportWriter<'r>,
    read: &'b mut ReadSet,
    taking: &'b mut dyn Taking,
}

impl BatchTaker<'_, '_> {
    fn take(&mut self, batch: &JudgedBatch<'_>) -> Result<(), EngineError> {
        for line in batch.lines() {
            match line {
                JudgedLine::Row(row) => self.note(&row)?,
                JudgedLine::Refused(issue) => {
                    let row_no = self.row_of(issue.row_no());
                    no_layout(self.read, self.named.name.as_str(), row_no, || issue.to_string());
                    self.count(row_no, "", issue.rule(), false)?;
                }
            }
        }
        self.stage(batch)
    }

    fn note(&mut self, row: &JudgedRow<'_, '_>) -> Result<(), EngineError> {
        if row.field_issues().is_empty() || (self.mapped.is_some() && !row.has_error()) {
            return Ok(());
        }
        if row.has_error() {
            self.read.n_wrong += 1;
        } else {
            self.read.n_warned += 1;
        }
        for issue in row.issues() {
            self.count(self.row_of(issue.row), &issue.column, &issue.rule, issue.is_warning)?;
        }
        Ok(())
    }

    /// The line as whoever handed it in knows it.
    fn row_of(&self, row_no: u64) -> u64 {
        self.mapped.map_or(row_no, |mapped| mapped.source_row(&self.named.name, row_no))
    }

    fn count(&mut self, row_no: u64, column: &str, rule: &str, is_warning: bool) -> Result<(), EngineError> {
        *self.read.by_rule.entry((column.to_owned(), rule.to_owned())).or_default() += 1;
        self.report.push(&self.named.name, row_no, column, rule, is_warning)
    }

    /// Stages the rows of a batch, unless the set is refused anyway.
    fn stage(&mut self, batch: &JudgedBatch<'_>) -> Result<(), EngineError> {
        let mut values: Vec<Vec<Cow<'_, str>>> = Vec::new();
        let mut unconverted: BTreeSet<u64> = BTreeSet::new();
        // Of a set that is refused anyway only what cannot be converted is still to be found.
        if self.keeps_values && (self.conversion.is_some() || !self.is_lost()) {
            values.reserve(batch.rows().len());
            for row in batch.rows() {
                let mut fields: Vec<Cow<'_, str>> = row.fields().collect();
                if self.convert(&row, &mut fields)? {
                    unconverted.insert(row.row_no());
                }
                values.push(fields);
            }
        }
        if self.is_lost() {
            return Ok(());
        }
        let rows: Vec<StagedRow<'_>> = batch
            .rows()
            .enumerate()
            .map(|(index, row)| StagedRow {
                key: row.key(),
                bucket: row.bucket(),
                digest: row.digest(),
                is_removed: row.is_removed(),
                is_parked: row.has_error() || unconverted.contains(&row.row_no()),
                values: values.get(index).map(Vec::as_slice).unwrap_or_default(),
            })
            .collect();
        match self.taking.stage(&rows) {
            Err(StoreError::DuplicateRow { .. }) => {
                let detail = "a row has the key of a row before it".to_owned();
                let file = self.named.name.as_str();
                self.read.reasons.push(Reason::of_file(ReasonCode::DuplicateKey, file, detail));
                Ok(())
            }
            staged => Ok(staged?),
        }
    }

    /// True when the set is refused whatever comes.
    fn is_lost(&self) -> bool {
        !self.read.reasons.is_empty() || (self.policy == RowPolicy::RefuseSet && self.read.n_wrong > 0)
    }

    /// Converts a row's values; true when one of them cannot be. A row that is wrong already, or goes, is left.
    fn convert(&mut self, row: &JudgedRow<'_, '_>, fields: &mut [Cow<'_, str>]) -> Result<bool, EngineError> {
        let Some(conversion) = self.conversion else { return Ok(false) };
        if row.has_error() || row.is_removed() {
            return Ok(false);
        }
        let mut issues = Vec::new();
        conversion.apply(fields, &mut issues);
        for issue in &issues {
            let column = self.layout.columns.get(issue.column);
            let column = column.map_or("", |column| column.header_romaji.as_str());
            self.count(self.row_of(row.row_no()), column, issue.rule, issue.is_warning)?;
        }
        let is_wrong = issues.iter().any(|issue| !issue.is_warning);
        self.read.n_wrong += u64::from(is_wrong);
        self.read.n_warned += u64::from(!is_wrong && !issues.is_empty() && row.field_issues().is_empty());
        Ok(is_wrong)
    }
}
