//! Fetching: sets come from partners' servers into the folders that intakes look into.
//!
//! What came is on record before its notice gets its name and after, so that a process that ends anywhere neither
//! leaves a set half here nor fetches it twice.

mod look;
mod memory;

pub use look::{Judged, Source, forget_set, pull_source};

/// Every point of fetching at which a process may be cut off.
pub const PULL_POINTS: [&str; 8] = [
    "pull.part",
    "pull.fetched",
    "pull.files-here",
    "pull.remembered",
    "pull.notice-here",
    "pull.here",
    "pull.cleared-one",
    "pull.looked",
];
