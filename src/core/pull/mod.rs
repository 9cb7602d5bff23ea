//! Fetching (取得): taking whole sets from partners' servers into folders that intakes look into.
//!
//! What is fetched, what is remembered of it and when is the next look is decided here. How a file travels is an
//! adapter's business, behind [`crate::port::PullWay`].

mod folder;
mod look;
mod source;

pub use folder::{AfterPull, PullFolder};
pub use look::{FailedSet, PullLook, PulledFile, PulledSet, Remembered, UnfinishedSet, UnfinishedSince};
pub use source::{PullLine, PullTerms, PullWait};
