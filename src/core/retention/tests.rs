//! Random listings against plain statements of what must never go, and what must.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::ids::Sequence;
use crate::publication::{Kind, Progress};

fn now() -> Moment {
    Moment::parse("2027-04-01T03:00:00+09:00").unwrap()
}

fn hours_ago(hours: i64) -> Moment {
    now().plus(TimeDelta::hours(-hours))
}

/// Days and a few hours around the rules, and some in the future.
fn age() -> impl Strategy<Value = Option<Moment>> {
    proptest::option::weighted(0.95, (-48_i64..2_400).prop_map(hours_ago))
}

fn publications() -> impl Strategy<Value = Vec<PublicationAge>> {
    let kind = prop_oneof![Just(Kind::Full), Just(Kind::Diff), Just(Kind::Single), Just(Kind::AsOf)];
    let progress = prop_oneof![9 => Just(Progress::Published), 1 => Just(Progress::Sealed)];
    let one = (0..3_u8, kind, progress, age(), prop::bool::weighted(0.1));
    proptest::collection::vec(one, 0..40).prop_map(|rows| {
        let mut counts = [0_u32; 3];
        rows.into_iter()
            .map(|(feed, kind, progress, since, is_run_open)| {
                counts[usize::from(feed)] += 1;
                let sequence = Sequence(counts[usize::from(feed)]);
                let feed = format!("feed-{feed}").parse().unwrap();
                PublicationAge { feed, sequence, kind, progress, since, is_run_open }
            })
            .collect()
    })
}

/// What a receiver that begins anew must find, said the long way: walk back from the end to the last full.
fn chain_of<'a>(all: &'a [PublicationAge], feed: &str) -> Vec<&'a PublicationAge> {
    let mut chain = Vec::new();
    for one in all.iter().rev().filter(|one| one.feed.as_str() == feed && one.kind.moves_state()) {
        chain.push(one);
        if one.kind == Kind::Full && one.progress == Progress::Published {
            break;
        }
    }
    chain
}

proptest! {
    #[test]
    fn what_a_receiver_needs_stays_and_what_is_past_goes(all in publications()) {
        let rules = Rules::default();
        let verdicts = judge_publications(&rules, &all, now());
        prop_assert_eq!(verdicts.len(), all.len());
        let chains: Vec<_> = (0..3).flat_map(|feed| chain_of(&all, &format!("feed-{feed}"))).collect();
        for (one, verdict) in all.iter().zip(&verdicts) {
            let is_old = one.since.is_some_and(|at| at <= now().plus(-rules.publications));
            let must_stay = chains.contains(&one)
                || one.progress == Progress::Sealed
                || one.is_run_open
                || !is_old;
            prop_assert_eq!(verdict.is_some(), must_stay, "{:?} {:?}", one, verdict);
        }
    }

    #[test]
    fn a_run_goes_with_all_its_parts_or_not_at_all(
        rows in proptest::collection::vec((0..6_usize, prop::bool::weighted(0.15), age(), age()), 0..30)
    ) {
        let rules = Rules { runs: TimeDelta::days(50), slots: TimeDelta::days(60), ..Rules::default() };
        let runs: Vec<RunAge> = rows
            .iter()
            .enumerate()
            .map(|(index, (root, is_open, ended_at, slot))| RunAge {
                run_id: index.to_string(),
                // The first of each root is the root.
                parent: rows.iter().position(|row| row.0 == *root).filter(|first| *first != index).map(|first| first.to_string()),
                is_open: *is_open,
                ended_at: *ended_at,
                slot: *slot,
            })
            .collect();
        let verdicts = judge_runs(&rules, &runs, now());
        for (index, (root, ..)) in rows.iter().enumerate() {
            let may_go = rows.iter().filter(|row| row.0 == *root).all(|(_, is_open, ended_at, slot)| {
                let is_older = |at: Moment, days: i64| at <= now().plus(TimeDelta::days(-days));
                !is_open && ended_at.is_some_and(|at| is_older(at, 50)) && slot.is_none_or(|at| is_older(at, 60))
            });
            prop_assert_eq!(verdicts[index].is_none(), may_go, "{:?}", runs[index]);
        }
    }
}

#[test]
fn a_part_whose_run_is_not_listed_stays() {
    let part = RunAge {
        run_id: "b".to_owned(),
        parent: Some("a".to_owned()),
        is_open: false,
        ended_at: Some(hours_ago(100_000)),
        slot: None,
    };
    assert_eq!(judge_runs(&Rules::default(), std::slice::from_ref(&part), now()), [Some(Kept::Unknown)]);
    let alone = RunAge { parent: None, ..part };
    assert_eq!(judge_runs(&Rules::default(), &[alone], now()), [None]);
}

#[test]
fn the_archive_keeps_what_the_folder_must() {
    let check = |hours: i64, standing: Option<Verdict>, sequence, expected: Verdict| {
        let since = Some(hours_ago(hours));
        let found =
            judge_archived(&Rules::default(), Sequence(sequence), since, standing, Sequence(7), now());
        assert_eq!(found, expected, "{hours} {standing:?} {sequence}");
    };
    let (old, young) = (400 * 24, 400 * 24 - 1);
    check(old, None, 3, None);
    check(young, None, 3, Some(Kept::Young));
    check(old, Some(None), 3, None);
    check(old, Some(Some(Kept::Young)), 3, None);
    check(old, Some(Some(Kept::Needed)), 3, Some(Kept::Needed));
    check(old, Some(Some(Kept::RunOpen)), 3, Some(Kept::RunOpen));
    check(old, None, 8, Some(Kept::Unknown));
}

#[test]
fn what_cannot_be_dated_or_is_dated_after_now_stays() {
    let day = TimeDelta::days(1);
    assert_eq!(judge_file(None, day, now()), Some(Kept::Unknown));
    assert_eq!(judge_file(Some(hours_ago(-1)), day, now()), Some(Kept::Young));
    assert_eq!(judge_file(Some(hours_ago(23)), day, now()), Some(Kept::Young));
    assert_eq!(judge_file(Some(hours_ago(24)), day, now()), None);
}
