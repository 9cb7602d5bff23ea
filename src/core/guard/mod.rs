//! The mass-change guard: whether a publication is as large as its feed's nights are, or is made and held until
//! a named person has looked at it.
//!
//! Nobody skips it. What has nothing to be compared with, a feed's first full, passes.

mod bounds;
mod judge;
mod review;
#[cfg(test)]
mod tests;

pub use bounds::{DiffBounds, FullBounds, GuardBounds, Learned, Percent};
pub use judge::{Decision, Facts, judge};
pub use review::{Bound, Exceeded, ReasonCode, Review};
