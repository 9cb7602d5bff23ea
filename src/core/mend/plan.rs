//! The plan: each way with its cost, and the one that is chosen.

use serde::Serialize;

use super::ways::{MendObstacle, MendWay};
use crate::ids::{BusinessId, FeedId, Sequence};
use crate::publication::Kind;
use crate::receive::ReasonCode;
use crate::redo::RedeliverRefusal;

/// A publication that the receiver needs to come to what the feed holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendSet {
    /// Its number.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// Its rows.
    pub n_rows: u64,
    /// The bytes of its files.
    pub n_bytes: u64,
    /// True when all its files stand in the folder as published.
    pub is_whole: bool,
    /// Why it cannot be given again; empty if it can.
    pub refusals: Vec<RedeliverRefusal>,
    /// The codes of the receiver's refusal, if it refused it.
    pub refused: Option<Vec<String>>,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct MendFacts {
    /// The feed.
    pub feed: FeedId,
    /// The receiver.
    pub receiver: BusinessId,
    /// The last set it holds.
    pub holds: Option<Sequence>,
    /// Whether what it holds is what we think.
    pub is_state_equal: Option<bool>,
    /// What it needs, in order: from the last full on, or after what it holds.
    pub needed: Vec<MendSet>,
    /// What one diff for it alone would cost.
    pub merged: MendCost,
    /// What keeps such a diff from being made.
    pub merged_obstacles: Vec<MendObstacle>,
    /// What a full would cost, by the feed's state and its last full.
    pub full: MendCost,
    /// What keeps a full from being made.
    pub full_obstacles: Vec<MendObstacle>,
    /// How many other receivers would take the full too.
    pub n_other_receivers: usize,
}

/// What a way costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MendCost {
    /// Sets to be taken in.
    pub n_sets: u64,
    /// Rows in them.
    pub n_rows: u64,
    /// Bytes of their files; of a full, about.
    pub n_bytes: u64,
}

/// One way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MendOption {
    /// Which.
    pub way: MendWay,
    /// What is given again.
    pub gives: Vec<Sequence>,
    /// What it costs.
    pub cost: MendCost,
    /// Why it does not work; empty if it does.
    pub obstacles: Vec<MendObstacle>,
}

impl MendOption {
    /// True when it works.
    pub fn works(&self) -> bool {
        self.obstacles.is_empty()
    }
}

/// What mending does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MendPlan {
    /// The feed.
    pub feed: FeedId,
    /// The receiver.
    pub receiver: BusinessId,
    /// The last set it holds.
    pub holds: Option<Sequence>,
    /// What it needs to come to what the feed holds.
    pub needed: Vec<Sequence>,
    /// True when it does not come there by itself.
    pub is_needed: bool,
    /// All ways.
    pub options: Vec<MendOption>,
    /// The way that is gone; `None` where none works, or nothing is to be mended.
    pub chosen: Option<MendWay>,
    /// How many other receivers take a full too.
    pub n_other_receivers: usize,
}

impl MendPlan {
    /// One of its ways.
    pub fn option(&self, way: MendWay) -> Option<&MendOption> {
        self.options.iter().find(|option| option.way == way)
    }
}

/// Plans. Without a wish the cheapest of giving again and a full that works is chosen, and none where nothing needs
/// it. One merged diff is gone for only where it is asked for: only who looks into its mailbox finds it.
pub fn plan_mend(facts: MendFacts, wish: Option<MendWay>) -> MendPlan {
    let options = vec![again(&facts), merged(&facts), full(&facts)];
    let is_needed = facts.is_state_equal == Some(false)
        || facts.needed.iter().any(|set| !set.is_whole || set.refused.is_some());
    let works = options.iter().filter(|option| option.works());
    let chosen = match wish {
        Some(wish) => works.map(|option| option.way).find(|way| *way == wish),
        None if !is_needed => None,
        None => works
            .filter(|option| option.way != MendWay::Merged)
            .min_by_key(|option| (option.cost.n_bytes, option.cost.n_rows))
            .map(|option| option.way),
    };
    let MendFacts { feed, receiver, holds, needed, n_other_receivers, .. } = facts;
    let needed = needed.into_iter().map(|set| set.sequence).collect();
    MendPlan { feed, receiver, holds, needed, is_needed, options, chosen, n_other_receivers }
}

fn again(facts: &MendFacts) -> MendOption {
    let mut obstacles = Vec::new();
    // A full replaces whatever is held; only diffs must fit it.
    let begins_with_full = facts.needed.first().is_some_and(|set| set.kind == Kind::Full);
    let is_other_state = refused_as_published(facts, &STATE_CODES).is_some();
    if (facts.is_state_equal == Some(false) || is_other_state) && !begins_with_full {
        obstacles.push(MendObstacle::StateDiffers);
    }
    if facts.needed.is_empty() {
        obstacles.push(if facts.holds.is_none() { MendObstacle::NoFull } else { MendObstacle::NothingOpen });
    }
    let mut gives = Vec::new();
    let mut cost = MendCost::default();
    for set in facts.needed.iter().filter(|set| !set.is_whole || set.refused.is_some()) {
        gives.push(set.sequence);
        cost.n_sets += 1;
        cost.n_rows += set.n_rows;
        cost.n_bytes += set.n_bytes;
        for refusal in &set.refusals {
            obstacles.push(MendObstacle::CannotBeGiven { sequence: set.sequence, refusal: refusal.clone() });
        }
        // What was damaged on the way, or is so in the folder, was perhaps refused for that alone.
        let mut codes = set.refused.iter().flatten().filter(|code| !is_word_of(code, &STATE_CODES));
        if let Some(code) = codes.next().filter(|_| as_published(set)) {
            let (sequence, code) = (set.sequence, code.clone());
            obstacles.push(MendObstacle::SameBytesRefused { sequence, code });
        }
    }
    if gives.is_empty() && !facts.needed.is_empty() {
        obstacles.push(MendObstacle::NothingLacks);
    }
    MendOption { way: MendWay::Again, gives, cost, obstacles }
}

fn merged(facts: &MendFacts) -> MendOption {
    let mut obstacles = facts.merged_obstacles.clone();
    if facts.is_state_equal == Some(false) || refused_as_published(facts, &STATE_CODES).is_some() {
        obstacles.push(MendObstacle::StateDiffers);
    }
    if facts.needed.is_empty() && obstacles.is_empty() {
        obstacles.push(MendObstacle::NothingOpen);
    }
    obstacles.extend(refuses_all(facts));
    MendOption { way: MendWay::Merged, gives: Vec::new(), cost: facts.merged, obstacles }
}

/// A refusal of what stands as published, for one of these reasons.
fn refused_as_published<'f>(facts: &'f MendFacts, codes: &[ReasonCode]) -> Option<&'f str> {
    facts.needed.iter().filter(|set| as_published(set)).find_map(|set| refused_for(set, codes))
}

fn refuses_all(facts: &MendFacts) -> Option<MendObstacle> {
    let code = refused_as_published(facts, &INTERFACE_CODES)?;
    Some(MendObstacle::RefusesAll { code: code.to_owned() })
}

fn full(facts: &MendFacts) -> MendOption {
    let mut obstacles = facts.full_obstacles.clone();
    obstacles.extend(refuses_all(facts));
    MendOption { way: MendWay::Full, gives: Vec::new(), cost: facts.full, obstacles }
}

/// What holds of bytes that were damaged or cut on the way: the same bytes again mend it.
const TRANSPORT_CODES: [ReasonCode; 4] = [
    ReasonCode::NoticeMalformed,
    ReasonCode::WrongLength,
    ReasonCode::WrongDigest,
    ReasonCode::WrongRowCount,
];
/// The receiver holds something else than the diff builds on.
const STATE_CODES: [ReasonCode; 3] =
    [ReasonCode::WrongStateBefore, ReasonCode::WrongStateAfter, ReasonCode::WrongChangeCounts];
/// Whatever is in it, it is not taken.
const INTERFACE_CODES: [ReasonCode; 7] = [
    ReasonCode::SenderNotAllowed,
    ReasonCode::OtherMunicipality,
    ReasonCode::UnknownInterface,
    ReasonCode::UnknownVersion,
    ReasonCode::VersionNotYetValid,
    ReasonCode::VersionRetired,
    ReasonCode::FileFormat,
];

fn is_word_of(code: &str, codes: &[ReasonCode]) -> bool {
    codes.iter().any(|one| one.as_str() == code)
}

/// True when it stands as published, and was not refused as damaged: then its rows were judged, not the way it came.
fn as_published(set: &MendSet) -> bool {
    set.is_whole && refused_for(set, &TRANSPORT_CODES).is_none()
}

fn refused_for<'s>(set: &'s MendSet, codes: &[ReasonCode]) -> Option<&'s str> {
    set.refused.iter().flatten().find(|code| is_word_of(code, codes)).map(String::as_str)
}
