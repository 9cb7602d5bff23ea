//! The rulebook of a hub on a day: what follows from hub.toml, and what was granted.

use chrono::NaiveDate;
use renkei_core::access::{Bar, Declared, Rulebook, bars_of, derive_rules};
use renkei_core::port::{AccessReading, StoreError};

use crate::config::Config;

/// All rules: those declared in the order of hub.toml, then the grants by number.
pub(crate) fn rulebook(
    config: &Config,
    granted: &(impl AccessReading + ?Sized),
    today: NaiveDate,
) -> Result<Rulebook, StoreError> {
    let inboxes = config.intakes.iter().flat_map(|intake| {
        let terms = &intake.terms;
        terms.folders.iter().map(|folder| (&terms.sender, &terms.id, folder.clone()))
    });
    let declared = Declared {
        feeds: config.feeds.iter().map(|declared| &declared.feed).collect(),
        inboxes: inboxes.collect(),
        systems: config.systems.iter().map(|system| &system.id).collect(),
    };
    let mut rules = derive_rules(&declared, today);
    rules.extend(granted.grants()?);
    Ok(Rulebook::new(rules).with_bars(bars(config)))
}

/// What no administrator may grant here.
pub(crate) fn bars(config: &Config) -> Vec<Bar> {
    let lawful = config.systems.iter().filter(|system| system.individual_number);
    let lawful: Vec<_> = lawful.map(|system| system.id.clone()).collect();
    bars_of(config.feeds.iter().map(|declared| &declared.feed), &lawful)
}
