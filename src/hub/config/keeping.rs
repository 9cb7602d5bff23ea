//! `[audit]` and `[retention]` of `hub.toml`: where the audit's end is kept a second time, and how long what is
//! kept is kept.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use renkei_core::declared::{Problems, Table, Value};
use renkei_core::retention::Rules;

use super::paths::resolve;

/// Takes `[audit]`: the file in a second place, absolute. `data` is the database's folder, `root` the connection
/// folders: neither is a second place.
pub(super) fn take_audit(
    hub: &mut Table<'_>,
    folder: &Path,
    data: Option<&Path>,
    root: Option<&Path>,
    problems: &Problems,
) -> Option<PathBuf> {
    let mut table = hub.optional("audit").and_then(Value::table)?;
    let written = table.required("head").and_then(Value::located_text);
    table.finish();
    let written = written?;
    let path = resolve(folder, &written, problems)?;
    let refusal = if root.is_some_and(|root| path.starts_with(root)) {
        "would stand in the connection folders, where receivers read"
    } else if data.is_some_and(|data| path.starts_with(data)) {
        "would stand beside the database: whoever changes that could change it too"
    } else if path.is_dir() {
        "is a folder; it must name a file"
    } else {
        return Some(path);
    };
    let hint = "another disk or machine, such as \"/mnt/other/renkei-audit.head\"".to_owned();
    problems.report_with(&written.spot, refusal, hint);
    None
}

/// Takes `[retention]`; what it does not name keeps its default.
pub(super) fn take_retention(hub: &mut Table<'_>, problems: &Problems) -> Rules {
    let mut rules = Rules::default();
    let Some(mut table) = hub.optional("retention").and_then(Value::table) else { return rules };
    let archive_spot = table.spot_of("archive");
    // Each at least as long as somebody may still come for it.
    for (key, shortest, rule) in [
        ("publications", 7, &mut rules.publications),
        ("archive", 7, &mut rules.archive),
        ("quarantine", 7, &mut rules.quarantine),
        ("reports", 7, &mut rules.reports),
        ("differences", 7, &mut rules.differences),
        ("answers", 7, &mut rules.answers),
        ("records", 400, &mut rules.records),
        ("runs", 35, &mut rules.runs),
        ("audit", 365, &mut rules.audit),
        ("logs", 7, &mut rules.logs),
        ("transfer", 35, &mut rules.transfer),
    ] {
        let range = TimeDelta::days(shortest)..=TimeDelta::days(36_500);
        if let Some(read) = table.optional(key).and_then(|value| value.duration_in(range)) {
            *rule = read;
        }
    }
    table.finish();
    if rules.archive < rules.publications {
        // Each start makes up for what the archive lacks of what stands in the folders.
        problems.report(&archive_spot, "the archive must be kept at least as long as publications");
    }
    rules.slots = rules.runs.max(Rules::SHORTEST_SLOTS);
    rules
}
