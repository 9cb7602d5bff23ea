//! What is at work right now, for those who ask: in memory only, so that showing progress costs no writing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use renkei_engine::Witness;

use super::control::LiveRun;
use crate::progress::{linger_if_asked, stop_if_asked};

/// The runs at work.
#[derive(Debug, Clone, Default)]
pub(super) struct Live {
    runs: Arc<Mutex<BTreeMap<String, Entry>>>,
}

#[derive(Debug)]
struct Entry {
    run: LiveRun,
    stop: Arc<AtomicBool>,
}

impl Live {
    /// Enters a run; its witness reports to this list until it is dropped.
    pub(super) fn enter(&self, run_id: &str, what: &str) -> LiveWitness {
        let stop = Arc::new(AtomicBool::new(false));
        let run = LiveRun {
            run_id: run_id.to_owned(),
            what: what.to_owned(),
            subject: String::new(),
            done: 0,
            total: 0,
        };
        self.lock().insert(run_id.to_owned(), Entry { run, stop: Arc::clone(&stop) });
        LiveWitness { live: self.clone(), run_id: run_id.to_owned(), stop }
    }

    /// All runs at work.
    pub(super) fn runs(&self) -> Vec<LiveRun> {
        self.lock().values().map(|entry| entry.run.clone()).collect()
    }

    /// Asks a run to end at its next safe point.
    pub(super) fn stop(&self, run_id: &str) {
        if let Some(entry) = self.lock().get(run_id) {
            entry.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Asks all of them.
    pub(super) fn stop_all(&self) {
        self.lock().values().for_each(|entry| entry.stop.store(true, Ordering::Relaxed));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Entry>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches one run.
#[derive(Debug)]
pub(super) struct LiveWitness {
    live: Live,
    run_id: String,
    stop: Arc<AtomicBool>,
}

impl Witness for LiveWitness {
    fn reached(&self, point: &'static str) {
        tracing::debug!(point, "a point is reached");
        stop_if_asked(point);
        #[cfg(feature = "failpoints")]
        panic_if_asked(point);
        linger_if_asked(point, || self.wants_stop());
    }

    fn progress(&self, what: &str, done: u64, total: u64) {
        if let Some(entry) = self.live.lock().get_mut(&self.run_id) {
            what.clone_into(&mut entry.run.subject);
            entry.run.done = done;
            entry.run.total = total.max(done);
        }
    }

    fn wants_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// In test builds, panics at the point of `RENKEI_PANIC_AT`.
#[cfg(feature = "failpoints")]
fn panic_if_asked(point: &str) {
    let is_asked = std::env::var("RENKEI_PANIC_AT").is_ok_and(|asked| asked == point);
    assert!(!is_asked, "a value that must not be shown");
}

impl Drop for LiveWitness {
    fn drop(&mut self) {
        self.live.lock().remove(&self.run_id);
    }
}

/// Watches what the scheduler does itself: for tests that end the process at a point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Points;

impl Witness for Points {
    fn reached(&self, point: &'static str) {
        stop_if_asked(point);
    }

    fn progress(&self, _what: &str, _done: u64, _total: u64) {}
}
