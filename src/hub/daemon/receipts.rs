//! Receipts into the ledger, and who is told of receivers that refuse or fall behind.

use std::time::{Duration, Instant};

use renkei_core::alert::{Alert, AlertKind, Matter, Word};
use renkei_core::mend::MendRule;
use renkei_core::order::Order;
use renkei_core::port::{ReceiptBox, StoreError};
use renkei_core::{Fault as _, Moment};
use renkei_engine::night::{NightPlan, ask, is_enabled};
use renkei_engine::{EngineError, House};

use super::alarms::{Alarms, note};
use super::look::causes;
use crate::config::Config;
use crate::ledger_board::{LedgerLine, lines};
use crate::receipts::take_in;

/// Between two looks into the receivers' folders: they may be on a network volume.
const EVERY: Duration = Duration::from_secs(30);

/// Looks for receipts every now and then.
#[derive(Debug, Default)]
pub(super) struct ReceiptKeeper {
    looked: Option<Instant>,
}

impl ReceiptKeeper {
    /// Takes receipts in and brings the alerts about receivers into line with the ledger.
    pub(super) fn keep(
        &mut self,
        house: House<'_>,
        letters: &dyn ReceiptBox,
        config: &Config,
        plan: &NightPlan,
        alarms: &Alarms,
    ) {
        if self.looked.is_some_and(|looked| looked.elapsed() < EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        match take_in(house, letters, config) {
            Ok(taken) if taken.n_recorded > 0 => {
                tracing::info!(receipts = taken.n_recorded, "receipts came into the ledger");
                if let Err(error) = ask_to_mend(house, config, plan) {
                    let causes = causes(&error);
                    tracing::warn!(fault.code = error.code(), "mending was not asked for: {causes}");
                }
            }
            Ok(_) => {}
            Err(error) => {
                let causes = causes(&error);
                tracing::warn!(fault.code = error.code(), "receipts are looked for the next time: {causes}");
            }
        }
        note(tell(house, config, alarms), "the receivers");
    }
}

/// Queues a run that mends by rule, where an answer says that something is missing or refused.
fn ask_to_mend(house: House<'_>, config: &Config, plan: &NightPlan) -> Result<(), EngineError> {
    let now = house.clock.now();
    let snapshot = house.store.snapshot()?;
    let (records, open) = (snapshot.jobs()?, snapshot.open_runs()?);
    let lacking: Vec<_> = lines(snapshot.as_ref(), config, now.date())?
        .into_iter()
        .filter(|line| line.is_within && line.mend != MendRule::Ask)
        .filter(|line| line.standing.refusal.is_some() || line.standing.waiting.is_some())
        .map(|line| line.feed)
        .collect();
    drop(snapshot);
    for job in &plan.jobs {
        let Order::Mend { feeds } = &job.order else { continue };
        let is_open = open.iter().any(|run| run.job.as_ref() == Some(&job.id));
        let record = records.iter().find(|record| record.job == job.id);
        if is_open || !is_enabled(job, record) || !feeds.iter().any(|feed| lacking.contains(feed)) {
            continue;
        }
        let house = House { reason: "a receiver answered that something is missing or refused", ..house };
        let run = ask(house, job, now.date(), None)?;
        tracing::info!(run.id = run.run_id, job = job.id.as_str(), "a receiver is to be mended");
    }
    Ok(())
}

/// Brings the alerts about receivers into line with what they answered.
fn tell(house: House<'_>, config: &Config, alarms: &Alarms) -> Result<(), StoreError> {
    let now = house.clock.now();
    let snapshot = house.store.snapshot()?;
    let lines = lines(snapshot.as_ref(), config, now.date())?;
    let wanted: Vec<Alert> = lines.iter().flat_map(|line| alerts_of(line, now)).collect();
    drop(snapshot);
    let is_of_receivers = |alert: &Alert| {
        use AlertKind::{ReceiverBehind, ReceiverDiffers, ReceiverRefused};
        matches!(alert.kind(), ReceiverRefused | ReceiverBehind | ReceiverDiffers)
    };
    alarms.align(house.store, is_of_receivers, &wanted, now)
}

fn alerts_of(line: &LedgerLine, now: Moment) -> Vec<Alert> {
    let receiver = Word::of(line.receiver.as_str());
    let refused =
        line.standing.refusal.as_ref().filter(|_| line.is_within).map(|refusal| Matter::ReceiverRefused {
            receiver: receiver.clone(),
            sequence: refusal.sequence,
        });
    let behind = line.late_since(now).map(|since| Matter::ReceiverBehind {
        receiver: receiver.clone(),
        n_behind: line.standing.n_behind,
        since,
    });
    let differs = line.compared.as_ref().filter(|one| !one.is_same).map(|one| Matter::ReceiverDiffers {
        receiver,
        sequence: one.sequence,
        n_buckets: one.n_buckets,
    });
    [refused, behind, differs]
        .into_iter()
        .flatten()
        .map(|matter| Alert::new(matter, now).of_feed(&line.feed))
        .collect()
}
