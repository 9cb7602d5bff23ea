//! Conformance (適合確認): everything that is wrong with a partner's notices and files, counted by rule and column,
//! with the first places and a verdict. It reads only, and it knows nothing of what was taken in before.

mod data;
mod report;
mod sets;
mod tally;

pub use data::{DataFile, TOO_LARGE, conform_data};
pub use report::{ConformReport, FileCount, Place, RuleCount, SetConformance, Verdict};
pub use sets::{ConformTerms, conform};
