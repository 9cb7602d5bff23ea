//! Who deals with sets on behalf of the taker: where rows go besides the table, where answers and files end up.

use renkei_core::FolderPath;
use renkei_core::port::{SetRecord, TakeCounts};
use renkei_core::receive::{FoundSet, Reason, UnreadableNotice};

use super::left_out::LeftOut;
use super::row_report::RowReport;
use super::set::SetResult;
use super::verified::VerifiedSet;
use crate::error::EngineError;

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
    /// the desk's. Knows a set it took over before by its files' digests. Rows that it leaves out it tells.
    fn hand_over(
        &mut self,
        _set: &VerifiedSet<'_>,
        _left_out: &mut LeftOut<'_, '_>,
    ) -> Result<HandedOver, EngineError> {
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
