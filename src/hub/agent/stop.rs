//! SIGTERM and SIGINT, for the agent that stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

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

    /// Waits, at most until asked.
    pub(crate) fn wait(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_asked() && Instant::now() < end {
            std::thread::sleep(PAUSE.min(end.saturating_duration_since(Instant::now())));
        }
    }
}
