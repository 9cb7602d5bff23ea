//! A run that an operator asks for, put into the queue.

use chrono::NaiveDate;
use renkei_core::Digest;
use renkei_core::port::{AuditEntry, RunRecord};

use super::plan::NightJob;
use crate::error::EngineError;
use crate::house::House;
use crate::run::new_run;

/// Queues a run of a job for a business date, in the name of the house's operator and for its reason.
pub fn ask(
    house: House<'_>,
    job: &NightJob,
    business_date: NaiveDate,
    redoes: Option<&str>,
) -> Result<RunRecord, EngineError> {
    let run = RunRecord {
        job: Some(job.id.clone()),
        order: job.order.to_json(),
        redoes: redoes.map(str::to_owned),
        ..new_run(house, format!("job {}", job.id), business_date)
    };
    let mut tx = house.store.begin()?;
    tx.put_run(&run)?;
    tx.append_audit(&AuditEntry {
        audit_no: 0,
        at: run.queued_at.clone(),
        operator: run.operator.clone(),
        action: format!("ask for job {} for {business_date}", job.id),
        reason: run.reason.clone(),
        result: format!("run {}", run.run_id),
        chain_sha256: Digest([0; 32]),
    })?;
    tx.commit()?;
    house.witness.reached("night.queued");
    Ok(run)
}
