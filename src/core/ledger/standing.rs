//! Where a receiver of a feed stands, computed from the ledger's events and the feed's publications.

use chrono::NaiveDate;

use super::event::{EventKind, LedgerEvent};
use super::window::ReceiverWindow;
use crate::ids::Sequence;
use crate::moment::Moment;
use crate::publication::Kind;

/// A publication that stands or stood in its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedSet {
    /// Its number in the feed.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// The business date it belongs to.
    pub business_date: NaiveDate,
    /// When it was sealed; `None` where that cannot be read.
    pub sealed_at: Option<Moment>,
}

/// How a receiver stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last publication there is for it.
    pub published: Option<Sequence>,
    /// It is done with this one and all before it.
    pub acknowledged: Option<Sequence>,
    /// The last set that moved what it holds, as it said last.
    pub holds: Option<Sequence>,
    /// Whether what it holds is what we think; `None` where it did not say.
    pub is_state_equal: Option<bool>,
    /// How many publications it is not done with; 0 outside its window.
    pub n_behind: u32,
    /// The first of them, which it waits for or does not take.
    pub first_open: Option<Sequence>,
    /// Since when the first of them stands.
    pub behind_since: Option<Moment>,
    /// What it answered last.
    pub last: Option<LedgerEvent>,
    /// The last refusal of something it is not done with.
    pub refusal: Option<LedgerEvent>,
    /// The last waiting of something it is not done with.
    pub waiting: Option<LedgerEvent>,
    /// True when it ever answered: of one that never does nothing can be told.
    pub answers: bool,
}

/// Computes how a receiver stands on a day. `events` are the receiver's of the feed, `published` the feed's
/// publications in order. [`Standing::is_state_equal`] is left to whoever knows the states.
pub fn stand(
    events: &[LedgerEvent],
    published: &[PublishedSet],
    window: &ReceiverWindow,
    today: NaiveDate,
) -> Standing {
    let holds = held(events).map(|(sequence, _)| sequence);
    let its: Vec<&PublishedSet> = published.iter().filter(|set| window.has(set.business_date)).collect();
    // Who holds nothing begins with the last full there is.
    let last_full = its.iter().rev().find(|set| set.kind == Kind::Full).map(|set| set.sequence);
    let floor =
        holds.or_else(|| last_full.map(|full| Sequence(full.0.saturating_sub(1)))).unwrap_or(Sequence(0));
    let is_done = |sequence: Sequence| {
        holds.is_some_and(|holds| sequence <= holds)
            || events.iter().any(|event| event.sequence == sequence && event.kind == EventKind::Passed)
    };
    let open: Vec<&PublishedSet> =
        its.iter().copied().filter(|set| set.sequence > floor && !is_done(set.sequence)).collect();
    let first_open = open.first().map(|set| set.sequence);
    let done =
        its.iter().filter(|set| is_done(set.sequence) && first_open.is_none_or(|open| set.sequence < open));
    let acknowledged = done.map(|set| set.sequence).max().max(holds);
    let last_of = |kind: EventKind| {
        let of = |event: &&LedgerEvent| {
            let is_over = is_done(event.sequence)
                || events.iter().any(|later| {
                    later.sequence == event.sequence && later.kind.is_answer() && later.at > event.at
                });
            event.kind == kind && !is_over
        };
        events.iter().filter(of).max_by_key(|event| (event.at, event.sequence)).cloned()
    };
    let is_within = window.has(today);
    Standing {
        published: its.last().map(|set| set.sequence),
        acknowledged,
        holds,
        is_state_equal: None,
        n_behind: if is_within { u32::try_from(open.len()).unwrap_or(u32::MAX) } else { 0 },
        first_open: first_open.filter(|_| is_within),
        behind_since: open.first().and_then(|set| set.sealed_at).filter(|_| is_within),
        last: events
            .iter()
            .filter(|event| event.kind.is_answer())
            .max_by_key(|event| (event.at, event.holds, event.sequence))
            .cloned(),
        refusal: last_of(EventKind::Refused),
        waiting: last_of(EventKind::Waiting),
        answers: events.iter().any(|event| event.kind.is_answer()),
    }
}

/// What the receiver said last that it holds, and the event in which it did. A receiver that was set back to an
/// older state says an older number later.
pub(crate) fn held(events: &[LedgerEvent]) -> Option<(Sequence, &LedgerEvent)> {
    let said = events.iter().filter_map(|event| {
        // Who takes a set in and does not say what it holds, holds that set.
        let own = (event.kind == EventKind::Taken).then_some(event.sequence);
        Some((event.holds.or(own)?, event))
    });
    said.max_by_key(|(holds, event)| (event.at, *holds))
}
