//! Two sides whose rows stand in the order of their keys, side by side: of neither a row is remembered.
//!
//! That they do shows only on the way. A key that goes backwards, or a line that is no row, ends it, and nothing was
//! told to anybody by then: what differs is kept by place alone.

use std::cmp::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::rows::RowReader;
use super::scan::{open_all, scan, scan_opened};
use super::{Side, SideFile, Sought};
use crate::error::EngineError;
use crate::intake::IssueList;

/// Rows that go from one thread to the other at a time, and batches on their way.
const BATCH_ROWS: usize = 1024;
const QUEUE: usize = 4;

/// A row with its key as it stands.
pub(super) struct OrderedRow {
    pub(super) key: Vec<u8>,
    pub(super) content: u64,
    pub(super) at: u64,
}

/// What two sides in order come to.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) n_small: u64,
    pub(super) n_large: u64,
    pub(super) n_equal: u64,
    pub(super) n_duplicate: u64,
    pub(super) sought: Sought,
    last_large: Vec<u8>,
    is_over: bool,
}

/// Compares two sides in key order; `None` where one of them is not, or has a line that is no row.
pub(super) fn merge(
    (small, of_small): (Side<'_>, &RowReader<'_>),
    (large, of_large): (Side<'_>, &RowReader<'_>),
) -> Result<Option<Merged>, EngineError> {
    let files = open_all(small)?;
    let mut merged = Merged::default();
    let mut issues = IssueList::default();
    let (read, produced) = std::thread::scope(|scope| {
        let (sender, batches) = sync_channel(QUEUE);
        let producing = scope.spawn(move || produce(files, of_small, &sender));
        let mut coming = Coming { batches, rows: Vec::new().into_iter(), next: None, last: Vec::new() };
        let work = |block: &_, base, out: &mut _| of_large.ordered(block, base, out);
        let read = scan(large, &mut issues, &work, &mut |row| merged.take(row, &mut coming));
        let read = read.and_then(|()| merged.end(&mut coming));
        // Where the large side ended early, this cuts off the small one.
        drop(coming);
        (read, producing.join().map_err(|_| EngineError::Worker))
    });
    let small_issues = produced?;
    if merged.is_over || issues.n_errors > 0 || small_issues.as_ref().is_ok_and(|issues| issues.n_errors > 0)
    {
        return Ok(None);
    }
    read?;
    small_issues?;
    Ok(Some(merged))
}

/// Reads the small side and sends its rows.
fn produce(
    files: Vec<Box<dyn SideFile>>,
    reader: &RowReader<'_>,
    sender: &SyncSender<Vec<OrderedRow>>,
) -> Result<IssueList, EngineError> {
    let mut issues = IssueList::default();
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    let work = |block: &_, base, out: &mut _| reader.ordered(block, base, out);
    scan_opened(files.into_iter().map(Ok), &mut issues, &work, &mut |row| {
        batch.push(row);
        if batch.len() < BATCH_ROWS {
            return Ok(());
        }
        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
        // Nobody takes any more where the large side ended early; why is known there.
        sender.send(full).map_err(|_| EngineError::Worker)
    })?;
    // The same.
    let _ = sender.send(batch);
    Ok(issues)
}

/// The small side's rows, one after the other.
struct Coming {
    batches: Receiver<Vec<OrderedRow>>,
    rows: std::vec::IntoIter<OrderedRow>,
    next: Option<OrderedRow>,
    last: Vec<u8>,
}

impl Merged {
    /// Takes the next row of the large side.
    fn take(&mut self, row: OrderedRow, coming: &mut Coming) -> Result<(), EngineError> {
        self.n_large += 1;
        match row.key.cmp(&self.last_large) {
            Ordering::Less => return self.give_up(),
            Ordering::Equal => {
                self.n_duplicate += 1;
                return Ok(());
            }
            Ordering::Greater => {}
        }
        loop {
            self.load(coming)?;
            let next = coming.next.take();
            match next.as_ref().map(|next| next.key.cmp(&row.key)) {
                Some(Ordering::Less) => self.sought.only_small.extend(next.map(|next| next.at)),
                Some(Ordering::Equal) => {
                    match next {
                        Some(next) if next.content != row.content => {
                            self.sought.different.push((next.at, row.at));
                        }
                        _ => self.n_equal += 1,
                    }
                    break;
                }
                Some(Ordering::Greater) | None => {
                    coming.next = next;
                    self.sought.only_large.push((u128::from(row.at), row.at));
                    break;
                }
            }
        }
        self.last_large = row.key;
        Ok(())
    }

    /// Takes what the small side has after the last row of the large one.
    fn end(&mut self, coming: &mut Coming) -> Result<(), EngineError> {
        loop {
            self.load(coming)?;
            match coming.next.take() {
                Some(row) => self.sought.only_small.push(row.at),
                None => return Ok(()),
            }
        }
    }

    /// Makes the next row of the small side stand ready, past those with the key of one before.
    fn load(&mut self, coming: &mut Coming) -> Result<(), EngineError> {
        while coming.next.is_none() {
            let Some(row) = coming.rows.next() else {
                match coming.batches.recv() {
                    // Its first row may stand far behind in the large side, which must not be read that far in vain.
                    Ok(batch) if !batch.is_sorted_by(|one, next| one.key <= next.key) => {
                        return self.give_up();
                    }
                    Ok(batch) => coming.rows = batch.into_iter(),
                    Err(_) => return Ok(()),
                }
                continue;
            };
            self.n_small += 1;
            match row.key.cmp(&coming.last) {
                Ordering::Less => return self.give_up(),
                Ordering::Equal => self.n_duplicate += 1,
                Ordering::Greater => {
                    coming.last.clone_from(&row.key);
                    coming.next = Some(row);
                }
            }
        }
        Ok(())
    }

    fn give_up(&mut self) -> Result<(), EngineError> {
        self.is_over = true;
        Err(EngineError::Worker)
    }
}
