//! 全件: every row the layout selects, from one snapshot.

use std::ops::ControlFlow;

use renkei_core::projection::Shown;
use renkei_core::{CommitNo, Window};
use renkei_registry::PackedReader;

use super::staged::{Desk, Made};
use super::{numbers_of, proof};
use crate::error::EngineError;

/// Progress is told every so many rows.
const ROWS_PER_PROGRESS: u64 = 1 << 14;

/// Writes all rows and sums the state anew. Where the feed was published before, the state that its
/// publications add up to must come out, or something was lost on the way.
pub(super) fn make(desk: &Desk<'_>) -> Result<Made, EngineError> {
    let projection = &desk.maker.projection;
    let feed = desk.maker.feed;
    let n_rows = desk.snapshot.n_rows(projection.rows())?;
    let output = desk.write_lines(|sink| {
        let mut reader = PackedReader::new();
        let mut damage = None;
        let mut n_read = 0;
        desk.snapshot.scan(projection.rows(), numbers_of(feed), &mut |packed| {
            n_read += 1;
            if n_read % ROWS_PER_PROGRESS == 0 {
                desk.house.witness.progress(feed.id.as_str(), n_read, n_rows);
                if desk.house.witness.wants_stop() {
                    return ControlFlow::Break(());
                }
            }
            match reader.read(packed) {
                Ok(row) if projection.selects(&row) => sink.push(&row, Shown::Present),
                Ok(_) => ControlFlow::Continue(()),
                Err(error) => {
                    damage = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        desk.house.may_go_on()?;
        desk.house.witness.progress(feed.id.as_str(), n_read, n_rows);
        damage.map_or(Ok(()), |error| Err(error.into()))
    })?;
    let review = proof::full_follows_from_diffs(desk, &output.state)?;
    Ok(Made {
        window: Window { after: CommitNo(0), through: desk.head },
        files: output.written.files,
        report: output.written.report,
        changes: None,
        state_after: output.state,
        review,
    })
}
