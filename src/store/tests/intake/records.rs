//! Sets on record, and what an intake stands at.

use renkei_core::port::{IntakeHead, Outcome, SetRecord, TakeMode};
use renkei_core::publication::Kind;
use renkei_core::state::FeedState;
use renkei_core::{Digest, Moment, Sequence};

use super::rows::{
    TestRow, code, counts, held, intake, jumin, record, row, state_after, take, take_as, taken,
};
use super::{Fixture, PATIENT};

pub(crate) fn a_head_reads_back_whole<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    assert_eq!(store.head(&intake()).unwrap(), None);
    let rows: Vec<TestRow> = (0..300).map(|number| row(&format!("{number}"), &["x"])).collect();
    let state = state_after(&*store, &rows, TakeMode::Replace);
    let record = taken(7, state.clone());
    take_as(&*store, &jumin(), TakeMode::Replace, &rows, &record).unwrap();
    let expected = IntakeHead {
        feed: "001o005-v1.1".parse().unwrap(),
        version: "1.1".parse().unwrap(),
        sequence: Sequence(7),
        content_sha256: Digest([7; 32]),
        state: state.clone(),
        business_date: "2026-10-02".parse().unwrap(),
        taken_at: record.at,
    };
    let store = fixture.open(PATIENT);
    let head = store.head(&intake()).unwrap().unwrap();
    assert_eq!(head, expected);
    assert_eq!(head.state.to_bytes(), state.to_bytes());
    // What moves no rows moves no head.
    store.note(&super::rows::record(8)).unwrap();
    assert_eq!(store.head(&intake()).unwrap(), Some(expected));
}

pub(crate) fn every_outcome_reads_back<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let unread = SetRecord {
        content_sha256: None,
        interface: None,
        version: None,
        feed: None,
        kind: None,
        sequence: None,
        business_date: None,
        outcome: Outcome::Refused,
        notice_name: "宛名\u{fffd}.done".to_owned(),
        receipt: "{ \"reasons\": [\"理由\"], \"\\u0000\": \"'\\\\\" }\r\n".to_owned(),
        run_id: String::new(),
        ..record(1)
    };
    let mut written = vec![unread];
    for outcome in [Outcome::Repeated, Outcome::Passed, Outcome::Waiting, Outcome::Refused] {
        for kind in [Kind::Full, Kind::Diff, Kind::Single, Kind::AsOf] {
            written.push(SetRecord { outcome, kind: Some(kind), ..record(u32::MAX - 1) });
        }
    }
    let mut numbers: Vec<u64> = written.iter().map(|record| store.note(record).unwrap()).collect();
    assert!(numbers.is_sorted_by(|earlier, later| earlier < later), "{numbers:?}");
    let mut found = store.sets(Some(&intake()), 99).unwrap();
    found.reverse();
    numbers.reverse();
    for record in &mut written {
        record.set_no = numbers.pop().unwrap();
    }
    assert_eq!(found, written);
    assert_eq!(store.head(&intake()).unwrap(), None);
}

pub(crate) fn sets_are_told_newest_first<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let other = "kaigo".parse().unwrap();
    let first = store.note(&record(1)).unwrap();
    let second = store.note(&SetRecord { intake: other, ..record(2) }).unwrap();
    let third = store.note(&record(3)).unwrap();
    let numbers = |intake: Option<&str>, limit| {
        let intake = intake.map(|intake| intake.parse().unwrap());
        let found = store.sets(intake.as_ref(), limit).unwrap();
        found.into_iter().map(|record| record.set_no).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, 9), [third, second, first]);
    assert_eq!(numbers(None, 2), [third, second]);
    assert_eq!(numbers(Some("jumin"), 9), [third, first]);
    assert_eq!(numbers(Some("kaigo"), 9), [second]);
    assert_eq!(numbers(Some("nobody"), 9), [0; 0]);
}

pub(crate) fn what_was_taken_is_found_by_feed_and_sequence<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [row("1", &["a"])];
    store.note(&record(1)).unwrap();
    let feed = record(1).feed.unwrap();
    assert_eq!(store.taken(&intake(), &feed, Sequence(1)).unwrap(), None);
    let state = state_after(&*store, &rows, TakeMode::Replace);
    // Where rows go elsewhere too, the counts are not those of the table.
    let written = SetRecord { counts: counts([7, 0, 0, 0, 0]), ..taken(1, state) };
    take_as(&*store, &jumin(), TakeMode::Replace, &rows, &written).unwrap();
    store.note(&SetRecord { outcome: Outcome::Repeated, ..record(1) }).unwrap();
    let found = store.taken(&intake(), &feed, Sequence(1)).unwrap().unwrap();
    assert_eq!(found, SetRecord { set_no: found.set_no, ..written });
    let none = |intake: &str, feed: &str, sequence| {
        let found =
            store.taken(&intake.parse().unwrap(), &feed.parse().unwrap(), Sequence(sequence)).unwrap();
        assert_eq!(found, None, "{intake} {feed} {sequence}");
    };
    none("jumin", "001o005-v1.1", 2);
    none("jumin", "001o005-v1.2", 1);
    none("kaigo", "001o005-v1.1", 1);
}

pub(crate) fn states_are_kept_for_the_last_sets_alone<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let other: SetRecord = SetRecord { intake: "kaigo".parse().unwrap(), ..taken(1, FeedState::empty()) };
    let table = super::rows::spec(Some("kaigo"), &["atena_no", "shimei"]);
    take_as(&*store, &table, TakeMode::Replace, &[], &other).unwrap();
    for sequence in 1..=20 {
        take(&*store, &jumin(), sequence, TakeMode::Diff, &[row(&sequence.to_string(), &[""])]).unwrap();
    }
    let kept: Vec<bool> =
        store.sets(Some(&intake()), 99).unwrap().iter().map(|record| record.state.is_some()).collect();
    assert_eq!(kept.len(), 20);
    let n_kept = kept.iter().filter(|is_kept| **is_kept).count();
    assert!((2..20).contains(&n_kept) && kept[..n_kept].iter().all(|is_kept| *is_kept), "{kept:?}");
    // Another intake's sets count for themselves.
    assert!(store.head(&other.intake).unwrap().is_some());
    assert_eq!(store.head(&intake()).unwrap().unwrap().state.n_rows(), 20);
}

pub(crate) fn a_set_without_its_state_is_not_taken_in<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [row("1", &["a"])];
    let whole = taken(1, state_after(&*store, &rows, TakeMode::Replace));
    for record in [
        SetRecord { state: None, ..whole.clone() },
        SetRecord { feed: None, ..whole.clone() },
        SetRecord { outcome: Outcome::Refused, ..whole.clone() },
    ] {
        assert_eq!(code(take_as(&*store, &jumin(), TakeMode::Replace, &rows, &record)), "store.missing");
    }
    assert!(held(&*store).is_empty());
    assert!(store.sets(None, 9).unwrap().is_empty());
    let later = Moment::from_unix(1_790_900_000).unwrap();
    take_as(&*store, &jumin(), TakeMode::Replace, &rows, &SetRecord { at: later, ..whole }).unwrap();
    assert_eq!(store.head(&intake()).unwrap().unwrap().taken_at, later);
}

pub(crate) fn a_state_that_does_not_come_out_is_refused<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    take(&*store, &jumin(), 1, TakeMode::Replace, &[row("1", &["a"])]).unwrap();
    for mode in [TakeMode::Replace, TakeMode::Merge, TakeMode::Diff] {
        let rows = [row("2", &["b"])];
        let mut state = state_after(&*store, &rows, mode);
        state.add(3, &rows[0].digest());
        let result = take_as(&*store, &jumin(), mode, &rows, &taken(2, state));
        assert_eq!(code(result), "store.lost-update", "{mode:?}");
    }
    super::rows::check_held(&*store, &[row("1", &["a"])]);
    assert_eq!(fixture.values("jumin"), super::rows::values(&[row("1", &["a"])]));
}

pub(crate) fn a_notice_says_what_became_of_it<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let of = |byte: u8, outcome: Outcome| {
        store.note(&SetRecord { notice_sha256: Digest([byte; 32]), outcome, ..record(1) }).unwrap()
    };
    assert_eq!(store.last_of_notice(&intake(), &Digest([1; 32])).unwrap(), None);
    assert!(store.settled(&intake()).unwrap().is_empty());
    of(1, Outcome::Waiting);
    let last = of(1, Outcome::Repeated);
    of(2, Outcome::Refused);
    of(3, Outcome::Passed);
    let found = store.last_of_notice(&intake(), &Digest([1; 32])).unwrap().unwrap();
    assert_eq!((found.set_no, found.outcome), (last, Outcome::Repeated));
    let other = "kaigo".parse().unwrap();
    assert_eq!(store.last_of_notice(&other, &Digest([1; 32])).unwrap(), None);
    let settled: Vec<Digest> = store.settled(&intake()).unwrap().into_iter().collect();
    assert_eq!(settled, [Digest([1; 32]), Digest([3; 32])], "what waits or was refused is judged again");
    assert!(store.settled(&other).unwrap().is_empty());
}

pub(crate) fn a_receipt_is_handed_out_once<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = store.note(&record(1)).unwrap();
    let rows = [row("1", &["x"])];
    let state = state_after(&*store, &rows, TakeMode::Replace);
    take_as(&*store, &jumin(), TakeMode::Replace, &rows, &taken(2, state)).unwrap();
    let waiting =
        |limit| -> Vec<u64> { store.unanswered(limit).unwrap().iter().map(|record| record.set_no).collect() };
    let both = waiting(9);
    assert_eq!((both.len(), both[0]), (2, first), "oldest first");
    assert_eq!(waiting(1), [first]);
    store.mark_answered(first).unwrap();
    store.mark_answered(first).unwrap();
    assert_eq!(waiting(9), both[1..]);
}
