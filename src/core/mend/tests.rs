//! Which way is chosen, case by case.

use super::*;
use crate::ids::Sequence;
use crate::publication::Kind;
use crate::redo::RedeliverRefusal;

/// Sets from 4 on: `D` whole, `d` missing, `x` missing and not kept, `F` a whole full, `f` a missing one.
fn needed(kinds: &str, refused: Option<(u32, &str)>) -> Vec<MendSet> {
    (4..)
        .zip(kinds.chars())
        .map(|(number, kind)| MendSet {
            sequence: Sequence(number),
            kind: if matches!(kind, 'F' | 'f') { Kind::Full } else { Kind::Diff },
            n_rows: 10,
            n_bytes: 1000,
            is_whole: kind.is_ascii_uppercase(),
            refusals: match kind {
                'x' => vec![RedeliverRefusal::NotKept { file: "a.csv".parse().unwrap() }],
                _ => Vec::new(),
            },
            refused: refused.filter(|(of, _)| *of == number).map(|(_, code)| vec![code.to_owned()]),
        })
        .collect()
}

fn facts(kinds: &str, refused: Option<(u32, &str)>) -> MendFacts {
    MendFacts {
        feed: "f".parse().unwrap(),
        receiver: "015".parse().unwrap(),
        holds: Some(Sequence(3)),
        is_state_equal: Some(true),
        needed: needed(kinds, refused),
        merged: MendCost { n_sets: 1, n_rows: 15, n_bytes: 1500 },
        merged_obstacles: Vec::new(),
        full: MendCost { n_sets: 1, n_rows: 25, n_bytes: 2500 },
        full_obstacles: Vec::new(),
        n_other_receivers: 2,
    }
}

/// What is chosen, what is given again, and why the ways do not work.
fn check(facts: MendFacts, wish: Option<MendWay>, chosen: Option<MendWay>, gives: &[u32], why: [&str; 2]) {
    let plan = plan_mend(facts, wish);
    let again = plan.option(MendWay::Again).unwrap();
    let numbers: Vec<u32> = again.gives.iter().map(|sequence| sequence.0).collect();
    assert_eq!((plan.chosen, numbers.as_slice()), (chosen, gives), "{plan:?}");
    assert_eq!(again.cost.n_rows, 10 * gives.len() as u64);
    let other_ways = plan.options.iter().filter(|option| option.way != MendWay::Merged);
    for (option, why) in other_ways.zip(why) {
        let told: Vec<String> = option.obstacles.iter().map(ToString::to_string).collect();
        let told = told.join("; ");
        assert!(if why.is_empty() { told.is_empty() } else { told.contains(why) }, "{told:?} not {why:?}");
    }
}

#[test]
fn the_cheapest_way_that_works_is_chosen() {
    use MendWay::{Again, Full};
    check(facts("d", None), None, Some(Again), &[4], ["", ""]);
    check(facts("dDd", None), None, Some(Again), &[4, 6], ["", ""]);
    check(facts("ddd", None), None, Some(Full), &[4, 5, 6], ["", ""]);
    check(facts("ddd", None), Some(Again), Some(Again), &[4, 5, 6], ["", ""]);
    check(facts("fd", None), None, Some(Again), &[4, 5], ["", ""]);
    check(facts("dx", None), None, Some(Full), &[4, 5], ["does not have a.csv", ""]);
    check(facts("dx", None), Some(Again), None, &[4, 5], ["does not have a.csv", ""]);
    let held =
        MendFacts { full_obstacles: vec![MendObstacle::Held { sequence: Sequence(9) }], ..facts("x", None) };
    check(held, None, None, &[4], ["does not have", "9 is held"]);
}

#[test]
fn a_refusal_says_what_can_mend_it() {
    use MendWay::{Again, Full};
    check(facts("DD", Some((4, "wrong-digest"))), None, Some(Again), &[4], ["", ""]);
    check(facts("DD", Some((4, "wrong-state-before"))), None, Some(Full), &[4], ["no diff fits", ""]);
    check(facts("DD", Some((4, "wrong-rows"))), None, Some(Full), &[4], ["just as it was published", ""]);
    // Damaged in the folder, it was perhaps refused for that.
    check(facts("dD", Some((4, "wrong-rows"))), None, Some(Again), &[4], ["", ""]);
    let all = facts("DD", Some((4, "version-retired")));
    check(all, None, None, &[4], ["just as it was published", "does not take this interface"]);
    let other = MendFacts { is_state_equal: Some(false), ..facts("", None) };
    check(other, None, Some(Full), &[], ["no diff fits", ""]);
    let other = MendFacts { is_state_equal: Some(false), ..facts("fD", None) };
    check(other, None, Some(Again), &[4], ["", ""]);
}

#[test]
fn one_merged_diff_is_gone_for_only_when_asked_for() {
    let check = |facts: MendFacts, why: &str| {
        let plan = plan_mend(facts, Some(MendWay::Merged));
        let merged = plan.option(MendWay::Merged).unwrap();
        let told: Vec<String> = merged.obstacles.iter().map(ToString::to_string).collect();
        assert_eq!(plan.chosen, merged.works().then_some(MendWay::Merged));
        assert_eq!(merged.works(), why.is_empty(), "{told:?}");
        assert!(told.join("; ").contains(why), "{told:?}");
    };
    check(facts("ddd", None), "");
    check(facts("DD", None), "");
    check(facts("xd", None), "");
    check(facts("DD", Some((4, "wrong-rows"))), "");
    check(facts("DD", Some((4, "wrong-state-before"))), "no diff fits");
    check(facts("DD", Some((4, "version-retired"))), "does not take this interface");
    check(MendFacts { is_state_equal: Some(false), ..facts("D", None) }, "no diff fits");
    check(facts("", None), "done with everything");
    let nothing = MendFacts { merged_obstacles: vec![MendObstacle::HoldsNothing], ..facts("F", None) };
    check(nothing, "holds nothing");
    // Cheaper than a full, and still not chosen by itself.
    assert_eq!(plan_mend(facts("xd", None), None).chosen, Some(MendWay::Full));
}

#[test]
fn what_needs_no_mending_is_left() {
    use MendWay::{Again, Full};
    check(facts("", None), None, None, &[], ["done with everything", ""]);
    check(facts("DD", None), None, None, &[], ["has to take it", ""]);
    check(facts("DD", None), Some(Again), None, &[], ["has to take it", ""]);
    check(facts("DD", None), Some(Full), Some(Full), &[], ["has to take it", ""]);
    let nothing = MendFacts { holds: None, is_state_equal: None, ..facts("", None) };
    check(nothing, None, None, &[], ["no full", ""]);
}
