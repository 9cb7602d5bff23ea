//! Plans from tables of facts.

use super::*;
use crate::guard::Review;
use crate::ids::{CommitNo, Digest, Sequence, Window};
use crate::port::{Content, PublicationRecord, Standing};
use crate::publication::{Kind, Progress};
use crate::state::FeedState;

fn record(kind: Kind, sequence: u32, progress: Progress) -> PublicationRecord {
    PublicationRecord {
        feed: "001o005-v1.1".parse().unwrap(),
        sequence: Sequence(sequence),
        kind,
        window: Window { after: CommitNo(1), through: CommitNo(2) },
        business_date: "2026-10-02".parse().unwrap(),
        layout_sha256: Digest([5; 32]),
        folder: "001/001o005-00/v1.1".to_owned(),
        stem: "x".to_owned(),
        notice: String::new(),
        state: FeedState::empty(),
        progress,
        run_id: "01j".to_owned(),
        sealed_at: String::new(),
        review: Some(Review::default()),
    }
}

fn file(name: &str, role: Role, in_folder: Standing, in_archive: Option<Standing>) -> FileFacts {
    let content = Content { n_bytes: 9, sha256: Digest([1; 32]) };
    FileFacts { name: name.parse().unwrap(), role, content, in_folder, in_archive }
}

/// A plan for data files as found in folder and archive: what is done to each, and how many refusals there are.
#[track_caller]
fn check_redeliver(
    progress: Progress,
    from: RedeliverFrom,
    found: &[(Standing, Option<Standing>)],
    expected: &[FileStep],
    refusals: &[&str],
) {
    let record = record(Kind::Diff, 2, progress);
    let files = found
        .iter()
        .enumerate()
        .map(|(no, (in_folder, in_archive))| file(&format!("{no}.csv"), Role::Data, *in_folder, *in_archive));
    let facts = RedeliverFacts {
        record: &record,
        files: files.collect(),
        notice: file("x.done", Role::Notice, Standing::Same, None),
        last_sequence: Sequence(4),
    };
    let plan = plan_redeliver(facts, from);
    let steps: Vec<FileStep> = plan.files.iter().map(|file| file.step).collect();
    assert_eq!(steps, [expected, &[FileStep::GiveAgain]].concat());
    let told: Vec<String> = plan.refusals.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), refusals.len(), "{told:?}");
    for (told, expected) in told.iter().zip(refusals) {
        assert!(told.contains(expected), "{told:?} {expected:?}");
    }
    assert_eq!(plan.is_allowed(), refusals.is_empty());
    let last = RedeliverFollow::LaterStandAfterIt { n_later: 2, last: Sequence(4) };
    assert_eq!(plan.follows, [RedeliverFollow::SeenAsRepeat, last]);
}

#[test]
fn each_file_has_its_step() {
    use FileStep::{Impossible, Leave, PutBack, Replace};
    use RedeliverFrom::{Data, Notice};
    use Standing::{Missing, Other, Same};
    let published = Progress::Published;
    check_redeliver(published, Data, &[(Same, None), (Same, None)], &[Leave, Leave], &[]);
    check_redeliver(published, Data, &[(Missing, Some(Same)), (Other, Some(Same))], &[PutBack, Replace], &[]);
    check_redeliver(
        published,
        Data,
        &[(Missing, Some(Missing)), (Other, Some(Other)), (Missing, None), (Same, None)],
        &[Impossible, Impossible, Impossible, Leave],
        &["does not have 0.csv", "1.csv in the archive is not", "does not have 2.csv"],
    );
    check_redeliver(published, Notice, &[(Same, None)], &[Leave], &[]);
    check_redeliver(
        published,
        Notice,
        &[(Missing, Some(Same)), (Same, None)],
        &[Impossible, Leave],
        &["0.csv does not stand"],
    );
    for (progress, why) in
        [(Progress::Held, "held"), (Progress::Discarded, "discarded"), (Progress::Sealed, "cut off")]
    {
        check_redeliver(progress, Data, &[(Missing, None)], &[Impossible], &[why]);
    }
}

fn later(list: &[(u32, Kind, Option<u32>)]) -> Vec<Later> {
    list.iter()
        .map(|(sequence, kind, base)| Later {
            sequence: Sequence(*sequence),
            kind: *kind,
            base_sequence: base.map(Sequence),
        })
        .collect()
}

fn facts(record: &PublicationRecord, later: Vec<Later>) -> RemakeFacts<'_> {
    let moving = later.iter().rev().find(|one| one.kind.moves_state()).map(|one| one.sequence);
    RemakeFacts {
        record,
        as_of: (record.kind == Kind::AsOf).then(|| "2026-04-01".parse().unwrap()),
        head: moving.or(record.kind.moves_state().then_some(record.sequence)),
        later,
        head_through: CommitNo(7),
        diff_obstacle: None,
        held: None,
        last_commit: CommitNo(9),
    }
}

fn made(plan: &RemakePlan) -> Option<(Kind, u32, Option<u32>)> {
    plan.makes.map(|made| (made.kind, made.sequence.0, made.base_sequence.map(|base| base.0)))
}

#[test]
fn the_last_is_remade_as_what_it_was_and_an_older_one_as_a_full() {
    let check = |kind, after: &[_], wish, expected, n_built_on: usize, instead: &[Kind]| {
        let record = record(kind, 2, Progress::Published);
        let plan =
            plan_remake(&facts(&record, later(after)), RemakeWish { kind: wish, ..RemakeWish::default() });
        assert_eq!(made(&plan), Some(expected), "{plan:#?}");
        assert_eq!(plan.built_on.len(), n_built_on);
        assert_eq!(plan.instead.iter().map(|made| made.kind).collect::<Vec<_>>(), instead);
    };
    let (full, diff) = (Kind::Full, Kind::Diff);
    check(diff, &[], None, (diff, 3, Some(2)), 0, &[full]);
    check(full, &[], None, (full, 3, None), 0, &[diff]);
    check(diff, &[], Some(full), (full, 3, None), 0, &[diff]);
    let chain = [
        (3, diff, Some(2)),
        (4, Kind::Single, None),
        (5, diff, Some(3)),
        (6, full, None),
        (7, diff, Some(6)),
    ];
    check(diff, &chain, None, (full, 8, None), 2, &[diff]);
    check(diff, &chain, Some(diff), (diff, 8, Some(7)), 2, &[full]);
    // Nothing was built on it, and it is not where receivers stand.
    check(diff, &[(3, full, None)], None, (full, 4, None), 0, &[diff]);
}

#[test]
fn a_diff_keeps_the_chain_and_takes_what_came_since() {
    let record = record(Kind::Diff, 2, Progress::Published);
    let plan = plan_remake(&facts(&record, Vec::new()), RemakeWish::default());
    let commits = plan.makes.unwrap().commits;
    assert_eq!(commits, Window { after: CommitNo(7), through: CommitNo(9) });
    assert!(plan.follows.contains(&RemakeFollow::DiffBringsOnlyLater { head: Sequence(2) }));
    let obstructed = RemakeFacts { diff_obstacle: Some(DiffObstacle::Loaded), ..facts(&record, Vec::new()) };
    assert_eq!(made(&plan_remake(&obstructed, RemakeWish::default())), Some((Kind::Full, 3, None)));
    let wish = RemakeWish { kind: Some(Kind::Diff), ..RemakeWish::default() };
    let refused = plan_remake(&obstructed, wish);
    assert_eq!(refused.refusals, [RemakeRefusal::NoDiff { obstacle: DiffObstacle::Loaded }]);
    assert_eq!(made(&refused), None);
}

#[test]
fn extracts_are_remade_as_what_they_were() {
    let wish = |kind, names_resident| RemakeWish { kind, business_date: None, names_resident };
    let check = |kind, wish, expected: &[RemakeRefusal]| {
        let record = record(kind, 2, Progress::Published);
        let plan = plan_remake(&facts(&record, Vec::new()), wish);
        assert_eq!(plan.refusals, expected);
        assert_eq!(plan.makes.map(|made| made.kind), expected.is_empty().then_some(kind));
        plan
    };
    let plan = check(Kind::AsOf, wish(None, false), &[]);
    assert_eq!(plan.makes.unwrap().as_of, Some("2026-04-01".parse().unwrap()));
    check(Kind::Single, wish(None, true), &[]);
    check(Kind::Single, wish(None, false), &[RemakeRefusal::NeedsResident]);
    check(Kind::AsOf, wish(None, true), &[RemakeRefusal::NoSingle]);
    check(Kind::AsOf, wish(Some(Kind::Full), false), &[RemakeRefusal::ExtractStaysAsItIs]);
}

#[test]
fn a_held_one_comes_first_and_a_lost_one_is_made_in_full() {
    let held = record(Kind::Diff, 2, Progress::Held);
    let facts_held =
        RemakeFacts { held: Some(Sequence(2)), head: Some(Sequence(1)), ..facts(&held, Vec::new()) };
    let plan = plan_remake(&facts_held, RemakeWish::default());
    assert_eq!(plan.refusals, [RemakeRefusal::Held { sequence: Sequence(2) }]);
    assert!(plan.instead.is_empty());
    let lost = record(Kind::Diff, 2, Progress::Sealed);
    let lost = RemakeFacts { diff_obstacle: Some(DiffObstacle::HeadLost), ..facts(&lost, Vec::new()) };
    assert_eq!(made(&plan_remake(&lost, RemakeWish::default())), Some((Kind::Full, 3, None)));
}

#[test]
fn plans_read_well_as_json() {
    let record = record(Kind::Diff, 2, Progress::Published);
    let wish = RemakeWish { kind: Some(Kind::Diff), ..RemakeWish::default() };
    let facts =
        RemakeFacts { diff_obstacle: Some(DiffObstacle::RenderingChanged), ..facts(&record, Vec::new()) };
    let value = serde_json::to_value(plan_remake(&facts, wish)).unwrap();
    assert_eq!(value["refusals"], serde_json::json!([{ "why": "no-diff", "obstacle": "rendering-changed" }]));
    assert_eq!(value["instead"][0]["sequence"], 3);
}
