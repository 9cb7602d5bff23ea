//! Who is told of sources that cannot be fetched from.

use renkei_core::alert::{Alert, AlertKind, Matter, Word};
use renkei_core::port::{Store, StoreError};
use renkei_core::pull::PullLine;
use renkei_core::{Class, Moment};

use super::alarms::{Alarms, note};
use crate::config::Config;

/// Brings the alerts about sources into line with what is on record; writes nothing where they are.
pub(super) fn tell_of_sources(store: &dyn Store, config: &Config, alarms: &Alarms, now: Moment) {
    note(try_tell(store, config, alarms, now), "the sources");
}

fn try_tell(store: &dyn Store, config: &Config, alarms: &Alarms, now: Moment) -> Result<(), StoreError> {
    let snapshot = store.snapshot()?;
    let mut wanted = Vec::new();
    for source in &config.sources {
        let line = snapshot.pull_line(&source.terms.id)?;
        wanted.extend(
            line.filter(|line| line.is_alarming(&source.terms, now)).map(|line| alert_of(&line, now)),
        );
    }
    drop(snapshot);
    alarms.align(store, |alert| alert.kind() == AlertKind::SourceFailing, &wanted, now)
}

fn alert_of(line: &PullLine, now: Moment) -> Alert {
    let matter = Matter::SourceFailing {
        source: Word::of(line.source.as_str()),
        fault_code: Word::of(line.fault_code.as_deref().unwrap_or("-")),
        class: line.fault_class.unwrap_or(Class::Operator),
        since: line.failing_since.unwrap_or(now),
    };
    Alert::new(matter, now)
}
