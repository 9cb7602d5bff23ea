//! How the sources stand that sets are fetched from: on record only, nothing is connected.

use renkei_core::Moment;
use renkei_core::port::{Store as _, StoreError};
use renkei_core::pull::PullLine;
use renkei_store::SqliteStore;

use super::database;
use super::finding::{Finding, Level, Words};
use crate::config::{Config, Source};

/// One finding for each source.
pub(super) fn standing(store: &SqliteStore, config: &Config, now: Moment) -> Vec<Finding> {
    let looked: Result<Vec<Finding>, StoreError> = store.snapshot().and_then(|snapshot| {
        let of = |source: &Source| Ok(judge(source, snapshot.pull_line(&source.terms.id)?, now));
        config.sources.iter().map(of).collect()
    });
    looked.unwrap_or_else(|error| vec![database::unusable(&config.store.path, &error)])
}

fn judge(source: &Source, line: Option<PullLine>, now: Moment) -> Finding {
    const CHECK: &str = "sources";
    let id = &source.terms.id;
    let place = format!("{id} ({})", source.server.place());
    let Some(line) = line else {
        let words = Words::new("まだ一度も見ていません", "it was never looked at");
        let remedy = Words::new(
            format!("`renkei destination test {id}` で道を試してください。"),
            format!("Try the way there with `renkei destination test {id}`."),
        );
        return Finding::new(CHECK, Level::Warning, place, words).with_remedy(remedy);
    };
    let Some(code) = &line.fault_code else {
        return Finding::ok(CHECK, place, Words::new("取得できています", "it can be fetched from"));
    };
    let since = line.failing_since.map(|since| since.to_string()).unwrap_or_default();
    let words = Words::new(
        format!("{since} から失敗しています [{code}]"),
        format!("it has been failing since {since} [{code}]"),
    );
    let remedy = Words::new(
        format!("`renkei explain {code}` と `renkei pulls {id}` で確かめてください。"),
        format!("See `renkei explain {code}` and `renkei pulls {id}`."),
    );
    let level = if line.is_alarming(&source.terms, now) { Level::Problem } else { Level::Warning };
    Finding::new(CHECK, level, place, words).with_remedy(remedy)
}
