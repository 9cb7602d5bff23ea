//! The rows of a set that are left out of it where others take it over: those that the layout parked, and those
//! that the one who takes them over refuses. All of them stand in the one report on rows.

use std::collections::BTreeMap;

use renkei_core::FileName;
use renkei_core::receive::ReasonCode;

use super::row_report::{RowReport, RowReportWriter};
use super::rows::ReadSet;
use crate::error::EngineError;
use crate::intake::InputIssue;

/// Knows what is left out, and is told what else is.
pub struct LeftOut<'l, 'r> {
    read: &'l mut ReadSet,
    source_row: &'l dyn Fn(&FileName, u64) -> u64,
    writer: Option<RowReportWriter<'r>>,
    report: Option<RowReport>,
    /// The line that an error was told of last: its errors come together.
    last: Option<(FileName, u64)>,
    /// Lines refused by whoever takes the set over, and by which rules; not yet among what was read.
    n_refused: u64,
    by_rule: BTreeMap<(String, String), u64>,
    /// True once the report is where the sender finds it.
    is_reported: bool,
}

impl<'l, 'r> LeftOut<'l, 'r> {
    pub(super) fn new(
        read: &'l mut ReadSet,
        writer: RowReportWriter<'r>,
        source_row: &'l dyn Fn(&FileName, u64) -> u64,
    ) -> Self {
        let (writer, by_rule) = (Some(writer), BTreeMap::new());
        Self { read, source_row, writer, report: None, last: None, n_refused: 0, by_rule, is_reported: false }
    }

    /// True for a line, as it is read, that the layout parked.
    pub(super) fn is_parked(&self, file: &FileName, row: u64) -> bool {
        self.read.parked.get(file).is_some_and(|rows| rows.has(row))
    }

    /// Hears of an error in a line, as it is read, that was no error to the layout.
    pub(super) fn refused(&mut self, file: &FileName, issue: &InputIssue) -> Result<(), EngineError> {
        let row = (self.source_row)(file, issue.row);
        if self.last.as_ref().is_none_or(|(last, last_row)| (last, *last_row) != (file, row)) {
            self.last = Some((file.clone(), row));
            self.n_refused += 1;
        }
        *self.by_rule.entry((issue.column.clone(), issue.rule.clone())).or_default() += 1;
        match &mut self.writer {
            Some(writer) => writer.push(file, row, &issue.column, &issue.rule, false),
            None => Ok(()),
        }
    }

    /// Hears that the set was taken over before, where rows are left out with so many: its report went out then, how
    /// many rows were left out is what is missing, and what was refused this time was only refused because it is in.
    pub(super) fn taken_over_before(&mut self, n_taken: Option<u64>) {
        let n_left_out = n_taken.map_or(0, |n_taken| self.read.n_rows.saturating_sub(n_taken));
        self.n_refused = n_left_out.saturating_sub(self.read.n_wrong);
        let rule = ReasonCode::RegistryRefused.as_str().to_owned();
        self.by_rule = BTreeMap::from([((String::new(), rule), self.n_refused)]);
        self.by_rule.retain(|_, n_refused| *n_refused > 0);
        self.is_reported = true;
    }

    /// Puts the report where the sender finds it, once; there is nothing more to tell then.
    pub(super) fn put_report(
        &mut self,
        put: &mut dyn FnMut(&RowReport) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.close()?;
        if let Some(report) = self.report.as_ref().filter(|_| !self.is_reported) {
            put(report)?;
            self.is_reported = true;
        }
        Ok(())
    }

    /// The report, if there is one. What was refused is among what was read from here on.
    pub(super) fn into_report(mut self) -> Result<Option<RowReport>, EngineError> {
        self.close()?;
        self.read.n_wrong += self.n_refused;
        for (place_and_rule, count) in self.by_rule {
            *self.read.by_rule.entry(place_and_rule).or_default() += count;
        }
        Ok(self.report)
    }

    fn close(&mut self) -> Result<(), EngineError> {
        if let Some(writer) = self.writer.take() {
            self.report = writer.finish()?;
        }
        Ok(())
    }
}
