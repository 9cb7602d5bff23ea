//! The rows of opened buckets, theirs against ours. Of theirs 32 bytes a row are kept.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::BufRead;
use std::ops::ControlFlow;

use renkei_core::feed::Feed;
use renkei_core::port::PublicationRecord;
use renkei_core::projection::{Projection, Shown};
use renkei_core::receive::{Holding, HoldingError, OpenedError, OpenedRows};
use renkei_core::state::RowDigest;

use super::state_at::each_row_at;
use super::{MAX_DIVERGENT_ROWS, check_divergence};
use crate::compare::index::{Index, Meeting, RowHash};
use crate::error::EngineError;
use crate::generate::{Divergence, DivergentRow, diverged, numbers_of};
use crate::house::House;

/// Opens the receiver's file; it is read twice where something differs.
pub type OpenRows<'o> = dyn Fn() -> Result<Box<dyn BufRead>, EngineError> + 'o;

/// Compares the rows of a receiver's opened buckets with ours as of the publication it holds. An error where a bucket
/// that differs is not opened: then not every row that differs would be found.
pub fn compare_opened(
    house: House<'_>,
    feed: &Feed,
    given: &PublicationRecord,
    open: &OpenRows<'_>,
) -> Result<Divergence, EngineError> {
    let snapshot = house.store.snapshot()?;
    if given.layout_sha256 != feed.rendering_sha256() {
        return Err(EngineError::RenderingChanged { feed: feed.id.clone(), sequence: given.sequence });
    }
    let hashes = Hashes::default();
    let mut index = Index::default();
    let mut rows = open_rows(open)?;
    let (holding, opened) = (rows.opening().holding.clone(), rows.opening().opened.clone());
    let theirs = state_of(feed, given, &holding)?;
    if theirs.iter().any(|bucket| !opened.iter().any(|one| usize::from(*one) == *bucket)) {
        return Err(HoldingError { what: "a bucket that differs is not opened" }.into());
    }
    let most = most_rows(given.state.n_rows(), holding.n_rows);
    let mut n_rows = 0_u64;
    while let Some(row) = rows.next_row().map_err(unusable)? {
        n_rows += 1;
        if n_rows > most {
            return Err(too_many(feed, n_rows > holding.n_rows));
        }
        index.push(hashes.of(&row.key, row.digest));
    }
    if index.close() > 0 {
        return Err(HoldingError { what: "a key comes twice" }.into());
    }
    let mut is_opened = [false; 256];
    for bucket in &opened {
        if let Some(place) = is_opened.get_mut(usize::from(*bucket)) {
            *place = true;
        }
    }
    let projection = Projection::new(feed);
    let mut found: Vec<DivergentRow> = Vec::new();
    // Those that both have, by the hash of their key: theirs is still to be found.
    let mut different: HashMap<u128, usize> = HashMap::new();
    let mut text = Vec::new();
    let at = given.window.through;
    each_row_at(snapshot.as_ref(), &projection, numbers_of(feed), at, &mut |row| {
        house.may_go_on()?;
        let bucket = projection.bucket(row);
        if is_opened.get(bucket) != Some(&true) {
            return Ok(ControlFlow::Continue(()));
        }
        text.clear();
        // What could not be rendered was never given.
        if projection.render(row, Shown::Present, &mut text, &mut Vec::new()).is_err() {
            return Ok(ControlFlow::Continue(()));
        }
        let (key, digest) = (projection.key(row).join(&0x1f), RowDigest::of(&text));
        let hash = hashes.of(&key, digest);
        let met = index.meet(hash);
        if met != Some(Meeting::Equal) {
            if met.is_some() {
                different.insert(hash.key, found.len());
            }
            found.push(DivergentRow { key, bucket, ours: Some(digest), theirs: None });
            check_divergence(&feed.id, found.len())?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut surplus: Vec<u128> = index.into_unmet().into_iter().map(|(key, _)| key).collect();
    check_divergence(&feed.id, found.len() + surplus.len())?;
    surplus.sort_unstable();
    if !(different.is_empty() && surplus.is_empty()) {
        let mut rows = open_rows(open)?;
        while let Some(row) = rows.next_row().map_err(unusable)? {
            let hash = hashes.of(&row.key, row.digest).key;
            let known = different.get(&hash).and_then(|place| found.get_mut(*place));
            if let Some(known) = known {
                known.theirs = Some(row.digest);
            } else if surplus.binary_search(&hash).is_ok() {
                let (key, bucket, theirs) = (row.key, row.bucket, Some(row.digest));
                found.push(DivergentRow { key, bucket, ours: None, theirs });
            }
        }
    }
    let state = diverged(&given.state, &found);
    if Some(&state) != holding.state().as_ref() {
        // Our own rows do not give what was published, or the file was changed between the two looks.
        let what = "the rows that differ do not lead to what the receiver holds".to_owned();
        return Err(EngineError::ProofFailed { feed: feed.id.clone(), what });
    }
    Ok(Divergence { sequence: given.sequence, state, rows: found })
}

/// The buckets that differ.
fn state_of(feed: &Feed, given: &PublicationRecord, holding: &Holding) -> Result<Vec<usize>, EngineError> {
    if holding.feed != feed.id || holding.sequence != given.sequence {
        return Err(HoldingError { what: "it is of another feed or publication" }.into());
    }
    let theirs = holding.state().ok_or(HoldingError { what: "it has not 256 sums" })?;
    Ok(given.state.differing_buckets(&theirs))
}

/// More rows than are said to be held, or than were given with all that may differ, are not looked at: what is kept
/// of each row must not grow with what somebody else writes.
fn most_rows(n_given: i64, n_held: u64) -> u64 {
    let n_given = u64::try_from(n_given).unwrap_or(0);
    n_held.min(n_given.saturating_add(MAX_DIVERGENT_ROWS as u64))
}

fn too_many(feed: &Feed, are_more_than_held: bool) -> EngineError {
    if are_more_than_held {
        return HoldingError { what: "it has more rows than are said to be held" }.into();
    }
    EngineError::TooDifferent { feed: feed.id.clone(), most: MAX_DIVERGENT_ROWS }
}

fn open_rows(open: &OpenRows<'_>) -> Result<OpenedRows<Box<dyn BufRead>>, EngineError> {
    OpenedRows::new(open()?).map_err(unusable)
}

pub(super) fn unusable(error: OpenedError) -> EngineError {
    match error {
        OpenedError::Io(source) => EngineError::Input { file: "the receiver's rows".to_owned(), source },
        OpenedError::Unusable(error) => error.into(),
    }
}

/// Secrets of one comparison, so that nobody can make up rows that look the same.
#[derive(Default)]
struct Hashes {
    upper: RandomState,
    lower: RandomState,
    content: RandomState,
}

impl Hashes {
    fn of(&self, key: &[u8], digest: RowDigest) -> RowHash {
        let key = u128::from(self.upper.hash_one(key)) << 64 | u128::from(self.lower.hash_one(key));
        RowHash { key, content: self.content.hash_one(digest.0), at: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_rows_are_kept_than_are_held_or_may_differ() {
        let differing = MAX_DIVERGENT_ROWS as u64;
        for (n_given, n_held, expected) in [
            (10, 0, 0),
            (10, 12, 12),
            (10, u64::MAX, 10 + differing),
            (0, differing + 1, differing),
            (-1, 5, 5),
            (i64::MAX, u64::MAX, i64::MAX.unsigned_abs() + differing),
        ] {
            assert_eq!(most_rows(n_given, n_held), expected, "{n_given} given, {n_held} held");
        }
    }
}
