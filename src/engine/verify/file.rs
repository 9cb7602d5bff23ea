//! One data file: its bytes, and every row against the layout.

use renkei_core::notice::DataFile;
use renkei_core::state::RowDigest;

use super::Beside;
use super::report::FileReport;
use crate::conform::TOO_LARGE;
use crate::error::EngineError;
use crate::intake::{InputIssue, IssueList};
use crate::judge::{FileJudge, JudgedLine};

/// One row as the chain needs it.
pub(super) struct SeenRow<'r> {
    pub(super) key: &'r [u8],
    pub(super) bucket: usize,
    pub(super) digest: RowDigest,
    pub(super) is_removed: bool,
}

/// How many rows of a set are still looked at.
pub(super) struct Room {
    n_left: u64,
    /// True once there were more: then nothing is said of the set as a whole.
    pub(super) is_exceeded: bool,
}

impl Room {
    /// For so many.
    pub(super) fn of(n_rows: u64) -> Self {
        Self { n_left: n_rows, is_exceeded: false }
    }
}

/// Reads and checks a file; each row is given to `seen`. Of a file with more lines than there is `room` for nothing
/// more is read, and that is its issue; what it has is taken from the room.
pub(super) fn check(
    judge: &mut FileJudge<'_>,
    room: &mut Room,
    beside: &dyn Beside,
    declared: &DataFile,
    seen: &mut dyn FnMut(SeenRow<'_>),
    watch: &mut dyn FnMut(&InputIssue),
) -> FileReport {
    let mut report =
        FileReport { name: declared.name.to_string(), n_rows: 0, n_bytes: 0, issues: IssueList::default() };
    let issues = &mut report.issues;
    let mut push = |issue: InputIssue| {
        watch(&issue);
        issues.push(issue);
    };
    let source = match beside.read(&declared.name) {
        Ok(source) => source,
        Err(error) => {
            push(InputIssue::of_row(0, "file-missing", error.to_string()));
            return report;
        }
    };
    let judged = judge.judge(source, &mut |batch| {
        for line in batch.lines() {
            if room.n_left == 0 {
                room.is_exceeded = true;
                return Err(EngineError::Stopped);
            }
            room.n_left -= 1;
            match line {
                JudgedLine::Refused(issue) => push(issue.to_input_issue()),
                JudgedLine::Row(row) => {
                    row.issues().for_each(&mut push);
                    seen(SeenRow {
                        key: row.key(),
                        bucket: row.bucket(),
                        digest: row.digest(),
                        is_removed: row.is_removed(),
                    });
                }
            }
        }
        Ok::<(), EngineError>(())
    });
    let judged = match judged {
        Ok(judged) => judged,
        Err(_) if room.is_exceeded => {
            push(InputIssue::of_row(0, TOO_LARGE, "has more rows than are looked at".to_owned()));
            return report;
        }
        Err(error) => {
            push(InputIssue::of_row(0, "unreadable", error.to_string()));
            return report;
        }
    };
    report.n_rows = judged.n_rows;
    report.n_bytes = judged.n_bytes;
    if let Some(error) = judged.unreadable {
        push(InputIssue::of_row(0, "unreadable", error.to_string()));
    }
    let mut differs = |rule: &str, declared: String, found: String| {
        push(InputIssue::of_row(0, rule, format!("notice {declared}, file {found}")));
    };
    if judged.n_bytes != declared.n_bytes {
        differs("wrong-length", format!("{} bytes", declared.n_bytes), format!("{} bytes", judged.n_bytes));
    }
    if judged.sha256 != declared.sha256 {
        differs("wrong-digest", declared.sha256.to_string(), judged.sha256.to_string());
    }
    if judged.n_rows != declared.n_rows {
        differs("wrong-row-count", declared.n_rows.to_string(), judged.n_rows.to_string());
    }
    report
}
