//! What is published for one receiver alone, and what comparing both sides came to.

use renkei_core::port::{MendingRecord, ReconciliationRecord, StoreError};
use renkei_core::publication::Progress;
use renkei_core::{Digest, Moment, Sequence};

use super::publications::feed;
use super::{Fixture, PATIENT};

fn mending(run_id: &str, sequence: u32, base: u32) -> MendingRecord {
    MendingRecord {
        feed: feed("a"),
        receiver: "015".parse().unwrap(),
        sequence: Sequence(sequence),
        base_sequence: Sequence(base),
        progress: Progress::Sealed,
        folder: "015/mend/a".to_owned(),
        stem: format!("x_{run_id}"),
        notice: "{}".to_owned(),
        run_id: run_id.to_owned(),
        sealed_at: "2026-10-02T01:30:00+09:00".to_owned(),
    }
}

pub(crate) fn a_mending_is_sealed_and_settled_by_its_run<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut transaction = store.begin().unwrap();
    transaction.seal_mending(&mending("r1", 5, 3)).unwrap();
    // It takes no number: another may lead to the same, also from the publication itself.
    transaction.seal_mending(&mending("r2", 5, 5)).unwrap();
    assert!(matches!(transaction.settle_mending("r9"), Err(StoreError::Missing { .. })));
    transaction.settle_mending("r2").unwrap();
    transaction.settle_mending("r2").unwrap();
    transaction.commit().unwrap();
    let other = fixture.open(PATIENT);
    let snapshot = other.snapshot().unwrap();
    let all = snapshot.mendings(Some(&feed("a")), None).unwrap();
    let settled = MendingRecord { progress: Progress::Published, ..mending("r2", 5, 5) };
    assert_eq!(all, [mending("r1", 5, 3), settled]);
    assert_eq!(snapshot.mendings(None, Some(Progress::Sealed)).unwrap(), all[..1]);
    assert_eq!(snapshot.mendings(Some(&feed("b")), None).unwrap(), []);
    assert_eq!(snapshot.last_sequence(&feed("a")).unwrap(), Sequence(0));
    drop(snapshot);
    let mut transaction = store.begin().unwrap();
    for run in ["r1", "r2", "r9"] {
        transaction.drop_mending(run).unwrap();
    }
    transaction.commit().unwrap();
    // Only what was sealed goes.
    assert_eq!(store.snapshot().unwrap().mendings(None, None).unwrap(), all[1..]);
}

pub(crate) fn the_last_comparison_is_told_and_the_last_that_agreed<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let compared = |sequence: u32, receiver: &str, n_buckets: u16| ReconciliationRecord {
        feed: feed("a"),
        receiver: receiver.parse().unwrap(),
        sequence: Sequence(sequence),
        n_rows_here: 9,
        n_rows_there: 8,
        n_buckets,
        is_same: n_buckets == 0,
        source: Digest([7; 32]),
        at: Moment::parse("2026-10-02T01:30:00+09:00").unwrap(),
    };
    let mut transaction = store.begin().unwrap();
    let all = [compared(1, "015", 0), compared(2, "015", 0), compared(3, "015", 4), compared(3, "014", 256)];
    for one in &all {
        transaction.record_reconciliation(one).unwrap();
    }
    transaction.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    let last = |receiver: &str, only_same| {
        snapshot.last_reconciliation(&feed("a"), &receiver.parse().unwrap(), only_same).unwrap()
    };
    assert_eq!(last("015", false).as_ref(), Some(&all[2]));
    assert_eq!(last("015", true).as_ref(), Some(&all[1]));
    assert_eq!(last("014", true), None);
    assert_eq!(snapshot.last_reconciliation(&feed("b"), &"015".parse().unwrap(), false).unwrap(), None);
}
