//! The folders that visitors come to, kept by the daemon whichever program lets visitors in: the folders that rules
//! name are there, and what broken-off uploads left goes after its time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use renkei_core::Moment;
use renkei_core::access::Rulebook;
use renkei_core::port::Store as _;
use renkei_folder::visit::VisitedRoot;

use crate::access::rulebook;
use crate::config::Config;
use crate::premises::Premises;

/// Seconds between two sweeps.
const SWEEP_SECONDS: u64 = 3600;

/// What was last done for visitors' folders.
#[derive(Default)]
pub(crate) struct Grounds {
    swept_at: Option<i64>,
    is_sweeping: Arc<AtomicBool>,
    /// The rules whose folders stand.
    made_for: Option<Rulebook>,
}

impl Grounds {
    /// Makes folders where the rules have changed, and sweeps every hour. Nobody visits without `[sftp]`.
    pub(crate) fn keep(&mut self, premises: &Premises, config: &Config, now: Moment) {
        let Some(sftp) = &config.sftp else { return };
        self.make_folders(premises, config, now);
        let unix_seconds = premises.clock.unix_seconds();
        // A clock that was set back must not put the next sweep off.
        if self.swept_at.is_none_or(|at| unix_seconds.abs_diff(at) >= SWEEP_SECONDS) {
            self.swept_at = Some(unix_seconds);
            self.sweep(config.root.clone(), unix_seconds, sftp.keep_broken_off);
        }
    }

    /// A folder that is not there cannot be seen.
    fn make_folders(&mut self, premises: &Premises, config: &Config, now: Moment) {
        let read =
            premises.store.snapshot().and_then(|snapshot| rulebook(config, snapshot.as_ref(), now.date()));
        let Ok(book) = read else { return };
        if self.made_for.as_ref() == Some(&book) {
            return;
        }
        for folder in book.folders() {
            if let Err(error) = premises.folders.make_folder(folder) {
                tracing::warn!(%folder, %error, "a folder that rules name cannot be made");
            }
        }
        self.made_for = Some(book);
    }

    /// Removes what broken-off uploads left, on a thread of its own: a large or slow volume must not hold the night up.
    fn sweep(&self, root: PathBuf, unix_seconds: i64, keep: Duration) {
        if self.is_sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let is_sweeping = Arc::clone(&self.is_sweeping);
        let keep_seconds = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
        let started = std::thread::Builder::new().name("sftp sweep".to_owned()).spawn(move || {
            match VisitedRoot::open(&root).map(|root| root.sweep(unix_seconds, keep_seconds)) {
                Ok(Ok(0)) => {}
                Ok(Ok(files)) => tracing::info!(files, "what broken-off uploads left was removed"),
                Ok(Err(error)) => tracing::warn!(%error, "what broken-off uploads left could not be removed"),
                Err(error) => tracing::warn!(%error, "what broken-off uploads left could not be looked for"),
            }
            is_sweeping.store(false, Ordering::Release);
        });
        if let Err(error) = started {
            tracing::warn!(%error, "what broken-off uploads left is removed another time");
            self.is_sweeping.store(false, Ordering::Release);
        }
    }
}
