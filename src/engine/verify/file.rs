//! One data file: its bytes, and every row against the layout.

use renkei_core::layout::{Content, FileFormat, Layout};
use renkei_core::notice::DataFile;
use renkei_core::state::RowDigest;
use renkei_registry::{Dictionary, ItemCheck};

use super::Beside;
use super::report::FileReport;
use crate::data_file::{DataFileReader, DataIssue, Row};
use crate::intake::{HashingReader, InputIssue, IssueList};

/// One row as the chain needs it.
pub(super) struct SeenRow<'r> {
    pub(super) key: &'r [u8],
    pub(super) bucket: usize,
    pub(super) digest: RowDigest,
    pub(super) is_removed: bool,
}

/// Whether rows must come in key order, which also shows that no key comes twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyOrder {
    Ascending,
    Any,
}

/// Checks of a layout's columns.
pub(super) struct RowCheck<'l> {
    layout: &'l Layout,
    columns: Vec<ColumnCheck<'l>>,
    key_before: Option<Vec<u8>>,
}

enum ColumnCheck<'l> {
    Item(ItemCheck),
    Text(&'l str),
    Mark,
}

impl<'l> RowCheck<'l> {
    pub(super) fn new(layout: &'l Layout) -> Self {
        let columns = layout.columns.iter().enumerate().map(|(index, column)| match &column.content {
            _ if index == layout.removal.column => ColumnCheck::Mark,
            Content::Item(item) => match Dictionary::standard().item(*item) {
                Some(item) => ColumnCheck::Item(ItemCheck::of(item)),
                None => ColumnCheck::Mark,
            },
            Content::Text(text) => ColumnCheck::Text(text),
            Content::Removal => ColumnCheck::Mark,
        });
        Self { layout, columns: columns.collect(), key_before: None }
    }

    /// Reads and checks a file; each row is given to `seen`.
    pub(super) fn check(
        &mut self,
        beside: &dyn Beside,
        format: FileFormat,
        declared: &DataFile,
        order: KeyOrder,
        seen: &mut dyn FnMut(SeenRow<'_>),
    ) -> FileReport {
        let mut issues = IssueList::default();
        let mut report = FileReport {
            name: declared.name.to_string(),
            n_rows: 0,
            n_bytes: 0,
            issues: IssueList::default(),
        };
        let source = match beside.read(&declared.name) {
            Ok(source) => source,
            Err(error) => {
                issues.push(InputIssue::of_row(0, "file-missing", error.to_string()));
                report.issues = issues;
                return report;
            }
        };
        let mut source = HashingReader::new(source);
        let mut reader = DataFileReader::new(self.layout, format, &mut source);
        loop {
            match reader.next_row() {
                Ok(None) => break,
                Ok(Some(row)) => {
                    report.n_rows += 1;
                    self.check_row(&row, order, &mut issues);
                    seen(SeenRow {
                        key: &row.key,
                        bucket: row.bucket,
                        digest: RowDigest::of(row.line.as_bytes()),
                        is_removed: row.is_removed,
                    });
                }
                Err(DataIssue::Unreadable(error)) => {
                    issues.push(InputIssue::of_row(0, "unreadable", error.to_string()));
                    break;
                }
                Err(issue) => issues.push(input_issue(&issue)),
            }
        }
        drop(reader);
        // What a refused header or a read error left unread still belongs to length and digest.
        let drained = std::io::copy(&mut source, &mut std::io::sink());
        if let Err(error) = drained {
            issues.push(InputIssue::of_row(0, "unreadable", error.to_string()));
        }
        let (sha256, n_bytes) = source.finish();
        report.n_bytes = n_bytes;
        let mut differs = |rule: &str, declared: String, found: String| {
            issues.push(InputIssue::of_row(0, rule, format!("notice {declared}, file {found}")));
        };
        if n_bytes != declared.n_bytes {
            differs("wrong-length", format!("{} bytes", declared.n_bytes), format!("{n_bytes} bytes"));
        }
        if sha256 != declared.sha256 {
            differs("wrong-digest", declared.sha256.to_string(), sha256.to_string());
        }
        if report.n_rows != declared.n_rows {
            differs("wrong-row-count", declared.n_rows.to_string(), report.n_rows.to_string());
        }
        report.issues = issues;
        report
    }

    fn check_row(&mut self, row: &Row<'_>, order: KeyOrder, issues: &mut IssueList) {
        let row_no = row.record.row_no();
        for (index, column) in self.columns.iter().enumerate() {
            let field = row.record.field(index);
            let text = row.text(&field);
            match column {
                ColumnCheck::Item(check) => {
                    if let Some(issue) = check.issue(&text) {
                        issues.push(InputIssue::of_item(row_no, &issue));
                    }
                }
                ColumnCheck::Text(expected) if text != *expected => {
                    let detail = format!("column {} is a fixed text", index + 1);
                    issues.push(InputIssue::of_row(row_no, "wrong-text", detail));
                }
                ColumnCheck::Text(_) | ColumnCheck::Mark => {}
            }
        }
        if order == KeyOrder::Ascending {
            if let Some(before) = &self.key_before {
                match compare_keys(before, &row.key) {
                    std::cmp::Ordering::Less => {}
                    std::cmp::Ordering::Equal => {
                        issues.push(InputIssue::of_row(row_no, "duplicate-key", String::new()));
                    }
                    std::cmp::Ordering::Greater => {
                        issues.push(InputIssue::of_row(row_no, "not-in-key-order", String::new()));
                    }
                }
            }
            self.key_before = Some(row.key.clone());
        }
    }
}

/// Keys order field by field, numbers by value.
fn compare_keys(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    let fields = |key: &[u8]| -> Vec<(usize, Vec<u8>)> {
        key.split(|byte| *byte == 0x1f)
            .map(|field| {
                let is_number = !field.is_empty() && field.iter().all(u8::is_ascii_digit);
                let zeros =
                    if is_number { field.iter().take_while(|byte| **byte == b'0').count() } else { 0 };
                let significant = field.get(zeros..).unwrap_or_default();
                (if is_number { significant.len() } else { 0 }, significant.to_vec())
            })
            .collect()
    };
    fields(one).cmp(&fields(other))
}

fn input_issue(issue: &DataIssue) -> InputIssue {
    let (row, rule) = match issue {
        DataIssue::Csv(csv) => (csv.row_no, csv.rule.as_str()),
        DataIssue::NotText { row_no, .. } => (*row_no, "not-text"),
        DataIssue::Columns { row_no, .. } => (*row_no, "wrong-columns"),
        DataIssue::Header { .. } => (1, "wrong-header"),
        DataIssue::Start { .. } => (1, "wrong-start"),
        DataIssue::Mark { row_no, .. } => (*row_no, "wrong-removal-mark"),
        DataIssue::Unreadable(_) => (0, "unreadable"),
    };
    InputIssue::of_row(row, rule, issue.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_keys_order_by_value() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        for (one, other, expect) in [
            ("000000000000009", "000000000000010", Less),
            ("7\u{1f}9\u{1f}0", "7\u{1f}10\u{1f}0", Less),
            ("7\u{1f}10\u{1f}1", "7\u{1f}10\u{1f}0", Greater),
            ("0", "00", Equal),
            ("a", "b", Less),
        ] {
            assert_eq!(compare_keys(one.as_bytes(), other.as_bytes()), expect, "{one:?} {other:?}");
        }
    }
}
