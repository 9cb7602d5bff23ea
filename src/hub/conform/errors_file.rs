//! The complete list of issues as a table: UTF-8 with byte order mark, CRLF and all fields quoted, so that it opens in
//! Excel. It names files, lines, columns and rules, never a value, and is never cut short.

use std::io::{self, Write};

use renkei_core::csv_file::{Newline, Quote, write_record};
use renkei_engine::conform::ConformReport;
use renkei_engine::{Finding, InputIssue};

use crate::console::Lang;
use crate::texts::rules;

/// Written as issues come.
pub(crate) struct ErrorsFile<W> {
    out: W,
    lang: Lang,
    line: Vec<u8>,
    /// The first error; after one nothing more is written.
    error: Option<io::Error>,
}

impl<W: Write> ErrorsFile<W> {
    /// With its header row.
    pub(crate) fn new(out: W, lang: Lang) -> Self {
        let mut file = Self { out, lang, line: "\u{feff}".into(), error: None };
        file.write(match lang {
            Lang::Ja => &["通知", "ファイル", "行", "項目", "区分", "規則", "意味", "内容"],
            Lang::En => &["notice", "file", "row", "column", "weight", "rule", "meaning", "detail"],
        });
        file
    }

    /// An issue of a data file.
    pub(crate) fn take(&mut self, finding: &Finding<'_>) {
        self.issue(finding.set, finding.file, finding.issue);
    }

    /// What is wrong with notices, and between them.
    pub(crate) fn take_others(&mut self, report: &ConformReport) {
        for set in &report.sets {
            set.issues.iter().for_each(|issue| self.issue(&set.name, "", issue));
        }
        report.chain_issues.iter().for_each(|issue| self.issue("", "", issue));
    }

    /// What was written to, and whether all of it was.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        self.error.map_or(Ok(self.out), Err)
    }

    fn issue(&mut self, set: &str, file: &str, issue: &InputIssue) {
        let row = if issue.row == 0 { String::new() } else { issue.row.to_string() };
        let weight = if issue.is_warning {
            self.lang.pick("警告", "warning")
        } else {
            self.lang.pick("エラー", "error")
        };
        let meaning = rules::meaning(&issue.rule, self.lang);
        self.write(&[set, file, &row, &issue.column, weight, &issue.rule, meaning, &issue.detail]);
    }

    fn write(&mut self, fields: &[&str]) {
        let bytes = fields.iter().map(|field| field.as_bytes());
        // Every field may stand in quotes, so none can fail.
        let _never = write_record(&mut self.line, bytes, Quote::Always, Newline::CrLf);
        if self.error.is_none()
            && let Err(error) = self.out.write_all(&self.line)
        {
            self.error = Some(error);
        }
        self.line.clear();
    }
}
