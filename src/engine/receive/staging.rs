//! Judged rows on their way to the staging table: counted, reported, converted, and staged.

use std::borrow::Cow;
use std::collections::BTreeSet;

use renkei_core::layout::Layout;
use renkei_core::notice::DataFile;
use renkei_core::port::{StagedRow, StoreError, Taking};
use renkei_core::receive::{Conversion, Reason, ReasonCode, RowPolicy};

use super::mapped_set::MappedSet;
use super::row_report::RowReportWriter;
use super::rows::{ReadSet, no_layout};
use crate::error::EngineError;
use crate::judge::{JudgedBatch, JudgedLine, JudgedRow};

/// Takes the judged lines of one file.
pub(super) struct BatchTaker<'b, 'r> {
    pub(super) named: &'b DataFile,
    pub(super) layout: &'b Layout,
    pub(super) policy: RowPolicy,
    pub(super) keeps_values: bool,
    pub(super) conversion: Option<&'b Conversion>,
    /// What the lines come from where they were turned over; then issues that were told as that was done are not
    /// told again.
    pub(super) mapped: Option<&'b MappedSet<'b>>,
    pub(super) report: &'b mut RowReportWriter<'r>,
    pub(super) read: &'b mut ReadSet,
    pub(super) taking: &'b mut dyn Taking,
}

impl BatchTaker<'_, '_> {
    pub(super) fn take(&mut self, batch: &JudgedBatch<'_>) -> Result<(), EngineError> {
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
            if self.policy == RowPolicy::Park && !self.keeps_values {
                self.read.parked.entry(self.named.name.clone()).or_default().insert(row.row_no());
            }
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
