//! What is remembered of the smaller side: 24 bytes a row, sorted by the hash of its key.

/// Parts grow one at a time, so that never much more is held than is needed.
const PARTS: usize = 256;

/// The hashes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowHash {
    pub(crate) key: u128,
    pub(crate) content: u64,
}

/// A key's upper and lower half, and the content: no room is lost between rows.
type Slot = [u64; 3];

/// The rows of a side.
pub(crate) struct Index {
    parts: Vec<Vec<Slot>>,
    /// A bit for each row that was met, by part.
    met: Vec<Vec<u64>>,
}

/// What a row is to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    Equal,
    Different,
    /// Its key was met before.
    Again,
}

impl Default for Index {
    fn default() -> Self {
        Self { parts: vec![Vec::new(); PARTS], met: Vec::new() }
    }
}

impl Index {
    pub(crate) fn push(&mut self, row: RowHash) {
        let slot = [upper(row.key), lower(row.key), row.content];
        if let Some(part) = self.parts.get_mut(part_of(row.key)) {
            if part.len() == part.capacity() {
                part.reserve_exact(part.len() / 8 + 64);
            }
            part.push(slot);
        }
    }

    /// Makes it ready to be asked; how many rows had the key of another.
    pub(crate) fn close(&mut self) -> u64 {
        let mut n_duplicate = 0;
        for part in &mut self.parts {
            // The first of a key stays first.
            part.sort_by_key(|slot| (slot[0], slot[1]));
            let before = part.len();
            part.dedup_by_key(|slot| (slot[0], slot[1]));
            n_duplicate += (before - part.len()) as u64;
            self.met.push(vec![0; part.len().div_ceil(64)]);
        }
        n_duplicate
    }

    /// Takes note of a row of the other side; `None` where the index has no such key.
    pub(crate) fn meet(&mut self, row: RowHash) -> Option<Met> {
        let at = part_of(row.key);
        let part = self.parts.get(at)?;
        let wanted = (upper(row.key), lower(row.key));
        let place = part.binary_search_by(|slot| (slot[0], slot[1]).cmp(&wanted)).ok()?;
        let content = part.get(place)?[2];
        let word = self.met.get_mut(at)?.get_mut(place / 64)?;
        let bit = 1 << (place % 64);
        if *word & bit != 0 {
            return Some(Met::Again);
        }
        *word |= bit;
        Some(if content == row.content { Met::Equal } else { Met::Different })
    }

    /// The keys that were not met.
    pub(crate) fn into_unmet(self) -> Vec<u128> {
        let parts = self.parts.into_iter().zip(self.met);
        parts
            .flat_map(|(part, met)| {
                part.into_iter().enumerate().filter_map(move |(place, [upper, lower, _])| {
                    let is_met = met.get(place / 64).is_some_and(|word| word & 1 << (place % 64) != 0);
                    (!is_met).then_some(u128::from(upper) << 64 | u128::from(lower))
                })
            })
            .collect()
    }
}

fn part_of(key: u128) -> usize {
    (key >> 120) as usize
}

fn upper(key: u128) -> u64 {
    (key >> 64) as u64
}

fn lower(key: u128) -> u64 {
    u64::try_from(key & u128::from(u64::MAX)).unwrap_or_default()
}
