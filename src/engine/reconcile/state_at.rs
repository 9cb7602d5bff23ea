//! The rows that a receiver had after a commit: those that stand, and in the place of residents that changed since,
//! their rows of then.

use std::ops::ControlFlow;

use renkei_core::port::{Numbers, Snapshot};
use renkei_core::projection::Projection;
use renkei_core::{CommitNo, Window};
use renkei_registry::{AtenaNo, ItemNo, PackedReader, PackedRow};

use crate::error::EngineError;

/// Gives every row that a layout selects, as it was right after a commit, in key order: the same rows in the same
/// order whatever is committed meanwhile. Memory grows with the residents that changed since.
pub(super) fn each_row_at(
    snapshot: &dyn Snapshot,
    projection: &Projection,
    numbers: Numbers,
    at: CommitNo,
    each: &mut dyn FnMut(&PackedRow<'_>) -> Result<ControlFlow<()>, EngineError>,
) -> Result<(), EngineError> {
    let since = Window { after: at, through: snapshot.head()? };
    let changed = snapshot.changed_residents(since)?;
    let mut coming = changed.iter().copied().peekable();
    let mut reader = PackedReader::new();
    let mut outcome = Ok(ControlFlow::Continue(()));
    let mut take = |packed: &[u8]| -> Result<ControlFlow<()>, EngineError> {
        let row = reader.read(packed)?;
        if let Some(resident) = coming.peek().and_then(|_| resident_of(&row)) {
            while let Some(earlier) = coming.next_if(|one| *one <= resident) {
                if rows_then(snapshot, projection, numbers, (earlier, at), each)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        let is_other = !changed.is_empty()
            && resident_of(&row).is_some_and(|resident| changed.binary_search(&resident).is_ok());
        if is_other || !projection.selects(&row) { Ok(ControlFlow::Continue(())) } else { each(&row) }
    };
    snapshot.scan(projection.rows(), numbers, &mut |packed| {
        outcome = take(packed);
        if matches!(outcome, Ok(ControlFlow::Continue(()))) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    if outcome?.is_break() {
        return Ok(());
    }
    for later in coming {
        if rows_then(snapshot, projection, numbers, (later, at), each)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The rows of a resident that changed since.
fn rows_then(
    snapshot: &dyn Snapshot,
    projection: &Projection,
    numbers: Numbers,
    (resident, at): (AtenaNo, CommitNo),
    each: &mut dyn FnMut(&PackedRow<'_>) -> Result<ControlFlow<()>, EngineError>,
) -> Result<ControlFlow<()>, EngineError> {
    let mut reader = PackedReader::new();
    for packed in snapshot.rows_of(resident, at, numbers)? {
        let row = reader.read(&packed)?;
        if projection.selects(&row) && each(&row)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn resident_of(row: &PackedRow<'_>) -> Option<AtenaNo> {
    AtenaNo::new(std::str::from_utf8(row.bytes(ItemNo::ATENA_NO)).ok()?.parse().ok()?)
}
