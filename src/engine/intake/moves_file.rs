//! A file of moves: CSV with a header row of item ids or Japanese names.
//!
//! `atena_no` and `ido_jiyu` say whose move it is and why; `target_rireki_no` names the row a cancellation or
//! correction is about; every other column is an item the move sets. An empty field leaves the item as it
//! is, `(clear)` clears it.

use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use renkei_core::Digest;
use renkei_core::csv_file::{Accept, ReadError, Record, RecordReader};
use renkei_registry::{AtenaNo, ItemNo, Move, MoveReason};

use super::columns::{Column, read_header, require};
use super::issue::InputIssue;
use super::source::HashingReader;
use crate::error::EngineError;

/// Lines read before they are sent on: enough that queues cost nothing.
const BATCH: usize = 64;
/// Batches read and not yet asked for, at most.
const QUEUE: usize = 4;
/// What a field holds to clear its item.
const CLEAR: &str = "(clear)";

/// Reads a file's moves one after the other, hashing it on the way.
pub(super) struct MovesFile<'f, R> {
    file: &'f str,
    columns: Vec<Column>,
    records: RecordReader<HashingReader<R>>,
}

/// What stands on a line of the file.
pub(super) enum MoveLine {
    /// A move, with its line.
    Move(u64, Move),
    /// What is wrong with the line.
    Wrong(Vec<InputIssue>),
}

impl<'f, R: Read> MovesFile<'f, R> {
    /// Reads the header row.
    pub(super) fn open(file: &'f str, source: R) -> Result<Self, EngineError> {
        let mut records = RecordReader::new(HashingReader::new(source), Accept::default());
        let header = records.next_record().map_err(|error| header_error(file, error))?;
        let columns = read_header(file, &header.ok_or_else(|| no_header(file))?, true)?;
        require(file, &columns, &[ItemNo::ATENA_NO, ItemNo::IDO_JIYU])?;
        Ok(Self { file, columns, records })
    }

    /// The next line; `None` at the end.
    fn next_line(&mut self) -> Result<Option<MoveLine>, EngineError> {
        match self.records.next_record() {
            Ok(None) => Ok(None),
            Ok(Some(record)) => Ok(Some(match read_move(&self.columns, &record) {
                Ok(mv) => MoveLine::Move(record.row_no(), mv),
                Err(issues) => MoveLine::Wrong(issues),
            })),
            Err(ReadError::Refused(issue)) => {
                let detail = format!("column {}, byte {}", issue.column, issue.byte_offset);
                Ok(Some(MoveLine::Wrong(vec![InputIssue::of_row(issue.row_no, issue.rule.as_str(), detail)])))
            }
            Err(ReadError::Unreadable(source)) => {
                Err(EngineError::Input { file: self.file.to_owned(), source })
            }
        }
    }

    /// Starts to read the lines on a thread of its own, which ends with the digest of the file, true once
    /// its end was read. Lines stop coming at the end, at an error, and when nobody takes them any more.
    pub(super) fn read_ahead<'scope>(
        mut self,
        scope: &'scope Scope<'scope, '_>,
    ) -> (Receiver<Vec<MoveLine>>, ScopedJoinHandle<'scope, Result<Digest, EngineError>>)
    where
        R: Send + 'scope,
        'f: 'scope,
    {
        let (to_registry, lines) = sync_channel(QUEUE);
        let reading = scope.spawn(move || {
            let mut batch = Vec::new();
            while let Some(line) = self.next_line()? {
                batch.push(line);
                if batch.len() == BATCH && to_registry.send(std::mem::take(&mut batch)).is_err() {
                    break;
                }
            }
            // Where nobody takes lines any more, nobody misses these.
            let _ = to_registry.send(batch);
            Ok(self.records.into_source().finish().0)
        });
        (lines, reading)
    }
}

pub(super) fn header_error(file: &str, error: ReadError) -> EngineError {
    match error {
        ReadError::Refused(issue) => EngineError::Header {
            file: file.to_owned(),
            problem: format!("the header row is refused: {issue}"),
        },
        ReadError::Unreadable(source) => EngineError::Input { file: file.to_owned(), source },
    }
}

pub(super) fn no_header(file: &str) -> EngineError {
    EngineError::Header { file: file.to_owned(), problem: "the file is empty".to_owned() }
}

fn read_move(columns: &[Column], record: &Record<'_>) -> Result<Move, Vec<InputIssue>> {
    let row = record.row_no();
    let mut issues = Vec::new();
    if record.n_fields() != columns.len() {
        let detail = format!("{} columns instead of {}", record.n_fields(), columns.len());
        return Err(vec![InputIssue::of_row(row, "wrong-columns", detail)]);
    }
    let (mut atena_no, mut reason, mut target, mut items) = (None, None, None, Vec::new());
    let mut issue = |column: &str, rule: &str, detail: &str| {
        issues.push(InputIssue {
            row,
            column: column.to_owned(),
            rule: rule.to_owned(),
            detail: detail.to_owned(),
            is_warning: false,
        });
    };
    for (column, field) in columns.iter().zip(record.fields()) {
        let Ok(text) = std::str::from_utf8(&field) else {
            issue("", "not-utf-8", "the file must be UTF-8");
            continue;
        };
        match column {
            Column::Item(ItemNo::ATENA_NO) => {
                atena_no = text.parse::<AtenaNo>().ok();
                if atena_no.is_none() {
                    issue("atena_no", "not-digits", "1 to 15 digits");
                }
            }
            Column::Item(ItemNo::IDO_JIYU) => {
                reason = MoveReason::find(text);
                if reason.is_none() {
                    issue("ido_jiyu", "unknown-code", "a code of the table of move reasons");
                }
            }
            Column::TargetRirekiNo | Column::Item(_) if text.is_empty() => {}
            Column::TargetRirekiNo => {
                target = text.parse::<u32>().ok().filter(|no| *no > 0);
                if target.is_none() {
                    issue("target_rireki_no", "not-integer", "a number from 1");
                }
            }
            Column::Item(item) => items.push((*item, Box::from(if text == CLEAR { "" } else { text }))),
        }
    }
    match (atena_no, reason) {
        (Some(atena_no), Some(reason)) if issues.is_empty() => {
            Ok(Move { atena_no, reason, target_rireki_no: target, items })
        }
        _ => Err(issues),
    }
}
