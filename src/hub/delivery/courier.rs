//! Couriers: one thread for each destination with something due, so that none waits for another.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use renkei_core::delivery::{DeliveryLine, DeliveryTerms, deliverable};
use renkei_core::{DestinationId, Fault as _, Moment};
use renkei_engine::deliver::{Delivered, Way, deliver_due, note_due};
use renkei_engine::{EngineError, House, Witness};
use tokio::sync::Notify;

use super::rest::Rests;
use super::way::{Keeper, open_way};
use crate::config::{Config, Destination};
use crate::premises::Premises;
use crate::progress::stop_if_asked;

/// Who the scheduler is in the audit.
const SCHEDULER: &str = "scheduler";

/// One courier's way there and back.
#[derive(Debug, Default)]
struct Trip {
    /// Back: the destination's lock is free, and the thread does nothing more.
    is_over: AtomicBool,
    /// What is declared has changed since: it is to come back after what it has in hand.
    is_recalled: AtomicBool,
}

impl Trip {
    /// Whoever is woken by it finds it over.
    fn end(&self, wake: Option<&Notify>) {
        self.is_over.store(true, Ordering::Release);
        if let Some(wake) = wake {
            wake.notify_one();
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

/// The threads at work, by destination.
#[derive(Default)]
pub(crate) struct Couriers {
    at_work: BTreeMap<DestinationId, Arc<Trip>>,
    rests: Arc<Rests>,
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
        self.at_work.retain(|_, trip| !trip.is_over());
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
            let id = &destination.terms.id;
            let is_left_alone = self.at_work.contains_key(id) || self.rests.has(id, Instant::now());
            if is_left_alone || deliverable(&destination.terms, &open, now).is_empty() {
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
        let (is_stopping, rests) = (Arc::clone(&self.is_stopping), Arc::clone(&self.rests));
        let trip = Arc::new(Trip::default());
        let its_trip = Arc::clone(&trip);
        let named = std::thread::Builder::new().name(format!("to {}", destination.terms.id));
        let spawned = named.spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(|| go(&premises, &config, &to, &is_stopping, &trip)));
            drop(premises);
            let destination = &to.terms.id;
            let has_worked = match ended {
                Ok(Ok(has_worked)) => has_worked,
                Ok(Err(error)) => {
                    tracing::warn!(%destination, fault.code = error.code(), "deliveries go on later: {error}");
                    false
                }
                Err(_) => {
                    tracing::error!(%destination, "a delivery stopped where it never should");
                    false
                }
            };
            if has_worked {
                rests.end(destination);
            } else {
                // The line is still due: to look at once would be to come back at once.
                rests.begin(destination, Instant::now());
            }
            let wakes = has_worked || is_stopping.load(Ordering::Relaxed);
            trip.end(wakes.then_some(wake.as_ref()));
        });
        match spawned {
            Ok(_) => {
                self.at_work.insert(destination.terms.id.clone(), its_trip);
            }
            Err(error) => {
                tracing::warn!(destination = %destination.terms.id, %error, "no thread for a delivery");
            }
        }
    }

    /// Has all of them come back after what they have in hand: they set out by what was declared before.
    pub(crate) fn recall(&self) {
        for trip in self.at_work.values() {
            trip.is_recalled.store(true, Ordering::Relaxed);
        }
    }

    /// Asks all of them to come back; what was under way goes on at the next start.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// True when none is out.
    pub(crate) fn are_home(&self) -> bool {
        self.at_work.values().all(|trip| trip.is_over())
    }
}

/// False where somebody else is there.
fn go(
    premises: &Premises,
    config: &Config,
    destination: &Destination,
    is_stopping: &AtomicBool,
    trip: &Trip,
) -> Result<bool, EngineError> {
    let keeper = match Keeper::take(premises, config, destination, "renkei daemon", None) {
        // A person delivers by command; what is left is looked at afterwards.
        Err(EngineError::DestinationBusy { holder, .. }) => {
            tracing::debug!(destination = %destination.terms.id, holder, "somebody delivers there already");
            return Ok(false);
        }
        taken => taken?,
    };
    let witness = DeliveryWitness { is_stopping };
    let house = premises.house(&witness, SCHEDULER);
    let transport = open_way(premises, config, destination, Some(&keeper))?;
    let way = Way { terms: &destination.terms, transport: transport.as_ref(), dice: &crate::daemon::dice };
    deliver_due(house, way, &mut |delivered| {
        tell(delivered);
        if trip.is_recalled.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(true)
}

fn tell(delivered: &Delivered) {
    let DeliveryLine { feed, sequence, destination, state, .. } = &delivered.line;
    match &delivered.outcome {
        Ok(done) => {
            let (files, bytes) = (done.n_files_sent, done.n_bytes_sent);
            tracing::info!(%feed, %sequence, %destination, files, bytes, "a publication is delivered");
        }
        Err(error) => {
            let (state, told) = (state.as_str(), error.told());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_is_woken_by_a_courier_finds_it_back() {
        let (trip, wake) = (Arc::new(Trip::default()), Arc::new(Notify::new()));
        let (its_trip, its_wake) = (Arc::clone(&trip), Arc::clone(&wake));
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        // The thread itself is still there when its news arrives.
        let thread = std::thread::spawn(move || {
            its_trip.end(Some(&its_wake));
            waits.recv().is_ok()
        });
        wake.notified().await;
        assert!(trip.is_over() && !thread.is_finished());
        let couriers = Couriers { at_work: [("tax".parse().unwrap(), trip)].into(), ..Couriers::default() };
        assert!(couriers.are_home());
        go_on.send(()).unwrap();
        assert!(thread.join().unwrap());
    }
}
