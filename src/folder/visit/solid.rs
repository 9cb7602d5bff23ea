//! Which part of an upload has arrived without holes: only that is worth going on from.
//!
//! Clients write many blocks at once and not always in order; a connection may end between them.

use std::collections::BTreeMap;

/// Blocks beyond the first hole that are remembered; a client with more of them in flight loses what lies behind.
const MAX_BLOCKS: usize = 4096;

/// Bytes from the start that are all there, and blocks beyond; of an upload, or of what was sent of a file.
#[derive(Debug, Default)]
pub struct Solid {
    n_bytes: u64,
    /// Start and end of blocks behind a hole.
    beyond: BTreeMap<u64, u64>,
}

impl Solid {
    /// A file that has its first `n_bytes`.
    pub fn new(n_bytes: u64) -> Self {
        Self { n_bytes, beyond: BTreeMap::new() }
    }

    /// A block was written.
    pub fn add(&mut self, offset: u64, n_bytes: u64) {
        let end = offset.saturating_add(n_bytes);
        if offset > self.n_bytes {
            if self.beyond.len() < MAX_BLOCKS {
                let known = self.beyond.entry(offset).or_insert(end);
                *known = end.max(*known);
            }
            return;
        }
        self.n_bytes = self.n_bytes.max(end);
        while let Some(block) = self.beyond.first_entry() {
            if *block.key() > self.n_bytes {
                break;
            }
            self.n_bytes = self.n_bytes.max(block.remove());
        }
    }

    /// The file was cut or lengthened. What was added is room and has not arrived: clients that make room for the whole
    /// file first would else seem to have brought it.
    pub fn set_len(&mut self, n_bytes: u64) {
        self.n_bytes = self.n_bytes.min(n_bytes);
        self.beyond.split_off(&n_bytes);
        for end in self.beyond.values_mut() {
            *end = n_bytes.min(*end);
        }
    }

    /// Bytes from the start without a hole.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_hole_before_it_counts() {
        let check = |blocks: &[(u64, u64)], expect: u64| {
            let mut solid = Solid::default();
            for &(offset, n_bytes) in blocks {
                solid.add(offset, n_bytes);
            }
            assert_eq!(solid.n_bytes(), expect, "{blocks:?}");
        };
        check(&[], 0);
        check(&[(0, 10), (10, 10)], 20);
        check(&[(10, 10)], 0);
        check(&[(10, 10), (0, 10)], 20);
        check(&[(20, 10), (10, 10), (0, 5)], 5);
        check(&[(20, 10), (10, 10), (0, 5), (5, 5)], 30);
        check(&[(0, 10), (5, 2)], 10);
        check(&[(10, 2), (10, 10), (0, 10)], 20);
        check(&[(0, u64::MAX), (5, u64::MAX)], u64::MAX);
    }

    #[test]
    fn room_has_not_arrived_and_what_is_cut_off_is_gone() {
        let check = |n_bytes: u64, later: &[(u64, u64)], expect: u64| {
            let mut solid = Solid::new(10);
            solid.add(20, 10);
            solid.add(40, 10);
            solid.set_len(n_bytes);
            for &(offset, n_bytes) in later {
                solid.add(offset, n_bytes);
            }
            assert_eq!(solid.n_bytes(), expect, "{n_bytes} {later:?}");
        };
        check(1000, &[], 10);
        check(1000, &[(10, 10)], 30);
        check(25, &[(10, 10)], 25);
        check(20, &[(10, 10)], 20);
        check(4, &[], 4);
        check(4, &[(4, 16)], 20);
        check(0, &[], 0);
    }
}
