//! The agent's declaration, `receive.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use renkei_core::calendar::{CalendarFile, Calendars};
use renkei_core::declared::{Declaration, Problems, Spot, Table, Value};
use renkei_core::guard::GuardBounds;
use renkei_core::layout::Layout;
use renkei_core::receive::{Conversion, Most, Patience, Terms};
use renkei_core::schedule::Schedule;
use renkei_core::{BusinessId, FolderPath, Version};
use renkei_folder::WatchMode;
use renkei_registry::MunicipalityCode;
use renkei_secret::SecretSource;

use super::conversion;
use super::server::{HubServer, mirror_of};
use crate::config::secret_reference::Secrets;
use crate::config::taking::{
    self, Layouts, TakingDefaults, table_of, take_duration, take_patience, take_table,
};
use crate::config::{AlertConfig, ConfigError, alert, partner_server, resolve_path};
use crate::init::{shipped_calendars, shipped_layouts};

/// How long what the agent keeps for its people is kept.
const KEPT: TimeDelta = TimeDelta::days(90);
/// As long as a person may be away who should see it.
const SHORTEST_KEPT: TimeDelta = TimeDelta::days(7);
/// A hundred years.
const LONGEST_KEPT: TimeDelta = TimeDelta::days(36_500);

/// The agent's configuration, checked.
#[derive(Debug)]
pub(crate) struct AgentConfig {
    /// The root of the connection folders as this machine sees it, absolute; where they are fetched by SFTP, their mirror.
    pub(crate) share: PathBuf,
    /// The hub's server where the share is a mirror of it.
    pub(crate) server: Option<HubServer>,
    /// The agent's own folder, absolute: its lock, stage and quarantine.
    pub(crate) folder: PathBuf,
    /// Where rows and marks are kept.
    pub(crate) target: Target,
    /// Who receives: what receipts are signed with.
    pub(crate) receiver: BusinessId,
    /// The folder of the share that receipts go into; `None` for no receipts.
    pub(crate) receipts: Option<FolderPath>,
    /// The folder of the share in which the hub puts what is for this receiver alone, in a folder for each feed;
    /// `None` where none is looked into.
    pub(crate) mailbox: Option<FolderPath>,
    /// How long the agent sleeps between looks.
    pub(crate) every: Duration,
    /// How long what is not whole is waited for.
    pub(crate) patience: Patience,
    /// How long reports and refused sets are kept in the agent's own folder.
    pub(crate) keep: TimeDelta,
    /// Whose data: 市区町村コード.
    pub(crate) municipality: MunicipalityCode,
    /// Who is told of what goes wrong, and how.
    pub(crate) alert: AlertConfig,
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
        /// A file that holds the password, plain or encrypted.
        password: Option<SecretSource>,
    },
}

/// What is taken, and where its rows go.
#[derive(Debug)]
pub(crate) struct AgentIntake {
    pub(crate) terms: Terms,
    pub(crate) to: RowsTo,
    /// How its folders are watched.
    pub(crate) watch: WatchMode,
    /// By when something is to come on which business dates.
    pub(crate) expected_by: Option<Schedule>,
    /// After how long a set that waits for others is worth an alert.
    pub(crate) gap_after: TimeDelta,
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

/// Reads the text of a declaration that stands in `folder`.
pub(super) fn read(name: &str, text: &str, folder: &Path, problems: &Problems) -> Option<AgentConfig> {
    let mut root = Declaration::parse(name, text, problems)?;
    let municipality: Option<MunicipalityCode> = root.required("municipality").and_then(Value::parsed);
    let receiver: Option<BusinessId> = root.required("receiver").and_then(Value::parsed);
    let own = match root.optional("folder") {
        Some(value) => value.located_text().and_then(|written| resolve_path(folder, &written, problems)),
        None => Some(folder.join("data")),
    };
    let secrets = Secrets::take(&mut root, folder, problems);
    let (share, server) = match root.optional("sftp").map(Value::table) {
        None => (path(&mut root, "share", folder, problems), Some(None)),
        Some(table) => {
            if let Some(share) = root.optional("share") {
                problems.report(share.spot(), "both share and [sftp]; files are taken from one of them");
            }
            (
                own.as_deref().map(mirror_of),
                table.and_then(|table| server(table, &secrets, problems)).map(Some),
            )
        }
    };
    let receipts = own_folder(&mut root, "receipts", receiver.as_ref(), "receipt", problems);
    let mailbox = own_folder(&mut root, "mend", receiver.as_ref(), "mend", problems);
    let target = root
        .required("target")
        .and_then(Value::table)
        .and_then(|table| target(table, folder, &secrets, problems));
    let every = take_duration(&mut root, "every", TimeDelta::seconds(1), TimeDelta::seconds(30));
    let patience = take_patience(&mut root);
    let keep = root.optional("keep").and_then(|value| value.duration_in(SHORTEST_KEPT..=LONGEST_KEPT));
    let layouts = layouts(folder, problems);
    let calendars = calendars(folder, problems);
    let alert = alert::take(&mut root, folder, &secrets, problems);
    let common = Common {
        municipality,
        receiver: receiver.clone(),
        folder,
        layouts: &layouts,
        calendars: &calendars,
        problems,
    };
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
        receiver: receiver?,
        share: share?,
        server: server?,
        folder: own?,
        target: target?,
        receipts: receipts?,
        mailbox: mailbox?,
        every: every.to_std().ok()?,
        patience,
        keep: keep.unwrap_or(KEPT),
        municipality: municipality?,
        alert,
        intakes,
    };
    (config.intakes.len() == n_declared).then_some(config)
}

/// A folder of the share that is the receiver's own: as declared, none, or by default one below its name.
#[expect(clippy::option_option, reason = "what is wrong is not the same as none")]
fn own_folder(
    root: &mut Table<'_>,
    key: &str,
    receiver: Option<&BusinessId>,
    usual: &str,
    problems: &Problems,
) -> Option<Option<FolderPath>> {
    let spot = root.spot_of(key);
    match root.optional(key) {
        Some(value) if value.is_text() => value.text().and_then(|text| match text.as_str() {
            "none" => Some(None),
            path => match path.parse() {
                Ok(path) => Some(Some(path)),
                Err(error) => {
                    problems.report(&spot, format!("{error}"));
                    None
                }
            },
        }),
        Some(value) => {
            problems.report(value.spot(), "must be a folder of the share, or \"none\"");
            None
        }
        None => receiver.and_then(|id| format!("{id}/{usual}").parse().ok()).map(Some),
    }
}

fn path(table: &mut Table<'_>, key: &str, folder: &Path, problems: &Problems) -> Option<PathBuf> {
    let written = table.required(key).and_then(Value::located_text)?;
    resolve_path(folder, &written, problems)
}

/// A hub that is reached by SFTP.
fn server(mut table: Table<'_>, secrets: &Secrets<'_>, problems: &Problems) -> Option<HubServer> {
    let beside = partner_server::ServerBeside { secrets, has_folder: true, problems };
    let terms = partner_server::take(&mut table, "hub".parse().ok().as_ref(), beside);
    table.finish();
    Some(HubServer { terms: terms? })
}

fn target(mut table: Table<'_>, folder: &Path, secrets: &Secrets<'_>, problems: &Problems) -> Option<Target> {
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
            let password = match password_file {
                Some(written) => {
                    let path = resolve_path(folder, &written, problems)?;
                    Some(SecretSource::file(path, secrets.key()))
                }
                None => None,
            };
            Some(Target::Postgres { server: connection.value, password })
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
fn layouts(folder: &Path, problems: &Problems) -> Layouts {
    let read = |name: &str, text: &str| Layout::read(name, text, problems).map(Arc::new);
    let mut layouts: Layouts = shipped_layouts().map(|(id, text)| (id.to_owned(), read(id, text))).collect();
    for (id, name, text) in crate::config::read_layout_files(folder, problems) {
        layouts.insert(id, read(&name, &text));
    }
    layouts
}

/// The program's own calendars, and in their place or beside them those of `calendars/` beside the declaration.
fn calendars(folder: &Path, problems: &Problems) -> Calendars {
    let own: Vec<_> = crate::config::read_calendar_files(folder, problems).collect();
    let shipped = shipped_calendars().filter(|(_, id, _)| own.iter().all(|(own_id, _, _)| own_id != id));
    let own = own.iter().map(|(id, name, text)| CalendarFile { name, id, text });
    let files: Vec<CalendarFile<'_>> =
        shipped.map(|(name, id, text)| CalendarFile { name, id, text }).chain(own).collect();
    Calendars::read(&files, problems)
}

/// What all intakes of an agent share.
struct Common<'c> {
    municipality: Option<MunicipalityCode>,
    receiver: Option<BusinessId>,
    folder: &'c Path,
    layouts: &'c Layouts,
    calendars: &'c Calendars,
    problems: &'c Problems,
}

fn intake(mut table: Table<'_>, common: &Common<'_>) -> Option<AgentIntake> {
    let defaults = TakingDefaults {
        needs_proof: true,
        is_each_counted: false,
        guard: GuardBounds::default(),
        most: Most::OF_TABLE,
    };
    let taking = taking::take(&mut table, common.layouts, defaults, common.problems);
    if !taking.has_folders {
        common.problems.report(&taking.folders_spot, "missing");
    }
    let to = rows_to(&mut table, common);
    let watch = taking::take_watch(&mut table);
    let gap_after = taking::take_gap_after(&mut table);
    let expected_by = table
        .optional("expected_by")
        .map(|value| Schedule::read(value.table()?, common.calendars, common.problems));
    let layouts: Vec<&Layout> = taking.versions.iter().map(|version| version.layout.as_ref()).collect();
    let conversions = conversion::take(&mut table, &layouts, common.folder, common.problems);
    if let (Some(spot), Some(RowsTo::Folder(_) | RowsTo::Program { .. })) = (&conversions.spot, &to) {
        common.problems.report(spot, "only rows that go into a table are converted");
    }
    table.finish();
    let terms = taking.into_terms(common.receiver.clone()?, common.municipality?, None)?;
    let expected_by = match expected_by {
        None => None,
        Some(read) => Some(read?),
    };
    let conversions = conversions.by_version;
    Some(AgentIntake { terms, to: to?, watch: watch?, expected_by, gap_after, conversions })
}

fn rows_to(table: &mut Table<'_>, common: &Common<'_>) -> Option<RowsTo> {
    let spot = table.spot().clone();
    let name = take_table(table, common.problems);
    let to_folder = table.optional("to_folder").and_then(Value::located_text);
    let program = table.optional("to_program").and_then(Value::list_of_text);
    let timeout = take_duration(table, "timeout", TimeDelta::seconds(1), TimeDelta::minutes(30));
    match (name?.0, to_folder, program) {
        (name, None, None) => Some(RowsTo::Table(name)),
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
            RowsTo::Table(name) => Some(table_of(&self.terms.id, name.as_deref(), version)),
            RowsTo::Folder(_) | RowsTo::Program { .. } => None,
        }
    }
}
