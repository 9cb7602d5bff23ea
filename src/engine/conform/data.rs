//! A data file alone, against a layout that was named.

use std::io::Read;

use chrono::NaiveDate;
use renkei_core::layout::Layout;

use super::report::{FileCount, SetConformance, Verdict};
use super::tally::Tally;
use crate::error::EngineError;
use crate::intake::InputIssue;
use crate::judge::{FileJudge, JudgedLine, KeyOrder};
use crate::verify::Finding;

/// A data file without a notice.
#[derive(Debug, Clone, Copy)]
pub struct DataFile<'d> {
    /// How it was given.
    pub name: &'d str,
    /// What it is to be written in.
    pub layout: &'d Layout,
    /// The day whose code tables hold.
    pub day: NaiveDate,
}

/// Examines a data file: its form as the layout declares it, and every row. Each issue is told to `take`.
pub fn conform_data(
    file: DataFile<'_>,
    source: impl Read + Send,
    take: &mut dyn FnMut(&Finding<'_>),
) -> Result<SetConformance, EngineError> {
    let DataFile { name, layout, day } = file;
    let mut tally = Tally::default();
    let mut note = |issue: &InputIssue| {
        tally.count(name, issue);
        take(&Finding { set: name, file: name, issue });
    };
    let mut judge = FileJudge::new(layout, layout.file, day, KeyOrder::Any);
    let judged = judge.judge(source, &mut |batch| {
        for line in batch.lines() {
            match line {
                JudgedLine::Refused(issue) => note(&issue.to_input_issue()),
                JudgedLine::Row(row) => row.issues().for_each(|issue| note(&issue)),
            }
        }
        Ok::<(), EngineError>(())
    })?;
    if let Some(error) = &judged.unreadable {
        note(&InputIssue::of_row(0, "unreadable", error.to_string()));
    }
    let (row_errors, row_warnings) = tally.sums();
    let mut issues = Vec::new();
    if !layout.is_valid_on(day) {
        let detail = format!("version {} is not in force on {day}", layout.version);
        issues.push(InputIssue::of_row(0, "not-in-force", detail));
    }
    let n_errors = row_errors + issues.len() as u64;
    let files = vec![FileCount {
        name: name.to_owned(),
        n_rows: judged.n_rows,
        n_bytes: judged.n_bytes,
        n_errors: row_errors,
        n_warnings: row_warnings,
    }];
    Ok(SetConformance {
        name: name.to_owned(),
        interface: format!("{}-{}", layout.interface, layout.branch),
        layout_name: layout.name_ja.clone(),
        version: layout.version.to_string(),
        feed: String::new(),
        kind: String::new(),
        sequence: None,
        business_date: Some(day),
        verdict: Verdict::of(n_errors, row_warnings),
        n_errors,
        n_warnings: row_warnings,
        issues,
        files,
        rules: tally.into_rules(),
    })
}
