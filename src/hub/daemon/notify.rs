//! What systemd is told: ready, stopping, reloading, and that the scheduler is alive.

use std::time::Duration;

use sd_notify::NotifyState;

/// Tells systemd; without systemd nobody listens, and that is well.
pub(super) fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "systemd was not told");
    }
}

/// How often systemd wants to hear, halved so that one late word does no harm; `None` without a watchdog.
pub(super) fn watchdog_pause() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|longest| longest / 2)
}
