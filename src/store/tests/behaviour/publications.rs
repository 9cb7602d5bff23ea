//! Publications and where each feed stands.

use renkei_core::port::{PublicationRecord, Store, StoreError};
use renkei_core::publication::{Kind, Progress};
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::{CommitNo, Digest, FeedId, Sequence, Window};

use super::town::code;
use super::{Fixture, PATIENT};

fn feed(id: &str) -> FeedId {
    id.parse().unwrap()
}

fn publication(feed_id: &str, sequence: u32, kind: Kind) -> PublicationRecord {
    let mut state = FeedState::empty();
    state.add(usize::try_from(sequence).unwrap(), &RowDigest::of(feed_id.as_bytes()));
    PublicationRecord {
        feed: feed(feed_id),
        sequence: Sequence(sequence),
        kind,
        window: Window { after: CommitNo(u64::from(sequence) - 1), through: CommitNo(u64::from(sequence)) },
        business_date: "2026-10-02".parse().unwrap(),
        layout_sha256: Digest([5; 32]),
        folder: "001/001o005-00/v1".to_owned(),
        stem: "082201_001o005-00_F_20261002013000_1".to_owned(),
        notice: "{\r\n \"配信\": \"\u{20000}\"}".to_owned(),
        state,
        progress: Progress::Sealed,
        run_id: "01JB000000000000000000000A".to_owned(),
        sealed_at: "2026-10-02T01:30:00+09:00".to_owned(),
    }
}

fn seal(store: &dyn Store, publication: &PublicationRecord) -> Result<(), StoreError> {
    let mut transaction = store.begin()?;
    transaction.seal(publication)?;
    transaction.commit()
}

fn settle(store: &dyn Store, feed: &FeedId, sequence: u32) -> Result<(), StoreError> {
    let mut transaction = store.begin()?;
    transaction.settle(feed, Sequence(sequence))?;
    transaction.commit()
}

pub(crate) fn sequences_count_up_by_feed<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let last = |id| store.snapshot().unwrap().last_sequence(&feed(id)).unwrap().0;
    assert_eq!((last("a"), last("b")), (0, 0));
    for sequence in 1..=3 {
        seal(&*store, &publication("a", sequence, Kind::Full)).unwrap();
    }
    seal(&*store, &publication("b", 1, Kind::Single)).unwrap();
    assert_eq!((last("a"), last("b")), (3, 1));
}

pub(crate) fn a_taken_or_skipped_sequence_is_refused<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    seal(&*store, &publication("a", 1, Kind::Full)).unwrap();
    for sequence in [1, 3] {
        let refused = seal(&*store, &publication("a", sequence, Kind::Diff));
        assert_eq!(code(refused), "store.sequence-taken", "sequence {sequence}");
    }
    assert_eq!(code(seal(&*store, &publication("b", 2, Kind::Full))), "store.sequence-taken");
    assert_eq!(store.snapshot().unwrap().publications(None, None).unwrap().len(), 1);
}

pub(crate) fn only_fulls_and_diffs_move_the_head_of_a_feed<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let head = || store.snapshot().unwrap().feed_head(&feed("a")).unwrap();
    assert_eq!(head(), None);
    let kinds = [(Kind::Single, 0), (Kind::Full, 2), (Kind::AsOf, 2), (Kind::Diff, 4), (Kind::Single, 4)];
    for ((kind, expected), sequence) in kinds.into_iter().zip(1..) {
        seal(&*store, &publication("a", sequence, kind)).unwrap();
        seal(&*store, &publication("b", sequence, Kind::Full)).unwrap();
        assert_eq!(head().map_or(0, |head| head.sequence.0), expected, "after {kind} {sequence}");
    }
    assert_eq!(head(), Some(publication("a", 4, Kind::Diff)), "every field comes back");
}

pub(crate) fn settling_is_once_and_of_something_sealed<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    seal(&*store, &publication("a", 1, Kind::Full)).unwrap();
    assert_eq!(code(settle(&*store, &feed("a"), 2)), "store.missing");
    assert_eq!(code(settle(&*store, &feed("b"), 1)), "store.missing");
    for _ in 0..2 {
        settle(&*store, &feed("a"), 1).unwrap();
        let head = store.snapshot().unwrap().feed_head(&feed("a")).unwrap().unwrap();
        assert_eq!(
            head,
            PublicationRecord { progress: Progress::Published, ..publication("a", 1, Kind::Full) }
        );
    }
}

pub(crate) fn publications_are_told_in_order_of_sealing<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let sealed = [("b", 1), ("a", 1), ("a", 2), ("b", 2)];
    for (id, sequence) in sealed {
        seal(&*store, &publication(id, sequence, Kind::Full)).unwrap();
    }
    settle(&*store, &feed("a"), 1).unwrap();
    settle(&*store, &feed("b"), 2).unwrap();
    let check = |id: Option<&str>, progress, expected: &[(&str, u32)]| {
        let snapshot = store.snapshot().unwrap();
        let found = snapshot.publications(id.map(feed).as_ref(), progress).unwrap();
        let found: Vec<_> = found.iter().map(|p| (p.feed.as_str(), p.sequence.0)).collect();
        assert_eq!(found, expected, "{id:?} {progress:?}");
    };
    check(None, None, &sealed);
    check(Some("a"), None, &[("a", 1), ("a", 2)]);
    check(None, Some(Progress::Sealed), &[("b", 1), ("a", 2)]);
    check(Some("b"), Some(Progress::Published), &[("b", 2)]);
    check(Some("c"), None, &[]);
}
