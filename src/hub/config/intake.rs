//! `[[intake]]` of `hub.toml`: what a system hands in, on what terms it is taken, and where its rows go.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use renkei_core::calendar::Calendars;
use renkei_core::declared::{Located, Problems, Spot, Table, Value, did_you_mean};
use renkei_core::guard::GuardBounds;
use renkei_core::layout::Layout;
use renkei_core::mapping::Mapping;
use renkei_core::receive::{Most, Patience, Terms};
use renkei_core::schedule::Schedule;
use renkei_core::transfer::{CaseKind, is_column};
use renkei_core::{FolderPath, IntakeId, Version};
use renkei_folder::WatchMode;
use renkei_registry::{Dictionary, MunicipalityCode};

use super::taking::{self, Layouts, Taking, TakingDefaults};
use super::types::{DeclaredFeed, System};

/// Mappings by file name without `.toml`; `None` for one with problems of its own, which have been reported.
pub(super) type Mappings = BTreeMap<String, Option<Arc<Mapping>>>;

/// What the hub signs its receipts with: the business (業務ID) of the resident record.
const HUB_BUSINESS: &str = "001";
/// The folder of a system in which it finds the hub's answers (回答).
const ANSWER: &str = "answer";
/// The column of a file of moves that is no item.
const TARGET: &str = "target_rireki_no";

/// What the hub takes in from a system.
#[derive(Debug, Clone)]
pub struct Intake {
    /// On what terms.
    pub terms: Terms,
    /// Where its rows go.
    pub rows_to: RowsTo,
    /// Where the sender finds receipts and reports on rows.
    pub answer: FolderPath,
    /// How long what is not whole is waited for.
    pub patience: Patience,
    /// How its folders are watched.
    pub watch: WatchMode,
    /// By when something is to come on which business dates.
    pub expected_by: Option<Schedule>,
    /// After how long a set that waits for others is worth an alert.
    pub gap_after: TimeDelta,
}

/// Where the rows of an intake go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowsTo {
    /// A table of the hub's database for each version: the name given, or the intake's.
    Table(Option<String>),
    /// The registry, as moves: one set, one commit.
    Moves,
    /// The registry, as transfer cases of a kind.
    Transfer(CaseKind),
}

impl Intake {
    /// The table for the rows of a version; `None` where values go elsewhere.
    pub fn table(&self, version: Version) -> Option<String> {
        match &self.rows_to {
            RowsTo::Table(name) => Some(taking::table_of(&self.terms.id, name.as_deref(), version)),
            RowsTo::Moves | RowsTo::Transfer(_) => None,
        }
    }
}

/// What is declared around the intakes.
pub(super) struct Around<'a> {
    pub(super) municipality: Option<MunicipalityCode>,
    pub(super) layouts: &'a Layouts,
    pub(super) mappings: &'a Mappings,
    pub(super) systems: &'a [System],
    pub(super) systems_are_complete: bool,
    pub(super) calendars: &'a Calendars,
    pub(super) problems: &'a Problems,
}

/// An intake as far as it could be read, and where it stood.
pub(super) struct ReadIntake {
    pub(super) intake: Option<Intake>,
    pub(super) id: Option<IntakeId>,
    id_spot: Spot,
    folders_spot: Spot,
}

/// Reads one `[[intake]]`.
pub(super) fn read(mut table: Table<'_>, around: &Around<'_>) -> ReadIntake {
    let problems = around.problems;
    let rows_to = rows_to(&mut table, problems);
    // Rows that are moves or cases come new each time: there is nothing that a set could shrink or grow.
    let is_table = matches!(rows_to, None | Some(RowsTo::Table(_)));
    let guard = if is_table { GuardBounds::default() } else { unbounded() };
    let most = if is_table { Most::OF_TABLE } else { Most::OF_REGISTRY };
    let proof_spot = table.spot_of("needs_proof");
    let mapping = table.optional("mapping").and_then(Value::located_text);
    let mut taking = taking::take(
        &mut table,
        around.layouts,
        TakingDefaults { needs_proof: false, is_each_counted: !is_table, guard, most },
        problems,
    );
    let patience = taking::take_patience(&mut table);
    let gap_after = taking::take_gap_after(&mut table);
    let watch = taking::take_watch(&mut table);
    let expected_by =
        table.optional("expected_by").map(|value| Schedule::read(value.table()?, around.calendars, problems));
    table.finish();
    if let Some(mapping) = mapping {
        taking.mapping = mapped(&mapping, &taking, &proof_spot, around);
    }
    check_sender(&taking, around);
    if let Some(rows_to) = &rows_to {
        check_layouts(&taking, rows_to, problems);
    }
    let (id_spot, folders_spot) = (taking.id_spot.clone(), taking.folders_spot.clone());
    let id = taking.id.clone();
    let answer = taking.sender.as_ref().and_then(|sender| format!("{sender}/{ANSWER}").parse().ok());
    let folders = default_folder(&taking).map(|folder| vec![folder]);
    let intake = || {
        let terms = taking.into_terms(HUB_BUSINESS.parse().ok()?, around.municipality?, folders)?;
        let expected_by = match expected_by {
            None => None,
            Some(read) => Some(read?),
        };
        Some(Intake {
            terms,
            rows_to: rows_to?,
            answer: answer?,
            patience,
            watch: watch?,
            expected_by,
            gap_after,
        })
    };
    ReadIntake { intake: intake(), id, id_spot, folders_spot }
}

/// Checks the intakes among each other and against the feeds.
pub(super) fn check_among(intakes: &[ReadIntake], feeds: &[&DeclaredFeed], problems: &Problems) {
    for (index, read) in intakes.iter().enumerate() {
        let earlier = || intakes.iter().take(index);
        if let Some(id) = &read.id
            && earlier().any(|other| other.id.as_ref() == Some(id))
        {
            problems.report(&read.id_spot, format!("intake {id} is already declared"));
        }
        let Some(intake) = &read.intake else { continue };
        for folder in &intake.terms.folders {
            let of_intake = earlier().filter_map(|other| other.intake.as_ref()).find(|other| {
                let folders = &other.terms.folders;
                other.terms.id != intake.terms.id && folders.iter().any(|other| overlap(other, folder))
            });
            let of_feed = feeds.iter().find(|declared| overlap(&declared.feed.folder, folder));
            let user = of_intake
                .map(|other| format!("intake {}", other.terms.id))
                .or_else(|| of_feed.map(|declared| format!("feed {}", declared.feed.id)));
            if let Some(user) = user {
                let hint = "give each intake folders = [\"…\"] of its own".to_owned();
                let message = format!("folder {folder} is in use by {user}");
                problems.report_with(&read.folders_spot, message, hint);
            }
        }
    }
}

fn overlap(one: &FolderPath, other: &FolderPath) -> bool {
    let is_above = |one: &FolderPath, other: &FolderPath| {
        other.as_str().strip_prefix(one.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_above(one, other) || is_above(other, one)
}

/// The mapping of this name, if it leads to what the intake accepts.
fn mapped(
    written: &Located<String>,
    taking: &Taking,
    proof_spot: &Spot,
    around: &Around<'_>,
) -> Option<Arc<Mapping>> {
    let problems = around.problems;
    if taking.needs_proof == Some(true) {
        let hint = "leave needs_proof out: the state is that of the rows after turning over".to_owned();
        let message = "a sender whose files are turned over by a mapping cannot prove a state";
        problems.report_with(proof_spot, message, hint);
    }
    let Some(found) = around.mappings.get(&written.value) else {
        let hint = did_you_mean(&written.value, around.mappings.keys().map(String::as_str));
        problems.report_with(&written.spot, format!("unknown mapping {:?}", written.value), hint);
        return None;
    };
    let mapping = found.clone()?;
    let (interface, version) = (&mapping.layout.interface, mapping.layout.version);
    let is_accepted = |layout: &Layout| layout.interface == *interface && layout.version == version;
    if !matches!(taking.versions.as_slice(), [] | [_])
        || !taking.versions.iter().all(|one| is_accepted(&one.layout))
    {
        let message =
            format!("the mapping leads to {interface} {version}, which is not all that is accepted here");
        problems.report_with(
            &written.spot,
            message,
            "accept = [{ layout = \"…\" }] with that one".to_owned(),
        );
    }
    Some(mapping)
}

/// `<from>/inbox/<interface>-<branch>`.
fn default_folder(taking: &Taking) -> Option<FolderPath> {
    let (sender, layout) = (taking.sender.as_ref()?, &taking.versions.first()?.layout);
    format!("{sender}/inbox/{}-{}", layout.interface, layout.branch).parse().ok()
}

fn rows_to(table: &mut Table<'_>, problems: &Problems) -> Option<RowsTo> {
    let table_spot = table.spot_of("table");
    let name = taking::take_table(table, problems);
    let rows_to = table.optional("use").map_or(Some(RowsTo::Table(None)), |value| {
        value.one_of(&[
            ("table", RowsTo::Table(None)),
            ("moves", RowsTo::Moves),
            ("oss-move-out", RowsTo::Transfer(CaseKind::OssMoveOut)),
            ("cs-move-in", RowsTo::Transfer(CaseKind::CsMoveIn)),
        ])
    })?;
    match (rows_to, name?.0) {
        (RowsTo::Table(_), name) => Some(RowsTo::Table(name)),
        (other, None) => Some(other),
        (_, Some(_)) => {
            problems.report(&table_spot, "a table goes with use = \"table\" only");
            None
        }
    }
}

fn unbounded() -> GuardBounds {
    let mut bounds = GuardBounds::default();
    bounds.diff.max_changed_rows = None;
    bounds.diff.max_deleted_rows = None;
    bounds.diff.max_share = None;
    bounds.diff.max_deleted_share = None;
    bounds.diff.learned = None;
    bounds.full.max_shrink = None;
    bounds.full.max_growth = None;
    bounds
}

fn check_sender(taking: &Taking, around: &Around<'_>) {
    let Some(sender) = &taking.sender else { return };
    if around.systems_are_complete && !around.systems.iter().any(|system| system.id == *sender) {
        let ids = around.systems.iter().map(|system| system.id.as_str());
        let hint = did_you_mean(sender.as_str(), ids);
        around.problems.report_with(&taking.sender_spot, format!("no system {sender} is declared"), hint);
    }
    let reads_numbers = |system: &&System| system.id == *sender && !system.individual_number;
    let holds = taking.versions.iter().any(|version| version.layout.holds_individual_number);
    if holds && let Some(system) = around.systems.iter().find(reads_numbers) {
        let message = format!("system {} ({}) must not handle 個人番号", system.id, system.name);
        let hint = "set individual_number = true for it where its business is one of 番号利用事務; else use a \
                    layout without kojin_bango";
        around.problems.report_with(&taking.sender_spot, message, hint.to_owned());
    }
}

/// What goes into the registry must have its shape.
fn check_layouts(taking: &Taking, rows_to: &RowsTo, problems: &Problems) {
    for version in &taking.versions {
        let layout = &version.layout;
        let wrong = match rows_to {
            RowsTo::Table(_) => None,
            RowsTo::Moves => no_moves(layout),
            RowsTo::Transfer(kind) => {
                let wanted = if *kind == CaseKind::OssMoveOut { "001z021" } else { "001z020" };
                if layout.interface.as_str() == wanted {
                    no_cases(*kind, layout)
                } else {
                    Some(format!("it is of interface {}, not {wanted}", layout.interface))
                }
            }
        };
        if let Some(wrong) = wrong {
            let message =
                format!("layout {} {} cannot be taken in so: {wrong}", layout.interface, layout.version);
            problems.report(&taking.accept_spot, message);
        }
    }
}

/// Why files of a layout are no files of transfer cases.
fn no_cases(kind: CaseKind, layout: &Layout) -> Option<String> {
    let mut names = layout.columns.iter().map(|column| &column.header_romaji);
    let unknown = names.find(|name| !is_column(kind, name))?;
    Some(format!("a file of transfer cases has no column {unknown}"))
}

/// Why files of a layout are no files of moves.
fn no_moves(layout: &Layout) -> Option<String> {
    let dictionary = Dictionary::standard();
    let is_known = |name: &str| name.eq_ignore_ascii_case(TARGET) || dictionary.find(name).is_some();
    let names = || layout.columns.iter().map(|column| column.header_romaji.to_ascii_lowercase());
    if let Some(unknown) = names().find(|name| !is_known(name)) {
        return Some(format!("a file of moves has no column {unknown}"));
    }
    let missing = ["atena_no", "ido_jiyu"].into_iter().find(|wanted| !names().any(|name| name == *wanted));
    missing.map(|missing| format!("a file of moves needs a column {missing}"))
}
