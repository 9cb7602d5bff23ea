//! A data file alone, against a layout that was named.

use std::io::Read;

use chrono::NaiveDate;
use renkei_core::layout::Layout;
use renkei_core::receive::ReasonCode;

use super::report::{FileCount, SetConformance, Verdict};
use super::tally::Tally;
use crate::error::EngineError;
use crate::intake::InputIssue;
use crate::judge::{FileJudge, JudgedFile, JudgedLine, KeyOrder};
use crate::verify::Finding;

/// The rule that what is larger than is looked at breaks.
pub const TOO_LARGE: &str = ReasonCode::TooLarge.as_str();

/// A data file without a notice.
#[derive(Debug, Clone, Copy)]
pub struct DataFile<'d> {
    /// How it was given.
    pub name: &'d str,
    /// What it is to be written in.
    pub layout: &'d Layout,
    /// The day whose code tables hold.
    pub day: NaiveDate,
    /// No more rows are looked at: of each the key is kept in memory.
    pub most_rows: u64,
}

/// Examines a data file: its form as the layout declares it, and every row. Each issue is told to `take`.
pub fn conform_data(
    file: DataFile<'_>,
    source: impl Read + Send,
    take: &mut dyn FnMut(&Finding<'_>),
) -> Result<SetConformance, EngineError> {
    let DataFile { name, layout, day, most_rows } = file;
    let mut tally = Tally::default();
    let mut note = |issue: &InputIssue| {
        tally.count(name, issue);
        take(&Finding { set: name, file: name, issue });
    };
    let mut judge = FileJudge::new(layout, layout.file, day, KeyOrder::Any);
    let (mut n_lines, mut is_too_large) = (0_u64, false);
    let judged = judge.judge(source, &mut |batch| {
        for line in batch.lines() {
            n_lines += 1;
            if n_lines > most_rows {
                is_too_large = true;
                return Err(EngineError::Stopped);
            }
            match line {
                JudgedLine::Refused(issue) => note(&issue.to_input_issue()),
                JudgedLine::Row(row) => row.issues().for_each(|issue| note(&issue)),
            }
        }
        Ok::<(), EngineError>(())
    });
    let judged = match judged {
        Err(EngineError::Stopped) if is_too_large => {
            JudgedFile { n_rows: most_rows, ..JudgedFile::default() }
        }
        judged => judged?,
    };
    if is_too_large {
        note(&InputIssue::of_row(0, TOO_LARGE, format!("more than {most_rows} rows are not looked at")));
    }
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

#[cfg(test)]
mod tests {
    use renkei_core::declared::Problems;

    use super::*;

    #[test]
    fn no_more_rows_are_looked_at_than_memory_is_for() {
        let layout = "interface = \"024z001\"\nversion = \"1.0\"\nname = \"試し\"\nvalid_from = 2026-04-01\nrows = \"received\"\nindividual_number = false\n\
                      key = [\"no\"]\ncolumn = [{ field = \"no\", header = \"番号\", type = \"int\", presence = \"key\" }]\n\
                      [file]\nquote = \"needed\"\nnewline = \"crlf\"\nheader = \"ja\"\n";
        let problems = Problems::new();
        let layout = Layout::read("l.toml", layout, &problems);
        assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
        let layout = layout.unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap();
        let check = |most_rows: u64, expected: &[&str]| {
            let file = DataFile { name: "a.csv", layout: &layout, day, most_rows };
            let mut rules = Vec::new();
            let source = &b"\xe7\x95\xaa\xe5\x8f\xb7\r\n1\r\n2\r\n3\r\n"[..];
            let found =
                conform_data(file, source, &mut |finding| rules.push(finding.issue.rule.clone())).unwrap();
            assert_eq!(rules, expected);
            assert_eq!(found.verdict == Verdict::DoesNotConform, !expected.is_empty());
        };
        check(3, &[]);
        check(2, &[TOO_LARGE]);
    }
}
