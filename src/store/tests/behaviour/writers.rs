//! Several writers at once.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use renkei_core::port::StoreError;
use renkei_core::{CommitNo, Window};

use super::town::{added, code, key, latest, moves};
use super::{Fixture, PATIENT};

const WRITERS: u64 = 4;
const COMMITS_EACH: u64 = 12;

pub(crate) fn commit_numbers_have_no_gaps_and_show_in_order<F: Fixture>() {
    let fixture = F::new();
    // Half of the writers share a store as threads of one process do, half have their own.
    let shared = fixture.open(PATIENT);
    let own: Vec<_> = (0..WRITERS / 2).map(|_| fixture.open(PATIENT)).collect();
    let all = WRITERS * COMMITS_EACH;
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = own.get(usize::try_from(writer).unwrap()).unwrap_or(&shared);
            scope.spawn(move || {
                for place in 0..COMMITS_EACH {
                    let key = key(1 + writer * COMMITS_EACH + place, 1, 0);
                    moves(&**store, &[added(key, latest(key, "new"))]).unwrap();
                }
            });
        }
        scope.spawn(|| {
            let deadline = Instant::now() + PATIENT;
            let mut last_head = 0;
            while last_head < all {
                assert!(Instant::now() < deadline, "the writers did not come to an end");
                let snapshot = shared.snapshot().unwrap();
                let head = snapshot.head().unwrap().0;
                assert!(head >= last_head);
                let numbers: Vec<_> =
                    snapshot.commits(u32::MAX).unwrap().iter().map(|commit| commit.commit_no.0).collect();
                assert_eq!(numbers, (1..=head).rev().collect::<Vec<_>>());
                let window = Window { after: CommitNo(last_head), through: CommitNo(u64::MAX) };
                // Each commit brought one resident: the window has exactly those of its commits.
                assert_eq!(snapshot.changed_residents(window).unwrap().len() as u64, head - last_head);
                last_head = head;
            }
        });
    });
}

pub(crate) fn a_second_writer_is_refused_after_its_wait<F: Fixture>() {
    const WAIT: Duration = Duration::from_millis(150);
    let fixture = F::new();
    let (first, hasty, waiting) = (fixture.open(PATIENT), fixture.open(Duration::ZERO), fixture.open(WAIT));
    let transaction = first.begin().unwrap();
    assert_eq!(code(hasty.begin()), "store.busy");
    let start = Instant::now();
    assert_eq!(code(waiting.begin()), "store.busy");
    assert!(start.elapsed() >= WAIT, "gave up after {:?}", start.elapsed());
    assert_eq!(hasty.snapshot().unwrap().head().unwrap(), CommitNo(0), "readers go on");
    drop(transaction);
    assert_eq!(code(hasty.begin()), "ok");
}

pub(crate) fn a_second_writer_is_let_in_within_its_wait<F: Fixture>() {
    let fixture = F::new();
    let (first, second) = (fixture.open(PATIENT), fixture.open(PATIENT));
    let (signal, is_asking) = mpsc::channel();
    let transaction = first.begin().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(move || -> Result<(), StoreError> {
            signal.send(()).unwrap();
            second.begin()?.commit()
        });
        is_asking.recv().unwrap();
        transaction.commit().unwrap();
        assert_eq!(code(waiting.join().unwrap()), "ok");
    });
}
