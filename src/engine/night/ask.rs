//! A run that an operator asks for: put into the queue, or done in place.

use chrono::NaiveDate;
use renkei_core::Digest;
use renkei_core::feed::Feed;
use renkei_core::order::Order;
use renkei_core::port::{AuditEntry, RunRecord, RunState, Snapshot, StoreError};
use renkei_core::publication::Progress;
use renkei_core::retry::RetryPolicy;

use super::conclude::{begin, conclude};
use super::plan::NightJob;
use super::work::{Outcome, Receiving, parts_with_earlier, work};
use crate::error::EngineError;
use crate::house::House;
use crate::run::new_run;

/// A run that is done again: what of it is not done.
#[derive(Debug, Clone)]
pub struct Again {
    /// The run.
    pub run_id: String,
    /// What is left of its job's order.
    pub order: Order,
}

/// What of a job is not done by a run and the runs that it did again: the feeds that none of them published,
/// or holds. `None` where nothing is left of a run that succeeded.
pub fn left_of(
    snapshot: &dyn Snapshot,
    job: &NightJob,
    run: &RunRecord,
) -> Result<Option<Again>, StoreError> {
    let run_id = run.run_id.clone();
    let Order::Publish { feeds, content } = &job.order else {
        let is_left = run.state != RunState::Succeeded;
        return Ok(is_left.then(|| Again { run_id, order: job.order.clone() }));
    };
    let parts = parts_with_earlier(snapshot, run)?;
    let mut left = Vec::new();
    for feed in feeds {
        let is_made = snapshot.publications(Some(feed), None)?.iter().any(|publication| {
            matches!(publication.progress, Progress::Published | Progress::Held)
                && parts.iter().any(|part| part.run_id == publication.run_id)
        });
        if !is_made {
            left.push(feed.clone());
        }
    }
    // A run that failed and whose publications were finished since has nothing left but to be put right.
    let is_left = !left.is_empty() || run.state != RunState::Succeeded;
    let order = Order::Publish { feeds: left, content: *content };
    Ok(is_left.then_some(Again { run_id, order }))
}

/// Does a run of a job here and now, once: for a hub without a daemon, whose operator is there to see how it
/// ends. It never enters the queue, so nobody does it again behind his back when it is cut off.
pub fn run_in_place(
    house: House<'_>,
    feeds: &[Feed],
    receiving: &dyn Receiving,
    job: &NightJob,
    business_date: NaiveDate,
    again: Option<&Again>,
) -> Result<(RunRecord, Outcome), EngineError> {
    let run = RunRecord {
        job: Some(job.id.clone()),
        redoes: again.map(|again| again.run_id.clone()),
        ..new_run(house, format!("job {}", job.id), business_date)
    };
    let run = begin(house, &run)?;
    let order = again.map_or(&job.order, |again| &again.order);
    let outcome = work(house, feeds, receiving, &RunRecord { order: order.to_json(), ..run.clone() });
    let once = RetryPolicy { n_tries: 1, ..RetryPolicy::default() };
    Ok((conclude(house, &run, &outcome, &once, 0)?, outcome))
}

/// Queues a run of a job for a business date, in the name of the house's operator and for its reason.
pub fn ask(
    house: House<'_>,
    job: &NightJob,
    business_date: NaiveDate,
    again: Option<&Again>,
) -> Result<RunRecord, EngineError> {
    let run = RunRecord {
        job: Some(job.id.clone()),
        order: again.map_or(&job.order, |again| &again.order).to_json(),
        redoes: again.map(|again| again.run_id.clone()),
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
