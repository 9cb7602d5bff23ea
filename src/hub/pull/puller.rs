//! Pullers: one thread for each source that is looked at, so that none waits for another.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use renkei_core::port::Store as _;
use renkei_core::pull::{PullLine, PullLook, PullWait};
use renkei_core::{DestinationId, Digest, Fault as _, FolderPath, Moment};
use renkei_engine::pull::{Source as Looked, pull_source};
use renkei_engine::{EngineError, Witness};
use tokio::sync::Notify;

use super::way::{PullKeeper, open_source, was_judged};
use crate::config::{Config, Source};
use crate::delivery::Rests;
use crate::premises::Premises;
use crate::progress::stop_if_asked;

/// Who the scheduler is in the audit.
const SCHEDULER: &str = "scheduler";

/// The threads at work, by source.
#[derive(Default)]
pub(crate) struct Pullers {
    at_work: BTreeMap<DestinationId, Arc<AtomicBool>>,
    /// Sources that somebody else has, or of which nothing could be put on record.
    rests: Arc<Rests>,
    is_stopping: Arc<AtomicBool>,
    /// Asks those at work under what was declared before to come back.
    is_recalled: Arc<AtomicBool>,
}

impl Pullers {
    /// Sets out to every source whose time has come. Ends at once: what comes does so on threads of its own, which
    /// wake the daemon when they are back.
    pub(crate) fn look(
        &mut self,
        premises: &Arc<Premises>,
        config: &Arc<Config>,
        wake: &Arc<Notify>,
        now: Moment,
    ) -> Result<(), EngineError> {
        self.at_work.retain(|_, is_over| !is_over.load(Ordering::Acquire));
        if config.sources.is_empty() || self.is_stopping.load(Ordering::Relaxed) {
            return Ok(());
        }
        let snapshot = premises.store.snapshot()?;
        let mut due = Vec::new();
        for source in &config.sources {
            let id = &source.terms.id;
            if self.at_work.contains_key(id) || self.rests.has(id, Instant::now()) {
                continue;
            }
            let line = snapshot.pull_line(id)?.unwrap_or_else(|| PullLine::new(id));
            if line.waits_for(&source.terms, now) == PullWait::Nothing {
                due.push(source);
            }
        }
        drop(snapshot);
        for source in due {
            self.set_out(premises, config, source, wake);
        }
        Ok(())
    }

    fn set_out(
        &mut self,
        premises: &Arc<Premises>,
        config: &Arc<Config>,
        source: &Source,
        wake: &Arc<Notify>,
    ) {
        let id = source.terms.id.clone();
        let (premises, config, wake) = (Arc::clone(premises), Arc::clone(config), Arc::clone(wake));
        let witness = PullWitness {
            is_stopping: Arc::clone(&self.is_stopping),
            is_recalled: Arc::clone(&self.is_recalled),
        };
        let rests = Arc::clone(&self.rests);
        let (from, is_over) = (source.clone(), Arc::new(AtomicBool::new(false)));
        let its_end = Arc::clone(&is_over);
        let named = std::thread::Builder::new().name(format!("from {id}"));
        let spawned = named.spawn(move || {
            let source = &from.terms.id;
            let ended = catch_unwind(AssertUnwindSafe(|| go(&premises, &config, &from, &witness)));
            drop(premises);
            let has_worked = match ended {
                Ok(Ok(has_worked)) => has_worked,
                Ok(Err(error)) => {
                    tracing::warn!(%source, fault.code = error.code(), "it is fetched from later: {error}");
                    false
                }
                Err(_) => {
                    tracing::error!(%source, "fetching stopped where it never should");
                    false
                }
            };
            if has_worked {
                rests.end(source);
            } else {
                // It is still due: to look at once would be to come back at once.
                rests.begin(source, Instant::now());
            }
            its_end.store(true, Ordering::Release);
            wake.notify_one();
        });
        match spawned {
            Ok(_) => {
                self.at_work.insert(id, is_over);
            }
            Err(error) => tracing::warn!(source = %id, %error, "no thread to fetch with"),
        }
    }

    /// Has all of them come back: they set out by what was declared before. What was under way goes on afterwards.
    pub(crate) fn recall(&mut self) {
        self.is_recalled.store(true, Ordering::Relaxed);
        self.is_recalled = Arc::default();
    }

    /// Asks all of them to come back; what was under way goes on at the next start.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// True when none is out.
    pub(crate) fn are_home(&self) -> bool {
        self.at_work.values().all(|is_over| is_over.load(Ordering::Acquire))
    }
}

/// False where somebody else is there.
fn go(
    premises: &Premises,
    config: &Config,
    source: &Source,
    witness: &PullWitness,
) -> Result<bool, EngineError> {
    let _keeper = match PullKeeper::take(premises, config, source, "renkei daemon", None) {
        Err(EngineError::SourceBusy { holder, .. }) => {
            tracing::debug!(source = %source.terms.id, holder, "somebody fetches from there already");
            return Ok(false);
        }
        taken => taken?,
    };
    let way = open_source(premises, config, source)?;
    let was_judged = |to: &FolderPath, notice: &Digest| was_judged(premises, config, to, notice);
    let looked =
        Looked { terms: &source.terms, way: &way, dice: &crate::daemon::dice, was_judged: &was_judged };
    if let Some((line, look)) = pull_source(premises.house(witness, SCHEDULER), looked, false)? {
        tell(&line, &look);
    }
    Ok(true)
}

fn tell(line: &PullLine, look: &PullLook) {
    let source = &line.source;
    for set in &look.pulled {
        let (feed, sequence, files) = (&set.feed, set.sequence, set.n_files);
        tracing::info!(%source, %feed, %sequence, files, "a set has come");
    }
    for set in &look.unfinished {
        let (notice, lacking) = (set.notice.as_str(), set.n_lacking);
        tracing::debug!(%source, notice, lacking, "a set is not whole there yet");
    }
    if let Some(fault) = look.fault() {
        let told = look.told();
        tracing::warn!(%source, fault.code = fault.code(), stopped = line.is_stopped, "fetching failed: {told}");
    }
}

/// Watches a look: it ends where the daemon does, or where what is declared has changed.
struct PullWitness {
    is_stopping: Arc<AtomicBool>,
    is_recalled: Arc<AtomicBool>,
}

impl Witness for PullWitness {
    fn reached(&self, point: &'static str) {
        stop_if_asked(point);
    }

    fn progress(&self, _what: &str, _done: u64, _total: u64) {}

    fn wants_stop(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed) || self.is_recalled.load(Ordering::Relaxed)
    }
}
