//! Random sets against a plain map: what is held, the values and the counts are the same after each.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use renkei_core::port::{TakeCounts, TakeMode};

use super::rows::{TestRow, check_held, jumin, row, take, values};
use super::{Fixture, PATIENT};

/// Few keys, so that sets meet; few values, so that rows come back as they were.
fn rows() -> impl Strategy<Value = Vec<TestRow>> {
    let one = (0..12_u8, 0..3_u8, 0..10_u8).prop_map(|(key, value, kind)| {
        let mut row = row(&format!("k{key}"), &[&format!("{value}")]);
        row.is_removed = kind < 3;
        row.is_parked = !row.is_removed && kind < 5;
        row
    });
    vec(one, 0..12).prop_map(|rows| {
        let by_key: BTreeMap<Vec<u8>, TestRow> = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
        by_key.into_values().collect()
    })
}

fn mode() -> impl Strategy<Value = TakeMode> {
    prop_oneof![Just(TakeMode::Replace), Just(TakeMode::Merge), Just(TakeMode::Diff), Just(TakeMode::Correct),]
}

/// What a set does to the map.
fn apply(held: &mut BTreeMap<Vec<u8>, TestRow>, mode: TakeMode, rows: &[TestRow]) -> TakeCounts {
    let before = held.clone();
    let mut counts = TakeCounts::default();
    if mode == TakeMode::Replace {
        held.clear();
    }
    for row in rows {
        if row.is_removed {
            counts.absent += u64::from(mode != TakeMode::Merge && !before.contains_key(&row.key));
            if matches!(mode, TakeMode::Diff | TakeMode::Correct) {
                held.remove(&row.key);
            }
            continue;
        }
        match before.get(&row.key) {
            None => counts.added += 1,
            Some(old) if old == row => counts.unchanged += 1,
            Some(_) => counts.changed += 1,
        }
        held.insert(row.key.clone(), row.clone());
    }
    counts.removed = before.keys().filter(|key| !held.contains_key(*key)).count() as u64;
    counts
}

/// Sets one after the other, each checked.
pub(crate) fn sets_do_what_a_plain_map_does<F: Fixture>(cases: u32) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&vec((mode(), rows()), 1..8), |sets| {
        let fixture = F::new();
        let store = fixture.open(PATIENT);
        let mut held = BTreeMap::new();
        let mut sequence = 0;
        for (mode, rows) in &sets {
            // What puts the last set right has its number.
            if *mode != TakeMode::Correct || sequence == 0 {
                sequence += 1;
            }
            let expected = apply(&mut held, *mode, rows);
            let found = take(&*store, &jumin(), sequence, *mode, rows).unwrap();
            prop_assert_eq!(found, expected, "{:?} in set {}", mode, sequence);
            let held: Vec<TestRow> = held.values().cloned().collect();
            check_held(&*store, &held);
            prop_assert_eq!(fixture.values("jumin"), values(&held));
        }
        Ok(())
    });
    outcome.unwrap();
}
