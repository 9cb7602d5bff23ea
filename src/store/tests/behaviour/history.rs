//! Random commits against a model that keeps every state whole: each past state must come back, from the
//! newest snapshot as from the snapshots of its time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use renkei_core::port::{Numbers, RowChange, RowSet, Snapshot, Store};
use renkei_core::{CommitNo, Window};
use renkei_registry::{ItemNo, PackedReader, RowKey};

use super::town::{atena, key, load, moves, row_of, scan};
use super::{Fixture, PATIENT};

const RESIDENTS: std::ops::RangeInclusive<u64> = 1..=5;

/// A row in the model: its flag and its text.
type Model = BTreeMap<RowKey, (bool, u8)>;

#[derive(Debug, Clone)]
enum Edit {
    Put { key: RowKey, is_latest: bool, text: u8 },
    Remove { key: RowKey },
}

fn edit() -> impl Strategy<Value = Edit> {
    let key = (RESIDENTS, 1..=3_u32, 0..=1_u32).prop_map(|(a, r, e)| key(a, r, e));
    prop_oneof![
        3 => (key.clone(), any::<bool>(), 0..4_u8)
            .prop_map(|(key, is_latest, text)| Edit::Put { key, is_latest, text }),
        1 => key.prop_map(|key| Edit::Remove { key }),
    ]
}

fn edited(mut model: Model, edits: &[Edit]) -> Model {
    for edit in edits {
        match *edit {
            Edit::Put { key, is_latest, text } => {
                if is_latest {
                    let of_resident = model.iter_mut().filter(|(other, _)| other.atena_no == key.atena_no);
                    of_resident.for_each(|(_, row)| row.0 = false);
                }
                model.insert(key, (is_latest, text));
            }
            Edit::Remove { key } => drop(model.remove(&key)),
        }
    }
    model
}

fn packed(key: RowKey, (is_latest, text): (bool, u8)) -> Vec<u8> {
    row_of(key, is_latest, "", &text.to_string())
}

fn changes(before: &Model, after: &Model) -> Vec<RowChange> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    let rows = |model: &Model, key| model.get(&key).map(|row| packed(key, *row));
    let all =
        keys.into_iter().map(|key| RowChange { key, before: rows(before, key), after: rows(after, key) });
    all.filter(|change| change.before != change.after).collect()
}

fn check_state(snapshot: &dyn Snapshot, model: &Model, at: u64) {
    let all: Vec<_> = model.iter().map(|(key, row)| packed(*key, *row)).collect();
    let latest: Vec<_> = model.iter().filter(|(_, row)| row.0).map(|(key, row)| packed(*key, *row)).collect();
    assert_eq!(snapshot.head().unwrap(), CommitNo(at));
    assert_eq!(snapshot.n_rows(RowSet::Latest).unwrap(), latest.len() as u64);
    assert_eq!(snapshot.n_rows(RowSet::History).unwrap(), all.len() as u64);
    assert_eq!(scan(snapshot, RowSet::Latest), latest);
    assert_eq!(scan(snapshot, RowSet::History), all);
}

fn check_history(snapshot: &dyn Snapshot, states: &[Model], is_loaded: bool) {
    for (model, at) in states.iter().zip(0..) {
        for number in RESIDENTS {
            let expected: Vec<_> = model
                .iter()
                .filter(|(key, _)| key.atena_no == atena(number))
                .map(|(key, row)| packed(*key, *row))
                .collect();
            let found = snapshot.rows_of(atena(number), CommitNo(at), Numbers::Clear).unwrap();
            assert_eq!(found, expected, "resident {number} at commit {at}");
        }
    }
    for after in 0..states.len() {
        for through in after..states.len() {
            // A load has no lines in the change log.
            let first = if is_loaded { after.max(1) } else { after };
            let in_window = states.windows(2).take(through).skip(first);
            let expected: BTreeSet<_> = in_window
                .flat_map(|pair| changes(&pair[0], &pair[1]))
                .map(|change| change.key.atena_no)
                .collect();
            let window = Window { after: CommitNo(after as u64), through: CommitNo(through as u64) };
            let found = snapshot.changed_residents(window).unwrap();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{window:?}");
        }
    }
}

fn check(store: &dyn Store, loaded: Option<&[Edit]>, commits: &[(Vec<Edit>, bool)]) {
    let mut states = vec![Model::new()];
    let mut snapshots = vec![store.snapshot().unwrap()];
    if let Some(edits) = loaded {
        let model = edited(Model::new(), edits);
        let rows: Vec<_> = model.iter().map(|(key, row)| (*key, packed(*key, *row))).collect();
        load(store, &rows).unwrap();
        states.push(model);
        snapshots.push(store.snapshot().unwrap());
    }
    for (edits, is_reversed) in commits {
        let before = &states[states.len() - 1];
        let after = edited(before.clone(), edits);
        let mut changes = changes(before, &after);
        if *is_reversed {
            changes.reverse();
        }
        moves(store, &changes).unwrap();
        states.push(after);
        snapshots.push(store.snapshot().unwrap());
    }
    for ((snapshot, model), at) in snapshots.iter().zip(&states).zip(0..) {
        check_state(&**snapshot, model, at);
    }
    check_history(&**snapshots.last().unwrap(), &states, loaded.is_some());
    check_flags(&**snapshots.last().unwrap());
}

/// The oracle stands on the flag in the packed row, so it must be there.
fn check_flags(snapshot: &dyn Snapshot) {
    let mut reader = PackedReader::new();
    for packed in scan(snapshot, RowSet::Latest) {
        assert_eq!(reader.read(&packed).unwrap().bytes(ItemNo::SAISHIN_FLG), b"1");
    }
}

pub(crate) fn every_past_state_comes_back<F: Fixture>() {
    let loaded = proptest::option::of(vec(edit(), 0..12));
    let commits = vec((vec(edit(), 0..6), any::<bool>()), 1..8);
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(loaded in loaded, commits in commits)| {
        let fixture = F::new();
        check(&*fixture.open(PATIENT), loaded.as_deref(), &commits);
    });
}
