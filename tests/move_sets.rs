//! Sets of moves in any grouping, published at any time: promises 2 (every change once) and 3 (proven diffs).
//!
//! Whatever the order of sets, diffs and fulls, and whatever the clock does, a feed's files alone must lead
//! to a fresh full, and every commit must be brought exactly once: by one diff, or by the full in its stead.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may end so")]

mod small_hub;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use renkei_core::CommitNo;
use renkei_core::publication::Kind;
use renkei_engine::{Content, Published, Strictness};
use renkei_town::{Items, Town, TownSpec, write_moves_csv, write_residents_csv};
use small_hub::SmallHub;

/// The feeds under test: one of histories, one of latest rows.
const FEEDS: [&str; 2] = ["001o005-v1.1", "001o005-v1.0"];
/// Moves in a set.
const N_MOVES: u32 = 40;
/// The most sets a case applies.
const MOST_SETS: usize = 5;

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The next set of moves is applied.
    Apply,
    /// A feed, by its place in [`FEEDS`], publishes a diff.
    Diff(usize),
    /// A feed publishes a full.
    Full(usize),
}

/// Events, each with the time the clock shows: an hour around the start, in any order.
fn events() -> impl Strategy<Value = Vec<(Event, i64)>> {
    let feed = 0..FEEDS.len();
    let event = prop_oneof![
        4 => Just(Event::Apply),
        4 => feed.clone().prop_map(Event::Diff),
        1 => feed.prop_map(Event::Full),
    ];
    proptest::collection::vec((event, -1_800..1_800_i64), 4..14)
}

#[test]
fn every_commit_is_in_exactly_one_diff_and_diffs_lead_to_a_fresh_full() {
    let cases = Cases { cases: 8, failure_persistence: None, max_shrink_iters: 24, ..Cases::default() };
    let case = (60_u32..=120, 0_u64..1_000, events());
    TestRunner::new(cases)
        .run(&case, |(n_residents, seed, events)| {
            walk(n_residents, seed, &events);
            Ok(())
        })
        .unwrap();
}

/// A registry with its feeds, and what is known of them without asking the database.
struct Walk {
    hub: SmallHub,
    town: Town,
    /// The next file of moves.
    seed: u64,
    n_sets: usize,
    /// The commits made so far: the load and the sets.
    head: CommitNo,
    /// What each feed has published.
    published: [Vec<Published>; FEEDS.len()],
}

impl Walk {
    /// Loads a town and publishes the first fulls.
    fn start(n_residents: u32, seed: u64) -> Self {
        let hub = SmallHub::new();
        let spec = TownSpec { n_residents, seed, day: "2026-10-05".to_owned(), with_past: true };
        let town = Town::new(spec).unwrap();
        let mut residents = Vec::new();
        write_residents_csv(&town, &Items::All, &mut residents).unwrap();
        hub.load(&residents);
        let mut walk = Self { hub, town, seed, n_sets: 0, head: CommitNo(1), published: Default::default() };
        (0..FEEDS.len()).for_each(|feed| walk.publish(feed, Content::Full));
        walk
    }

    /// Applies the next file. So small a town has the same people in several files, so some moves no longer
    /// fit and are left out.
    fn apply(&mut self) {
        if self.n_sets == MOST_SETS {
            return;
        }
        self.n_sets += 1;
        self.seed += 1;
        let mut moves = Vec::new();
        write_moves_csv(&self.town, N_MOVES, self.seed, &mut moves).unwrap();
        let applied = self.hub.apply(&moves, Strictness::Each);
        assert!(applied.n_applied > 0, "all moves of the set were refused");
        self.head = CommitNo(self.head.0 + 1);
        assert_eq!(applied.commit_no, Some(self.head));
    }

    fn publish(&mut self, feed: usize, content: Content) {
        let published = self.hub.publish(self.hub.feed(FEEDS[feed]), content);
        assert_eq!(published.notice.commits.through, self.head);
        self.published[feed].push(published);
    }

    /// Proves a feed: from its files alone, against a fresh full, and by its windows.
    fn prove(&mut self, feed: usize) {
        self.publish(feed, Content::Diff);
        self.publish(feed, Content::Full);
        let [.., last, fresh] = self.published[feed].as_slice() else { panic!("nothing was published") };
        assert_eq!(last.state, fresh.state, "diffs and a fresh full differ");
        let report = self.hub.verify(self.hub.feed(FEEDS[feed]));
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.proven_state, Some(fresh.state));
        let mut times_brought = vec![0; usize::try_from(self.head.0).unwrap()];
        let mut held = CommitNo(0);
        for published in &self.published[feed] {
            let window = published.notice.commits;
            // A full stands in for the diff that would have come; it says so by starting at the beginning.
            let start = if published.notice.kind == Kind::Full { CommitNo(0) } else { held };
            assert_eq!(window.after, start, "windows are not contiguous");
            for commit in held.0..window.through.0 {
                times_brought[usize::try_from(commit).unwrap()] += 1;
            }
            held = window.through;
        }
        assert!(times_brought.iter().all(|times| *times == 1), "{times_brought:?}");
    }
}

/// Walks one case from the first load to the proof.
fn walk(n_residents: u32, seed: u64, events: &[(Event, i64)]) {
    let mut walk = Walk::start(n_residents, seed);
    for (event, seconds) in events {
        walk.hub.set_clock(*seconds);
        match *event {
            Event::Apply => walk.apply(),
            Event::Diff(feed) => walk.publish(feed, Content::Diff),
            Event::Full(feed) => walk.publish(feed, Content::Full),
        }
    }
    (0..FEEDS.len()).for_each(|feed| walk.prove(feed));
}
