//! The threads that judge a file together, and what came of it.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use chrono::NaiveDate;
use renkei_core::Digest;
use renkei_core::csv_file::Limits;
use renkei_core::layout::{FileFormat, Layout};
use renkei_core::row_check::RowChecker;
use renkei_core::state::FeedState;

use super::batch::{JudgedBatch, JudgedRow};
use super::block::{Block, BlockReader};
use super::desk::Desk;
use super::key_order::{KeyOrder, Keys};
use crate::error::EngineError;

/// Blocks and batches waiting between two threads, at most.
const QUEUE: usize = 2;
/// More threads than this do not judge faster than one can read and hash.
const MOST_DESKS: usize = 4;

/// Judges the data files of one set, one after the other: keys must differ over all of them.
pub struct FileJudge<'l> {
    checker: RowChecker<'l>,
    format: FileFormat,
    limits: Limits,
    pub(super) n_desks: usize,
    keys: Keys,
    state: FeedState,
}

/// What came of a file.
#[derive(Debug)]
pub struct JudgedFile {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its length.
    pub n_bytes: u64,
    /// Rows that could be read, those with errors included.
    pub n_rows: u64,
    /// Of these, the rows with an error.
    pub n_rows_with_error: u64,
    /// Of these, the rows that leave the state.
    pub n_removed: u64,
    /// Lines that are no rows, and what is wrong with the header row.
    pub n_refused: u64,
    /// Why it could not be read to its end; then nothing above is about the whole file.
    pub unreadable: Option<io::Error>,
}

impl<'l> FileJudge<'l> {
    /// A judge of a set in a layout; code tables are those of `business_date`.
    pub fn new(layout: &'l Layout, format: FileFormat, business_date: NaiveDate, order: KeyOrder) -> Self {
        let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            checker: RowChecker::new(layout, business_date),
            format,
            limits: Limits::default(),
            n_desks: n_cores.clamp(1, MOST_DESKS),
            keys: Keys::new(order),
            state: FeedState::empty(),
        }
    }

    /// With limits of its own on records.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The sum over all rows so far that are there, those with errors included: what the state after must be
    /// for a set that is not a diff.
    pub fn state(&self) -> &FeedState {
        &self.state
    }

    /// Judges a file and gives its lines to `taker`, in order. Where the taker fails, reading stops and its
    /// error is given back.
    pub fn judge<E: From<EngineError>>(
        &mut self,
        source: impl Read + Send,
        taker: &mut dyn FnMut(&JudgedBatch<'l>) -> Result<(), E>,
    ) -> Result<JudgedFile, E> {
        let Self { checker, format, limits, n_desks, keys, state } = self;
        std::thread::scope(|scope| {
            let (mut to_desks, mut from_desks) = (Vec::new(), Vec::new());
            for _ in 0..*n_desks {
                let (to_desk, blocks) = sync_channel(QUEUE);
                let (to_taker, batches) = sync_channel(QUEUE);
                let desk = Desk { checker, format: *format, limits: *limits };
                scope.spawn(move || judge_blocks(&desk, &blocks, &to_taker));
                to_desks.push(to_desk);
                from_desks.push(batches);
            }
            let reader = BlockReader::new(source, *limits);
            let reading = scope.spawn(move || read_blocks(reader, &to_desks));
            let mut hand_over = HandOver { keys, state, n_lines: 0, judged: JudgedFile::default() };
            let outcome = take_in_turn(&from_desks, |batch| hand_over.take(batch, taker));
            let mut judged = hand_over.judged;
            // Where the taker failed, this cuts off the desks, and they the reader.
            drop(from_desks);
            let read = reading.join().map_err(|_| E::from(EngineError::Worker));
            outcome?;
            let ((sha256, n_bytes), unreadable) = read?;
            judged.sha256 = sha256;
            judged.n_bytes = n_bytes;
            judged.unreadable = unreadable;
            Ok(judged)
        })
    }
}

/// Shows what was counted only: keys are personal.
impl std::fmt::Debug for FileJudge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileJudge")
            .field("format", &self.format)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Default for JudgedFile {
    fn default() -> Self {
        Self {
            sha256: Digest([0; 32]),
            n_bytes: 0,
            n_rows: 0,
            n_rows_with_error: 0,
            n_removed: 0,
            n_refused: 0,
            unreadable: None,
        }
    }
}

/// Gives blocks to the desks in turn.
fn read_blocks<R: Read>(
    mut reader: BlockReader<R>,
    to_desks: &[SyncSender<Block>],
) -> ((Digest, u64), Option<io::Error>) {
    for to_desk in to_desks.iter().cycle() {
        let block = match reader.next_block() {
            Ok(Some(block)) => block,
            Ok(None) => break,
            Err(error) => return (reader.finish(), Some(error)),
        };
        if to_desk.send(block).is_err() {
            // Nobody takes anything any more.
            break;
        }
    }
    (reader.finish(), None)
}

fn judge_blocks<'l>(desk: &Desk<'_, 'l>, blocks: &Receiver<Block>, to_taker: &SyncSender<JudgedBatch<'l>>) {
    for block in blocks {
        if to_taker.send(desk.judge(block)).is_err() {
            return;
        }
    }
}

/// Takes batches from the desks in the turn in which they got their blocks.
fn take_in_turn<'l, E>(
    from_desks: &[Receiver<JudgedBatch<'l>>],
    mut take: impl FnMut(JudgedBatch<'l>) -> Result<(), E>,
) -> Result<(), E> {
    for batches in from_desks.iter().cycle() {
        let Ok(batch) = batches.recv() else { break };
        take(batch)?;
    }
    Ok(())
}

/// What is done with a batch when its turn has come.
struct HandOver<'j> {
    keys: &'j mut Keys,
    state: &'j mut FeedState,
    n_lines: u64,
    judged: JudgedFile,
}

impl HandOver<'_> {
    fn take<'l, E>(
        &mut self,
        mut batch: JudgedBatch<'l>,
        taker: &mut dyn FnMut(&JudgedBatch<'l>) -> Result<(), E>,
    ) -> Result<(), E> {
        batch.n_lines_before = self.n_lines;
        self.n_lines += batch.n_lines;
        for issue in &mut batch.refused {
            issue.move_down(batch.n_lines_before);
        }
        for row in &mut batch.rows {
            let key = batch.keys.get(row.key.0..row.key.1).unwrap_or_default();
            row.key_issue = self.keys.meet(key);
            self.judged.n_removed += u64::from(row.is_removed);
            if !row.is_removed {
                self.state.add(row.bucket, &row.digest);
            }
        }
        self.judged.n_rows += batch.rows.len() as u64;
        self.judged.n_refused += batch.refused.len() as u64;
        self.judged.n_rows_with_error += batch.rows().filter(JudgedRow::has_error).count() as u64;
        taker(&batch)
    }
}
