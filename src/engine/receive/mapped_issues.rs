//! What is told while a file is turned over by its mapping: counted, reported, and where it is no row, a reason.

use renkei_core::FileName;

use super::row_report::RowReportWriter;
use super::rows::{ReadSet, no_layout};
use crate::error::EngineError;
use crate::intake::InputIssue;

/// Takes what is told while a file is turned over.
pub(super) struct IssueDesk<'d, 'r> {
    pub(super) file: &'d FileName,
    pub(super) read: &'d mut ReadSet,
    pub(super) report: &'d mut RowReportWriter<'r>,
}

/// What was told of the row at hand: its issues come together.
#[derive(Default)]
pub(super) struct RowWords {
    row_no: u64,
    has_error: bool,
    has_warning: bool,
}

impl IssueDesk<'_, '_> {
    pub(super) fn note(&mut self, issue: &InputIssue, of_row: &mut RowWords) -> Result<(), EngineError> {
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
    pub(super) fn close(&mut self, read: &mut ReadSet) {
        read.n_wrong += u64::from(self.has_error);
        read.n_warned += u64::from(self.has_warning && !self.has_error);
        *self = Self::default();
    }
}
