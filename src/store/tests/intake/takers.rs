//! Several takers at once, and large sets.

use std::borrow::Cow;

use renkei_core::port::{SetRecord, StagedRow, TakeMode};
use renkei_core::state::{FeedState, RowDigest, bucket_of};

use super::rows::{
    check_held, code, counts, gone, intake, jumin, record, row, spec, stage, state_after, take, take_as,
    taken, values,
};
use super::{Fixture, PATIENT};

pub(crate) fn of_two_takers_of_the_same_set_one_takes_it_in<F: Fixture>() {
    let fixture = F::new();
    let rows = [row("1", &["a"]), row("2", &["b"])];
    let codes: Vec<&str> = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..4)
            .map(|_| {
                let (fixture, rows) = (fixture.open(PATIENT), &rows);
                scope.spawn(move || {
                    let state = state_after(&*fixture, rows, TakeMode::Replace);
                    code(take_as(&*fixture, &jumin(), TakeMode::Replace, rows, &taken(1, state)))
                })
            })
            .collect();
        takers.into_iter().map(|taker| taker.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == "ok").count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| ["ok", "store.busy"].contains(code)), "{codes:?}");
    let store = fixture.open(PATIENT);
    check_held(&*store, &rows);
    assert_eq!(store.sets(None, 9).unwrap().len(), 1);
}

pub(crate) fn a_taker_that_was_overtaken_judges_again<F: Fixture>() {
    let fixture = F::new();
    let (first, second) = (fixture.open(PATIENT), fixture.open(PATIENT));
    let rows = [row("1", &["a"]), row("2", &["b"])];
    take(&*first, &jumin(), 1, TakeMode::Replace, &rows).unwrap();
    // Both judge the same diff; one has staged it when the other takes it in.
    let diff = [gone("1"), row("3", &["c"])];
    let state = state_after(&*second, &diff, TakeMode::Diff);
    let mut slow = second.begin_taking(&intake(), &jumin()).unwrap();
    stage(&mut *slow, &diff).unwrap();
    take(&*first, &jumin(), 2, TakeMode::Diff, &diff).unwrap();
    assert_eq!(code(slow.finish(TakeMode::Diff, &taken(2, state.clone()))), "store.busy");
    // One that begins only now, with what it judged before, is no better off.
    assert_eq!(code(take_as(&*second, &jumin(), TakeMode::Diff, &diff, &taken(2, state))), "store.busy");
    // Nor is a set from before what is held, nor the first set again.
    let full = state_after(&*second, &rows, TakeMode::Replace);
    assert_eq!(code(take_as(&*second, &jumin(), TakeMode::Replace, &rows, &taken(1, full))), "store.busy");
    check_held(&*first, &[row("2", &["b"]), row("3", &["c"])]);
    assert_eq!(fixture.values("jumin"), values(&[row("2", &["b"]), row("3", &["c"])]));
    assert_eq!(first.sets(None, 9).unwrap().len(), 2);
}

pub(crate) fn a_diff_of_a_feed_no_longer_followed_is_refused<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [row("1", &["a"])];
    let of_next = |sequence, state| SetRecord { feed: "next".parse().ok(), ..taken(sequence, state) };
    take(&*store, &jumin(), 5, TakeMode::Replace, &rows).unwrap();
    let state = state_after(&*store, &rows, TakeMode::Replace);
    take_as(&*store, &jumin(), TakeMode::Replace, &rows, &of_next(1, state)).unwrap();
    let diff = [row("2", &["b"])];
    assert_eq!(code(take(&*store, &jumin(), 6, TakeMode::Diff, &diff)), "store.busy");
    let state = state_after(&*store, &diff, TakeMode::Diff);
    take_as(&*store, &jumin(), TakeMode::Diff, &diff, &of_next(2, state)).unwrap();
    check_held(&*store, &[rows[0].clone(), diff[0].clone()]);
}

pub(crate) fn takers_of_different_intakes_work_side_by_side<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let store = fixture.open(PATIENT);
            scope.spawn(move || {
                let name = format!("i{number}");
                let table = spec(Some(&name), &["atena_no", "shimei"]);
                for sequence in 1..=5 {
                    let rows = [row("1", &[&sequence.to_string()])];
                    let mut state = FeedState::empty();
                    state.add(rows[0].bucket(), &rows[0].digest());
                    let record = SetRecord { intake: name.parse().unwrap(), ..taken(sequence, state) };
                    store.note(&SetRecord { intake: name.parse().unwrap(), ..record.clone() }).unwrap();
                    take_as(
                        &*store,
                        &table,
                        TakeMode::Merge,
                        &rows,
                        &SetRecord {
                            sequence: record.sequence.map(|s| renkei_core::Sequence(s.0 + 10)),
                            ..record
                        },
                    )
                    .unwrap();
                }
            });
        }
    });
    for number in 0..4 {
        let expected = values(&[row("1", &["5"])]);
        assert_eq!(fixture.values(&format!("i{number}")), expected);
    }
    assert_eq!(store.sets(None, 99).unwrap().len(), 40);
}

/// 100,000 rows of a kilobyte: a hundred megabytes that must not be held at once.
pub(crate) fn memory_does_not_grow_with_a_set<F: Fixture>() {
    const N_ROWS: usize = 100_000;
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let text = "方書".repeat(166);
    // One set of a tenth first, so that caches are warm.
    let mut before = 0;
    for (sequence, n_rows) in [(1, N_ROWS / 10), (2, N_ROWS), (3, N_ROWS)] {
        let mut taking = store.begin_taking(&intake(), &jumin()).unwrap();
        let mut state = FeedState::empty();
        let keys: Vec<u32> = (0..u32::try_from(n_rows).unwrap()).collect();
        for batch in keys.chunks(1_000) {
            let keys: Vec<String> = batch.iter().map(|number| format!("{number:015}")).collect();
            let rows: Vec<[Cow<'_, str>; 2]> =
                keys.iter().map(|key| [Cow::from(key.as_str()), Cow::from(text.as_str())]).collect();
            let staged: Vec<StagedRow<'_>> = rows
                .iter()
                .map(|values| {
                    let key = values[0].as_bytes();
                    let (bucket, digest) = (bucket_of([key]), RowDigest::of(key));
                    state.add(bucket, &digest);
                    StagedRow { key, bucket, digest, is_removed: false, is_parked: false, values }
                })
                .collect();
            taking.stage(&staged).unwrap();
        }
        let done = taking.finish(TakeMode::Replace, &taken(sequence, state)).unwrap();
        assert_eq!(done.added + done.unchanged, n_rows as u64);
        assert_eq!(done, counts([done.added, 0, 0, done.unchanged, 0]));
        if sequence == 1 {
            before = resident_kib();
        }
    }
    let mut n_held = 0_usize;
    let mut each = |_: renkei_core::port::HeldRow<'_>| {
        n_held += 1;
        std::ops::ControlFlow::Continue(())
    };
    store.held_rows(&intake(), &mut each).unwrap();
    assert_eq!(n_held, N_ROWS);
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 80 * 1024, "{grown} KiB more than after the first set");
    store.note(&record(4)).unwrap();
}

/// Memory of this process now, in KiB.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
