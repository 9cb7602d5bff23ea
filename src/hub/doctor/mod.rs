//! What `renkei doctor` looks at: each check is one function that gives findings, changes nothing, and tells
//! nothing personal. A check that cannot look says so instead of ending the others.

mod audit;
mod calendars;
mod clock;
mod database;
mod doors;
mod finding;
mod folders;
mod permissions;
mod secrets;
mod sources;
#[cfg(test)]
mod tests;
mod volumes;
mod work;

use std::path::Path;

use renkei_core::Moment;
use renkei_core::port::Store as _;
use renkei_folder::RootLock;
use renkei_store::SqliteStore;

pub use calendars::calendar_ending;
pub use finding::{Finding, Level, Words};
pub(crate) use volumes::{free_bytes, judge as judge_space, volumes};

use crate::config::Config;

/// Everything but the configuration itself, which whoever calls this has read. `is_fast` leaves out what takes
/// longer the larger the registry is. `open` opens the database.
pub(crate) fn examine(
    config: &Config,
    now: Moment,
    is_fast: bool,
    open: impl FnOnce() -> Result<SqliteStore, renkei_core::port::StoreError>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(volumes::space(config));
    findings.extend(volumes::one_volume(config));
    findings.extend(permissions::check(config));
    findings.extend(folders::writable(config));
    findings.extend(doors::host_keys(config));
    findings.extend(secrets::check(config));
    findings.extend(doors::exchanged(config));
    findings.push(lock(config));
    findings.push(clock::synchronised());
    findings.push(channels(config));
    for calendar in config.calendars.all() {
        findings.push(calendar_ending(calendar.id(), calendar.known_through(), now.date()));
    }
    if !config.store.path.exists() {
        findings.push(database::missing(&config.store.path));
        return findings;
    }
    match open() {
        Err(error) => findings.push(database::unusable(&config.store.path, &error)),
        Ok(store) => {
            findings.extend(of_store(&store, &config.store.path, now, is_fast));
            findings.push(audit::kept_end(&store, config));
            findings.extend(sources::standing(&store, config, now));
        }
    }
    findings
}

fn of_store(store: &SqliteStore, path: &Path, now: Moment, is_fast: bool) -> Vec<Finding> {
    let mut findings = vec![database::key(path)];
    if !is_fast {
        findings.push(database::integrity(store, path));
    }
    let looked = store.snapshot().and_then(|snapshot| {
        Ok([
            clock::after_the_record(&*snapshot, now)?,
            work::unfinished_publications(&*snapshot)?,
            doors::unfinished_mendings(&*snapshot)?,
            work::failed_runs(&*snapshot, now)?,
            work::open_alerts(&*snapshot)?,
        ])
    });
    match looked {
        Ok(of_record) => findings.extend(of_record),
        Err(error) => findings.push(database::unusable(path, &error)),
    }
    findings
}

/// Who writes at the moment. Somebody may; the operator wants to know who.
fn lock(config: &Config) -> Finding {
    let path = config.store.path.with_file_name("renkei.lock");
    let place = path.display().to_string();
    match RootLock::holder(&path) {
        Ok(None) => {
            Finding::ok("lock", place, Words::new("書き込み中の処理はありません", "nobody is writing"))
        }
        Ok(Some(holder)) => {
            let words = Words::new(format!("書き込み中です: {holder}"), format!("at work: {holder}"));
            Finding::ok("lock", place, words)
        }
        Err(error) => {
            let words = Words::new(format!("ロックを調べられません: {error}"), error.to_string());
            let remedy = Words::new(
                "ファイルの権限を確かめてください。",
                "Check the rights of the file and its folder.",
            );
            Finding::new("lock", Level::Problem, place, words).with_remedy(remedy)
        }
    }
}

/// Whether anybody is told when something goes wrong.
fn channels(config: &Config) -> Finding {
    let channels = config.alert.channels();
    if channels.is_empty() {
        let words = Words::new("警報の送り先がありません", "nobody is told of faults and delays");
        let remedy = Words::new(
            "hub.toml に [alert.mail] か [alert.command] を書き、`renkei alert test` で試してください。",
            "Declare [alert.mail] or [alert.command] in hub.toml and try it with `renkei alert test`.",
        );
        return Finding::new("alerts", Level::Warning, "hub.toml", words).with_remedy(remedy);
    }
    let names = channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>().join(", ");
    let words = Words::new(format!("警報の送り先: {names}"), format!("alerts go out by {names}"));
    Finding::ok("alerts", "hub.toml", words)
}
