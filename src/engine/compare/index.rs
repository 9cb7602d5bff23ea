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
#[derive(Default)]
pub(crate) struct Index {
    known: Known,
    met: Met,
}

/// What is known of a side, by part.
pub(crate) struct Known {
    parts: Vec<Part>,
}

/// Rows whose keys' hashes begin with the same bits.
#[derive(Default)]
struct Part {
    slots: Vec<Slot>,
    /// Where the slots of each of 2^n equal ranges of hashes begin: hashes lie evenly, so a range has two or three.
    starts: Vec<u32>,
}

/// Which rows were met: a bit for each, by part.
#[derive(Default)]
pub(crate) struct Met {
    bits: Vec<Vec<u64>>,
}

/// A row that an index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownRow {
    part: usize,
    place: usize,
    pub(crate) content: u64,
    pub(crate) at: u64,
}

/// What a row is to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meeting {
    Equal,
    /// With the place of the row of the index.
    Different(u64),
    /// Its key was met before.
    Again,
}

impl Default for Known {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Part::default()).collect() }
    }
}

impl Index {
    pub(crate) fn push(&mut self, row: RowHash) {
        let slot = [upper(row.key), lower(row.key), row.content, row.at];
        if let Some(Part { slots, .. }) = self.known.parts.get_mut(part_of(row.key)) {
            if slots.len() == slots.capacity() {
                slots.reserve_exact(slots.len() / 8 + 64);
            }
            slots.push(slot);
        }
    }

    /// Makes it ready to be asked; how many rows had the key of another.
    pub(crate) fn close(&mut self) -> u64 {
        let mut n_duplicate = 0;
        for part in &mut self.known.parts {
            n_duplicate += part.close();
            self.met.bits.push(vec![0; part.slots.len().div_ceil(64)]);
        }
        n_duplicate
    }

    /// Takes note of a row of the other side; `None` where the index has no such key.
    pub(crate) fn meet(&mut self, row: RowHash) -> Option<Meeting> {
        let known = self.known.find(row.key)?;
        Some(self.met.meet(known, row.content))
    }

    /// What many may ask at a time, and what one takes note in.
    pub(crate) fn halves(&mut self) -> (&Known, &mut Met) {
        (&self.known, &mut self.met)
    }

    /// The keys that were not met, and where their rows stand.
    pub(crate) fn into_unmet(self) -> Vec<(u128, u64)> {
        let parts = self.known.parts.into_iter().zip(self.met.bits);
        parts
            .flat_map(|(part, met)| {
                part.slots.into_iter().enumerate().filter_map(move |(place, [upper, lower, _, at])| {
                    let is_met = met.get(place / 64).is_some_and(|word| word & 1 << (place % 64) != 0);
                    (!is_met).then_some((u128::from(upper) << 64 | u128::from(lower), at))
                })
            })
            .collect()
    }
}

impl Known {
    /// The row with this key.
    pub(crate) fn find(&self, key: u128) -> Option<KnownRow> {
        let part = part_of(key);
        let (place, [.., content, at]) = self.parts.get(part)?.find(upper(key), lower(key))?;
        Some(KnownRow { part, place, content, at })
    }
}

impl Part {
    fn close(&mut self) -> u64 {
        // The first of a key stays first.
        self.slots.sort_by_key(|slot| (slot[0], slot[1]));
        let before = self.slots.len();
        self.slots.dedup_by_key(|slot| (slot[0], slot[1]));
        let n_ranges = (self.slots.len() / 2).max(1).next_power_of_two();
        self.starts = Vec::with_capacity(n_ranges + 1);
        for (place, slot) in self.slots.iter().enumerate() {
            let range = range_of(slot[0], n_ranges);
            while self.starts.len() <= range {
                self.starts.push(narrow(place));
            }
        }
        self.starts.resize(n_ranges + 1, narrow(self.slots.len()));
        (before - self.slots.len()) as u64
    }

    fn find(&self, upper: u64, lower: u64) -> Option<(usize, Slot)> {
        let range = range_of(upper, self.starts.len().checked_sub(1)?);
        let (start, end) = (*self.starts.get(range)? as usize, *self.starts.get(range + 1)? as usize);
        let slots = self.slots.get(start..end)?;
        let place = slots.iter().position(|slot| slot[0] == upper && slot[1] == lower)?;
        Some((start + place, *slots.get(place)?))
    }
}

impl Met {
    /// Takes note that a row of this content met one of the index.
    pub(crate) fn meet(&mut self, known: KnownRow, content: u64) -> Meeting {
        let word = self.bits.get_mut(known.part).and_then(|part| part.get_mut(known.place / 64));
        let bit = 1 << (known.place % 64);
        let was_met = word.is_some_and(|word| {
            let was_met = *word & bit != 0;
            *word |= bit;
            was_met
        });
        match was_met {
            true => Meeting::Again,
            false if known.content == content => Meeting::Equal,
            false => Meeting::Different(known.at),
        }
    }
}

fn part_of(key: u128) -> usize {
    (key >> 120) as usize
}

/// Which of 2^n equal ranges of its part a hash lies in: by the bits after those that say the part.
fn range_of(upper: u64, n_ranges: usize) -> usize {
    let bits = n_ranges.ilog2();
    let after = upper << PARTS.ilog2();
    after.checked_shr(u64::BITS - bits).and_then(|range| usize::try_from(range).ok()).unwrap_or_default()
}

/// A part has far fewer than 2^32 rows: they would need 128 GiB.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn upper(key: u128) -> u64 {
    (key >> 64) as u64
}

fn lower(key: u128) -> u64 {
    u64::try_from(key & u128::from(u64::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_map_finds(
            // Keys that meet in parts, in ranges and in all but their last bits.
            pushed in prop::collection::vec((0_u128..4, 0_u128..6, 0_u128..3, 0_u64..3), 0..200),
            asked in prop::collection::vec((0_u128..4, 0_u128..6, 0_u128..3, 0_u64..3), 0..200),
        ) {
            let key = |(part, middle, low): (u128, u128, u128)| part << 120 | middle << 117 | low;
            let row = |at: usize, (part, middle, low, content)| {
                RowHash { key: key((part, middle, low)), content, at: at as u64 }
            };
            let (mut index, mut map) = (Index::default(), HashMap::new());
            for (at, one) in pushed.iter().enumerate() {
                let row = row(at, *one);
                index.push(row);
                map.entry(row.key).or_insert((row, false));
            }
            prop_assert_eq!(index.close(), (pushed.len() - map.len()) as u64);
            for (at, one) in asked.iter().enumerate() {
                let row = row(at, *one);
                let expected = map.get_mut(&row.key).map(|(known, is_met)| {
                    match std::mem::replace(is_met, true) {
                        true => Meeting::Again,
                        false if known.content == row.content => Meeting::Equal,
                        false => Meeting::Different(known.at),
                    }
                });
                prop_assert_eq!(index.meet(row), expected);
            }
            let mut unmet = index.into_unmet();
            unmet.sort_unstable();
            let mut expected: Vec<_> =
                map.into_iter().filter(|(_, (_, is_met))| !is_met).map(|(key, (row, _))| (key, row.at)).collect();
            expected.sort_unstable();
            prop_assert_eq!(unmet, expected);
        }
    }
}
