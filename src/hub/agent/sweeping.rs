//! What the agent removes once a day.

use renkei_core::Moment;

use super::keep;
use super::round::Agent;
use crate::Failure;

impl Agent {
    /// Once a day, removes what was kept long enough. What cannot be removed is tried again on the next.
    pub(super) fn sweep(&mut self) {
        let now = renkei_engine::Clock::now(&self.clock);
        if self.swept == Some(now.date()) {
            return;
        }
        self.swept = Some(now.date());
        let (own, store, config) = (self.folders.own(), self.store.as_ref(), &self.config);
        match keep::sweep(own, store, &config.intakes, config.keep, now) {
            Ok(0) => {}
            Ok(n_removed) => {
                tracing::info!(
                    removed = n_removed,
                    days = config.keep.num_days(),
                    "what was kept long enough is removed"
                );
            }
            Err(failure) => {
                tracing::warn!(fault.code = failure.code(), "what was kept long enough could not be removed");
            }
        }
        if config.server.is_some()
            && let Err(failure) = self.sweep_mirror(now)
        {
            tracing::warn!(fault.code = failure.code(), "the mirror could not be cleared");
        }
    }

    fn sweep_mirror(&self, now: Moment) -> Result<(), Failure> {
        let folders = self.folders(None)?;
        let n_removed = keep::sweep_mirror(
            &self.config.share,
            self.store.as_ref(),
            folders.iter().map(|(folder, intake, _)| (folder, intake)),
            self.config.keep,
            now,
        )?;
        if n_removed > 0 {
            tracing::info!(removed = n_removed, "what was mirrored and taken in long ago is removed");
        }
        Ok(())
    }
}
