//! The `check/` folders as the daemon looks after them: who drops a file there finds a report a moment later.
//!
//! A thread of its own, without the database: reading a partner's gigabytes must not hold up a night, and whatever is
//! wrong with a folder or a file there ends neither the thread nor the daemon.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use renkei_core::BusinessId;
use renkei_engine::Clock as _;
use renkei_folder::{Waker, WatchMode, WatchedFolder, Watcher};

use crate::clock::HubClock;
use crate::config::Config;
use crate::conform::{CheckedFolder, KnownLayouts, check_folders};
use crate::console::Lang;
use crate::{Failure, HubError};

/// Held by the one thread that looks: two reports on one file would overwrite each other.
static TURN: Mutex<()> = Mutex::new(());

/// The folders are looked at this often whatever the events say.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often folders without events are looked at for one.
const POLL_EVERY: Duration = Duration::from_secs(10);
/// So long nothing may happen before what happened is looked at: a file that is being copied is not read each time
/// it grows.
const QUIET: Duration = Duration::from_secs(1);

/// Looks after the folders from when it is made until it is dropped.
pub(super) struct Checks {
    is_over: Arc<AtomicBool>,
    waker: Waker,
}

impl Drop for Checks {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Checks {
    /// Begins; `None` without a thread for it, which the log says.
    pub(super) fn begin(config: &Config, clock: HubClock, lang: Lang) -> Option<Self> {
        let systems: Vec<BusinessId> = config.systems.iter().map(|system| system.id.clone()).collect();
        let folders = systems.iter().map(|system| WatchedFolder {
            path: config.root.join(system.as_str()).join("check"),
            mode: WatchMode::Auto,
        });
        let watcher = Watcher::new(folders.collect(), POLL_EVERY);
        let (is_over, waker) = (Arc::new(AtomicBool::new(false)), watcher.waker());
        let mut desk = Desk {
            watcher,
            is_over: Arc::clone(&is_over),
            root: config.root.clone(),
            systems,
            layouts: KnownLayouts::of_hub(config.layouts.clone(), config.municipality.as_str()),
            clock,
            lang,
            told: BTreeSet::new(),
        };
        let begun = std::thread::Builder::new().name("checks".to_owned()).spawn(move || desk.keep());
        match begun {
            Ok(_) => Some(Self { is_over, waker }),
            Err(error) => {
                tracing::warn!(%error, "the check folders are not looked after");
                None
            }
        }
    }
}

/// What the thread works with.
struct Desk {
    watcher: Watcher,
    is_over: Arc<AtomicBool>,
    root: std::path::PathBuf,
    systems: Vec<BusinessId>,
    layouts: KnownLayouts,
    clock: HubClock,
    lang: Lang,
    /// Faults of the last look, so that each is told once while it stands.
    told: BTreeSet<String>,
}

impl Desk {
    fn keep(&mut self) {
        while !self.is_over.load(Ordering::Acquire) {
            // The thread of an earlier configuration may still be at a look.
            let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            let looked = catch_unwind(AssertUnwindSafe(|| {
                check_folders(&self.root, &self.systems, &self.layouts, self.clock.now(), self.lang)
            }));
            let looked = looked.unwrap_or_else(|_| {
                vec![Err(HubError::Panic { place: "the look at the check folders".to_owned() }.into())]
            });
            drop(turn);
            self.tell(&looked);
            self.wait();
        }
    }

    /// Waits until something came and nothing more does, at most as long as between two looks.
    fn wait(&mut self) {
        let began = Instant::now();
        let mut is_told = false;
        while !self.is_over.load(Ordering::Acquire) {
            let left = LOOK_EVERY.saturating_sub(began.elapsed());
            let found = self.watcher.wait(if is_told { QUIET.min(left) } else { left });
            if left.is_zero() || (is_told && found.is_empty()) {
                return;
            }
            is_told |= !found.is_empty();
        }
    }

    fn tell(&mut self, looked: &[Result<CheckedFolder, Failure>]) {
        for made in looked.iter().flatten() {
            tracing::info!(
                system = made.system.as_str(),
                verdict = ?made.verdict,
                errors = made.n_errors,
                warnings = made.n_warnings,
                "what was dropped for a check is reported on"
            );
        }
        let mut told = BTreeSet::new();
        for failure in looked.iter().filter_map(|one| one.as_ref().err()) {
            let what = failure.causes().join(": ");
            if !self.told.contains(&what) {
                tracing::warn!(fault.code = failure.code(), "a check folder cannot be reported on: {what}");
            }
            told.insert(what);
        }
        self.told = told;
    }
}
