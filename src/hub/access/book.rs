//! The rulebook of a hub on a day: what follows from hub.toml, and what was granted.

use chrono::NaiveDate;
use renkei_core::FolderPath;
use renkei_core::access::{Bar, BarOf, Declared, Passage, Rulebook, bars_of, bars_of_passages, derive_rules};
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
    let mut bars = bars_of(config.feeds.iter().map(|declared| &declared.feed), &lawful);
    bars.extend(bars_of_passages(passages(config), &lawful));
    bars
}

/// Where files with 個人番号 stand for a time: what systems hand in, and what comes of transfer cases.
fn passages(config: &Config) -> Vec<Passage> {
    let inboxes = config.intakes.iter().filter_map(|intake| {
        let terms = &intake.terms;
        let has_numbers = terms.versions.iter().any(|version| version.layout.holds_individual_number);
        has_numbers.then_some(terms)
    });
    let inboxes = inboxes.flat_map(|terms| {
        terms.folders.iter().map(|folder| Passage {
            of: BarOf::Intake(terms.id.clone()),
            folder: folder.clone(),
            has_numbers: true,
            is_hubs: false,
        })
    });
    let of_cases = |folder: &FolderPath, has_numbers| Passage {
        of: BarOf::Transfers(folder.clone()),
        folder: folder.clone(),
        has_numbers,
        is_hubs: true,
    };
    let transfer = &config.transfer;
    let prepared = transfer.prepare.iter().map(|one| of_cases(&one.folder, one.with_number));
    inboxes.chain(prepared).chain([of_cases(&transfer.cs_folder, true)]).collect()
}
