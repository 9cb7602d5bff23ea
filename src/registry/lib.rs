//! The thin registry core (住民記録の核): what a resident's history is and how a move changes it.
//!
//! Pure: no clock, files, network, database or async. `apply` takes a move and a history and returns the
//! rows that change; whoever calls it owns time and storage.

pub mod check_digit;
pub mod codes;
pub mod dictionary;
pub mod ids;
pub mod packed;
pub mod row;

pub use codes::CodeTable;
pub use dictionary::{Dictionary, Item, ItemNo, ItemType, Presence};
pub use ids::{AtenaNo, IdError, MunicipalityCode, RowKey};
pub use packed::{PackedError, PackedReader, PackedRow};
pub use row::{Row, Values};
