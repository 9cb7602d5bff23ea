//! Mending: what stands where is found out, planned by `core::mend`, and the chosen way is gone by the recovery
//! verbs there are.

mod execute;
mod look;
mod rule;

pub use execute::{Mended, mend};
pub(crate) use look::merged;
pub use look::plan_mend_of;
pub use rule::mend_by_rule;
