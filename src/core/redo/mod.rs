//! The recovery verbs as plans: what will be done, why it may or may not be, and what follows.
//!
//! *Redeliver* gives the same bytes again, *remake* makes the same business date again. A plan is computed from
//! records and facts alone, can be shown instead of being carried out, and changes nothing. History is never
//! edited: whatever is made again is a new publication.

mod redeliver;
mod remake;
#[cfg(test)]
mod tests;

pub use redeliver::{
    FileFacts, FileStep, PlannedFile, RedeliverFacts, RedeliverFollow, RedeliverFrom, RedeliverPlan,
    RedeliverRefusal, Role, plan_redeliver,
};
pub use remake::{
    DiffObstacle, Later, Making, RemakeFacts, RemakeFollow, RemakePlan, RemakeRefusal, RemakeWish,
    plan_remake,
};
