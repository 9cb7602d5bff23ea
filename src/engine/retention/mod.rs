//! Retention (保存期間): a plan of what may go, made from one snapshot and the folders; and its execution, which
//! may be cut off anywhere and is then simply done again. The rules are in `core::retention`.

mod aside;
mod execute;
mod make;
mod plan;
mod record;

pub use execute::{RetentionDone, execute};
pub use make::plan;
pub use plan::{Area, AreaPlan, AuditCut, RetentionItem, RetentionPlan};

/// Every point at which an execution may be cut off, in order.
pub const RETENTION_POINTS: [&str; 6] = [
    "retention.recorded",
    "retention.publication-removed",
    "retention.area-done",
    "retention.own-removed",
    "retention.runs-removed",
    "retention.audit-removed",
];
