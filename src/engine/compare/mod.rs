//! Comparing two fulls of one layout (突合): which rows are missing, surplus or different, and in which columns.
//!
//! Rows may come in any order. Where both sides stand in the order of their keys, they are read side by side, and
//! nothing is remembered; else of the smaller side 32 bytes a row are kept: 128 bits of a keyed hash of its key and
//! 64 of its content, so that nobody can make up rows that look the same, and where it stands. A line of the larger side
//! that is byte for byte one of the smaller is not even split, and only rows that differ are looked at again; of files only
//! these are read again.

pub(crate) mod index;
mod merge;
mod rows;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

use renkei_core::layout::{FileFormat, Layout};

use crate::error::EngineError;
use crate::intake::IssueList;
use index::{Index, Meeting};
use merge::{Merged, merge};
use rows::{Hashes, RowReader};
use scan::{read_again, scan};

/// Rows whose fields are held at a time; where more differ, both sides are read once more for each so many.
const HELD_ROWS: usize = 50_000;

/// A data file of a side, to be read from its start.
pub trait SideFile: Read + Send {
    /// The same as a file that can be read at any place: then of few rows that differ only those are read again.
    fn as_file(&self) -> Option<&File> {
        None
    }
}

impl SideFile for File {
    fn as_file(&self) -> Option<&File> {
        Some(self)
    }
}

/// A file that is not there has no rows.
impl SideFile for std::io::Empty {}

/// Opens a data file of a side, by its place from 0.
pub type OpenFile<'s> = dyn Fn(usize) -> Result<Box<dyn SideFile>, EngineError> + 's;

/// One of the two.
#[derive(Clone, Copy)]
pub struct Side<'s> {
    /// How many data files it has; a key comes once over all of them.
    pub n_files: usize,
    /// Their bytes in all: the smaller side is the one remembered.
    pub n_bytes: u64,
    /// How they are written.
    pub format: FileFormat,
    /// Opens one; each is opened two times or more.
    pub open: &'s OpenFile<'s>,
}

/// What two fulls come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Comparison {
    /// Rows of the one.
    pub n_rows_a: u64,
    /// Rows of the other.
    pub n_rows_b: u64,
    /// Rows that are in both and the same.
    pub n_equal: u64,
    /// Rows of the one that the other does not have.
    pub n_missing: u64,
    /// Rows that only the other has.
    pub n_surplus: u64,
    /// Rows in both that are not the same.
    pub n_different: u64,
    /// Rows with the key of a row before them in the same side; they are not compared.
    pub n_duplicate: u64,
    /// Of the different rows, by column of the layout, how many differ there.
    pub n_by_column: Vec<u64>,
    /// Lines that are no rows.
    pub issues: IssueList,
}

/// How two sides differ in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// Only the one has it.
    Missing,
    /// Only the other has it.
    Surplus,
    /// Both have it, otherwise.
    Different,
}

/// One row that differs.
#[derive(Clone, Copy)]
pub struct Difference<'d> {
    /// How.
    pub kind: DifferenceKind,
    /// The key's fields.
    pub key: &'d [String],
    /// The columns that differ: indices into the layout's; empty for a row that only one has.
    pub columns: &'d [usize],
    /// The fields of the one.
    pub a: Option<&'d [String]>,
    /// The fields of the other.
    pub b: Option<&'d [String]>,
}

/// Shows the kind only: a row is personal.
impl std::fmt::Debug for Difference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Difference")
            .field("kind", &self.kind)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl Comparison {
    /// True when nothing differs and every line was one.
    pub fn is_same(&self) -> bool {
        self.n_missing + self.n_surplus + self.n_different + self.n_duplicate == 0
            && self.issues.n_errors == 0
    }
}

/// Compares two fulls and tells each row that differs to `take`, in no promised order.
pub fn compare(
    layout: &Layout,
    a: Side<'_>,
    b: Side<'_>,
    take: &mut dyn FnMut(&Difference<'_>) -> Result<(), EngineError>,
) -> Result<Comparison, EngineError> {
    let is_swapped = b.n_bytes < a.n_bytes;
    let (small, large) = if is_swapped { (b, a) } else { (a, b) };
    let hashes = Hashes::new();
    let reader = |side: Side<'_>, other: Side<'_>| RowReader::new(layout, side.format, other.format, &hashes);
    let (of_small, of_large) = (reader(small, large), reader(large, small));
    let mut counts = Comparison { n_by_column: vec![0; layout.columns.len()], ..Comparison::default() };

    let found = match merge((small, &of_small), (large, &of_large))? {
        Some(merged) => merged,
        None => in_any_order((small, &of_small), (large, &of_large), &mut counts.issues)?,
    };
    let Merged { n_small, n_large, n_equal, n_duplicate, sought, .. } = found;
    (counts.n_equal, counts.n_duplicate) = (n_equal, n_duplicate);
    (counts.n_rows_a, counts.n_rows_b) = if is_swapped { (n_large, n_small) } else { (n_small, n_large) };
    let (only_small, only_large) = (sought.only_small.len() as u64, sought.only_large.len() as u64);
    (counts.n_missing, counts.n_surplus) =
        if is_swapped { (only_large, only_small) } else { (only_small, only_large) };
    counts.n_different = sought.different.len() as u64;

    let mut second = Second { layout, is_swapped, take, n_by_column: &mut counts.n_by_column };
    let mut first = true;
    let mut rest = sought.different.as_slice();
    let only_large: Vec<u64> = sought.only_large.iter().map(|(_, at)| *at).collect();
    while first && sought.has_any() || !rest.is_empty() {
        let (chunk, more) = rest.split_at(rest.len().min(HELD_ROWS));
        rest = more;
        let alone =
            if first { (sought.only_small.as_slice(), only_large.as_slice()) } else { (&[][..], &[][..]) };
        second.pass((small, &of_small), (large, &of_large), chunk, alone)?;
        first = false;
    }
    Ok(counts)
}

/// Compares two sides whose rows stand in any order.
fn in_any_order(
    (small, of_small): (Side<'_>, &RowReader<'_>),
    (large, of_large): (Side<'_>, &RowReader<'_>),
    issues: &mut IssueList,
) -> Result<Merged, EngineError> {
    let mut found = Merged::default();
    let mut index = Index::default();
    scan(small, issues, &|block, base, out| of_small.hash(block, base, out), &mut |row| {
        found.n_small += 1;
        index.push(row);
        Ok(())
    })?;
    found.n_duplicate += index.close();
    let (known, met) = index.halves();
    scan(large, issues, &|block, base, out| of_large.meet(known, block, base, out), &mut |(row, known)| {
        found.n_large += 1;
        match known.map(|known| met.meet(known, row.content)) {
            Some(Meeting::Equal) => found.n_equal += 1,
            Some(Meeting::Different(at_small)) => found.sought.different.push((at_small, row.at)),
            Some(Meeting::Again) => found.n_duplicate += 1,
            None => found.sought.only_large.push((row.key, row.at)),
        }
        Ok(())
    })?;
    found.sought.only_small = index.into_unmet().into_iter().map(|(_, at)| at).collect();
    found.n_duplicate += found.sought.sort();
    Ok(found)
}

/// Rows to be read again, by where they stand; in order.
#[derive(Default)]
struct Sought {
    /// In the small side and in the large one.
    different: Vec<(u64, u64)>,
    only_small: Vec<u64>,
    /// With the hash of its key.
    only_large: Vec<(u128, u64)>,
}

impl Sought {
    /// How many keys came more than once.
    fn sort(&mut self) -> u64 {
        self.different.sort_unstable();
        self.only_small.sort_unstable();
        let before = self.only_large.len();
        // Of a key that comes twice the first row counts.
        self.only_large.sort_unstable();
        self.only_large.dedup_by_key(|(key, _)| *key);
        let n_again = (before - self.only_large.len()) as u64;
        self.only_large.sort_unstable_by_key(|(_, at)| *at);
        n_again
    }

    fn has_any(&self) -> bool {
        !(self.different.is_empty() && self.only_small.is_empty() && self.only_large.is_empty())
    }
}

/// The second look at both sides: at those rows alone that differ.
struct Second<'s> {
    layout: &'s Layout,
    is_swapped: bool,
    take: &'s mut dyn FnMut(&Difference<'_>) -> Result<(), EngineError>,
    n_by_column: &'s mut Vec<u64>,
}

impl Second<'_> {
    fn pass(
        &mut self,
        (small, of_small): (Side<'_>, &RowReader<'_>),
        (large, of_large): (Side<'_>, &RowReader<'_>),
        different: &[(u64, u64)],
        (only_small, only_large): (&[u64], &[u64]),
    ) -> Result<(), EngineError> {
        let mut held: HashMap<u64, Vec<String>> = HashMap::with_capacity(different.len());
        let mut wanted: Vec<u64> =
            different.iter().map(|(at, _)| *at).chain(only_small.iter().copied()).collect();
        wanted.sort_unstable();
        let in_large = |at| different.binary_search_by_key(&at, |(small, _)| *small).ok();
        read_again(small, of_small, &wanted, &mut |at, fields| {
            match in_large(at).and_then(|place| different.get(place)) {
                Some((_, at_large)) => drop(held.insert(*at_large, fields)),
                None => self.alone(&fields, true)?,
            }
            Ok(())
        })?;
        let mut wanted: Vec<u64> = held.keys().copied().chain(only_large.iter().copied()).collect();
        wanted.sort_unstable();
        read_again(large, of_large, &wanted, &mut |at, fields| match held.remove(&at) {
            Some(of_small) => self.both(&of_small, &fields),
            None => self.alone(&fields, false),
        })
    }

    fn alone(&mut self, fields: &[String], is_small: bool) -> Result<(), EngineError> {
        let is_a = is_small != self.is_swapped;
        let kind = if is_a { DifferenceKind::Missing } else { DifferenceKind::Surplus };
        let (a, b) = if is_a { (Some(fields), None) } else { (None, Some(fields)) };
        let key = self.key(fields);
        (self.take)(&Difference { kind, key: &key, columns: &[], a, b })
    }

    fn both(&mut self, small: &[String], large: &[String]) -> Result<(), EngineError> {
        let (a, b) = if self.is_swapped { (large, small) } else { (small, large) };
        let columns: Vec<usize> =
            a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b).map(|(column, _)| column).collect();
        for column in &columns {
            if let Some(count) = self.n_by_column.get_mut(*column) {
                *count += 1;
            }
        }
        let key = self.key(a);
        let kind = DifferenceKind::Different;
        (self.take)(&Difference { kind, key: &key, columns: &columns, a: Some(a), b: Some(b) })
    }

    fn key(&self, fields: &[String]) -> Vec<String> {
        self.layout.key_columns.iter().map(|at| fields.get(*at).cloned().unwrap_or_default()).collect()
    }
}
