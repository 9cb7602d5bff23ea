//! What is remembered of one side: 32 bytes a row, sorted by the hash of its key.

/// Parts grow one at a time, so that never much more is held than is needed.
const PARTS: usize = 256;

/// The hashes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowHash {
    pub(crate) key: u128,
    pub(crate) content: u64,
    /// Where the row stands, for whoever reads it again.
    pub(crate) at: u64,
}

/// A key's upper and lower half, the content and the place: no room is lost between rows.
type Slot = [u64; 4];

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
    /// With the place of the row of the index.
    Different(u64),
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
        let slot = [upper(row.key), lower(row.key), row.content, row.at];
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
        let [_, _, content, at_index] = *part.get(place)?;
        let word = self.met.get_mut(at)?.get_mut(place / 64)?;
        let bit = 1 << (place % 64);
        if *word & bit != 0 {
            return Some(Met::Again);
        }
        *word |= bit;
        Some(if content == row.content { Met::Equal } else { Met::Different(at_index) })
    }

    /// The keys that were not met, and where their rows stand.
    pub(crate) fn into_unmet(self) -> Vec<(u128, u64)> {
        let parts = self.parts.into_iter().zip(self.met);
        parts
            .flat_map(|(part, met)| {
                part.into_iter().enumerate().filter_map(move |(place, [upper, lower, _, at])| {
                    let is_met = met.get(place / 64).is_some_and(|word| word & 1 << (place % 64) != 0);
                    (!is_met).then_some((u128::from(upper) << 64 | u128::from(lower), at))
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
