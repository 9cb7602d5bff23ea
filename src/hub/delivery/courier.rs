//! Couriers: one thread for each destination with something due, so that none waits for another.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use renkei_core::delivery::{DeliveryLine, DeliveryTerms, deliverable};
use renkei_core::port::FolderError;
use renkei_core::{DestinationId, Fault as _, Moment};
use renkei_engine::deliver::{Delivered, Way, deliver_due, note_due};
use renkei_engine::{EngineError, House, Witness};
use tokio::sync::Notify;

use super::way::{Keeper, open_way, told};
use crate::config::{Config, Destination};
use crate::premises::Premises;
use crate::progress::stop_if_asked;

/// Who the scheduler is in the audit.
const SCHEDULER: &str = "scheduler";

/// The threads at work, by destination.
#[derive(Default)]
pub(crate) struct Couriers {
    at_work: BTreeMap<DestinationId, JoinHandle<()>>,
    is_stopping: Arc<AtomicBool>,
}

impl Couriers {
    /// Makes due what was published since, and sets out for every destination that has something to be given. Ends at
    /// once: what travels does so on threads of its own, which wake the daemon when they are back.
    pub(crate) fn look(
        &mut self,
        house: House<'_>,
        premises: &Arc<Premises>,
        config: &Arc<Config>,
        wake: &Arc<Notify>,
        now: Moment,
    ) -> Result<(), EngineError> {
        self.at_work.retain(|_, thread| !thread.is_finished());
        if config.destinations.is_empty() || self.is_stopping.load(Ordering::Relaxed) {
            return Ok(());
        }
        let terms: Vec<DeliveryTerms> =
            config.destinations.iter().map(|destination| destination.terms.clone()).collect();
        for line in note_due(house, &terms)? {
            let DeliveryLine { feed, sequence, destination, .. } = line;
            tracing::info!(%feed, %sequence, %destination, "a delivery is due");
        }
        let open = house.store.snapshot()?.delivery_lines(None, true)?;
        for destination in &config.destinations {
            let is_at_work = self.at_work.contains_key(&destination.terms.id);
            if is_at_work || deliverable(&destination.terms, &open, now).is_empty() {
                continue;
            }
            self.set_out(premises, config, destination, wake);
        }
        Ok(())
    }

    fn set_out(
        &mut self,
        premises: &Arc<Premises>,
        config: &Arc<Config>,
        destination: &Destination,
        wake: &Arc<Notify>,
    ) {
        let (premises, config) = (Arc::clone(premises), Arc::clone(config));
        let (to, wake) = (destination.clone(), Arc::clone(wake));
        let is_stopping = Arc::clone(&self.is_stopping);
        let named = std::thread::Builder::new().name(format!("to {}", destination.terms.id));
        let spawned = named.spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(|| go(&premises, &config, &to, &is_stopping)));
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    let destination = &to.terms.id;
                    tracing::warn!(%destination, fault.code = error.code(), "deliveries go on later: {error}");
                }
                Err(_) => tracing::error!(destination = %to.terms.id, "a delivery stopped where it never should"),
            }
            wake.notify_one();
        });
        match spawned {
            Ok(thread) => {
                self.at_work.insert(destination.terms.id.clone(), thread);
            }
            Err(error) => {
                tracing::warn!(destination = %destination.terms.id, %error, "no thread for a delivery");
            }
        }
    }

    /// Asks all of them to come back; what was under way goes on at the next start.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// True when none is out.
    pub(crate) fn are_home(&self) -> bool {
        self.at_work.values().all(JoinHandle::is_finished)
    }
}

fn go(
    premises: &Premises,
    config: &Config,
    destination: &Destination,
    is_stopping: &AtomicBool,
) -> Result<(), EngineError> {
    let _keeper = match Keeper::take(premises, config, destination, "renkei daemon") {
        // A person delivers by command; what is left is looked at afterwards.
        Err(FolderError::Locked { .. }) => return Ok(()),
        taken => taken?,
    };
    let witness = DeliveryWitness { is_stopping };
    let house = premises.house(&witness, SCHEDULER);
    deliver_here(house, premises, config, destination, &mut tell)
}

/// Delivers what is due at a destination whose keeper the caller is.
fn deliver_here(
    house: House<'_>,
    premises: &Premises,
    config: &Config,
    destination: &Destination,
    each: &mut dyn FnMut(&Delivered),
) -> Result<(), EngineError> {
    let transport = open_way(premises, config, destination)?;
    let way = Way { terms: &destination.terms, transport: transport.as_ref(), dice: &crate::daemon::dice };
    deliver_due(house, way, each)
}

fn tell(delivered: &Delivered) {
    let DeliveryLine { feed, sequence, destination, state, .. } = &delivered.line;
    match &delivered.outcome {
        Ok(done) => {
            let (files, bytes) = (done.n_files_sent, done.n_bytes_sent);
            tracing::info!(%feed, %sequence, %destination, files, bytes, "a publication is delivered");
        }
        Err(error) => {
            let (state, told) = (state.as_str(), told(error));
            tracing::warn!(
                %feed, %sequence, %destination, state, fault.code = error.code(),
                "a delivery did not succeed: {told}"
            );
        }
    }
}

/// Watches a delivery: it ends where the daemon does.
struct DeliveryWitness<'w> {
    is_stopping: &'w AtomicBool,
}

impl Witness for DeliveryWitness<'_> {
    fn reached(&self, point: &'static str) {
        stop_if_asked(point);
    }

    fn progress(&self, _what: &str, _done: u64, _total: u64) {}

    fn wants_stop(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}
