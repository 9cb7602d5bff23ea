//! Remake: the same business date made again, as a new publication with the next sequence.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

use crate::ids::{CommitNo, FeedId, Sequence, Window};
use crate::port::PublicationRecord;
use crate::publication::{Kind, Progress};

/// A publication of the feed that came after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Later {
    /// Its number.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// For a diff, what it builds on.
    pub base_sequence: Option<Sequence>,
}

/// Why no diff can be made on the feed's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiffObstacle {
    /// The head was cut off and stands in no folder.
    HeadLost,
    /// The layout or rendering changed since.
    RenderingChanged,
    /// The registry was loaded since.
    Loaded,
    /// The feed has no full.
    NoFull,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct RemakeFacts<'f> {
    /// The publication.
    pub record: &'f PublicationRecord,
    /// For a full as of a day, that day.
    pub as_of: Option<NaiveDate>,
    /// The feed's later publications, oldest first.
    pub later: Vec<Later>,
    /// The feed's last publication that moved its state.
    pub head: Option<Sequence>,
    /// The commits it brought up to.
    pub head_through: CommitNo,
    /// Why no diff can be made on it, if so.
    pub diff_obstacle: Option<DiffObstacle>,
    /// The held publication of the feed, if there is one.
    pub held: Option<Sequence>,
    /// The last commit of the registry.
    pub last_commit: CommitNo,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RemakeWish {
    /// A full or a diff; `None` for what is best.
    pub kind: Option<Kind>,
    /// Another business date than the old one's.
    pub business_date: Option<NaiveDate>,
    /// True when the resident of a single was named: no record keeps whose rows it held.
    pub names_resident: bool,
}

/// A publication to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Making {
    /// Its content.
    pub kind: Kind,
    /// The number it will have.
    pub sequence: Sequence,
    /// For a diff, what it builds on: the feed's head.
    pub base_sequence: Option<Sequence>,
    /// The commits it brings.
    pub commits: Window,
    /// For a full as of a day, that day.
    pub as_of: Option<NaiveDate>,
    /// Its business date.
    pub business_date: NaiveDate,
}

/// Why nothing is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum RemakeRefusal {
    /// A publication of the feed is held; nothing is made before it is released or discarded.
    Held {
        /// Which.
        sequence: Sequence,
    },
    /// A diff was asked for and cannot be made.
    NoDiff {
        /// Why.
        obstacle: DiffObstacle,
    },
    /// An extract has no other form.
    ExtractStaysAsItIs,
    /// Whose rows a single held is on no record: the resident must be named.
    NeedsResident,
    /// A resident was named for what is no single.
    NoSingle,
}

impl fmt::Display for RemakeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { sequence } => write!(f, "publication {sequence} is held; release or discard it"),
            Self::NoDiff { obstacle } => {
                let why = match obstacle {
                    DiffObstacle::HeadLost => "the publication it would build on is in no folder",
                    DiffObstacle::RenderingChanged => "the layout or rendering changed since",
                    DiffObstacle::Loaded => "the registry was loaded since",
                    DiffObstacle::NoFull => "the feed has no full",
                };
                write!(f, "no diff can be made: {why}; make a full")
            }
            Self::ExtractStaysAsItIs => f.write_str("an extract is remade as what it was"),
            Self::NeedsResident => f.write_str("no record keeps whose rows it held; name the resident"),
            Self::NoSingle => f.write_str("a resident was named, but it is no single"),
        }
    }
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum RemakeFollow {
    /// The old publication and what was built on it stay as they are; the new one comes after them.
    OldStay,
    /// A full replaces what receivers hold, whatever they missed.
    FullReplaces,
    /// A diff brings what changed since the head, not what the old one brought: that is redelivered.
    DiffBringsOnlyLater {
        /// The head.
        head: Sequence,
    },
    /// An extract moves no receiver's state.
    MovesNoState,
}

/// What a remake does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemakePlan {
    /// The feed.
    pub feed: FeedId,
    /// The old publication.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// Its business date.
    pub business_date: NaiveDate,
    /// The run that made it.
    pub run_id: String,
    /// What will be made; `None` if nothing.
    pub makes: Option<Making>,
    /// What could be made instead.
    pub instead: Vec<Making>,
    /// The later publications that were built on the old one, directly or through others.
    pub built_on: Vec<Later>,
    /// Why nothing will be made; empty if something will.
    pub refusals: Vec<RemakeRefusal>,
    /// What follows.
    pub follows: Vec<RemakeFollow>,
}

/// Plans. Whatever is made builds on the feed's head, so no chain of diffs is broken.
pub fn plan_remake(facts: &RemakeFacts<'_>, wish: RemakeWish) -> RemakePlan {
    let record = facts.record;
    let mut refusals = Vec::new();
    refusals.extend(facts.held.map(|sequence| RemakeRefusal::Held { sequence }));
    let (kind, instead) = if record.kind.moves_state() {
        state_moving(facts, wish, &mut refusals)
    } else {
        if wish.kind.is_some() {
            refusals.push(RemakeRefusal::ExtractStaysAsItIs);
        }
        if record.kind == Kind::Single && !wish.names_resident {
            refusals.push(RemakeRefusal::NeedsResident);
        }
        (record.kind, None)
    };
    if wish.names_resident && record.kind != Kind::Single {
        refusals.push(RemakeRefusal::NoSingle);
    }
    let making = |kind| making(facts, kind, wish.business_date.unwrap_or(record.business_date));
    let mut follows = vec![RemakeFollow::OldStay];
    follows.extend(match (kind, facts.head) {
        (Kind::Full, _) => Some(RemakeFollow::FullReplaces),
        (Kind::Diff, Some(head)) => Some(RemakeFollow::DiffBringsOnlyLater { head }),
        (Kind::Diff, None) => None,
        (Kind::Single | Kind::AsOf, _) => Some(RemakeFollow::MovesNoState),
    });
    RemakePlan {
        feed: record.feed.clone(),
        sequence: record.sequence,
        kind: record.kind,
        business_date: record.business_date,
        run_id: record.run_id.clone(),
        makes: refusals.is_empty().then(|| making(kind)),
        instead: instead.filter(|_| facts.held.is_none()).map(making).into_iter().collect(),
        built_on: built_on(record.sequence, &facts.later),
        refusals,
        follows,
    }
}

/// What is made of a full or diff, and what could be made instead.
fn state_moving(
    facts: &RemakeFacts<'_>,
    wish: RemakeWish,
    refusals: &mut Vec<RemakeRefusal>,
) -> (Kind, Option<Kind>) {
    let is_head = facts.head == Some(facts.record.sequence);
    let can_diff = facts.diff_obstacle.is_none();
    let is_lost = facts.record.progress == Progress::Sealed;
    let best = if is_head && !is_lost && can_diff { facts.record.kind } else { Kind::Full };
    let kind = wish.kind.unwrap_or(best);
    if kind == Kind::Diff
        && let Some(obstacle) = facts.diff_obstacle
    {
        refusals.push(RemakeRefusal::NoDiff { obstacle });
    }
    match kind {
        Kind::Full => (kind, can_diff.then_some(Kind::Diff)),
        _ => (kind, Some(Kind::Full)),
    }
}

fn making(facts: &RemakeFacts<'_>, kind: Kind, business_date: NaiveDate) -> Making {
    let last = facts.later.last().map_or(facts.record.sequence, |last| last.sequence);
    let base_sequence = facts.head.filter(|_| kind == Kind::Diff);
    let after = if kind == Kind::Diff { facts.head_through } else { CommitNo(0) };
    Making {
        kind,
        sequence: Sequence(last.0.saturating_add(1)),
        base_sequence,
        commits: Window { after, through: facts.last_commit },
        as_of: facts.as_of.filter(|_| kind == Kind::AsOf),
        business_date,
    }
}

/// Those that build on a publication, directly or through others; a full ends the chain.
fn built_on(sequence: Sequence, later: &[Later]) -> Vec<Later> {
    let mut builders = BTreeSet::from([sequence]);
    let mut found = Vec::new();
    for one in later {
        if one.base_sequence.is_some_and(|base| builders.contains(&base)) {
            builders.insert(one.sequence);
            found.push(*one);
        }
    }
    found
}
