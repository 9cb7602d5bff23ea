//! Lines on their way from the registry to disk, over three threads.
//!
//! The caller's thread reads and renders, a second encodes, hashes and writes the file, a third sums the
//! state digest. Batches of lines go between them over short queues and come back to be filled again, so
//! memory does not grow with rows.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use renkei_core::feed::Feed;
use renkei_core::projection::{Degraded, Projection, RenderError, Shown, column_name};
use renkei_core::state::{FeedState, RowDigest};
use renkei_registry::PackedRow;

use super::parts::{PartWriter, Written};
use super::unwritable::Unwritable;
use crate::error::EngineError;

/// Text of a batch when it is sent on, in bytes: large enough that queues cost nothing, small enough to
/// stay in a core's cache.
const BATCH_BYTES: usize = 256 << 10;
/// Batches waiting for a worker, at most.
const QUEUE: usize = 3;

/// Some lines, each with its newline.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) text: Vec<u8>,
    pub(super) lines: Vec<LineEnd>,
    pub(super) degraded: Vec<DegradedLine>,
}

/// Where a line ends and what it counts for.
#[derive(Clone, Copy)]
pub(super) struct LineEnd {
    /// The end of the line with its newline, as an offset into the batch's text.
    pub(super) end: usize,
    /// The bucket of the row's key.
    bucket: usize,
}

/// One line of the report on degraded characters.
pub(super) struct DegradedLine {
    /// The row's key, fields joined by `-`.
    pub(super) key: String,
    /// The column's item id.
    pub(super) column: String,
    /// The field as the registry has it.
    pub(super) from: String,
    /// The field as the file has it.
    pub(super) to: String,
}

impl Batch {
    /// The lines, each with its newline.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.lines.iter().map(|line| line.end));
        starts.zip(&self.lines).filter_map(|(start, line)| self.text.get(start..line.end))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
        self.degraded.clear();
    }
}

/// What came of the lines.
pub(super) struct Output {
    /// The files on the stage.
    pub(super) written: Written,
    /// The sum over all lines.
    pub(super) state: FeedState,
}

/// Runs `produce` with a sink and gives what was written and summed. Rows that could not be rendered are
/// an error after all rows were tried, so that all are known.
pub(super) fn write_lines(
    feed: &Feed,
    projection: &Projection,
    writer: PartWriter<'_>,
    produce: impl FnOnce(&mut LineSink<'_>) -> Result<(), EngineError>,
) -> Result<Result<Output, Unwritable>, EngineError> {
    let n_newline_bytes = feed.file.newline.as_bytes().len();
    std::thread::scope(|scope| {
        let (to_writer, writer_queue) = sync_channel(QUEUE);
        let (to_summer, summer_queue) = sync_channel(QUEUE);
        let (to_pool, pool) = channel();
        let back = to_pool.clone();
        let writing = scope.spawn(move || write_batches(writer, &writer_queue, &back));
        let summing = scope.spawn(move || sum_batches(n_newline_bytes, &summer_queue, &to_pool));
        let mut sink = LineSink {
            feed,
            projection,
            batch: Batch::default(),
            to_writer,
            to_summer,
            pool,
            degraded: Vec::new(),
            unwritable: Unwritable::default(),
            is_cut_off: false,
        };
        let produced = produce(&mut sink);
        sink.send();
        let unwritable = std::mem::take(&mut sink.unwritable);
        // Dropping the sink closes the queues, which ends the workers.
        drop(sink);
        let written = writing.join().map_err(|_| EngineError::Worker)?;
        let state = summing.join().map_err(|_| EngineError::Worker)?;
        // A worker's error is the cause when the producer was cut off, so it goes first.
        let written = written?;
        produced?;
        Ok(if unwritable.n_rows() == 0 { Ok(Output { written, state }) } else { Err(unwritable) })
    })
}

fn write_batches(
    mut writer: PartWriter<'_>,
    queue: &Receiver<Arc<Batch>>,
    pool: &Sender<Batch>,
) -> Result<Written, EngineError> {
    while let Ok(batch) = queue.recv() {
        writer.write(&batch)?;
        give_back(batch, pool);
    }
    writer.finish()
}

fn sum_batches(n_newline_bytes: usize, queue: &Receiver<Arc<Batch>>, pool: &Sender<Batch>) -> FeedState {
    let mut state = FeedState::empty();
    while let Ok(batch) = queue.recv() {
        let texts: Vec<&[u8]> = batch
            .lines()
            .map(|line| line.get(..line.len().saturating_sub(n_newline_bytes)).unwrap_or_default())
            .collect();
        for (digest, at) in RowDigest::of_all(&texts).iter().zip(&batch.lines) {
            state.add(at.bucket, digest);
        }
        drop(texts);
        give_back(batch, pool);
    }
    state
}

/// The last of the two workers to finish with a batch gives it back.
fn give_back(batch: Arc<Batch>, pool: &Sender<Batch>) {
    if let Some(batch) = Arc::into_inner(batch) {
        // The sink may be gone already; then the batch is not needed any more.
        let _ = pool.send(batch);
    }
}

/// Takes rows and sends their lines on.
pub(super) struct LineSink<'s> {
    feed: &'s Feed,
    projection: &'s Projection,
    batch: Batch,
    to_writer: SyncSender<Arc<Batch>>,
    to_summer: SyncSender<Arc<Batch>>,
    pool: Receiver<Batch>,
    degraded: Vec<Degraded>,
    unwritable: Unwritable,
    is_cut_off: bool,
}

impl LineSink<'_> {
    /// Renders a row. Breaks when a worker has failed and more rows would go nowhere.
    pub(super) fn push(&mut self, row: &PackedRow<'_>, shown: Shown) -> ControlFlow<()> {
        match self.projection.render(row, shown, &mut self.batch.text, &mut self.degraded) {
            Ok(()) => {
                self.batch.text.extend_from_slice(self.feed.file.newline.as_bytes());
                let bucket = self.projection.bucket(row);
                self.batch.lines.push(LineEnd { end: self.batch.text.len(), bucket });
                if !self.degraded.is_empty() {
                    self.report_degraded(row);
                }
                if self.batch.text.len() >= BATCH_BYTES {
                    self.send();
                }
            }
            Err(error) => self.note_unwritable(row, &error),
        }
        if self.is_cut_off { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Lists a row that cannot be rendered.
    pub(super) fn note_unwritable(&mut self, row: &PackedRow<'_>, error: &RenderError) {
        let column = match error {
            RenderError::Character { column, .. }
            | RenderError::NeedsQuotes { column }
            | RenderError::Sealed { column }
            | RenderError::NotText { column } => *column,
        };
        let detail = match error {
            RenderError::Character { detail, .. } => detail.clone(),
            RenderError::NeedsQuotes { .. } => "needs quotes".to_owned(),
            RenderError::Sealed { .. } => "sealed".to_owned(),
            RenderError::NotText { .. } => "not UTF-8".to_owned(),
        };
        let key = key_text(&self.projection.key(row));
        self.unwritable.note(key, column_name(&self.feed.layout, column).to_owned(), detail);
    }

    fn report_degraded(&mut self, row: &PackedRow<'_>) {
        let key = key_text(&self.projection.key(row));
        for degraded in self.degraded.drain(..) {
            self.batch.degraded.push(DegradedLine {
                key: key.clone(),
                column: column_name(&self.feed.layout, degraded.column).to_owned(),
                from: degraded.from,
                to: degraded.to,
            });
        }
    }

    fn send(&mut self) {
        if self.batch.lines.is_empty() {
            return;
        }
        let mut next = self.pool.try_recv().unwrap_or_default();
        next.clear();
        let full = Arc::new(std::mem::replace(&mut self.batch, next));
        let is_sent = self.to_summer.send(Arc::clone(&full)).is_ok() && self.to_writer.send(full).is_ok();
        self.is_cut_off |= !is_sent;
    }
}

/// A key as reports show it.
fn key_text(key: &[&[u8]]) -> String {
    let fields: Vec<_> = key.iter().map(|field| String::from_utf8_lossy(field)).collect();
    fields.join("-")
}
