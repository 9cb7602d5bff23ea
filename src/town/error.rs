//! What can go wrong when a town is made.

use renkei_core::fault::{Class, Fault};

/// Why a town, or a file of it, could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TownError {
    /// The town's day is not one a town can live on.
    #[error("the town's day must be a date YYYY-MM-DD from 2013-01-01 to 2099-12-31, not {day:?}")]
    Day {
        /// The text given.
        day: String,
    },
    /// More residents than there are numbers for.
    #[error("a town has at most {most} residents, not {n_residents}")]
    TooManyResidents {
        /// How many were asked for.
        n_residents: u32,
        /// How many are possible.
        most: u32,
    },
    /// An item the dictionary does not have.
    #[error("no item is called {name:?}")]
    UnknownItem {
        /// The name given.
        name: String,
    },
    /// The output could not be written.
    #[error("the file could not be written")]
    Write(#[from] std::io::Error),
}

impl Fault for TownError {
    fn code(&self) -> &'static str {
        match self {
            Self::Day { .. } => "town.day",
            Self::TooManyResidents { .. } => "town.too-many-residents",
            Self::UnknownItem { .. } => "town.unknown-item",
            Self::Write(_) => "town.write",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}
