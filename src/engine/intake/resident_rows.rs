//! The rows of a file of residents: read, checked and packed, in batches.

use std::borrow::Cow;
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender};

use renkei_core::csv_file::{Accept, ReadError, Record, RecordReader};
use renkei_registry::packed::pack_row;
use renkei_registry::{AtenaNo, Dictionary, ItemNo, MunicipalityCode, RowKey, Values, validate};

use super::columns::{Column, read_header, require};
use super::issue::{InputIssue, IssueList};
use super::moves_file::{header_error, no_header};
use crate::error::EngineError;

/// Bytes of a batch when it is sent on: large enough that queues cost nothing.
const BATCH_BYTES: usize = 256 << 10;

/// Some packed rows, one after the other.
#[derive(Default)]
pub(super) struct Batch {
    packed: Vec<u8>,
    /// The key of each row, with the end of the row.
    keys: Vec<(RowKey, usize)>,
}

impl Batch {
    /// The rows with their keys, in the order of the file.
    pub(super) fn rows(&self) -> impl Iterator<Item = (RowKey, &[u8])> {
        let starts = std::iter::once(0).chain(self.keys.iter().map(|(_, end)| *end));
        starts.zip(&self.keys).filter_map(|(start, (key, end))| Some((*key, self.packed.get(start..*end)?)))
    }
}

/// Takes rows and sends them on in batches.
pub(super) struct RowSink {
    batch: Batch,
    to_store: SyncSender<Batch>,
    pool: Receiver<Batch>,
}

impl RowSink {
    /// Sends batches to `to_store`; those that come back over `pool` are filled again.
    pub(super) fn new(to_store: SyncSender<Batch>, pool: Receiver<Batch>) -> Self {
        Self { batch: Batch::default(), to_store, pool }
    }

    /// Packs a row; false when nobody takes rows any more.
    fn push(&mut self, key: RowKey, values: &impl Values) -> Result<bool, EngineError> {
        pack_row(values, &mut self.batch.packed)?;
        self.batch.keys.push((key, self.batch.packed.len()));
        Ok(self.batch.packed.len() < BATCH_BYTES || self.send())
    }

    fn send(&mut self) -> bool {
        let mut next = self.pool.try_recv().unwrap_or_default();
        next.packed.clear();
        next.keys.clear();
        self.to_store.send(std::mem::replace(&mut self.batch, next)).is_ok()
    }
}

/// What was read.
#[derive(Default)]
pub(super) struct ReadRows {
    /// Rows with a key, in order.
    pub(super) n_rows: u64,
    /// Everything wrong or remarkable.
    pub(super) issues: IssueList,
}

/// Reads a file to its end and sends its rows on, up to the first error: from there on it only looks for
/// more of them.
pub(super) fn read_rows(
    file: &str,
    source: impl Read,
    municipality: MunicipalityCode,
    mut sink: RowSink,
) -> Result<ReadRows, EngineError> {
    let mut records = RecordReader::new(source, Accept::default());
    let header = records.next_record().map_err(|error| header_error(file, error))?;
    let columns = read_header(file, &header.ok_or_else(|| no_header(file))?, false)?;
    let key = [ItemNo::ATENA_NO, ItemNo::RIREKI_NO, ItemNo::RIREKI_EDA_NO, ItemNo::SAISHIN_FLG];
    require(file, &columns, &key)?;
    let places = places(&columns);
    let mut order = Order::default();
    let mut found = Vec::new();
    let mut read = ReadRows::default();
    let issues = &mut read.issues;
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
        let Some(fields) = Fields::new(&record, &places) else {
            issues.push(InputIssue::of_row(row_no, "not-utf-8", "the file must be UTF-8".to_owned()));
            continue;
        };
        found.clear();
        validate(&fields, &mut found);
        for issue in &found {
            issues.push(InputIssue::of_item(row_no, issue));
        }
        if fields.get(ItemNo::SHIKUCHOSON_CD) != municipality.as_str() {
            let detail = "not the hub's municipality".to_owned();
            issues.push(InputIssue::of_row(row_no, "other-municipality", detail));
        }
        let Some(key) = order.next(&fields, row_no, issues) else { continue };
        read.n_rows += 1;
        if issues.n_errors == 0 && !sink.push(key, &fields)? {
            return Ok(read);
        }
    }
    order.close_resident(issues);
    sink.send();
    Ok(read)
}

/// Which field of a record each item is.
fn places(columns: &[Column]) -> Vec<Option<usize>> {
    let mut places = vec![None; Dictionary::standard().len()];
    for (index, column) in columns.iter().enumerate() {
        if let Column::Item(item) = column
            && let Some(place) = places.get_mut(item.index())
        {
            *place = Some(index);
        }
    }
    places
}

/// The fields of a record by item.
struct Fields<'r> {
    texts: Vec<Cow<'r, str>>,
    places: &'r [Option<usize>],
}

impl<'r> Fields<'r> {
    /// `None` when a field is not UTF-8.
    fn new(record: &Record<'r>, places: &'r [Option<usize>]) -> Option<Self> {
        Some(Self { texts: record.texts()?.collect(), places })
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
