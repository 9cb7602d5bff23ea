//! Extracts: 1件 (one resident) and 全件 as of a day. They move no receiver's state.

use std::ops::ControlFlow;

use chrono::NaiveDate;
use renkei_core::guard::Review;
use renkei_core::port::RowSet;
use renkei_core::projection::Shown;
use renkei_core::{CommitNo, Window};
use renkei_registry::{AtenaNo, HistoryDates, ItemNo, PackedReader, Values};

use super::lines::LineSink;
use super::numbers_of;
use super::staged::{Desk, Made};
use crate::error::EngineError;

/// The rows of one resident that the layout selects; none of them is a publication too.
pub(super) fn single(desk: &Desk<'_>, atena_no: AtenaNo) -> Result<Made, EngineError> {
    let rows = desk.snapshot.rows_of(atena_no, desk.head, numbers_of(desk.maker.feed))?;
    if rows.is_empty() {
        return Err(EngineError::NoSuchResident);
    }
    extract(desk, |sink| {
        let mut reader = PackedReader::new();
        for packed in &rows {
            let row = reader.read(packed)?;
            if desk.maker.projection.selects(&row) && sink.push(&row, Shown::Present).is_break() {
                break;
            }
        }
        Ok(())
    })
}

/// For each resident the row that held on a day, if the layout selects it.
pub(super) fn as_of(desk: &Desk<'_>, day: NaiveDate) -> Result<Made, EngineError> {
    let feed = desk.maker.feed;
    let day = day.format("%Y-%m-%d").to_string();
    let n_rows = desk.snapshot.n_rows(RowSet::History)?;
    extract(desk, |sink| {
        let mut resident = Resident::default();
        let mut reader = PackedReader::new();
        let mut fault = None;
        let mut n_read = 0;
        desk.snapshot.scan(RowSet::History, numbers_of(feed), &mut |packed| {
            n_read += 1;
            desk.house.witness.progress(feed.id.as_str(), n_read, n_rows);
            let step = resident.take(packed, &mut reader, |resident| resident.push(desk, &day, sink));
            step.unwrap_or_else(|error| {
                fault = Some(error);
                ControlFlow::Break(())
            })
        })?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        resident.push(desk, &day, sink).map(|_| ())
    })
}

fn extract(
    desk: &Desk<'_>,
    produce: impl FnOnce(&mut LineSink<'_>) -> Result<(), EngineError>,
) -> Result<Made, EngineError> {
    let output = desk.write_lines(produce)?;
    Ok(Made {
        window: Window { after: CommitNo(0), through: desk.head },
        files: output.written.files,
        report: output.written.report,
        changes: None,
        state_after: desk.state_now(),
        review: Review::default(),
    })
}

/// The rows of the resident being read, packed; room is kept from resident to resident.
#[derive(Default)]
struct Resident {
    atena_no: String,
    n_rows: usize,
    rows: Vec<Vec<u8>>,
    dates: HistoryDates,
}

impl Resident {
    /// Takes a row; when it is the next resident's, `done` gets this one first.
    fn take(
        &mut self,
        packed: &[u8],
        reader: &mut PackedReader,
        done: impl FnOnce(&mut Self) -> Result<ControlFlow<()>, EngineError>,
    ) -> Result<ControlFlow<()>, EngineError> {
        let row = reader.read(packed)?;
        let mut flow = ControlFlow::Continue(());
        if row.get(ItemNo::ATENA_NO) != self.atena_no {
            flow = done(self)?;
            self.n_rows = 0;
            self.dates.clear();
            row.get(ItemNo::ATENA_NO).clone_into(&mut self.atena_no);
        }
        self.dates.push(&row);
        match self.rows.get_mut(self.n_rows) {
            Some(room) => {
                room.clear();
                room.extend_from_slice(packed);
            }
            None => self.rows.push(packed.to_vec()),
        }
        self.n_rows += 1;
        Ok(flow)
    }

    /// Pushes the row that held on the day, if there is one and the layout selects it.
    fn push(
        &mut self,
        desk: &Desk<'_>,
        day: &str,
        sink: &mut LineSink<'_>,
    ) -> Result<ControlFlow<()>, EngineError> {
        let held = self.dates.as_of(day).and_then(|index| self.rows.get(index));
        let Some(packed) = held else { return Ok(ControlFlow::Continue(())) };
        let mut reader = PackedReader::new();
        let row = reader.read(packed)?;
        if desk.maker.projection.selects_content(&row) {
            return Ok(sink.push(&row, Shown::Present));
        }
        Ok(ControlFlow::Continue(()))
    }
}
