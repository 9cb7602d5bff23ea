//! `[daemon]` and `[resources]` of `hub.toml`: how the scheduler daemon works.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use renkei_core::declared::{Table, Value};
use renkei_core::dispatch::Limits;

/// How the daemon works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonConfig {
    /// How much may run at the same time.
    pub limits: Limits,
    /// How long runs may go on after a stop is asked for, before they end at their next safe point.
    pub grace: Duration,
    /// The longest pause between two looks at the clock.
    pub tick: Duration,
}

/// Takes both tables out of `hub.toml`; either may be missing.
pub(super) fn take(hub: &mut Table<'_>) -> Option<DaemonConfig> {
    let mut n_runs = Some(2);
    let mut grace = Some(TimeDelta::seconds(60));
    let mut tick = Some(TimeDelta::seconds(15));
    if let Some(mut table) = hub.optional("daemon").and_then(Value::table) {
        if let Some(value) = table.optional("max_running") {
            n_runs = value.integer_in(1..=64);
        }
        if let Some(value) = table.optional("grace") {
            grace = value.duration_in(TimeDelta::zero()..=TimeDelta::hours(1));
        }
        if let Some(value) = table.optional("tick") {
            tick = value.duration_in(TimeDelta::seconds(1)..=TimeDelta::seconds(30));
        }
        table.finish();
    }
    let mut resources = Some(BTreeMap::new());
    if let Some(table) = hub.optional("resources").and_then(Value::table) {
        resources = table
            .into_entries()
            .into_iter()
            .map(|(name, units)| Some((name.value, u32::try_from(units.integer_in(1..=1000)?).ok()?)))
            .collect();
    }
    let seconds = |time: TimeDelta| time.to_std().unwrap_or_default();
    Some(DaemonConfig {
        limits: Limits { n_runs: usize::try_from(n_runs?).unwrap_or(1), resources: resources? },
        grace: seconds(grace?),
        tick: seconds(tick?),
    })
}
