//! Who deals with sets on behalf of the taker: where rows go besides the table, where answers and files end up.

use renkei_core::layout::{FileFormat, Layout};
use renkei_core::port::{SetRecord, Share, TakeCounts};
use renkei_core::receive::{FoundSet, Reason, UnreadableNotice};
use renkei_core::{FileName, FolderPath};

use super::row_report::RowReport;
use super::set::SetResult;
use crate::error::EngineError;

/// A set that was proven whole and right, on its way to where its rows go.
pub struct VerifiedSet<'v> {
    /// Its folder.
    pub folder: &'v FolderPath,
    /// The set.
    pub found: &'v FoundSet,
    /// Its layout.
    pub layout: &'v Layout,
    /// How its files are written.
    pub format: FileFormat,
    /// Where its files are read; turned over, where they came in another form.
    pub share: &'v dyn Share,
    /// The line of a file as it was handed in that a line of a file read here comes from.
    pub source_row: &'v dyn Fn(&FileName, u64) -> u64,
    /// True when rows with errors are to be left out.
    pub parks_rows: bool,
}

/// What became of a set that was to go elsewhere than into the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandedOver {
    /// Its rows go into the table.
    NotHere,
    /// It was taken over; what it did.
    Taken(TakeCounts),
    /// Whoever was to take it refuses it: all reasons.
    Refused(Vec<Reason>),
}

/// What differs between takers. Everything here may be called again for the same set after a crash.
pub trait Desk {
    /// Puts a report on rows where the sender finds it; called before the set is marked as taken in.
    fn report(&mut self, report: &RowReport) -> Result<(), EngineError>;

    /// Takes over a set whose rows go elsewhere than into the table, before the mark; the counts are then
    /// the desk's. Knows a set it took over before by [`renkei_core::notice::Notice::content_sha256`].
    fn hand_over(&mut self, _set: &VerifiedSet<'_>) -> Result<HandedOver, EngineError> {
        Ok(HandedOver::NotHere)
    }

    /// True when a person allowed this set to change more than the guard's bounds.
    fn is_change_allowed(&self, _found: &FoundSet) -> bool {
        false
    }

    /// True where sets that are done with go out of their folder. Then one that is found there again is judged
    /// again, as a repeat, so that it goes.
    fn takes_away(&self) -> bool {
        false
    }

    /// The set's files after the verdict: taken away, brought to quarantine, or left.
    fn conclude(
        &mut self,
        folder: &FolderPath,
        found: &FoundSet,
        result: &SetResult,
    ) -> Result<(), EngineError>;

    /// A notice that cannot be read, after it was refused.
    fn conclude_unreadable(
        &mut self,
        folder: &FolderPath,
        notice: &UnreadableNotice,
        result: &SetResult,
    ) -> Result<(), EngineError>;

    /// Hands out the receipt of a set.
    fn answer(&mut self, record: &SetRecord) -> Result<(), EngineError>;
}
