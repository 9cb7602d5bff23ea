//! A set of keys that remembers 16 bytes of each.
//!
//! A key is remembered by a keyed hash of 128 bits, so that nobody can make up two keys that look the same.
//! Hashes lie in many small tables that each grow by a sixth when they are full to 17 twentieths: nineteen
//! to twenty-two bytes a key, and never much more while one of them moves.

use std::hash::{BuildHasher as _, RandomState};

const TABLES: usize = 256;
const FIRST_SLOTS: usize = 64;

/// Keys met so far.
pub(super) struct KeySet {
    upper: RandomState,
    lower: RandomState,
    tables: Vec<Table>,
}

/// Open addressing, one slot after the other; 0 is a free slot.
#[derive(Clone)]
struct Table {
    slots: Vec<u128>,
    n_used: usize,
}

impl Default for KeySet {
    fn default() -> Self {
        let table = Table { slots: vec![0; FIRST_SLOTS], n_used: 0 };
        Self { upper: RandomState::new(), lower: RandomState::new(), tables: vec![table; TABLES] }
    }
}

impl KeySet {
    /// True when the key is met for the first time.
    pub(super) fn insert(&mut self, key: &[u8]) -> bool {
        let upper = self.upper.hash_one(key);
        let hash = u128::from(upper) << 64 | u128::from(self.lower.hash_one(key));
        let table = self.tables.get_mut((upper >> 56) as usize);
        table.is_some_and(|table| table.insert(hash.max(1)))
    }

    /// Bytes of all slots.
    #[cfg(test)]
    fn n_bytes(&self) -> usize {
        self.tables.iter().map(|table| table.slots.capacity() * size_of::<u128>()).sum()
    }
}

impl Table {
    fn insert(&mut self, hash: u128) -> bool {
        if self.n_used * 20 >= self.slots.len() * 17 {
            self.grow();
        }
        let is_new = put(&mut self.slots, hash);
        self.n_used += usize::from(is_new);
        is_new
    }

    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() + self.slots.len() / 6 + 1];
        for hash in self.slots.iter().filter(|hash| **hash != 0) {
            put(&mut slots, *hash);
        }
        self.slots = slots;
    }
}

/// True when `hash` was not there; there is always a free slot.
fn put(slots: &mut [u128], hash: u128) -> bool {
    // The low half decides, because the top of the high half has chosen the table.
    let lower = hash & u128::from(u64::MAX);
    let start = usize::try_from((lower * slots.len() as u128) >> 64).unwrap_or(0);
    let (before, from) = slots.split_at_mut(start);
    for slot in from.iter_mut().chain(before) {
        if *slot == 0 {
            *slot = hash;
            return true;
        }
        if *slot == hash {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once_and_takes_little_room() {
        const KEYS: usize = 60_000;
        let mut keys = KeySet::default();
        for round in 0..2 {
            for number in 0..KEYS {
                let key = format!("{number:015}");
                assert_eq!(keys.insert(key.as_bytes()), round == 0, "{key} in round {round}");
            }
        }
        let n_bytes = keys.n_bytes() / KEYS;
        assert!((16..=24).contains(&n_bytes), "{n_bytes} bytes a key");
    }

    #[test]
    fn a_full_turn_finds_the_free_slot() {
        let mut slots = vec![0; 3];
        let last = u128::from(u64::MAX);
        assert!(put(&mut slots, last) && put(&mut slots, last | 1 << 64) && put(&mut slots, last | 2 << 64));
        assert!(!put(&mut slots, last | 1 << 64));
    }
}
