//! What may go beside publications: diffs in mailboxes, and what the hub answered in folders of systems.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use renkei_core::ledger::ReceiverWindow;
use renkei_core::port::{Folders, OwnEntry, Snapshot};
use renkei_core::publication::Progress;
use renkei_core::retention::{MendingAge, Rules, judge_file, judge_mending};
use renkei_core::{FileName, FolderPath, Moment, Sequence};

use super::make::Gathering;
use super::plan::{Area, AreaPlan, RetentionItem, Target};
use crate::error::EngineError;
use crate::generate::files_of;

/// Where the hub answers in a system's folder: receipts and reports on what it handed in, and on what it had checked.
const ANSWERS: [&str; 2] = ["answer", "check/report"];

/// Diffs for single receivers.
pub(super) fn mailboxes(
    snapshot: &dyn Snapshot,
    folders: &dyn Folders,
    rules: &Rules,
    now: Moment,
) -> Result<AreaPlan, EngineError> {
    let mut gathering = Gathering::new(Area::Mailboxes, rules.publications);
    let all = snapshot.mendings(None, None)?;
    let mut held: BTreeMap<(&str, &str), Option<Sequence>> = BTreeMap::new();
    for (at, one) in all.iter().enumerate() {
        let key = (one.feed.as_str(), one.receiver.as_str());
        let holds = match held.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let window = ReceiverWindow::ALWAYS;
                let standing = snapshot.receiver_standing(&one.feed, &one.receiver, &window, now.date())?;
                *place.insert(standing.holds)
            }
        };
        let mut later = all.iter().skip(at + 1);
        let age = MendingAge {
            progress: one.progress,
            is_last: !later.any(|later| (later.feed.as_str(), later.receiver.as_str()) == key),
            is_taken: holds.is_some_and(|holds| holds >= one.sequence),
            since: Moment::parse(&one.sealed_at),
        };
        if let Some(kept) = judge_mending(rules, age, now) {
            gathering.keep(kept);
            continue;
        }
        let folder: FolderPath = one.folder.parse()?;
        let here = folders.list(&folder)?;
        // Another of the same second has the same names.
        let is_shared = all.iter().any(|other| {
            other.run_id != one.run_id && other.stem == one.stem && other.progress == Progress::Published
        });
        let mut names = files_of(one)?;
        names.retain(|name| !is_shared && here.binary_search(name).is_ok());
        gathering.remove(RetentionItem {
            what: format!("{} {}-{} {}", one.feed, one.base_sequence, one.sequence, one.receiver),
            n_files: names.len() as u64,
            n_bytes: 0,
            since: one.sealed_at.clone(),
            target: Target::Mending { run_id: one.run_id.clone(), folder, names },
        });
    }
    Ok(gathering.into_plan())
}

/// Receipts and reports for systems.
pub(super) fn answers(folders: &dyn Folders, rules: &Rules, now: Moment) -> Result<AreaPlan, EngineError> {
    let mut gathering = Gathering::new(Area::Answers, rules.answers);
    for below in ANSWERS {
        for entry in folders.files_of_systems(&below.parse()?)? {
            let verdict = judge_file(entry.changed_at, rules.answers, now);
            match (verdict, place_of(&entry)) {
                (None, Some((folder, name))) => gathering.remove(RetentionItem {
                    what: entry.path.to_string(),
                    n_files: entry.n_files,
                    n_bytes: entry.n_bytes,
                    since: entry.changed_at.map(|at| at.to_string()).unwrap_or_default(),
                    target: Target::Answer { folder, name },
                }),
                (kept, _) => gathering.keep(kept.unwrap_or(renkei_core::retention::Kept::Unknown)),
            }
        }
    }
    Ok(gathering.into_plan())
}

fn place_of(entry: &OwnEntry) -> Option<(FolderPath, FileName)> {
    let (folder, name) = entry.path.as_str().rsplit_once('/')?;
    Some((folder.parse().ok()?, name.parse().ok()?))
}
