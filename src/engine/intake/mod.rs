//! What goes into the registry: the first load, and sets of moves.

mod apply;
mod columns;
mod issue;
mod load;
mod moves_file;
mod read_ahead;
mod resident_rows;
mod source;

pub use apply::{Applied, ApplyOptions, Strictness, apply_moves};
pub(crate) use apply::{MovesFollower, apply_moves_for, apply_within};
pub use issue::{InputIssue, IssueList, MAX_LISTED, Rejected};
pub(crate) use source::HashingReader;

pub use load::{Loaded, load_residents};
