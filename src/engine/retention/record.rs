//! The record of an execution: what is about to be erased, written before anything is, kept among the reports.

use std::fmt::Write as _;

use super::plan::{RetentionPlan, Target};
use crate::error::EngineError;
use crate::house::House;

/// Writes the record and gives its path. One line for each thing, in the order in which it goes.
pub(super) fn write(house: House<'_>, run_id: &str, plan: &RetentionPlan) -> Result<String, EngineError> {
    let mut text = format!("retention of {} by run {run_id}: to be erased\n", plan.at);
    // Writing to a String cannot fail.
    for area in &plan.areas {
        for item in &area.remove {
            let _ = write!(text, "{} {} since {}", area.area.as_str(), item.what, item.since);
            if let Target::Published { folder, names, .. } = &item.target {
                for name in names {
                    let _ = write!(text, " {folder}/{name}");
                }
            }
            text.push('\n');
        }
    }
    if plan.n_skipped_slots > 0 {
        let _ = writeln!(text, "slots skipped before {}: {}", plan.slots_before, plan.n_skipped_slots);
    }
    if plan.n_old_records > 0 {
        let _ = writeln!(text, "rows of records before {}: {}", plan.records_before, plan.n_old_records);
    }
    if let Some(cut) = &plan.audit {
        let _ = writeln!(text, "audit through line {} ({})", cut.through.audit_no, cut.through.chain_sha256);
    }
    let name = format!("retention_{run_id}.txt").parse()?;
    Ok(house.folders.keep_report(&name, &mut text.as_bytes())?)
}
