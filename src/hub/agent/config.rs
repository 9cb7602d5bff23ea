//! The agent's declaration, `receive.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use renkei_core::declared::{Declaration, Problems, Spot, Table, Value, did_you_mean};
use renkei_core::guard::GuardBounds;
use renkei_core::layout::Layout;
use renkei_core::port::TakeMode;
use renkei_core::receive::{AcceptedVersion, Conversion, Patience, RowPolicy, Terms};
use renkei_core::{BusinessId, FolderPath, IntakeId, Version};
use renkei_registry::MunicipalityCode;

use super::conversion;
use crate::config::{ConfigError, resolve_path, take_guard};
use crate::init::shipped_layouts;

/// The agent's configuration, checked.
#[derive(Debug)]
pub(crate) struct AgentConfig {
    /// The root of the connection folders as this machine sees it, absolute.
    pub(crate) share: PathBuf,
    /// The agent's own folder, absolute: its lock, stage and quarantine.
    pub(crate) folder: PathBuf,
    /// Where rows and marks are kept.
    pub(crate) target: Target,
    /// The folder of the share that receipts go into; `None` for no receipts.
    pub(crate) receipts: Option<FolderPath>,
    /// How long the agent sleeps between looks.
    pub(crate) every: Duration,
    /// How long what is not whole is waited for.
    pub(crate) patience: Patience,
    /// The intakes.
    pub(crate) intakes: Vec<AgentIntake>,
}

/// Where rows and marks are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A SQLite database, absolute.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres {
        /// `host=… port=… user=… dbname=…`, without a password.
        server: String,
        /// A file that holds the password, absolute.
        password_file: Option<PathBuf>,
    },
}

/// What is taken, and where its rows go.
#[derive(Debug)]
pub(crate) struct AgentIntake {
    pub(crate) terms: Terms,
    pub(crate) to: RowsTo,
    /// What values become on their way into the table, by version; empty where they stay as they come.
    pub(crate) conversions: BTreeMap<Version, Conversion>,
}

/// Where an intake's rows go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowsTo {
    /// A table of the target for each version: the name given, or the intake's, with the version.
    Table(Option<String>),
    /// Verified files into a folder, absolute: data first, notice last.
    Folder(PathBuf),
    /// A program is started for each verified set.
    Program {
        /// The program and its arguments; `{notice}` is the notice's path.
        argv: Vec<String>,
        /// How long it may take.
        timeout: Duration,
    },
}

/// A declaration read, with where it stood.
pub(crate) struct ReadAgent;

const LONGEST_WAIT: TimeDelta = TimeDelta::days(30);

impl ReadAgent {
    /// Reads and checks the declaration; all problems are in the error.
    pub(crate) fn load(path: &Path) -> Result<AgentConfig, ConfigError> {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let problems = Problems::new();
        let absolute =
            path.canonicalize().map_err(|_| ConfigError::NotFound { folder: path.to_path_buf() })?;
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_path_buf();
        let config = match std::fs::read_to_string(&absolute) {
            Ok(text) => read(&name, &text, &folder, &problems),
            Err(error) => {
                problems.report(&Spot::of_file(&name), format!("cannot be read: {error}"));
                None
            }
        };
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError::Invalid { problems: problems.into_sorted() }),
        }
    }
}

fn read(name: &str, text: &str, folder: &Path, problems: &Problems) -> Option<AgentConfig> {
    let mut root = Declaration::parse(name, text, problems)?;
    let municipality: Option<MunicipalityCode> = root.required("municipality").and_then(Value::parsed);
    let receiver: Option<BusinessId> = root.required("receiver").and_then(Value::parsed);
    let share = path(&mut root, "share", folder, problems);
    let own = match root.optional("folder") {
        Some(value) => value.located_text().and_then(|written| resolve_path(folder, &written, problems)),
        None => Some(folder.join("data")),
    };
    let receipts = match root.optional("receipts") {
        Some(value) if value.is_text() => value.text().and_then(|text| match text.as_str() {
            "none" => Some(None),
            path => match path.parse() {
                Ok(path) => Some(Some(path)),
                Err(error) => {
                    problems.report(&root.spot_of("receipts"), format!("{error}"));
                    None
                }
            },
        }),
        Some(value) => {
            problems.report(value.spot(), "must be a folder of the share, or \"none\"");
            None
        }
        None => receiver.as_ref().and_then(|id| format!("{id}/receipt").parse().ok()).map(Some),
    };
    let target =
        root.required("target").and_then(Value::table).and_then(|table| target(table, folder, problems));
    let every = duration(&mut root, "every", TimeDelta::seconds(1), TimeDelta::seconds(30));
    let mut patience = Patience::default();
    for (key, part) in [
        ("settle", &mut patience.settle),
        ("incomplete_after", &mut patience.incomplete_after),
        ("stray_after", &mut patience.stray_after),
    ] {
        *part = duration(&mut root, key, TimeDelta::zero(), *part);
    }
    let layouts = layouts(folder, problems);
    let common = Common { municipality, receiver, folder, layouts: &layouts, problems };
    let tables = root.required("intake").and_then(Value::tables).unwrap_or_default();
    let n_declared = tables.len();
    let mut intakes: Vec<AgentIntake> = Vec::new();
    for table in tables {
        let spot = table.spot_of("id");
        let Some(intake) = intake(table, &common) else { continue };
        if intakes.iter().any(|other| other.terms.id == intake.terms.id) {
            problems.report(&spot, format!("intake {} is already declared", intake.terms.id));
        }
        intakes.push(intake);
    }
    root.finish();
    let config = AgentConfig {
        share: share?,
        folder: own?,
        target: target?,
        receipts: receipts?,
        every: every.to_std().ok()?,
        patience,
        intakes,
    };
    (config.intakes.len() == n_declared).then_some(config)
}

fn path(table: &mut Table<'_>, key: &str, folder: &Path, problems: &Problems) -> Option<PathBuf> {
    let written = table.required(key).and_then(Value::located_text)?;
    resolve_path(folder, &written, problems)
}

fn duration(table: &mut Table<'_>, key: &str, least: TimeDelta, default: TimeDelta) -> TimeDelta {
    let written = table.optional(key).and_then(|value| value.duration_in(least..=LONGEST_WAIT));
    written.unwrap_or(default)
}

fn target(mut table: Table<'_>, folder: &Path, problems: &Problems) -> Option<Target> {
    let spot = table.spot().clone();
    let sqlite = table.optional("sqlite").and_then(Value::located_text);
    let postgres = table.optional("postgres").and_then(Value::located_text);
    let password_file = table.optional("password_file").and_then(Value::located_text);
    table.finish();
    match (sqlite, postgres) {
        (Some(path), None) => Some(Target::Sqlite(resolve_path(folder, &path, problems)?)),
        (None, Some(connection)) => {
            if connection.value.contains("password") || connection.value.contains("://") {
                let hint = "password_file = \"secrets/postgres.password\", or PGPASSWORD".to_owned();
                problems.report_with(&connection.spot, "a password does not belong into this file", hint);
                return None;
            }
            let password_file = match password_file {
                Some(written) => Some(resolve_path(folder, &written, problems)?),
                None => None,
            };
            Some(Target::Postgres { server: connection.value, password_file })
        }
        (Some(_), Some(_)) => {
            problems.report(&spot, "both sqlite and postgres; rows go into one of them");
            None
        }
        (None, None) => {
            let hint = "sqlite = \"data/receive.db\", or postgres = \"host=… user=… dbname=…\"".to_owned();
            problems.report_with(&spot, "sqlite or postgres is missing", hint);
            None
        }
    }
}

/// The layouts by id: the program's own, and over them those of `layouts/` beside the declaration.
fn layouts(folder: &Path, problems: &Problems) -> BTreeMap<String, Option<Arc<Layout>>> {
    let read = |name: &str, text: &str| Layout::read(name, text, problems).map(Arc::new);
    let mut layouts: BTreeMap<String, Option<Arc<Layout>>> =
        shipped_layouts().map(|(id, text)| (id.to_owned(), read(id, text))).collect();
    for (id, name, text) in crate::config::read_layout_files(folder, problems) {
        layouts.insert(id, read(&name, &text));
    }
    layouts
}

/// What all intakes of an agent share.
struct Common<'c> {
    municipality: Option<MunicipalityCode>,
    receiver: Option<BusinessId>,
    folder: &'c Path,
    layouts: &'c BTreeMap<String, Option<Arc<Layout>>>,
    problems: &'c Problems,
}

fn intake(mut table: Table<'_>, common: &Common<'_>) -> Option<AgentIntake> {
    let problems = common.problems;
    let id: Option<IntakeId> = table.required("id").and_then(Value::parsed);
    let sender: Option<BusinessId> = table.required("from").and_then(Value::parsed);
    let folders: Option<Vec<FolderPath>> = table
        .required("folders")
        .and_then(|value| value.list_of::<FolderPath>())
        .map(|list| list.into_iter().map(|located| located.value).collect());
    let folders_spot = table.spot_of("folders");
    if folders.as_ref().is_some_and(Vec::is_empty) {
        problems.report(&folders_spot, "an intake looks into at least one folder");
    }
    let accept_spot = table.spot_of("accept");
    let versions: Vec<AcceptedVersion> = table
        .required("accept")
        .and_then(Value::tables)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|table| accepted(table, common))
        .collect();
    let full = table.optional("full").map_or(Some(TakeMode::Replace), |value| {
        value.one_of(&[("replace", TakeMode::Replace), ("merge", TakeMode::Merge)])
    });
    let rows = table.optional("rows").map_or(Some(RowPolicy::RefuseSet), |value| {
        value.one_of(&[("refuse", RowPolicy::RefuseSet), ("park", RowPolicy::Park)])
    });
    let needs_proof = table.optional("needs_proof").map_or(Some(true), Value::boolean);
    let guard = take_guard(&mut table, GuardBounds::default());
    let to = rows_to(&mut table, common);
    let layouts: Vec<&Layout> = versions.iter().map(|version| version.layout.as_ref()).collect();
    let conversions = conversion::take(&mut table, &layouts, common.folder, problems);
    if let (Some(spot), Some(RowsTo::Folder(_) | RowsTo::Program { .. })) = (&conversions.spot, &to) {
        problems.report(spot, "only rows that go into a table are converted");
    }
    table.finish();
    let first = versions.first()?;
    let (interface, branch) = (first.layout.interface.clone(), first.layout.branch.clone());
    for other in &versions {
        if (&other.layout.interface, &other.layout.branch) != (&interface, &branch) {
            problems.report(&accept_spot, "the versions accepted must be of one interface and branch");
        }
    }
    Some(AgentIntake {
        terms: Terms {
            id: id?,
            receiver: common.receiver.clone()?,
            sender: sender?,
            municipality: common.municipality?.as_str().to_owned(),
            interface,
            branch,
            folders: folders?,
            versions,
            full: full?,
            rows: rows?,
            guard,
            needs_proof: needs_proof?,
        },
        to: to?,
        conversions: conversions.by_version,
    })
}

fn accepted(mut table: Table<'_>, common: &Common<'_>) -> Option<AcceptedVersion> {
    let layout = table.required("layout").and_then(Value::located_text);
    let from: Option<NaiveDate> = table.optional("from").and_then(Value::date);
    let until: Option<NaiveDate> = table.optional("until").and_then(Value::date);
    let until_spot = table.spot_of("until");
    table.finish();
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        common.problems.report(&until_spot, format!("the last day is before the first ({from})"));
    }
    let layout = layout?;
    match common.layouts.get(&layout.value) {
        Some(found) => Some(AcceptedVersion { layout: Arc::clone(found.as_ref()?), from, until }),
        None => {
            let hint = did_you_mean(&layout.value, common.layouts.keys().map(String::as_str));
            common.problems.report_with(&layout.spot, format!("unknown layout {:?}", layout.value), hint);
            None
        }
    }
}

fn rows_to(table: &mut Table<'_>, common: &Common<'_>) -> Option<RowsTo> {
    let spot = table.spot().clone();
    let name_spot = table.spot_of("table");
    let name = table.optional("table").and_then(Value::text);
    let to_folder = table.optional("to_folder").and_then(Value::located_text);
    let program = table.optional("to_program").and_then(Value::list_of_text);
    let timeout = duration(table, "timeout", TimeDelta::seconds(1), TimeDelta::minutes(30));
    let is_name = |name: &str| {
        name.len() <= 40
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
            && !name.starts_with("intake_")
    };
    match (name, to_folder, program) {
        (None, None, None) => Some(RowsTo::Table(None)),
        (Some(name), None, None) if is_name(&name) => Some(RowsTo::Table(Some(name))),
        (Some(_), None, None) => {
            let message =
                "a table's name is of a-z, 0-9 and _, begins with a letter and not with intake_, at most 40";
            common.problems.report(&name_spot, message);
            None
        }
        (None, Some(written), None) => {
            Some(RowsTo::Folder(resolve_path(common.folder, &written, common.problems)?))
        }
        (None, None, Some(argv)) => {
            let argv: Vec<String> = argv.into_iter().map(|part| part.value).collect();
            if !argv.first().is_some_and(|program| Path::new(program).is_absolute()) {
                common.problems.report(&spot, "to_program begins with the absolute path of a program");
                return None;
            }
            Some(RowsTo::Program { argv, timeout: timeout.to_std().ok()? })
        }
        _ => {
            common.problems.report(&spot, "table, to_folder and to_program: rows go to one of them");
            None
        }
    }
}

impl AgentIntake {
    /// The table for the rows of a version; `None` where values go elsewhere.
    pub(crate) fn table(&self, version: Version) -> Option<String> {
        match &self.to {
            RowsTo::Table(None) => Some(renkei_engine::receive::table_name(&self.terms.id, version)),
            RowsTo::Table(Some(name)) => Some(format!("{name}_v{version}").replace('.', "_")),
            RowsTo::Folder(_) | RowsTo::Program { .. } => None,
        }
    }
}
