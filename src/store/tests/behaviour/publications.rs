//! Publications and where each feed stands.

use renkei_core::guard::{Bound, Exceeded, Percent, ReasonCode, Review};
use renkei_core::port::{PublicationRecord, Store, StoreError};
use renkei_core::publication::{Kind, Progress};
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::{CommitNo, Digest, FeedId, Sequence, Window};

use super::town::code;
use super::{Fixture, PATIENT};

pub(super) fn feed(id: &str) -> FeedId {
    id.parse().unwrap()
}

pub(super) fn publication(feed_id: &str, sequence: u32, kind: Kind) -> PublicationRecord {
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
        review: kind.moves_state().then(review),
    }
}

fn review() -> Review {
    let mut review = Review::default();
    review.count(ReasonCode::of("43"), true, true);
    review.exceeded.push(Exceeded {
        bound: Bound::MaxShare,
        n_rows: 9,
        max_rows: 8,
        percent: Some(Percent(5)),
    });
    review
}

pub(super) fn seal(store: &dyn Store, publication: &PublicationRecord) -> Result<(), StoreError> {
    let mut transaction = store.begin()?;
    transaction.seal(publication)?;
    transaction.commit()
}

pub(super) fn settle(store: &dyn Store, feed: &FeedId, sequence: u32) -> Result<(), StoreError> {
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

pub(crate) fn a_held_one_moves_nothing_until_it_is_released<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let a = feed("a");
    let waiting =
        |sequence| PublicationRecord { progress: Progress::Held, ..publication("a", sequence, Kind::Diff) };
    let head = || store.snapshot().unwrap().feed_head(&a).unwrap().map(|head| head.sequence.0);
    let last = || store.snapshot().unwrap().last_sequence(&a).unwrap().0;
    seal(&*store, &publication("a", 1, Kind::Full)).unwrap();
    settle(&*store, &a, 1).unwrap();
    seal(&*store, &waiting(2)).unwrap();
    assert_eq!((head(), last()), (Some(1), 2));
    assert_eq!(store.snapshot().unwrap().publication(&a, Sequence(2)).unwrap(), Some(waiting(2)));
    assert_eq!(code(settle(&*store, &a, 2)), "store.missing", "a held one is released first");
    let act = |release: bool, sequence| {
        let mut transaction = store.begin()?;
        let sequence = Sequence(sequence);
        if release {
            transaction.release(&a, sequence)?;
        } else {
            transaction.discard(&a, sequence)?;
        }
        transaction.commit()
    };
    assert_eq!(code(act(true, 1)), "store.missing", "a published one is not held");
    act(true, 2).unwrap();
    settle(&*store, &a, 2).unwrap();
    assert_eq!((head(), last()), (Some(2), 2));
    assert_eq!(code(act(false, 2)), "store.missing", "what was released cannot be discarded");
}

pub(crate) fn a_discarded_one_gives_its_sequence_back<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let a = feed("a");
    seal(&*store, &publication("a", 1, Kind::Full)).unwrap();
    for _ in 0..2 {
        let held = PublicationRecord { progress: Progress::Held, ..publication("a", 2, Kind::Full) };
        seal(&*store, &held).unwrap();
        let mut transaction = store.begin().unwrap();
        transaction.discard(&a, Sequence(2)).unwrap();
        transaction.commit().unwrap();
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.last_sequence(&a).unwrap(), Sequence(1));
        assert_eq!(snapshot.feed_head(&a).unwrap().unwrap().sequence, Sequence(1));
        assert_eq!(snapshot.publication(&a, Sequence(2)).unwrap(), None);
    }
    seal(&*store, &publication("a", 2, Kind::Diff)).unwrap();
    let snapshot = store.snapshot().unwrap();
    let sequences = |list: Vec<PublicationRecord>| list.iter().map(|one| one.sequence.0).collect::<Vec<_>>();
    assert_eq!(sequences(snapshot.last_publications(Some(&a), 9).unwrap()), [2, 1]);
    assert_eq!(sequences(snapshot.last_publications(None, 1).unwrap()), [2]);
    assert_eq!(
        sequences(snapshot.publications(Some(&a), None).unwrap()),
        [1, 2, 2, 2],
        "nothing is forgotten"
    );
}
