//! Taking in a set of files: judged by its notice, then by every byte and row, staged, and brought into the
//! taker's table in one transaction with the mark that it was.
//!
//! The hub uses it for what systems hand in, the agent for what the hub publishes.

mod answer;
mod desk;
mod left_out;
mod line_set;
mod mapped_issues;
mod mapped_set;
mod next;
mod proof;
mod registry;
mod round;
mod row_report;
mod rows;
mod set;
mod staging;
mod table;
mod verified;

pub use desk::{Desk, HandedOver};
pub use left_out::LeftOut;
pub use proof::count_held;
pub use registry::{to_moves, to_transfers};
pub use round::{Found, Look, Rounds, Tables};
pub use row_report::RowReport;
pub use set::{Goal, Set, SetResult, Taker, take_set};
pub use table::table_name;
pub use verified::VerifiedSet;
