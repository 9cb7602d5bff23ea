//! Watching folders: which of them to look at soon. A hint that makes things faster, and nothing more.
//!
//! The system's events come too late, too often or not at all: not from network volumes, not for a file made right
//! after its folder, not when a folder is removed and made again, not when too much happens at once. So an event
//! only says that a folder is to be looked at, anything unclear says so of all, and whoever waits here looks at
//! every folder from time to time anyway.

mod arming;
mod events;
mod mode;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

pub use mode::WatchMode;

use arming::Arming;
use events::Signals;

/// Polling more often than this would leave time for nothing else.
const SHORTEST_EVERY: Duration = Duration::from_millis(10);
/// The longest that is waited at once.
const LONGEST: Duration = Duration::from_hours(24);

/// A folder to watch; it need not be there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFolder {
    /// Its path.
    pub path: PathBuf,
    /// How it is watched.
    pub mode: WatchMode,
}

/// Watches many folders. They are told by their number in the order given, from 0.
#[derive(Debug)]
pub struct Watcher {
    arming: Arming,
    signals: Arc<Signals>,
    /// How often polled folders are due and the others' watches are checked.
    every: Duration,
    next_tick: Instant,
}

/// Ends a wait from another thread.
#[derive(Debug, Clone)]
pub struct Waker {
    signals: Arc<Signals>,
}

impl Waker {
    /// Ends the wait under way, or the next one, with what there is.
    pub fn wake(&self) {
        self.signals.wake();
    }
}

impl Watcher {
    /// Begins to watch; the first wait gives all folders. `every` is how often polled folders are due, and how long
    /// it takes at most until a watch is noticed to be on a folder that was moved away.
    pub fn new(folders: Vec<WatchedFolder>, every: Duration) -> Self {
        let signals = Arc::new(Signals::new(folders.iter().map(|folder| folder.path.as_path())));
        let arming = Arming::new(folders, Arc::clone(&signals));
        signals.tell_all();
        let every = every.max(SHORTEST_EVERY);
        Self { arming, signals, every, next_tick: after(Instant::now(), every) }
    }

    /// What ends a wait from another thread.
    pub fn waker(&self) -> Waker {
        Waker { signals: Arc::clone(&self.signals) }
    }

    /// The folders that are polled now: by their mode, or because they cannot be watched.
    pub fn polled(&self) -> BTreeSet<usize> {
        self.arming.polled()
    }

    /// Waits until a folder is to be looked at, at most for `timeout`, and gives those that are. However much
    /// happened in a folder, it is given once. A writer is seen at its first bytes: whoever looks at once sees a
    /// file half-written, and is told again when more has come.
    pub fn wait(&mut self, timeout: Duration) -> BTreeSet<usize> {
        let deadline = after(Instant::now(), timeout);
        loop {
            let now = Instant::now();
            if now >= self.next_tick {
                self.next_tick = after(now, self.every);
                self.signals.tell(self.arming.polled());
                self.arming.check();
            }
            if let Some(trouble) = self.signals.take_trouble() {
                self.arming.mend(trouble);
            }
            let mut state = self.signals.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.trouble.is_some() {
                continue;
            }
            if !state.soon.is_empty() || state.is_woken || now >= deadline {
                state.is_woken = false;
                return std::mem::take(&mut state.soon);
            }
            let pause = deadline.min(self.next_tick).saturating_duration_since(Instant::now());
            drop(self.signals.changed.wait_timeout(state, pause));
        }
    }
}

fn after(now: Instant, duration: Duration) -> Instant {
    now.checked_add(duration.min(LONGEST)).unwrap_or(now)
}
