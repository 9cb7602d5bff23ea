//! SIGTERM and SIGINT, for the agent that stays: between two rounds at once, inside one at the next safe step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use renkei_engine::Witness;
use renkei_folder::Watcher;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::progress::linger_if_asked;
use crate::{Failure, HubError};

/// Whether the process was asked to end.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    is_asked: Arc<AtomicBool>,
}

/// How soon a signal is noticed.
const PAUSE: Duration = Duration::from_millis(100);

impl Stop {
    /// Begins to listen.
    pub(crate) fn watch() -> Result<Self, Failure> {
        let is_asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            signal_hook::flag::register(signal, Arc::clone(&is_asked))
                .map_err(|source| HubError::Signals { source })?;
        }
        Ok(Self { is_asked })
    }

    /// True once asked.
    pub(crate) fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed)
    }

    /// Waits until something may be new in a watched folder, at most for `time`, and at most until asked. Before
    /// `least` is over nothing is new enough: a writer is seen at each of its blocks.
    pub(crate) fn wait(&self, watcher: &mut Watcher, least: Duration, time: Duration) {
        let began = Instant::now();
        let mut is_told = false;
        while !self.is_asked() && began.elapsed() < time && !(is_told && began.elapsed() >= least) {
            is_told |= !watcher.wait(PAUSE).is_empty();
            if is_told {
                // Told already, the watcher gives no rest to what is left of the pause.
                std::thread::sleep(PAUSE.min(least.saturating_sub(began.elapsed())));
            }
        }
    }
}

/// Who watches a round that is to end when the process is asked to.
pub(crate) struct Stoppable<'w, W> {
    pub(crate) inner: &'w W,
    pub(crate) stop: &'w Stop,
}

impl<W: Witness> Witness for Stoppable<'_, W> {
    fn reached(&self, point: &'static str) {
        self.inner.reached(point);
        linger_if_asked(point, || self.wants_stop());
    }

    fn progress(&self, what: &str, done: u64, total: u64) {
        self.inner.progress(what, done, total);
    }

    fn wants_stop(&self) -> bool {
        self.stop.is_asked()
    }
}
