//! The first load of a registry: a CSV of all rows, validated, in one transaction.

use std::io::Read;

use renkei_core::csv_file::{Accept, ReadError, Record, RecordReader};
use renkei_core::port::{AuditEntry, CommitKind, CommitRecord, StoreError, Transaction};
use renkei_core::{CommitNo, Digest};
use renkei_registry::packed::pack_row;
use renkei_registry::{AtenaNo, Dictionary, ItemNo, RowKey, Values, validate};

use super::columns::{Column, read_header, require};
use super::issue::{InputIssue, IssueList, Rejected};
use super::moves_file::{header_error, no_header};
use super::source::HashingReader;
use crate::error::EngineError;
use crate::house::House;

/// Progress is told every so many rows.
const ROWS_PER_PROGRESS: u64 = 1 << 13;

/// What came of a load.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The commit.
    pub commit_no: CommitNo,
    /// Rows written.
    pub n_rows: u64,
    /// Warnings.
    pub issues: IssueList,
}

/// Loads an empty registry from a CSV with a header row of item ids or Japanese names, rows by 宛名番号,
/// 個人履歴番号, 枝番. `n_expected` is a guess at the rows, for progress; 0 where there is none.
pub fn load_residents(
    house: House<'_>,
    file: &str,
    source: impl Read,
    n_expected: u64,
) -> Result<Loaded, Box<Rejected>> {
    let mut tx = house.store.begin()?;
    let mut input = HashingReader::new(source);
    let mut issues = IssueList::default();
    let n_rows = load_rows(house, file, &mut input, n_expected, tx.as_mut(), &mut issues)?;
    if issues.n_errors > 0 {
        let n_issues = issues.n_errors;
        let error = EngineError::Refused { file: file.to_owned(), n_issues };
        return Err(Box::new(Rejected { error, issues }));
    }
    let (source_sha256, _) = input.finish();
    let commit = CommitRecord {
        commit_no: CommitNo(0),
        kind: CommitKind::Load,
        n_moves: n_rows,
        n_row_changes: n_rows,
        source_sha256,
        operator: house.operator.to_owned(),
        committed_at: house.clock.now().to_string(),
    };
    let commit_no = record(house, tx.as_mut(), &commit)?;
    house.witness.reached("load.rows-written");
    tx.commit()?;
    house.witness.reached("load.committed");
    tracing::info!(commit = commit_no.0, rows = n_rows, "the registry is loaded");
    Ok(Loaded { commit_no, n_rows, issues })
}

fn record(house: House<'_>, tx: &mut dyn Transaction, commit: &CommitRecord) -> Result<CommitNo, StoreError> {
    let commit_no = tx.record_commit(commit)?.commit_no;
    tx.append_audit(&AuditEntry {
        audit_no: 0,
        at: commit.committed_at.clone(),
        operator: house.operator.to_owned(),
        action: "load registry".to_owned(),
        reason: String::new(),
        result: format!("commit {commit_no}: {} rows", commit.n_moves),
        chain_sha256: Digest([0; 32]),
    })?;
    Ok(commit_no)
}

fn load_rows(
    house: House<'_>,
    file: &str,
    source: impl Read,
    n_expected: u64,
    tx: &mut dyn Transaction,
    issues: &mut IssueList,
) -> Result<u64, EngineError> {
    let mut records = RecordReader::new(source, Accept::default());
    let header = records.next_record().map_err(|error| header_error(file, error))?;
    let columns = read_header(file, &header.ok_or_else(|| no_header(file))?, false)?;
    let key = [ItemNo::ATENA_NO, ItemNo::RIREKI_NO, ItemNo::RIREKI_EDA_NO, ItemNo::SAISHIN_FLG];
    require(file, &columns, &key)?;
    // Which field of a record an item is.
    let mut places = vec![None; Dictionary::standard().len()];
    for (index, column) in columns.iter().enumerate() {
        if let Column::Item(item) = column
            && let Some(place) = places.get_mut(item.index())
        {
            *place = Some(index);
        }
    }
    let mut order = Order::default();
    let mut packed = Vec::new();
    let mut found = Vec::new();
    let mut n_rows = 0;
    loop {
        let record = match records.next_record() {
            Ok(None) => break,
            Ok(Some(record)) => record,
            Err(ReadError::Refused(issue)) => {
                let detail = format!("column {}, byte {}", issue.column, issue.byte_offset);
                issues.push(InputIssue::of_row(issue.row_no, issue.rule.as_str(), detail));
                continue;
            }
            Err(ReadError::Unreadable(source)) => {
                return Err(EngineError::Input { file: file.to_owned(), source });
            }
        };
        let row_no = record.row_no();
        if record.n_fields() != columns.len() {
            let detail = format!("{} columns instead of {}", record.n_fields(), columns.len());
            issues.push(InputIssue::of_row(row_no, "wrong-columns", detail));
            continue;
        }
        let fields = Fields::new(&record, &places);
        let Some(fields) = fields else {
            issues.push(InputIssue::of_row(row_no, "not-utf-8", "the file must be UTF-8".to_owned()));
            continue;
        };
        found.clear();
        validate(&fields, &mut found);
        for issue in &found {
            issues.push(InputIssue::of_item(row_no, issue));
        }
        if fields.get(ItemNo::SHIKUCHOSON_CD) != house.municipality.as_str() {
            let detail = "not the hub's municipality".to_owned();
            issues.push(InputIssue::of_row(row_no, "other-municipality", detail));
        }
        let Some(key) = order.next(&fields, row_no, issues) else { continue };
        if issues.n_errors == 0 {
            packed.clear();
            pack_row(&fields, &mut packed)?;
            tx.load_row(key, &packed)?;
        }
        n_rows += 1;
        if n_rows % ROWS_PER_PROGRESS == 0 {
            house.witness.progress("load", n_rows, n_expected);
        }
    }
    order.close_resident(issues);
    house.witness.progress("load", n_rows, n_rows);
    Ok(n_rows)
}

/// The fields of a record by item.
struct Fields<'r> {
    texts: Vec<std::borrow::Cow<'r, str>>,
    places: &'r [Option<usize>],
}

impl<'r> Fields<'r> {
    /// `None` when a field is not UTF-8.
    fn new(record: &Record<'r>, places: &'r [Option<usize>]) -> Option<Self> {
        use std::borrow::Cow;
        let text = |field| match field {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        let texts = record.fields().map(text).collect::<Option<_>>()?;
        Some(Self { texts, places })
    }
}

impl Values for Fields<'_> {
    fn get(&self, item: ItemNo) -> &str {
        let place = self.places.get(item.index()).copied().flatten();
        place.and_then(|place| self.texts.get(place)).map_or("", |text| text)
    }
}

/// Watches that rows come by key and that each resident has one latest row.
#[derive(Default)]
struct Order {
    before: Option<RowKey>,
    row_no: u64,
    n_latest: usize,
}

impl Order {
    /// The row's key, if it fits after the row before.
    fn next(&mut self, fields: &Fields<'_>, row_no: u64, issues: &mut IssueList) -> Option<RowKey> {
        let key = RowKey {
            atena_no: fields.get(ItemNo::ATENA_NO).parse::<AtenaNo>().ok()?,
            rireki_no: fields.get(ItemNo::RIREKI_NO).parse().ok()?,
            eda_no: fields.get(ItemNo::RIREKI_EDA_NO).parse().ok()?,
        };
        if let Some(before) = self.before
            && key <= before
        {
            let (rule, detail) = if key == before {
                ("duplicate-key", "the row before has the same key")
            } else {
                ("not-sorted", "rows must come by 宛名番号, 個人履歴番号, 枝番")
            };
            issues.push(InputIssue::of_row(row_no, rule, detail.to_owned()));
            return None;
        }
        if self.before.is_none_or(|before| before.atena_no != key.atena_no) {
            self.close_resident(issues);
            self.n_latest = 0;
        }
        self.n_latest += usize::from(fields.get(ItemNo::SAISHIN_FLG) == "1");
        self.before = Some(key);
        self.row_no = row_no;
        Some(key)
    }

    /// Checks the resident whose last row was read.
    fn close_resident(&self, issues: &mut IssueList) {
        if self.before.is_some() && self.n_latest != 1 {
            let detail =
                format!("the resident whose last row this is has {} rows with 最新フラグ 1", self.n_latest);
            issues.push(InputIssue::of_row(self.row_no, "latest-flag", detail));
        }
    }
}
