//! What the agent keeps for its own people, copies of refused sets and reports on rows, and for how long.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use renkei_core::Moment;
use renkei_core::port::{Folders as _, IntakeStore, Outcome, OwnFolder};
use renkei_core::retention::judge_file;
use renkei_folder::LocalFolders;

use super::config::AgentIntake;
use crate::Failure;
use crate::intake::place_of;

/// How many sets back it is looked for what is not mended yet.
const N_LOOKED_BACK: u32 = 1_000;

/// Removes what has been kept for longer than `keep`, and gives how many places and files that were. A set that was
/// judged after the last one that was taken in is not mended yet: its place stays.
pub(super) fn sweep(
    own: &LocalFolders,
    store: &dyn IntakeStore,
    intakes: &[AgentIntake],
    keep: TimeDelta,
    now: Moment,
) -> Result<u64, Failure> {
    let mut open = BTreeSet::new();
    for intake in intakes {
        let records = store.sets(Some(&intake.terms.id), N_LOOKED_BACK)?;
        for record in records.iter().take_while(|record| record.outcome != Outcome::Taken) {
            let place =
                place_of(&record.intake, record.notice_sha256).map_err(renkei_engine::EngineError::from)?;
            open.insert(place.to_string());
        }
    }
    let mut n_removed = 0;
    for folder in [OwnFolder::Quarantine, OwnFolder::Archive] {
        for entry in own.own_entries(folder)? {
            let is_old = judge_file(entry.changed_at, keep, now).is_none();
            if is_old && !open.contains(entry.path.as_str()) {
                own.remove_own(folder, &entry.path)?;
                n_removed += 1;
            }
        }
    }
    Ok(n_removed)
}
