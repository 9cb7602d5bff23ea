//! What declarations of an intake share: `[[intake]]` of an agent's `receive.toml` and of `hub.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use renkei_core::declared::{Problems, Spot, Table, Value, did_you_mean};
use renkei_core::guard::GuardBounds;
use renkei_core::layout::Layout;
use renkei_core::mapping::Mapping;
use renkei_core::port::TakeMode;
use renkei_core::receive::{AcceptedVersion, Most, Patience, RowPolicy, Terms};
use renkei_core::{BusinessId, FolderPath, IntakeId};
use renkei_folder::WatchMode;
use renkei_registry::MunicipalityCode;

use super::guard;

/// Layouts by id; `None` for one with problems of its own, which have been reported.
pub(crate) type Layouts = BTreeMap<String, Option<Arc<Layout>>>;

/// What holds where a declaration does not say otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TakingDefaults {
    pub(crate) needs_proof: bool,
    pub(crate) is_each_counted: bool,
    pub(crate) guard: GuardBounds,
    pub(crate) most: Most,
}

/// The part of a declaration that its [`Terms`] are made of. What is `None` or missing has been reported.
pub(crate) struct Taking {
    pub(crate) id: Option<IntakeId>,
    pub(crate) id_spot: Spot,
    pub(crate) sender: Option<BusinessId>,
    pub(crate) sender_spot: Spot,
    /// `None` where none are declared, too.
    pub(crate) folders: Option<Vec<FolderPath>>,
    /// False where none are declared.
    pub(crate) has_folders: bool,
    pub(crate) folders_spot: Spot,
    pub(crate) versions: Vec<AcceptedVersion>,
    pub(crate) accept_spot: Spot,
    full: Option<TakeMode>,
    rows: Option<RowPolicy>,
    pub(crate) needs_proof: Option<bool>,
    /// By what files in another form are turned over; set by who knows the mappings.
    pub(crate) mapping: Option<Arc<Mapping>>,
    guard: GuardBounds,
    is_each_counted: bool,
    is_complete: bool,
    most: Most,
}

/// The longest that anything is waited for.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(30);

/// Takes what makes [`Terms`] out of a table.
pub(crate) fn take(
    table: &mut Table<'_>,
    layouts: &Layouts,
    defaults: TakingDefaults,
    problems: &Problems,
) -> Taking {
    let (id_spot, sender_spot) = (table.spot_of("id"), table.spot_of("from"));
    let (folders_spot, accept_spot) = (table.spot_of("folders"), table.spot_of("accept"));
    let id: Option<IntakeId> = table.required("id").and_then(Value::parsed);
    let sender: Option<BusinessId> = table.required("from").and_then(Value::parsed);
    let folders = table.optional("folders").map(|value| {
        let list = value.list_of::<FolderPath>()?;
        Some(list.into_iter().map(|located| located.value).collect::<Vec<_>>())
    });
    let (has_folders, folders) = (folders.is_some(), folders.flatten());
    if folders.as_ref().is_some_and(Vec::is_empty) {
        problems.report(&folders_spot, "an intake looks into at least one folder");
    }
    let accepted = table.required("accept").and_then(Value::tables).unwrap_or_default();
    let n_accepted = accepted.len();
    let versions: Vec<AcceptedVersion> =
        accepted.into_iter().filter_map(|table| version(table, layouts, problems)).collect();
    let key = |version: &AcceptedVersion| (version.layout.interface.clone(), version.layout.branch.clone());
    if versions.iter().any(|version| versions.first().map(key) != Some(key(version))) {
        problems.report(&accept_spot, "the versions accepted must be of one interface and branch");
    }
    let full = table.optional("full").map_or(Some(TakeMode::Replace), |value| {
        value.one_of(&[("replace", TakeMode::Replace), ("merge", TakeMode::Merge)])
    });
    let rows = table.optional("rows").map_or(Some(RowPolicy::RefuseSet), |value| {
        value.one_of(&[("refuse", RowPolicy::RefuseSet), ("park", RowPolicy::Park)])
    });
    let needs_proof = table.optional("needs_proof").map_or(Some(defaults.needs_proof), Value::boolean);
    let guard = guard::take(table, defaults.guard);
    let mut bound = |key: &str, default: u64| {
        let written = table.optional(key).and_then(|value| value.integer_in(1..=i64::MAX.unsigned_abs()));
        written.unwrap_or(default)
    };
    let n_rows = bound("max_rows", defaults.most.n_rows);
    let most = Most { n_rows, n_bytes: bound("max_bytes", defaults.most.n_bytes) };
    let is_complete = versions.len() == n_accepted;
    Taking {
        id,
        id_spot,
        sender,
        sender_spot,
        folders,
        has_folders,
        folders_spot,
        versions,
        accept_spot,
        full,
        rows,
        needs_proof,
        mapping: None,
        guard,
        is_each_counted: defaults.is_each_counted,
        is_complete,
        most,
    }
}

impl Taking {
    /// The terms. `folders` are those where none are declared.
    pub(crate) fn into_terms(
        self,
        receiver: BusinessId,
        municipality: MunicipalityCode,
        folders: Option<Vec<FolderPath>>,
    ) -> Option<Terms> {
        let first = self.versions.first().filter(|_| self.is_complete)?;
        let (interface, branch) = (first.layout.interface.clone(), first.layout.branch.clone());
        Some(Terms {
            id: self.id?,
            receiver,
            sender: self.sender?,
            municipality: municipality.as_str().to_owned(),
            interface,
            branch,
            folders: if self.has_folders { self.folders? } else { folders? },
            versions: self.versions,
            full: self.full?,
            rows: self.rows?,
            guard: self.guard,
            is_each_counted: self.is_each_counted,
            needs_proof: self.needs_proof?,
            mapping: self.mapping,
            most: self.most,
        })
    }
}

fn version(mut table: Table<'_>, layouts: &Layouts, problems: &Problems) -> Option<AcceptedVersion> {
    let layout = table.required("layout").and_then(Value::located_text);
    let from: Option<NaiveDate> = table.optional("from").and_then(Value::date);
    let until: Option<NaiveDate> = table.optional("until").and_then(Value::date);
    let until_spot = table.spot_of("until");
    table.finish();
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        problems.report(&until_spot, format!("the last day is before the first ({from})"));
    }
    let layout = layout?;
    let Some(found) = layouts.get(&layout.value) else {
        let hint = did_you_mean(&layout.value, layouts.keys().map(String::as_str));
        problems.report_with(&layout.spot, format!("unknown layout {:?}", layout.value), hint);
        return None;
    };
    Some(AcceptedVersion { layout: Arc::clone(found.as_ref()?), from, until })
}

/// Takes how long what is not whole is waited for.
pub(crate) fn take_patience(table: &mut Table<'_>) -> Patience {
    let mut patience = Patience::default();
    for (key, part) in [
        ("settle", &mut patience.settle),
        ("incomplete_after", &mut patience.incomplete_after),
        ("stray_after", &mut patience.stray_after),
    ] {
        *part = take_duration(table, key, TimeDelta::zero(), *part);
    }
    patience
}

/// Takes how folders are watched; `None` where it is wrong.
pub(crate) fn take_watch(table: &mut Table<'_>) -> Option<WatchMode> {
    const MODES: [WatchMode; 3] = [WatchMode::Auto, WatchMode::Inotify, WatchMode::Poll];
    let written = table.optional("watch");
    written.map_or(Some(WatchMode::Auto), |value| value.one_of(&MODES.map(|mode| (mode.as_str(), mode))))
}

/// Takes a length of time of at most 30 days; what is wrong has been reported, and the default is given.
pub(crate) fn take_duration(
    table: &mut Table<'_>,
    key: &str,
    least: TimeDelta,
    default: TimeDelta,
) -> TimeDelta {
    let written = table.optional(key).and_then(|value| value.duration_in(least..=LONGEST_WAIT));
    written.unwrap_or(default)
}

/// Takes after how long a set that waits for others is worth an alert.
pub(crate) fn take_gap_after(table: &mut Table<'_>) -> TimeDelta {
    take_duration(table, "gap_after", TimeDelta::minutes(1), TimeDelta::hours(2))
}

/// The name of the table that rows go into, where one is declared.
pub(crate) struct TableName(pub(crate) Option<String>);

/// Takes the name of the table; `None` where it is wrong.
pub(crate) fn take_table(table: &mut Table<'_>, problems: &Problems) -> Option<TableName> {
    let spot = table.spot_of("table");
    let Some(value) = table.optional("table") else { return Some(TableName(None)) };
    let name = value.text()?;
    let is_name = name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && !name.starts_with("intake_");
    if is_name {
        return Some(TableName(Some(name)));
    }
    let message =
        "a table's name is of a-z, 0-9 and _, begins with a letter and not with intake_, at most 40";
    problems.report(&spot, message);
    None
}

/// The table for the rows of a version: the name given, or the intake's, with the version.
pub(crate) fn table_of(id: &IntakeId, name: Option<&str>, version: renkei_core::Version) -> String {
    match name {
        None => renkei_engine::receive::table_name(id, version),
        Some(name) => format!("{name}_v{version}").replace('.', "_"),
    }
}
