//! `[sftp]` of `hub.toml`: where partner systems log in.

mod authorities;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use renkei_core::access::Authorities;
use renkei_core::declared::{Located, Problems, Table, Value, did_you_mean};
use renkei_sftp::server::LegacyAlgorithm;

use super::paths::resolve;

/// Where host keys are, unless `host_keys` says otherwise.
pub(crate) const HOST_KEYS: &str = "secrets/ssh";

/// What `[sftp]` declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SftpConfig {
    /// Where to listen; empty where no server runs and only `renkei sftp-server` serves.
    pub listening: Vec<ListeningAt>,
    /// The folder of the host keys, absolute.
    pub host_keys: PathBuf,
    /// What is shown before login.
    pub banner: String,
    /// Time without a request after which a connection is ended.
    pub idle: Duration,
    /// Connections in all, and from one address.
    pub max_connections: (usize, usize),
    /// Connections from one address that have not logged in yet.
    pub max_logging_in: usize,
    /// Points at which an address is banned: a wrong password is 5, a wrong key 1; one fades in 30 seconds.
    pub ban_points: u32,
    /// How long a broken-off upload is kept to be gone on with.
    pub keep_broken_off: Duration,
    /// Whose certificates are taken, and which are not any more.
    pub authorities: Authorities,
}

/// An address, and the older algorithms spoken there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListeningAt {
    /// Where.
    pub address: SocketAddr,
    /// What is spoken there beside the strict ones.
    pub legacy: Vec<LegacyAlgorithm>,
}

/// Reads `[sftp]`, which may be missing: then nobody can log in.
pub(super) fn take(
    hub: &mut Table<'_>,
    folder: &Path,
    root: Option<&Path>,
    problems: &Problems,
) -> Option<SftpConfig> {
    let mut table = hub.optional("sftp")?.table()?;
    let mut config = SftpConfig {
        listening: Vec::new(),
        host_keys: folder.join(HOST_KEYS),
        banner: String::new(),
        idle: Duration::from_mins(15),
        max_connections: (256, 64),
        max_logging_in: 12,
        ban_points: 50,
        keep_broken_off: Duration::from_hours(24),
        authorities: authorities::take(&mut table, problems),
    };
    for address in table.optional("listen").and_then(Value::list_of_text).unwrap_or_default() {
        config.listening.extend(listening(&address, Vec::new(), problems));
    }
    for value in table.optional("legacy").and_then(|list| list.values("tables")).unwrap_or_default() {
        config.listening.extend(value.table().and_then(|table| legacy(table, problems)));
    }
    if let Some(written) = table.optional("host_keys").and_then(Value::located_text)
        && let Some(path) = resolve(folder, &written, problems)
    {
        if root.is_some_and(|root| path.starts_with(root)) {
            let hint = "a folder outside [root], such as secrets/ssh".to_owned();
            problems.report_with(&written.spot, "would be in the folders that partner systems see", hint);
        }
        config.host_keys = path;
    }
    if let Some(banner) = table.optional("banner").and_then(Value::text) {
        config.banner = banner;
    }
    let seconds = |time: TimeDelta| time.to_std().unwrap_or_default();
    let hour = TimeDelta::hours(1);
    if let Some(idle) =
        table.optional("idle").and_then(|value| value.duration_in(TimeDelta::seconds(10)..=hour * 24))
    {
        config.idle = seconds(idle);
    }
    let kept = table.optional("keep_broken_off");
    if let Some(keep) = kept.and_then(|value| value.duration_in(TimeDelta::zero()..=hour * 24 * 30)) {
        config.keep_broken_off = seconds(keep);
    }
    let number = |value: Value<'_>, most| value.integer_in(1..=most).and_then(|n| usize::try_from(n).ok());
    if let Some(most) = table.optional("max_connections").and_then(|value| number(value, 10_000)) {
        config.max_connections.0 = most;
    }
    if let Some(most) = table.optional("max_per_address").and_then(|value| number(value, 10_000)) {
        config.max_connections.1 = most;
    }
    if let Some(most) = table.optional("max_logging_in").and_then(|value| number(value, 1000)) {
        config.max_logging_in = most;
    }
    if let Some(points) = table.optional("ban_points").and_then(|value| number(value, 10_000)) {
        config.ban_points = u32::try_from(points).unwrap_or(u32::MAX);
    }
    table.finish();
    Some(config)
}

/// `{ listen = "10.9.0.1:2223", algorithms = ["aes-cbc"] }`.
fn legacy(mut table: Table<'_>, problems: &Problems) -> Option<ListeningAt> {
    let address = table.required("listen").and_then(Value::located_text);
    let words = table.required("algorithms").and_then(Value::list_of_text);
    table.finish();
    let mut algorithms = Vec::new();
    for word in words? {
        if let Some(algorithm) = LegacyAlgorithm::parse(&word.value) {
            algorithms.push(algorithm);
        } else {
            let hint = did_you_mean(&word.value, LegacyAlgorithm::ALL.iter().map(|one| one.as_str()));
            problems.report_with(&word.spot, format!("unknown algorithm {:?}", word.value), hint);
        }
    }
    listening(&address?, algorithms, problems)
}

fn listening(
    written: &Located<String>,
    legacy: Vec<LegacyAlgorithm>,
    problems: &Problems,
) -> Option<ListeningAt> {
    let Ok(address) = written.value.parse() else {
        let hint = "such as 0.0.0.0:2222 or [::]:2222".to_owned();
        problems.report_with(&written.spot, "must be an address and a port", hint);
        return None;
    };
    Some(ListeningAt { address, legacy })
}
