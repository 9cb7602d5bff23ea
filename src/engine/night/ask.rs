//! A run that an operator asks for: put into the queue, or done in place.

use chrono::NaiveDate;
use renkei_core::Digest;
use renkei_core::feed::Feed;
use renkei_core::port::{AuditEntry, RunRecord};
use renkei_core::retry::RetryPolicy;

use super::conclude::{begin, conclude};
use super::plan::NightJob;
use super::work::{Outcome, work};
use crate::error::EngineError;
use crate::house::House;
use crate::run::new_run;

/// Does a run of a job here and now, once: for a hub without a daemon, whose operator is there to see how it
/// ends. It never enters the queue, so nobody does it again behind his back when it is cut off.
pub fn run_in_place(
    house: House<'_>,
    feeds: &[Feed],
    job: &NightJob,
    business_date: NaiveDate,
    redoes: Option<&str>,
) -> Result<(RunRecord, Outcome), EngineError> {
    let run = RunRecord {
        job: Some(job.id.clone()),
        redoes: redoes.map(str::to_owned),
        ..new_run(house, format!("job {}", job.id), business_date)
    };
    let run = begin(house, &run)?;
    let outcome = work(house, feeds, &RunRecord { order: job.order.to_json(), ..run.clone() });
    let once = RetryPolicy { n_tries: 1, ..RetryPolicy::default() };
    Ok((conclude(house, &run, &outcome, &once, 0)?, outcome))
}

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
