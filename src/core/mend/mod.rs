//! Mending (配信の修復): how a receiver that lacks or refused something comes to hold what the feed holds. Pure: what
//! stands where goes in, a plan with all ways, their cost and what keeps each from working comes out.

mod plan;
mod rule;
#[cfg(test)]
mod tests;
mod ways;

pub use plan::{MendCost, MendFacts, MendOption, MendPlan, MendSet, plan_mend};
pub use rule::MendRule;
pub use ways::{MendObstacle, MendWay};
