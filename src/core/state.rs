//! The state digest of a feed: what a receiver holds, in 256 sums.
//!
//! Rows fall by key into 256 buckets; a bucket is the sum modulo 2^256 of the SHA-256 of each of its rows
//! as the layout renders it. Adding and removing a row is one addition or subtraction, so a diff's proof
//! costs what the diff costs, and two sides that differ find where by comparing 8 KiB. It guards against
//! accidents, not against malice (`design.md`, Storage).

use crate::hash::sha256;
use crate::ids::Digest;
use crate::row_digests;

/// How many buckets a state has.
pub const BUCKETS: usize = 256;
/// Bytes of a state when stored: all bucket sums, big-endian, one after the other.
pub const STATE_BYTES: usize = BUCKETS * 32;

/// The SHA-256 of one row as rendered, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowDigest(pub [u8; 32]);

impl RowDigest {
    /// The digest of a rendered row: its characters as UTF-8, quotes and separators included, no newline.
    pub fn of(line: &[u8]) -> Self {
        Self(sha256(line))
    }

    /// The digest of each of many rows, in order: faster than one after the other.
    pub fn of_all(lines: &[&[u8]]) -> Vec<Self> {
        row_digests::of_rows(lines)
    }
}

/// The bucket of a row: the low 8 bits of the 32-bit FNV-1a of its key fields joined by U+001F.
pub fn bucket_of<'k>(key: impl IntoIterator<Item = &'k [u8]>) -> usize {
    let mut hash = 0x811c_9dc5_u32;
    let mut step = |byte: u8| hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    for (index, field) in key.into_iter().enumerate() {
        if index > 0 {
            step(0x1f);
        }
        field.iter().copied().for_each(&mut step);
    }
    (hash & 0xff) as usize
}

/// A sum of row digests modulo 2^256; limbs from the least significant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum([u64; 4]);

impl Sum {
    fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
            *limb = u64::from_be_bytes(*chunk);
        }
        Self(limbs)
    }

    fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0.iter().rev()) {
            *chunk = limb.to_be_bytes();
        }
        bytes
    }

    fn add(&mut self, other: &Self) {
        let mut carry = false;
        for (limb, more) in self.0.iter_mut().zip(other.0) {
            (*limb, carry) = limb.carrying_add(more, carry);
        }
    }

    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (limb, less) in self.0.iter_mut().zip(other.0) {
            (*limb, borrow) = limb.borrowing_sub(less, borrow);
        }
    }
}

/// What a receiver of a feed holds: how many rows, and the 256 bucket sums.
#[derive(Clone, PartialEq, Eq)]
pub struct FeedState {
    n_rows: i64,
    buckets: Vec<Sum>,
}

impl FeedState {
    /// The state of a receiver that holds nothing.
    pub fn empty() -> Self {
        Self { n_rows: 0, buckets: vec![Sum::default(); BUCKETS] }
    }

    /// Counts a row in. `bucket` comes from [`bucket_of`].
    pub fn add(&mut self, bucket: usize, row: &RowDigest) {
        if let Some(sum) = self.buckets.get_mut(bucket) {
            sum.add(&Sum::from_bytes(&row.0));
            self.n_rows += 1;
        }
    }

    /// Counts a row out.
    pub fn remove(&mut self, bucket: usize, row: &RowDigest) {
        if let Some(sum) = self.buckets.get_mut(bucket) {
            sum.subtract(&Sum::from_bytes(&row.0));
            self.n_rows -= 1;
        }
    }

    /// Counts in everything `other` holds; for states summed in parts.
    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.buckets.iter_mut().zip(&other.buckets) {
            sum.add(more);
        }
        self.n_rows += other.n_rows;
    }

    /// The number of rows held; negative only if more were counted out than in.
    pub fn n_rows(&self) -> i64 {
        self.n_rows
    }

    /// One digest over all buckets: the SHA-256 of [`FeedState::to_bytes`].
    pub fn digest(&self) -> Digest {
        Digest(sha256(&self.to_bytes()))
    }

    /// The [`STATE_BYTES`] bytes of all bucket sums.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.buckets.iter().flat_map(|sum| sum.to_bytes()).collect()
    }

    /// Reads back what [`FeedState::to_bytes`] gave; `None` when the length is not [`STATE_BYTES`].
    pub fn from_bytes(n_rows: i64, bytes: &[u8]) -> Option<Self> {
        let (chunks, []) = bytes.as_chunks::<32>() else { return None };
        (chunks.len() == BUCKETS)
            .then(|| Self { n_rows, buckets: chunks.iter().map(Sum::from_bytes).collect() })
    }

    /// The numbers of the buckets in which two states differ, ascending.
    pub fn differing_buckets(&self, other: &Self) -> Vec<usize> {
        let pairs = self.buckets.iter().zip(&other.buckets).enumerate();
        pairs.filter(|(_, (ours, theirs))| ours != theirs).map(|(index, _)| index).collect()
    }
}

impl std::fmt::Debug for FeedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FeedState({} rows, {})", self.n_rows, self.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(rows: &[&str]) -> FeedState {
        let mut state = FeedState::empty();
        for row in rows {
            state.add(bucket_of([row.as_bytes()]), &RowDigest::of(row.as_bytes()));
        }
        state
    }

    #[test]
    fn order_does_not_matter_and_removing_undoes_adding() {
        assert_eq!(state(&["a", "b", "c"]), state(&["c", "a", "b"]));
        let mut three = state(&["a", "b", "c"]);
        three.remove(bucket_of([b"b".as_slice()]), &RowDigest::of(b"b"));
        assert_eq!(three, state(&["a", "c"]));
        assert_ne!(three.digest(), state(&["a", "b"]).digest());
    }

    #[test]
    fn sums_carry_and_borrow_over_all_limbs() {
        let mut sum = Sum::from_bytes(&[0xff; 32]);
        sum.add(&Sum([1, 0, 0, 0]));
        assert_eq!(sum, Sum::default());
        sum.subtract(&Sum([1, 0, 0, 0]));
        assert_eq!(sum.to_bytes(), [0xff; 32]);
        let mut big_endian = [0; 32];
        big_endian[31] = 7;
        assert_eq!(Sum::from_bytes(&big_endian), Sum([7, 0, 0, 0]));
    }

    #[test]
    fn a_state_reads_what_it_wrote() {
        let state = state(&["a", "b"]);
        assert_eq!(FeedState::from_bytes(2, &state.to_bytes()), Some(state.clone()));
        assert_eq!(FeedState::from_bytes(2, &state.to_bytes()[1..]), None);
        assert_eq!(FeedState::from_bytes(2, &[]), None);
    }

    #[test]
    fn two_states_say_where_they_differ() {
        let bucket = bucket_of([b"b".as_slice()]);
        assert_eq!(state(&["a", "b"]).differing_buckets(&state(&["a"])), [bucket]);
        assert!(state(&["a"]).differing_buckets(&state(&["a"])).is_empty());
    }

    /// The rule is public (receivers' own software follows it), so its values are fixed here.
    #[test]
    fn buckets_follow_fnv_1a() {
        assert_eq!(bucket_of([b"".as_slice()]), 0xc5);
        assert_eq!(bucket_of([b"a".as_slice()]), 0x2c);
        assert_ne!(bucket_of([b"1".as_slice(), b"11"]), bucket_of([b"11".as_slice(), b"1"]));
    }
}
