//! `hub.toml` but for its feeds: the municipality, the store, the root, naming and systems.

use std::path::{Path, PathBuf};

use renkei_core::BusinessId;
use renkei_core::declared::{Located, Problems, Table, Value, did_you_mean};
use renkei_core::guard::GuardBounds;
use renkei_core::naming::StemTemplate;
use renkei_core::retention::Rules;
use renkei_engine::transfer::TransferTerms;
use renkei_registry::{CodeTable, MunicipalityCode};
use renkei_secret::KeyPlace;

use super::alert::{self, AlertConfig};
use super::daemon_part::{self, DaemonConfig};
use super::destination::Destination;
use super::guard;
use super::keeping;
use super::ledger::{self, LedgerConfig};
use super::metrics::{self, MetricsConfig};
use super::paths::resolve;
use super::secret_reference::Secrets;
use super::sftp::{self, SftpConfig};
use super::source::Source;
use super::transfer;
use super::types::{StoreConfig, System};

/// The parts of `hub.toml` that stand for themselves. What is missing has been reported.
pub(super) struct HubPart {
    pub(super) municipality: Option<MunicipalityCode>,
    pub(super) name: Option<String>,
    pub(super) store: Option<StoreConfig>,
    pub(super) root: Option<PathBuf>,
    pub(super) naming: Option<StemTemplate>,
    pub(super) daemon: Option<DaemonConfig>,
    pub(super) audit_head: Option<PathBuf>,
    pub(super) retention: Rules,
    pub(super) guard: GuardBounds,
    pub(super) systems: Vec<System>,
    pub(super) systems_are_complete: bool,
    pub(super) alert: AlertConfig,
    pub(super) metrics: Option<MetricsConfig>,
    pub(super) transfer: Option<TransferTerms>,
    pub(super) ledger: LedgerConfig,
    pub(super) sftp: Option<SftpConfig>,
    pub(super) secret_key: Option<KeyPlace>,
    /// Read once the feeds are.
    pub(super) destinations: Option<Vec<Destination>>,
    /// Read once the intakes are.
    pub(super) sources: Option<Vec<Source>>,
}

/// Takes the parts out of the root table, which keeps `[[feed]]`.
pub(super) fn take(hub: &mut Table<'_>, folder: &Path, problems: &Problems) -> HubPart {
    let municipality = hub.required("municipality").and_then(Value::parsed);
    let name = hub.required("name").and_then(Value::text);
    if let Some(zone) = hub.optional("timezone") {
        zone.one_of(&[("Asia/Tokyo", ())]);
    }
    let secrets = Secrets::take(hub, folder, problems);
    let store = hub
        .required("store")
        .and_then(Value::table)
        .and_then(|table| store(table, folder, &secrets, problems));
    let root = hub.required("root").and_then(Value::table).and_then(|mut table| {
        let path = table.required("path").and_then(Value::located_text);
        table.finish();
        path
    });
    let root = root.and_then(|written| {
        let root = resolve(folder, &written, problems)?;
        check_apart(&root, &written, folder, (store.as_ref(), secrets.key()), problems);
        Some(root)
    });
    let naming = hub.required("naming").and_then(Value::table).and_then(naming);
    let daemon = daemon_part::take(hub);
    let data = store.as_ref().and_then(|store| store.path.parent());
    let audit_head = keeping::take_audit(hub, folder, data, root.as_deref(), problems);
    let retention = keeping::take_retention(hub, problems);
    let guard = guard::take(hub, GuardBounds::default());
    let (systems, systems_are_complete) = systems(hub, problems);
    let alert = alert::take(hub, folder, &secrets, problems);
    let metrics = metrics::take(hub, problems);
    let transfer = transfer::take(hub, &systems, systems_are_complete, problems);
    let ledger = ledger::take(hub);
    let sftp = sftp::take(hub, folder, root.as_deref(), problems);
    HubPart {
        municipality,
        name,
        store,
        root,
        naming,
        daemon,
        audit_head,
        retention,
        guard,
        systems,
        systems_are_complete,
        alert,
        metrics,
        transfer,
        ledger,
        sftp,
        secret_key: secrets.key().cloned(),
        destinations: None,
        sources: None,
    }
}

fn store(
    mut table: Table<'_>,
    folder: &Path,
    secrets: &Secrets<'_>,
    problems: &Problems,
) -> Option<StoreConfig> {
    let path = table.required("path").and_then(Value::located_text);
    let path = path.and_then(|path| resolve(folder, &path, problems));
    let env_spot = table.spot_of("number_key_env");
    let table_spot = table.spot().clone();
    let number_key = match (table.optional("number_key_file"), table.optional("number_key_env")) {
        (Some(file), None) => secrets.file(file, "key"),
        (None, Some(env)) => secrets.env(env, "key", "RENKEI_NUMBER_KEY"),
        (Some(_), Some(_)) => {
            problems
                .report(&env_spot, "both number_key_file and number_key_env; the key comes from one of them");
            None
        }
        (None, None) => {
            let hint = "number_key_file = \"secrets/number.key\"".to_owned();
            problems.report_with(&table_spot, "number_key_file or number_key_env is missing", hint);
            None
        }
    };
    table.finish();
    Some(StoreConfig { path: path?, number_key: number_key? })
}

/// What stands in the connection folders is seen by receivers; database and key must not.
fn check_apart(
    root: &Path,
    written: &Located<String>,
    folder: &Path,
    (store, secret_key): (Option<&StoreConfig>, Option<&KeyPlace>),
    problems: &Problems,
) {
    let mut inside = Vec::new();
    if folder.starts_with(root) {
        inside.push("the hub's folder");
    }
    if let Some(store) = store {
        if store.path.starts_with(root) {
            inside.push("the database");
        }
        if store.number_key.path().is_some_and(|path| path.starts_with(root)) {
            inside.push("the key file");
        }
    }
    if matches!(secret_key, Some(KeyPlace::File(path)) if path.starts_with(root)) {
        inside.push("the key of secrets");
    }
    if let [first, ..] = inside.as_slice() {
        let message = format!("{first} would stand in the connection folders, where receivers read");
        problems.report(&written.spot, message);
    }
}

fn naming(mut table: Table<'_>) -> Option<StemTemplate> {
    let stem = table.required("stem").and_then(Value::parsed);
    table.finish();
    stem
}

fn systems(hub: &mut Table<'_>, problems: &Problems) -> (Vec<System>, bool) {
    let tables = hub.optional("system").and_then(Value::tables).unwrap_or_default();
    let n_declared = tables.len();
    let mut systems: Vec<System> = Vec::new();
    for table in tables {
        let spot = table.spot_of("id");
        let Some(system) = system(table, problems) else { continue };
        if systems.iter().any(|earlier| earlier.id == system.id) {
            problems.report(&spot, format!("system {} is already declared", system.id));
        }
        systems.push(system);
    }
    let is_complete = systems.len() == n_declared;
    (systems, is_complete)
}

fn system(mut table: Table<'_>, problems: &Problems) -> Option<System> {
    let id_spot = table.spot_of("id");
    let id: Option<BusinessId> = table.required("id").and_then(Value::parsed);
    let name = table.optional("name").map(Value::text);
    let individual_number = table.required("individual_number").and_then(Value::boolean);
    let local_group = table.optional("local_group").and_then(|value| local_group(value, problems));
    table.finish();
    let id = id?;
    let businesses = CodeTable::find("business");
    let known = businesses.and_then(|table| table.get(id.as_str())).map(|entry| entry.name_ja);
    let name = match (name, known) {
        (Some(name), _) => name,
        (None, Some(known)) => Some(known.to_owned()),
        (None, None) => {
            let codes = businesses.into_iter().flat_map(CodeTable::entries).map(|(code, _)| code);
            let hint = did_you_mean(id.as_str(), codes)
                .unwrap_or_else(|| "a system of the municipality's own needs name = \"…\"".to_owned());
            problems.report_with(&id_spot, format!("{:?} is no 業務ID, and has no name", id.as_str()), hint);
            None
        }
    };
    Some(System { id, name: name?, individual_number: individual_number?, local_group })
}

/// The name of a group as `groupadd` takes it.
fn local_group(value: Value<'_>, problems: &Problems) -> Option<String> {
    let written = value.located_text()?;
    let is_first = |b: u8| b.is_ascii_lowercase() || b == b'_';
    let is_more = |b: u8| is_first(b) || b.is_ascii_digit() || b == b'-';
    let bytes = written.value.as_bytes();
    if bytes.len() <= 32 && bytes.first().is_some_and(|b| is_first(*b)) && bytes.iter().all(|b| is_more(*b)) {
        return Some(written.value);
    }
    problems.report(&written.spot, "must be the name of a group: 1 to 32 of a-z, 0-9, - and _");
    None
}
