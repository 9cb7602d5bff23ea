//! Declarations: TOML read completely, with every problem found at once and each at its place.
//!
//! A reader takes what it knows out of a [`Table`]; what is left when it says [`Table::finish`] is unknown
//! and reported. Readers return `None` after they have reported, so checks go on past the first problem
//! and whoever assembles the result sees that something is missing.

pub mod duration;
mod filled;
mod problem;
mod source;
mod suggestion;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub use filled::{FilledText, NoFilledText};
pub use problem::{Problem, Problems, Spot};
pub use suggestion::{did_you_mean, nearest};
pub use table::{Declaration, Table};
pub use value::{Located, Value};
