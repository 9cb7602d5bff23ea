//! The rows that a receiver had after a commit: those that stand, and in the place of residents that changed since,
//! their rows of then.

use std::collections::HashSet;
use std::ops::ControlFlow;

use renkei_core::port::{Numbers, Snapshot};
use renkei_core::projection::Projection;
use renkei_core::{CommitNo, Window};
use renkei_registry::{AtenaNo, ItemNo, PackedReader, PackedRow};

use crate::error::EngineError;

/// Gives every row that a layout selects, as it was right after a commit, in no promised order. Memory grows with
/// the residents that changed since.
pub(super) fn each_row_at(
    snapshot: &dyn Snapshot,
    projection: &Projection,
    numbers: Numbers,
    at: CommitNo,
    each: &mut dyn FnMut(&PackedRow<'_>) -> Result<ControlFlow<()>, EngineError>,
) -> Result<(), EngineError> {
    let since = Window { after: at, through: snapshot.head()? };
    let changed: HashSet<AtenaNo> = snapshot.changed_residents(since)?.into_iter().collect();
    let mut reader = PackedReader::new();
    let mut outcome = Ok(());
    let mut is_cut_off = false;
    snapshot.scan(projection.rows(), numbers, &mut |packed| {
        let step = reader.read(packed).map_err(EngineError::from).and_then(|row| {
            let is_other = !changed.is_empty() && resident_of(&row).is_some_and(|one| changed.contains(&one));
            if is_other || !projection.selects(&row) { Ok(ControlFlow::Continue(())) } else { each(&row) }
        });
        step.unwrap_or_else(|error| {
            outcome = Err(error);
            ControlFlow::Break(())
        })
        .map_break(|()| is_cut_off = true)
    })?;
    outcome?;
    if is_cut_off {
        return Ok(());
    }
    for atena_no in changed {
        for packed in snapshot.rows_of(atena_no, at, numbers)? {
            let row = reader.read(&packed)?;
            if projection.selects(&row) && each(&row)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn resident_of(row: &PackedRow<'_>) -> Option<AtenaNo> {
    AtenaNo::new(std::str::from_utf8(row.bytes(ItemNo::ATENA_NO)).ok()?.parse().ok()?)
}
