//! The guard on towns of every size, and against an oracle that counts with fractions.

use proptest::prelude::*;

use super::*;
use crate::notice::ChangeCounts;

fn diff(n_held: u64, added: u64, changed: u64, removed: u64, earlier_diffs: &[u64]) -> Facts {
    Facts {
        n_held: Some(n_held),
        n_after: n_held + added - removed.min(n_held + added),
        changes: Some(ChangeCounts { added, changed, removed }),
        earlier_diffs: earlier_diffs.to_vec(),
    }
}

fn full(n_held: u64, n_after: u64) -> Facts {
    Facts { n_held: Some(n_held), n_after, changes: None, earlier_diffs: Vec::new() }
}

#[track_caller]
fn check(facts: &Facts, expected: &[Bound]) {
    let found = match judge(&GuardBounds::default(), facts) {
        Decision::Pass => Vec::new(),
        Decision::Hold(exceeded) => exceeded.iter().map(|one| one.bound).collect(),
    };
    assert_eq!(found, expected, "{facts:?}");
}

#[test]
fn ordinary_nights_pass_in_towns_of_every_size() {
    for n_held in [160, 5_000, 30_000, 300_000, 3_800_000] {
        for per_mille in 1..=5 {
            let n = n_held * per_mille / 1_000;
            check(&diff(n_held, n / 3, n - n / 3 - n / 10, n / 10, &[]), &[]);
            // After quiet weeks, and after a run of small ones by day.
            check(&diff(n_held, n, 0, 0, &[1; 20]), &[]);
            check(&diff(n_held, n, 0, 0, &[0; 20]), &[]);
        }
    }
    // The end of March in a small town: ten times an ordinary night.
    check(&diff(5_000, 60, 20, 20, &[12; 20]), &[]);
}

#[test]
fn mass_nights_are_held() {
    check(&diff(5_000, 0, 2_500, 0, &[]), &[Bound::MaxShare]);
    check(&diff(5_000, 0, 0, 2_500, &[]), &[Bound::MaxShare, Bound::MaxDeletedShare]);
    check(&diff(300_000, 0, 0, 6_001, &[]), &[Bound::MaxDeletedShare]);
    check(&diff(300_000, 0, 15_000, 0, &[]), &[]);
    check(&diff(300_000, 0, 15_001, 0, &[]), &[Bound::MaxShare]);
    check(&diff(300_000, 0, 5_001, 0, &[500, 0, 400, 300, 200, 100]), &[Bound::Learned]);
    check(&diff(300_000, 0, 5_000, 0, &[500, 0, 400, 300, 200, 100]), &[]);
    // What lies further back than twenty publications teaches nothing.
    let mut long_ago = vec![400; 20];
    long_ago.push(4_000);
    check(&diff(300_000, 0, 4_001, 0, &long_ago), &[Bound::Learned]);
    // Four nights are too few to learn from.
    check(&diff(300_000, 0, 9_000, 0, &[100, 100, 100, 0, 100]), &[]);
}

#[test]
fn fulls_that_shrink_or_grow_are_held() {
    check(&full(5_000, 4_750), &[]);
    check(&full(5_000, 4_749), &[Bound::MaxShrink]);
    check(&full(5_000, 2_500), &[Bound::MaxShrink]);
    check(&full(5_000, 0), &[Bound::MaxShrink]);
    check(&full(5_000, 6_000), &[]);
    check(&full(5_000, 6_001), &[Bound::MaxGrowth]);
    check(&full(5, 4), &[]);
    check(&full(5, 3), &[Bound::MaxShrink]);
}

#[test]
fn what_has_nothing_to_be_compared_with_passes() {
    check(&Facts { n_held: None, ..full(0, 300_000) }, &[]);
    check(&full(0, 300_000), &[]);
}

#[test]
fn bounds_in_rows_hold_whatever_the_share() {
    let mut bounds = GuardBounds::default();
    bounds.diff.max_changed_rows = Some(10);
    bounds.diff.max_deleted_rows = Some(3);
    let Decision::Hold(exceeded) = judge(&bounds, &diff(1_000_000, 4, 4, 4, &[])) else { panic!("passed") };
    let told: Vec<String> = exceeded.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["max_changed_rows: 12 rows, at most 10", "max_deleted_rows: 4 rows, at most 3"]);
    assert_eq!(judge(&bounds, &diff(1_000_000, 4, 3, 3, &[])), Decision::Pass);
}

#[test]
fn a_review_reads_what_it_wrote_and_keeps_codes_only() {
    let mut review = Review::default();
    for (text, is_before, is_after) in [
        ("01", false, true),
        ("43", true, true),
        ("43", true, false),
        ("東京都", true, true),
        ("", false, true),
    ] {
        review.count(ReasonCode::of(text), is_before, is_after);
    }
    review.exceeded.push(Exceeded {
        bound: Bound::MaxShare,
        n_rows: 5,
        max_rows: 4,
        percent: Some(Percent(5)),
    });
    let text = serde_json::to_string(&review).unwrap();
    assert!(text.starts_with(r#"{"reasons":{"":{"added":1,"changed":1,"removed":0},"01":"#), "{text}");
    assert_eq!(serde_json::from_str::<Review>(&text).unwrap(), review);
}

proptest! {
    /// The same rules with fractions instead of whole rows.
    #[test]
    fn a_diff_is_held_exactly_when_it_is_too_large(
        n_held in 1..2_000_000_u64,
        counts in prop::array::uniform3(0..120_000_u64),
        earlier in prop::collection::vec(0..3_000_u64, 0..30),
        min_rows in 0..500_u64,
        max_share in prop::option::of(1..=100_u32),
        factor in prop::option::of(1..30_u32),
    ) {
        let [added, changed, removed] = counts;
        let bounds = GuardBounds {
            diff: DiffBounds {
                min_rows,
                max_changed_rows: None,
                max_deleted_rows: None,
                max_share: max_share.map(Percent),
                max_deleted_share: None,
                learned: factor.map(|factor| Learned { factor }),
            },
            full: FullBounds::default(),
        };
        let n_rows = added + changed + removed;
        let taught: Vec<u64> = earlier.iter().copied().take(20).filter(|n| *n > 0).collect();
        let over_share = max_share.is_some_and(|share| n_rows * 100 > n_held * u64::from(share));
        let over_learned = factor.is_some_and(|factor| {
            taught.len() >= 5
                && n_rows * 100 > n_held
                && taught.iter().all(|taught| n_rows > taught * u64::from(factor))
        });
        let expected = n_rows > min_rows && (over_share || over_learned);
        let held = judge(&bounds, &diff(n_held, added, changed, removed, &earlier)) != Decision::Pass;
        prop_assert_eq!(held, expected);
    }

    /// One row more than what is held is held too.
    #[test]
    fn the_guard_is_monotonous(n_held in 1..1_000_000_u64, n in 0..100_000_u64, earlier in prop::collection::vec(0..3_000_u64, 0..25)) {
        let held = |n| judge(&GuardBounds::default(), &diff(n_held, 0, n, 0, &earlier)) != Decision::Pass;
        prop_assert!(!held(n) || held(n + 1));
    }
}
