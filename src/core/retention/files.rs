//! Files: published ones, archived ones, and the hub's own.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{Kept, Rules, Verdict, judge_age};
use crate::ids::{FeedId, Sequence};
use crate::moment::Moment;
use crate::publication::{Kind, Progress};

/// A publication whose files are not known to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationAge {
    /// Its feed.
    pub feed: FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// How far it has come.
    pub progress: Progress,
    /// When it was sealed, or given again; `None` where that cannot be read.
    pub since: Option<Moment>,
    /// Whether the run that made it, or the one that is a part of, is not at its end.
    pub is_run_open: bool,
}

/// Judges published files, each publication as a whole; one verdict for each, in the same order.
///
/// A feed's last published full and what moved its state after it stay whatever their age.
pub fn judge_publications(rules: &Rules, all: &[PublicationAge], now: Moment) -> Vec<Verdict> {
    let mut last_full: BTreeMap<&FeedId, Sequence> = BTreeMap::new();
    for full in all.iter().filter(|one| one.kind == Kind::Full && one.progress == Progress::Published) {
        let last = last_full.entry(&full.feed).or_insert(full.sequence);
        *last = full.sequence.max(*last);
    }
    all.iter()
        .map(|one| {
            let is_before_full = last_full.get(&one.feed).is_some_and(|full| one.sequence < *full);
            match () {
                () if one.progress != Progress::Published => Some(Kept::Unsettled),
                () if one.kind.moves_state() && !is_before_full => Some(Kept::Needed),
                () if one.is_run_open => Some(Kept::RunOpen),
                () => judge_age(one.since, rules.publications, now),
            }
        })
        .collect()
}

/// Judges a publication in the archive: `standing` is the verdict on its files in the folder where they are not
/// known to be removed, `last` the highest sequence its feed has given out.
pub fn judge_archived(
    rules: &Rules,
    sequence: Sequence,
    kept_since: Option<Moment>,
    standing: Option<Verdict>,
    last: Sequence,
    now: Moment,
) -> Verdict {
    match standing {
        Some(Some(kept)) if kept != Kept::Young => Some(kept),
        // The database is older than the archive: it was restored.
        _ if sequence > last => Some(Kept::Unknown),
        _ => judge_age(kept_since, rules.archive, now),
    }
}

/// Judges a file or folder of the hub's own by its age.
pub fn judge_file(since: Option<Moment>, kept_for: TimeDelta, now: Moment) -> Verdict {
    judge_age(since, kept_for, now)
}
