//! What the agent keeps for its own people, copies of refused sets and reports on rows, and for how long.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;
use renkei_core::hash::sha256;
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::notice::Notice;
use renkei_core::port::{
    Folders as _, IntakeStore, Outcome, OwnFolder, SeenFile, SeenKind, SeenName, Share as _,
};
use renkei_core::receive::read_notice;
use renkei_core::retention::judge_file;
use renkei_core::{Digest, FileName, FolderPath, IntakeId, Moment};
use renkei_folder::{Landing, LocalFolders, ReadOnlyShare};

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

/// Removes sets from a mirror that were taken in and have been here for longer than `keep`, and gives how many files
/// that were. What was mirrored is remembered and does not come again.
///
/// A notice goes before its files: a set that is half away is none, and what no notice names any more goes the next
/// time.
pub(super) fn sweep_mirror<'f>(
    mirror: &Path,
    store: &dyn IntakeStore,
    folders: impl Iterator<Item = (&'f FolderPath, &'f IntakeId)>,
    keep: TimeDelta,
    now: Moment,
) -> Result<u64, Failure> {
    let share = ReadOnlyShare::at(mirror);
    let mut n_removed = 0;
    for (folder, intake) in folders {
        let is_old =
            |file: &SeenFile| file.kind == SeenKind::File && judge_file(file.changed_at, keep, now).is_none();
        let seen = share.look(folder)?;
        if !seen.iter().any(is_old) {
            continue;
        }
        let records = store.sets(Some(intake), N_LOOKED_BACK)?;
        let taken: BTreeSet<Digest> = records
            .iter()
            .filter(|record| record.outcome == Outcome::Taken)
            .map(|record| record.notice_sha256)
            .collect();
        let landing = Landing::at(mirror).folder(folder)?;
        let (mut others, mut named) = (Vec::new(), BTreeSet::<FileName>::new());
        for file in &seen {
            let SeenName::Plain(name) = &file.name else { continue };
            if !name.as_str().ends_with(NOTICE_ENDING) {
                others.push((name, file));
                continue;
            }
            let bytes = read_notice(&share, folder, name)?;
            if is_old(file) && taken.contains(&Digest(sha256(&bytes))) {
                landing.remove(name)?;
                n_removed += 1;
            } else if let Ok(notice) = Notice::parse(&bytes) {
                named.extend(notice.names().cloned());
            }
        }
        for (name, _) in others.into_iter().filter(|(name, file)| is_old(file) && !named.contains(*name)) {
            landing.remove(name)?;
            n_removed += 1;
        }
    }
    Ok(n_removed)
}
