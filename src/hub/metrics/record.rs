//! Setting the figures. Each function may be called from any thread at any time.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use renkei_core::port::RunState;
use renkei_core::{FeedId, JobId, Moment, Sequence};

use super::catalogue::{
    ALERTS_OPEN, BUILD_INFO, DISK_FREE, FEED_LAST_PUBLISHED, FEED_ROWS, FEED_SEQUENCE, FigureKind, LAST_TICK,
    QUEUE_LENGTH, RUN_DURATION, RUNS, SLOTS_WAITING, figures,
};
use crate::console::Lang;

/// A run of a job ended.
pub fn run_ended(job: &JobId, state: RunState, duration: Duration) {
    counter!(RUNS, "job" => job.to_string(), "state" => state.as_str()).increment(1);
    histogram!(RUN_DURATION, "job" => job.to_string()).record(duration.as_secs_f64());
}

/// How many slots are due and not started.
pub fn slots_waiting(n_slots: u64) {
    gauge!(SLOTS_WAITING).set(float(n_slots));
}

/// How many runs wait for their turn.
pub fn queue_length(n_runs: u64) {
    gauge!(QUEUE_LENGTH).set(float(n_runs));
}

/// A feed's last publication; `n_rows` is what a receiver holds after it.
pub fn feed_published(feed: &FeedId, sequence: Sequence, n_rows: u64, at: Moment) {
    gauge!(FEED_SEQUENCE, "feed" => feed.to_string()).set(f64::from(sequence.0));
    gauge!(FEED_ROWS, "feed" => feed.to_string()).set(float(n_rows));
    gauge!(FEED_LAST_PUBLISHED, "feed" => feed.to_string()).set(unix(at));
}

/// How many alerts stand open.
pub fn alerts_open(n_alerts: u64) {
    gauge!(ALERTS_OPEN).set(float(n_alerts));
}

/// What is left on a volume: `root` or `database`.
pub fn disk_free(volume: &'static str, n_bytes: u64) {
    gauge!(DISK_FREE, "volume" => volume).set(float(n_bytes));
}

/// The scheduler looked at what is due.
pub fn scheduler_ticked(at: Moment) {
    gauge!(LAST_TICK).set(unix(at));
}

/// What is known before anything has happened.
pub(super) fn begin() {
    for figure in figures() {
        let meaning = figure.meaning(Lang::En);
        match figure.kind {
            FigureKind::Counter => describe_counter!(figure.name, meaning),
            FigureKind::Gauge => describe_gauge!(figure.name, meaning),
            FigureKind::Histogram => describe_histogram!(figure.name, meaning),
        }
    }
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers; exact to 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "exact for the next hundred million years")]
fn unix(at: Moment) -> f64 {
    (at.local().and_utc().timestamp() - 9 * 3600) as f64
}
