//! The rows of a set's files: each file against what the notice says of it, each row against the layout, and the
//! good ones on their way to the staging table.

use std::borrow::Cow;
use std::collections::BTreeMap;

use renkei_core::FileName;
use renkei_core::layout::{Content, FileFormat, Layout};
use renkei_core::notice::{DataFile, Notice};
use renkei_core::port::{StagedRow, StoreError, Taking};
use renkei_core::publication::Kind;
use renkei_core::receive::{Reason, ReasonCode, RowPolicy};
use renkei_core::state::{FeedState, RowDigest};
use renkei_registry::{Dictionary, ItemCheck, Severity};

use super::row_report::RowReportWriter;
use crate::data_file::{DataFileReader, DataIssue};
use crate::error::EngineError;
use crate::intake::HashingReader;

/// Rows given to the staging table at a time.
const BATCH: usize = 500;

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
    pub(super) layout: &'r Layout,
    pub(super) format: FileFormat,
    pub(super) notice: &'r Notice,
    pub(super) policy: RowPolicy,
    pub(super) keeps_values: bool,
    pub(super) report: RowReportWriter<'r>,
    pub(super) read: ReadSet,
    /// The rows of the set that are there, as a state.
    pub(super) state: FeedState,
    checks: Vec<Option<ItemCheck>>,
}

/// A row waiting to be staged.
struct Waiting {
    key: Vec<u8>,
    bucket: usize,
    digest: RowDigest,
    is_removed: bool,
    is_parked: bool,
    values: Vec<Cow<'static, str>>,
}

impl<'r> SetReader<'r> {
    pub(super) fn new(
        layout: &'r Layout,
        format: FileFormat,
        notice: &'r Notice,
        policy: RowPolicy,
        keeps_values: bool,
        report: RowReportWriter<'r>,
    ) -> Self {
        let checks = layout.columns.iter().enumerate().map(|(index, column)| match &column.content {
            Content::Item(item) if index != layout.removal.column => {
                Dictionary::standard().item(*item).map(ItemCheck::of)
            }
            _ => None,
        });
        Self {
            layout,
            format,
            notice,
            policy,
            keeps_values,
            report,
            read: ReadSet::default(),
            state: FeedState::empty(),
            checks: checks.collect(),
        }
    }

    /// Reads one file to its end, whatever is wrong with it.
    pub(super) fn read_file(
        &mut self,
        named: &DataFile,
        source: impl std::io::Read,
        taking: &mut dyn Taking,
    ) -> Result<(), EngineError> {
        let mut source = HashingReader::new(source);
        let layout = self.layout;
        let mut reader = DataFileReader::new(layout, self.format, &mut source);
        let (mut n_rows, mut batch) = (0, Vec::with_capacity(BATCH));
        let mut issues = Vec::new();
        loop {
            match reader.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => {
                    n_rows += 1;
                    issues.clear();
                    let mut values = Vec::new();
                    for (index, check) in self.checks.iter().enumerate() {
                        let field = row.record.field(index);
                        let text = row.text(&field);
                        if let Some(issue) = check.as_ref().and_then(|check| check.issue(&text)) {
                            issues.push((index, issue.rule.as_str(), issue.severity == Severity::Warning));
                        }
                        if self.keeps_values {
                            values.push(Cow::Owned(text.into_owned()));
                        }
                    }
                    let digest = RowDigest::of(row.line.as_bytes());
                    let is_wrong = issues.iter().any(|(_, _, is_warning)| !is_warning);
                    if !row.is_removed {
                        self.state.add(row.bucket, &digest);
                    }
                    self.read.n_removed += u64::from(row.is_removed);
                    self.read.n_wrong += u64::from(is_wrong);
                    self.read.n_warned += u64::from(!is_wrong && !issues.is_empty());
                    batch.push(Waiting {
                        key: row.key.clone(),
                        bucket: row.bucket,
                        digest,
                        is_removed: row.is_removed,
                        is_parked: is_wrong,
                        values,
                    });
                    let row_no = row.record.row_no();
                    for (index, rule, is_warning) in &issues {
                        let column =
                            layout.columns.get(*index).map_or("", |column| column.header_romaji.as_str());
                        count(&mut self.read, column, rule);
                        self.report.push(&named.name, row_no, column, rule, *is_warning)?;
                    }
                    if batch.len() >= BATCH {
                        self.stage(&named.name, &mut batch, taking)?;
                    }
                }
                Err(DataIssue::Unreadable(error)) => {
                    return Err(EngineError::Input { file: named.name.to_string(), source: error });
                }
                Err(issue) => {
                    let (row_no, rule) = place(&issue);
                    let code = ReasonCode::NotLayout;
                    if self.read.n_rows + n_rows == 0 || !self.has(code, &named.name) {
                        let reason = Reason::of_file(code, named.name.as_str(), issue.to_string());
                        self.read.reasons.push(Reason { row: Some(row_no), ..reason });
                    }
                    count(&mut self.read, "", rule);
                    self.report.push(&named.name, row_no, "", rule, false)?;
                    // A row that cannot be read is none that could be parked.
                }
            }
        }
        drop(reader);
        self.stage(&named.name, &mut batch, taking)?;
        // What a refused header left unread still belongs to length and digest.
        std::io::copy(&mut source, &mut std::io::sink())
            .map_err(|error| EngineError::Input { file: named.name.to_string(), source: error })?;
        let (sha256, n_bytes) = source.finish();
        self.read.n_rows += n_rows;
        let mut differs = |code, declared: String, found: String| {
            let detail = format!("notice {declared}, file {found}");
            self.read.reasons.push(Reason::of_file(code, named.name.as_str(), detail));
        };
        if n_bytes != named.n_bytes {
            differs(ReasonCode::WrongLength, format!("{} bytes", named.n_bytes), format!("{n_bytes} bytes"));
        }
        if sha256 != named.sha256 {
            differs(ReasonCode::WrongDigest, named.sha256.to_string(), sha256.to_string());
        }
        if n_rows != named.n_rows {
            differs(ReasonCode::WrongRowCount, named.n_rows.to_string(), n_rows.to_string());
        }
        Ok(())
    }

    fn has(&self, code: ReasonCode, file: &FileName) -> bool {
        let is_it =
            |reason: &Reason| reason.code == code.as_str() && reason.file.as_deref() == Some(file.as_str());
        self.read.reasons.iter().any(is_it)
    }

    /// Stages a batch, unless the set is refused anyway.
    fn stage(
        &mut self,
        file: &FileName,
        batch: &mut Vec<Waiting>,
        taking: &mut dyn Taking,
    ) -> Result<(), EngineError> {
        let is_lost =
            !self.read.reasons.is_empty() || (self.policy == RowPolicy::RefuseSet && self.read.n_wrong > 0);
        if !is_lost {
            let rows: Vec<StagedRow<'_>> = batch.iter().map(Waiting::as_staged).collect();
            match taking.stage(&rows) {
                Ok(()) => {}
                Err(StoreError::DuplicateRow { .. }) => {
                    let detail = "a row has the key of a row before it".to_owned();
                    let reason = Reason::of_file(ReasonCode::DuplicateKey, file.as_str(), detail);
                    self.read.reasons.push(reason);
                }
                Err(error) => return Err(error.into()),
            }
        }
        batch.clear();
        Ok(())
    }

    /// Ends the reading: what is known only of all files together.
    pub(super) fn end(&mut self) {
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
    }
}

impl Waiting {
    fn as_staged(&self) -> StagedRow<'_> {
        StagedRow {
            key: &self.key,
            bucket: self.bucket,
            digest: self.digest,
            is_removed: self.is_removed,
            is_parked: self.is_parked,
            values: &self.values,
        }
    }
}

fn count(read: &mut ReadSet, column: &str, rule: &str) {
    *read.by_rule.entry((column.to_owned(), rule.to_owned())).or_default() += 1;
}

fn place(issue: &DataIssue) -> (u64, &'static str) {
    match issue {
        DataIssue::Csv(csv) => (csv.row_no, csv.rule.as_str()),
        DataIssue::NotText { row_no, .. } => (*row_no, "not-text"),
        DataIssue::Columns { row_no, .. } => (*row_no, "wrong-columns"),
        DataIssue::Header { .. } => (1, "wrong-header"),
        DataIssue::Start { .. } => (1, "wrong-start"),
        DataIssue::Mark { row_no, .. } => (*row_no, "wrong-removal-mark"),
        DataIssue::Unreadable(_) => (0, "unreadable"),
    }
}
