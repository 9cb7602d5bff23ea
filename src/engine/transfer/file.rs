//! A file of cases as an operator takes it in by hand: CSV, UTF-8, a header of item ids or Japanese names. Read
//! strictly, and everything that is wrong with it is told at once.

use std::io::Read;

use renkei_core::Digest;
use renkei_core::csv_file::{Accept, ReadError, Record, RecordReader};
use renkei_core::transfer::{CaseKind, Content, Field};

use crate::error::EngineError;
use crate::intake::{HashingReader, InputIssue, IssueList, Rejected};

/// What a field holds to clear its item, in a file of corrections.
const CLEAR: &str = "(clear)";

/// A row of a file of cases: its line, and field id and text of each field.
pub type CaseRow = (u64, Vec<(&'static str, Box<str>)>);

/// A file of cases, checked.
#[derive(Debug)]
pub struct CaseFile {
    /// Its digest.
    pub sha256: Digest,
    /// Its rows.
    pub rows: Vec<CaseRow>,
    /// What only warns.
    pub warnings: IssueList,
}

/// Reads cases.
pub fn read_cases(file: &str, kind: CaseKind, source: impl Read) -> Result<CaseFile, Box<Rejected>> {
    let mut table = Table::open(file, source)?;
    let mut rows = Vec::new();
    while let Some((row, texts)) = table.next_row()? {
        let mut content = Content::default();
        for (field, text) in &texts {
            content.set(*field, text);
        }
        for issue in content.issues(kind) {
            table.issue(row, issue.field.id(), issue.rule, issue.is_warning);
        }
        rows.push((row, texts.into_iter().map(|(field, text)| (field.id(), text)).collect()));
    }
    if rows.is_empty() && table.issues.n_errors == 0 {
        let problem = "the file has a header and no row".to_owned();
        return Err(EngineError::Header { file: file.to_owned(), problem }.into());
    }
    let (sha256, warnings) = table.finish()?;
    Ok(CaseFile { sha256, rows, warnings })
}

/// Reads a clerk's corrections of one case: one row; an empty field leaves a text as it came, `(clear)` clears it.
pub fn read_corrections(file: &str, source: impl Read) -> Result<Vec<(Field, Box<str>)>, Box<Rejected>> {
    let mut table = Table::open(file, source)?;
    let mut corrections = None;
    while let Some((row, texts)) = table.next_row()? {
        if corrections.is_some() {
            table.issue(row, "", "second-row", false);
            continue;
        }
        let given = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let given: Vec<(Field, Box<str>)> =
            given.map(|(field, text)| (field, if &*text == CLEAR { "".into() } else { text })).collect();
        for (field, text) in given.iter().filter(|(_, text)| !text.is_empty()) {
            if let Some((rule, is_error)) = field.check(text) {
                table.issue(row, field.id(), rule, !is_error);
            }
        }
        corrections = Some(given);
    }
    table.finish()?;
    Ok(corrections.unwrap_or_default())
}

/// A row: its line, and each field's text.
type Texts = (u64, Vec<(Field, Box<str>)>);

struct Table<'f, R> {
    file: &'f str,
    fields: Vec<Field>,
    records: RecordReader<HashingReader<R>>,
    issues: IssueList,
}

impl<'f, R: Read> Table<'f, R> {
    fn open(file: &'f str, source: R) -> Result<Self, EngineError> {
        let mut records = RecordReader::new(HashingReader::new(source), Accept::default());
        let header = |problem: String| EngineError::Header { file: file.to_owned(), problem };
        let first = records.next_record().map_err(|error| match error {
            ReadError::Refused(issue) => header(format!("the header row is refused: {issue}")),
            ReadError::Unreadable(source) => EngineError::Input { file: file.to_owned(), source },
        })?;
        let fields =
            fields_of(&first.ok_or_else(|| header("the file is empty".to_owned()))?).map_err(header)?;
        Ok(Self { file, fields, records, issues: IssueList::default() })
    }

    /// The next row that can be read as one; what cannot is noted.
    fn next_row(&mut self) -> Result<Option<Texts>, EngineError> {
        loop {
            let record = match self.records.next_record() {
                Ok(None) => return Ok(None),
                Ok(Some(record)) => record,
                Err(ReadError::Unreadable(source)) => {
                    return Err(EngineError::Input { file: self.file.to_owned(), source });
                }
                Err(ReadError::Refused(issue)) => {
                    let detail = format!("column {}, byte {}", issue.column, issue.byte_offset);
                    self.issues.push(InputIssue::of_row(issue.row_no, issue.rule.as_str(), detail));
                    continue;
                }
            };
            let row = record.row_no();
            if record.n_fields() != self.fields.len() {
                let detail = format!("{} columns instead of {}", record.n_fields(), self.fields.len());
                self.issues.push(InputIssue::of_row(row, "wrong-columns", detail));
                continue;
            }
            let Some(texts) = record.texts() else {
                let detail = "the file must be UTF-8".to_owned();
                self.issues.push(InputIssue::of_row(row, "not-utf-8", detail));
                continue;
            };
            let texts = self.fields.iter().copied().zip(texts.map(|text| Box::from(&*text))).collect();
            return Ok(Some((row, texts)));
        }
    }

    fn issue(&mut self, row: u64, column: &str, rule: &str, is_warning: bool) {
        let issue = InputIssue::of_row(row, rule, String::new());
        self.issues.push(InputIssue { column: column.to_owned(), is_warning, ..issue });
    }

    /// The file's digest and what only warns; or all that is wrong with it.
    fn finish(self) -> Result<(Digest, IssueList), Box<Rejected>> {
        let Self { file, records, issues, .. } = self;
        if issues.n_errors > 0 {
            let error = EngineError::Refused { file: file.to_owned(), n_issues: issues.n_errors };
            return Err(Box::new(Rejected { error, issues }));
        }
        Ok((records.into_source().finish().0, issues))
    }
}

/// The header's fields; or everything wrong with it. A name is not repeated: a file without header shows a person.
fn fields_of(record: &Record<'_>) -> Result<Vec<Field>, String> {
    let (mut fields, mut problems) = (Vec::new(), Vec::new());
    for (index, name) in record.fields().enumerate() {
        match std::str::from_utf8(&name).ok().and_then(Field::find) {
            None => problems.push(format!("column {} has no name of an item", index + 1)),
            Some(field) if fields.contains(&field) => {
                problems.push(format!("column {} has the same name as a column before it", index + 1));
            }
            Some(field) => fields.push(field),
        }
    }
    let hint = "the first row must hold item ids or Japanese item names";
    if problems.is_empty() { Ok(fields) } else { Err(format!("{}; {hint}", problems.join(", "))) }
}
