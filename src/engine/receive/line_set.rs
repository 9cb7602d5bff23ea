//! Lines of a file by their numbers: a bit for each line, so that however many of a file are meant, they take little room.

/// Some lines of a file, which count from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LineSet {
    words: Vec<u64>,
}

impl LineSet {
    pub(super) fn insert(&mut self, line: u64) {
        let Some((word, bit)) = place(line) else { return };
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn has(&self, line: u64) -> bool {
        place(line).is_some_and(|(word, bit)| self.words.get(word).is_some_and(|word| word & bit != 0))
    }
}

fn place(line: u64) -> Option<(usize, u64)> {
    Some((usize::try_from(line / 64).ok()?, 1 << (line % 64)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_has_what_was_put_in(put in prop::collection::btree_set(1_u64..2_000, 0..200), asked in 0_u64..3_000) {
            let mut lines = LineSet::default();
            for line in &put {
                lines.insert(*line);
            }
            prop_assert_eq!(lines.has(asked), put.contains(&asked));
            let all: BTreeSet<u64> = (0..3_000).filter(|line| lines.has(*line)).collect();
            prop_assert_eq!(all, put);
        }
    }
}
