//! Character sets of exchange files, exactly: what a receiver's set has, how it is written, and what
//! becomes of a character it lacks.
//!
//! Nothing here normalises. A character goes through as it is, or by a line of a declared degrade map
//! (縮退表), or it is refused with its place. Unicode normalisation would turn 22 kanji that CP932 has into
//! others (`facts.md` 4.3).

mod character_set;
mod control;
pub mod cp932;
mod cp932_bytes;
mod degrade_map;
mod degrade_problem;
mod encoding;
mod error;

#[cfg(test)]
mod oracle;

pub use character_set::{Canonical, CharacterSet};
pub use degrade_map::{DegradeMap, DegradeRule};
pub use degrade_problem::{DegradeFlaw, DegradeMapError, DegradeProblem};
pub use encoding::Encoding;
pub use error::{CharacterError, Undecodable};

/// True when `text` has a character that no field may have: C0 (with TAB, CR, LF and NUL), DEL, or C1.
pub fn has_control(text: &str) -> bool {
    control::is_in(text.as_bytes())
}
