//! The ledger of what became of publications at their receivers.

use renkei_core::ledger::{EventKind, LedgerEvent, ReceiverWindow};
use renkei_core::notice::StateWords;
use renkei_core::port::Store;
use renkei_core::publication::Kind;
use renkei_core::{Digest, Moment, Sequence};

use super::publications::{feed, publication, seal, settle};
use super::{Fixture, PATIENT};

fn event(source: u8, sequence: u32, receiver: &str, kind: EventKind) -> LedgerEvent {
    let at = Moment::parse("2026-10-02T01:30:00+09:00").unwrap();
    LedgerEvent {
        feed: feed("a"),
        sequence: Sequence(sequence),
        receiver: receiver.parse().unwrap(),
        kind,
        at: at.plus(chrono::TimeDelta::hours(i64::from(source))),
        source: Digest([source; 32]),
        reasons: Vec::new(),
        holds: None,
        state: None,
        recorded_at: at,
    }
}

fn record(store: &dyn Store, event: &LedgerEvent) -> bool {
    let mut transaction = store.begin().unwrap();
    let is_new = transaction.record_ledger_event(event).unwrap();
    transaction.commit().unwrap();
    is_new
}

pub(crate) fn an_event_is_recorded_once_by_its_source<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let full = LedgerEvent {
        reasons: vec!["wrong-digest".to_owned(), "unknown".to_owned()],
        holds: Some(Sequence(2)),
        state: Some(StateWords { n_rows: 7, digest: Digest([9; 32]) }),
        ..event(1, 3, "015", EventKind::Refused)
    };
    assert!(record(&*store, &full));
    // Whatever else it says: what came from the same bytes is the same event.
    assert!(!record(&*store, &event(1, 4, "014", EventKind::Taken)));
    for kind in EventKind::ALL {
        assert!(record(&*store, &event(10 + kind as u8, 5, "togo-db", kind)));
    }
    let snapshot = fixture.open(PATIENT);
    let snapshot = snapshot.snapshot().unwrap();
    assert!(snapshot.has_ledger_source(&Digest([1; 32])).unwrap());
    assert!(!snapshot.has_ledger_source(&Digest([2; 32])).unwrap());
    let events = snapshot.ledger_events(None, None, None).unwrap();
    assert_eq!(events[0], full);
    let kinds: Vec<EventKind> = events[1..].iter().map(|event| event.kind).collect();
    assert_eq!(kinds, EventKind::ALL);
    // Dropped, a transaction leaves nothing.
    let mut transaction = store.begin().unwrap();
    transaction.record_ledger_event(&event(99, 1, "015", EventKind::Taken)).unwrap();
    assert!(transaction.has_ledger_source(&Digest([99; 32])).unwrap());
    drop(transaction);
    assert!(!store.snapshot().unwrap().has_ledger_source(&Digest([99; 32])).unwrap());
}

pub(crate) fn events_are_told_by_feed_sequence_and_receiver<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let other = LedgerEvent { feed: feed("b"), ..event(4, 1, "015", EventKind::Taken) };
    for event in [
        event(3, 2, "015", EventKind::Taken),
        event(1, 1, "015", EventKind::Taken),
        event(2, 1, "014", EventKind::Waiting),
        other,
    ] {
        record(&*store, &event);
    }
    let check = |of: Option<&str>, sequence: Option<u32>, receiver: Option<&str>, expected: &[u8]| {
        let snapshot = store.snapshot().unwrap();
        let (of, receiver) = (of.map(feed), receiver.map(|id| id.parse().unwrap()));
        let events = snapshot.ledger_events(of.as_ref(), sequence.map(Sequence), receiver.as_ref()).unwrap();
        let sources: Vec<u8> = events.iter().map(|event| event.source.0[0]).collect();
        assert_eq!(sources, expected);
    };
    check(None, None, None, &[3, 1, 2, 4]);
    check(Some("a"), None, None, &[3, 1, 2]);
    check(Some("a"), Some(1), None, &[1, 2]);
    check(Some("a"), None, Some("015"), &[3, 1]);
    check(Some("b"), Some(1), Some("015"), &[4]);
    check(Some("c"), None, None, &[]);
}

pub(crate) fn a_receiver_stands_where_its_answers_say<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for (sequence, kind) in [(1, Kind::Full), (2, Kind::Diff), (3, Kind::Diff), (4, Kind::Diff)] {
        seal(&*store, &publication("a", sequence, kind)).unwrap();
        if sequence < 4 {
            settle(&*store, &feed("a"), sequence).unwrap();
        }
    }
    let stand = || {
        let (receiver, today) = ("015".parse().unwrap(), "2026-10-03".parse().unwrap());
        let snapshot = store.snapshot().unwrap();
        snapshot.receiver_standing(&feed("a"), &receiver, &ReceiverWindow::ALWAYS, today).unwrap()
    };
    let before = stand();
    // The fourth is sealed and stands nowhere yet.
    assert_eq!((before.published, before.n_behind, before.answers), (Some(Sequence(3)), 3, false));
    let ours = store.snapshot().unwrap().published_state(&feed("a"), Sequence(2)).unwrap();
    let state = publication("a", 2, Kind::Diff).state;
    assert_eq!(ours, Some(StateWords { n_rows: 1, digest: state.digest() }));
    assert_eq!(store.snapshot().unwrap().published_state(&feed("a"), Sequence(4)).unwrap(), None);
    let taken = LedgerEvent { holds: Some(Sequence(2)), state: ours, ..event(2, 2, "015", EventKind::Taken) };
    record(&*store, &taken);
    let after = stand();
    assert_eq!(
        (after.acknowledged, after.n_behind, after.is_state_equal),
        (Some(Sequence(2)), 1, Some(true))
    );
    let wrong = Some(StateWords { n_rows: 1, digest: Digest([0; 32]) });
    record(
        &*store,
        &LedgerEvent { state: wrong, source: Digest([8; 32]), ..event(9, 2, "015", EventKind::Repeated) },
    );
    record(
        &*store,
        &LedgerEvent { holds: Some(Sequence(2)), state: wrong, ..event(10, 3, "015", EventKind::Refused) },
    );
    let refused = stand();
    assert_eq!((refused.is_state_equal, refused.refusal.unwrap().sequence), (Some(false), Sequence(3)));
    let stems = store.snapshot().unwrap().published_as("082201_001o005-00_F_20261002013000_1").unwrap();
    assert_eq!(stems.len(), 3);
}
