//! Where the lines of a file that was turned over come from.

/// Which line of a source each line written comes from: kept only where the distance between them changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceRows {
    n_lines: u64,
    /// The first line written to which a distance holds, and the line of the source it comes from.
    turns: Vec<(u64, u64)>,
}

impl SourceRows {
    /// A header row was written, which comes from none.
    pub(crate) fn pass_header(&mut self) {
        self.n_lines += 1;
    }

    /// A line was written that comes from this one.
    pub(crate) fn push(&mut self, source_row: u64) {
        self.n_lines += 1;
        if self.of(self.n_lines) != source_row {
            self.turns.push((self.n_lines, source_row));
        }
    }

    /// The line of the source that a line written comes from; both from 1, header rows included.
    pub fn of(&self, row: u64) -> u64 {
        let n_before = self.turns.partition_point(|(first, _)| *first <= row);
        let turn = n_before.checked_sub(1).and_then(|index| self.turns.get(index));
        turn.map_or(row, |(first, source)| row - first + source)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_line_written_leads_back_to_its_source(gaps in prop::collection::vec(1_u64..4, 0..60), header in 0_u64..2) {
            let mut rows = SourceRows { n_lines: header, ..SourceRows::default() };
            let mut at = 0;
            let sources: Vec<u64> = gaps.iter().map(|gap| { at += gap; at }).collect();
            for source in &sources {
                rows.push(*source);
            }
            for (line, source) in (header + 1..).zip(&sources) {
                prop_assert_eq!(rows.of(line), *source);
            }
            prop_assert!(rows.turns.len() <= 1 + gaps.iter().filter(|gap| **gap > 1).count());
        }
    }
}
