//! The thin registry core (住民記録の核): what a resident's history is and how a move changes it.
//!
//! Pure: no clock, files, network, database or async. `apply` takes a move and a history and returns the
//! rows that change; whoever calls it owns time and storage.

pub mod apply;
pub mod check_digit;
mod code_set;
pub mod codes;
pub mod date;
pub mod dictionary;
pub mod field;
pub mod history;
pub mod household;
pub mod ids;
pub mod moves;
pub mod packed;
pub mod row;
pub mod validate;

pub use apply::{Refusal, apply};
pub use codes::{CodeEntry, CodeTable};
pub use dictionary::{CheckDigit, Dictionary, Item, ItemNo, ItemType, Presence};
pub use field::{FieldCheck, FieldKind, FieldRule};
pub use history::{History, HistoryDates, HistoryError};
pub use household::{HouseholdIssue, check_household};
pub use ids::{AtenaNo, IdError, MunicipalityCode, RowKey};
pub use moves::{Effect, Move, MoveReason, Stamp};
pub use packed::{PackedError, PackedReader, PackedRow};
pub use row::{Row, Values};
pub use validate::{Issue, ItemCheck, Rule, Severity, validate};
