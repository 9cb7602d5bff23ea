//! What destinations are given.

use renkei_core::delivery::{DeliveryAttempt, DeliveryLine, DeliveryState, TrustedKey};
use renkei_core::port::Store;
use renkei_core::publication::Kind;
use renkei_core::{Class, DestinationId, Moment, Sequence};

use super::publications::{feed, publication, seal, settle};
use super::{Fixture, PATIENT};

fn now() -> Moment {
    Moment::parse("2026-10-02T01:30:00+09:00").unwrap()
}

fn destination(id: &str) -> DestinationId {
    id.parse().unwrap()
}

fn line(id: &str, feed_id: &str, sequence: u32) -> DeliveryLine {
    DeliveryLine::due(&feed(feed_id), Sequence(sequence), &destination(id), &"015".parse().unwrap(), now())
}

fn put(store: &dyn Store, line: &DeliveryLine) {
    let mut transaction = store.begin().unwrap();
    transaction.put_delivery_line(line).unwrap();
    transaction.commit().unwrap();
}

pub(crate) fn a_line_is_written_over_and_keeps_its_tries<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    put(&*store, &line("tax", "a", 1));
    let failed = DeliveryLine {
        n_tries: 1,
        n_attempts: 4,
        next_at: Some(now()),
        fault_code: Some("delivery.cut-off".to_owned()),
        fault_class: Some(Class::Retry),
        n_bytes: 1 << 40,
        ..line("tax", "a", 1)
    };
    put(&*store, &failed);
    let attempt = |attempt_no, ended_at| DeliveryAttempt {
        feed: feed("a"),
        sequence: Sequence(1),
        destination: destination("tax"),
        attempt_no,
        operator: "scheduler".to_owned(),
        started_at: now(),
        ended_at,
        fault_code: None,
        fault_class: None,
        n_files_sent: 2,
        n_files_there: 1,
        n_bytes_sent: 99,
        detail: Some("the connection was lost".to_owned()),
    };
    let mut transaction = store.begin().unwrap();
    for (no, ended_at) in [(2, None), (1, Some(now())), (2, Some(now()))] {
        transaction.put_delivery_attempt(&attempt(no, ended_at)).unwrap();
    }
    transaction.commit().unwrap();
    let store = fixture.open(PATIENT);
    let snapshot = store.snapshot().unwrap();
    let read = snapshot.delivery_line(&feed("a"), Sequence(1), &destination("tax")).unwrap();
    assert_eq!(read, Some(failed));
    let attempts = snapshot.delivery_attempts(&feed("a"), Sequence(1), &destination("tax")).unwrap();
    assert_eq!(attempts, [attempt(1, Some(now())), attempt(2, Some(now()))]);
    let last = |id, n_most| snapshot.last_delivery_attempts(&destination(id), n_most).unwrap();
    assert_eq!(last("tax", 9), attempts);
    assert_eq!(last("tax", 1), attempts[1..]);
    assert_eq!(last("care", 9), []);
    assert_eq!(snapshot.delivery_line(&feed("a"), Sequence(2), &destination("tax")).unwrap(), None);
}

pub(crate) fn open_lines_are_told_by_destination_feed_and_sequence<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let states = [("tax", "b", 1, DeliveryState::Due), ("tax", "a", 2, DeliveryState::Stopped)];
    let over = [("tax", "a", 1, DeliveryState::Delivered), ("care", "a", 1, DeliveryState::GivenUp)];
    for (id, feed_id, sequence, state) in states.into_iter().chain(over) {
        let delivered_at = (state == DeliveryState::Delivered).then(now);
        put(&*store, &DeliveryLine { state, delivered_at, ..line(id, feed_id, sequence) });
    }
    let check = |id: Option<&str>, only_open, expected: &[&str]| {
        let lines =
            store.snapshot().unwrap().delivery_lines(id.map(destination).as_ref(), only_open).unwrap();
        let told: Vec<String> = lines
            .iter()
            .map(|line| {
                format!("{} {}{} {}", line.destination, line.feed, line.sequence, line.state.as_str())
            })
            .collect();
        assert_eq!(told, expected);
    };
    check(None, true, &["tax a2 stopped", "tax b1 due"]);
    check(Some("tax"), false, &["tax a1 delivered", "tax a2 stopped", "tax b1 due"]);
    check(None, false, &["care a1 given-up", "tax a1 delivered", "tax a2 stopped", "tax b1 due"]);
    check(Some("care"), true, &[]);
}

pub(crate) fn what_has_no_line_yet_begins_with_the_last_full<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let undelivered = |id| {
        let sequences = store.snapshot().unwrap().undelivered(&feed("a"), &destination(id)).unwrap();
        sequences.into_iter().map(|sequence| sequence.0).collect::<Vec<_>>()
    };
    let kinds = [Kind::Single, Kind::Full, Kind::Diff, Kind::Full, Kind::Diff, Kind::Diff];
    for (sequence, kind) in (1u32..).zip(kinds) {
        seal(&*store, &publication("a", sequence, kind)).unwrap();
        if sequence < 6 {
            settle(&*store, &feed("a"), sequence).unwrap();
        }
        let expected: &[u32] = match sequence {
            1 => &[1],
            2 => &[2],
            3 => &[2, 3],
            4 => &[4],
            // The sixth is sealed and stands nowhere yet.
            _ => &[4, 5],
        };
        assert_eq!(undelivered("tax"), expected, "after {sequence}");
    }
    // An old one by name makes only itself due.
    put(&*store, &line("tax", "a", 1));
    assert_eq!(undelivered("tax"), [4, 5]);
    put(&*store, &line("tax", "a", 4));
    settle(&*store, &feed("a"), 6).unwrap();
    assert_eq!(undelivered("tax"), [5, 6]);
    assert_eq!(undelivered("care"), [4, 5, 6]);
    // A later full begins nothing anew where deliveries have begun.
    seal(&*store, &publication("a", 7, Kind::Full)).unwrap();
    settle(&*store, &feed("a"), 7).unwrap();
    assert_eq!(undelivered("tax"), [5, 6, 7]);
    assert_eq!(undelivered("care"), [7]);
}

pub(crate) fn what_was_given_and_lost_its_line_is_not_due_again<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let publish = |sequence, kind| {
        seal(&*store, &publication("a", sequence, kind)).unwrap();
        settle(&*store, &feed("a"), sequence).unwrap();
    };
    let state = |id, sequence, state| {
        let delivered_at = (state == DeliveryState::Delivered).then(now);
        put(&*store, &DeliveryLine { state, delivered_at, ..line(id, "a", sequence) });
    };
    let undelivered = |id| {
        let sequences = store.snapshot().unwrap().undelivered(&feed("a"), &destination(id)).unwrap();
        sequences.into_iter().map(|sequence| sequence.0).collect::<Vec<_>>()
    };
    publish(1, Kind::Full);
    (2..=5).for_each(|sequence| publish(sequence, Kind::Diff));
    // At one destination all was given but the last; at others the third is missing.
    for sequence in 1..=4 {
        state("tax", sequence, DeliveryState::Delivered);
    }
    for (sequence, to) in
        [(1, DeliveryState::GivenUp), (2, DeliveryState::Delivered), (4, DeliveryState::Due)]
    {
        state("care", sequence, to);
    }
    for sequence in [1, 2, 4, 5] {
        state("health", sequence, DeliveryState::Delivered);
    }
    assert_eq!((undelivered("tax"), undelivered("care")), (vec![5], vec![3, 5]));
    let later = Moment::parse("2027-10-02T01:30:00+09:00").unwrap();
    let n_old = store.snapshot().unwrap().n_old_records(later).unwrap();
    let mut transaction = store.begin().unwrap();
    assert_eq!((transaction.remove_old_records(later).unwrap(), n_old), (7, 7));
    transaction.commit().unwrap();
    let left = store.snapshot().unwrap().delivery_lines(None, false).unwrap();
    assert_eq!(left.iter().map(|line| line.sequence.0).collect::<Vec<_>>(), [4, 4, 5, 4]);
    assert_eq!((undelivered("tax"), undelivered("care")), (vec![5], vec![3, 5]));
    assert_eq!(undelivered("health"), [3]);
    // Whoever was given nothing begins where he would have.
    assert_eq!(undelivered("other"), [1, 2, 3, 4, 5]);
    state("tax", 5, DeliveryState::Due);
    publish(6, Kind::Full);
    assert_eq!((undelivered("tax"), undelivered("care")), (vec![6], vec![3, 5, 6]));
    // One that was asked for by name stays no beginning.
    state("tax", 2, DeliveryState::Delivered);
    assert_eq!(undelivered("tax"), [6]);
}

pub(crate) fn a_host_key_is_accepted_once_and_taken_back<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let key = |id: &str, fingerprint: &str| TrustedKey {
        destination: destination(id),
        place: "sftp.example:22".to_owned(),
        fingerprint: format!("SHA256:{fingerprint}"),
        operator: "suzuki".to_owned(),
        at: now(),
    };
    let mut transaction = store.begin().unwrap();
    for (id, fingerprint, is_new) in
        [("tax", "b", true), ("tax", "a", true), ("tax", "b", false), ("care", "b", true)]
    {
        assert_eq!(transaction.trust_key(&key(id, fingerprint)).unwrap(), is_new);
    }
    transaction.commit().unwrap();
    let trusted = |id| store.snapshot().unwrap().trusted_keys(&destination(id)).unwrap();
    assert_eq!(trusted("tax"), [key("tax", "b"), key("tax", "a")]);
    // The same key of another place is another one.
    let elsewhere = TrustedKey { place: "sftp.example:2222".to_owned(), ..key("tax", "a") };
    let mut transaction = store.begin().unwrap();
    assert!(transaction.trust_key(&elsewhere).unwrap());
    let only = transaction.distrust_keys_but(&destination("tax"), "sftp.example:22", "SHA256:a");
    assert_eq!(only.unwrap(), 2);
    transaction.commit().unwrap();
    assert_eq!((trusted("tax"), trusted("care").len()), (vec![key("tax", "a")], 1));
}
