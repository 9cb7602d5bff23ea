//! What is to be done at the end for a staged row, and for which rows anything is.

use renkei_core::port::StagedRow;

use super::tally::Change;

/// What is to be done for a staged row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Its digest and its values are to be written.
    Put,
    /// Its digest is to be written, its values are to go.
    Park,
    /// It is to go.
    Remove,
}

impl Deed {
    pub(crate) fn of(row: &StagedRow<'_>) -> Self {
        match (row.is_removed, row.is_parked) {
            (true, _) => Self::Remove,
            (false, true) => Self::Park,
            (false, false) => Self::Put,
        }
    }

    /// As a staging table has it.
    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Put => 0,
            Self::Park => 1,
            Self::Remove => 2,
        }
    }

    /// Reads [`Deed::number`].
    pub(crate) fn of_number(number: i16) -> Option<Self> {
        [Self::Put, Self::Park, Self::Remove].into_iter().find(|deed| deed.number() == number)
    }
}

/// True when a row of this kind is to be kept for the end. An unchanged one is only where its table is another than
/// before.
pub(crate) fn is_due(change: Change, is_refill: bool) -> bool {
    match change {
        Change::Added | Change::Changed | Change::Removed => true,
        Change::Unchanged => is_refill,
        Change::Absent => false,
    }
}
