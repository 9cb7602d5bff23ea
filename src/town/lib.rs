//! Synthetic towns (架空の町): invented people at real addresses, for the demo, tests and benches.
//!
//! A household is a pure function of the town's seed and the household's number, so a town of any size
//! takes no memory, and a day's moves find the people they are about by making them again. Names, town
//! areas and municipalities are data (`data/SOURCES.md` has licences and attribution); people, numbers
//! and dates are invented.

mod addresses;
mod apartments;
mod calendar;
mod dice;
mod error;
mod foreign;
mod household;
mod items;
mod kinship;
mod koseki;
mod members;
mod moves;
mod names;
mod numbers;
mod past;
mod person;
mod plan;
mod residents_csv;
mod rows;
mod town;

pub use error::TownError;

pub use moves::write_moves_csv;
pub use residents_csv::{Items, write_residents_csv};
pub use town::{Household, Town, TownSpec};
