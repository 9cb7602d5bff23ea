//! `[ledger]` of `hub.toml`: when a receiver that does not answer is told of.

use chrono::TimeDelta;
use renkei_core::declared::{Table, Value};

/// How receivers are looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerConfig {
    /// A receiver that is not done with a publication after so long is told of.
    pub behind_after: TimeDelta,
}

impl Default for LedgerConfig {
    /// A day, and the half of the next in which somebody may put it right.
    fn default() -> Self {
        Self { behind_after: TimeDelta::hours(36) }
    }
}

/// Takes `[ledger]`; what it does not name keeps its default.
pub(super) fn take(hub: &mut Table<'_>) -> LedgerConfig {
    let mut config = LedgerConfig::default();
    let Some(mut table) = hub.optional("ledger").and_then(Value::table) else { return config };
    if let Some(read) = table.optional("behind_after").and_then(behind_after) {
        config.behind_after = read;
    }
    table.finish();
    config
}

/// A length of time from a minute to a year.
pub(super) fn behind_after(value: Value<'_>) -> Option<TimeDelta> {
    value.duration_in(TimeDelta::minutes(1)..=TimeDelta::days(366))
}
