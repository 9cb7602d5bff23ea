//! `[[destination]]` of `hub.toml`: where publications go beyond the hub's own folders, and by what.

mod command;
mod request;
pub(crate) mod sftp;

use std::path::{Path, PathBuf};

use renkei_core::declared::{Located, Problems, Spot, Table, Value, did_you_mean};
use renkei_core::delivery::{DeliveryTerms, DeliveryWindow, DeliveryWindows};
use renkei_core::retry::RetryPolicy;
use renkei_core::{BusinessId, DestinationId, FeedId, FolderPath};

use renkei_sftp::client::SftpTerms;

pub use command::{CommandTerms, timeout_of};
pub use request::{ReceiveTerms, RequestTerms};

use super::job_terms;
use super::paths::resolve;
use super::secret_reference::Secrets;
use super::types::{DeclaredFeed, System};

/// A destination and the way there.
#[derive(Debug, Clone)]
pub struct Destination {
    /// On what terms.
    pub terms: DeliveryTerms,
    /// By what.
    pub way: WayTerms,
}

/// The way to a destination.
#[derive(Debug, Clone)]
pub enum WayTerms {
    /// A folder of this machine, or one that is mounted here.
    Folder {
        /// Its root, absolute; it must be there.
        root: PathBuf,
        /// Below the root; made where it is missing.
        folder: Option<FolderPath>,
        /// Whether something must be mounted at the root.
        mounted: bool,
    },
    /// A partner's SFTP server, without the host keys that were accepted by command.
    Sftp(Box<SftpTerms>),
    /// A program that takes each file over.
    Command(Box<CommandTerms>),
}

impl WayTerms {
    /// The word in tables and JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "folder",
            Self::Sftp(_) => "sftp",
            Self::Command(terms) if terms.is_hulft => "hulft",
            Self::Command(_) => "command",
        }
    }

    /// Whether both surely lead to the same folder. Logins of one server may each have a root of their own, and what a
    /// program does with a file is its own affair.
    fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder { root, folder, .. }, Self::Folder { root: other_root, folder: other, .. }) => {
                let at = |root: &Path, folder: &Option<FolderPath>| match folder {
                    Some(folder) => root.join(folder.as_str()),
                    None => root.to_owned(),
                };
                at(root, folder) == at(other_root, other)
            }
            (Self::Sftp(one), Self::Sftp(other)) => {
                let folder = |terms: &SftpTerms| {
                    let parts = terms.folder.split('/').filter(|part| !part.is_empty() && *part != ".");
                    (terms.folder.starts_with('/'), parts.map(str::to_owned).collect::<Vec<_>>())
                };
                one.host.eq_ignore_ascii_case(&other.host)
                    && (one.port, &one.user) == (other.port, &other.user)
                    && folder(one) == folder(other)
            }
            _ => false,
        }
    }
}

/// What is declared around the destinations.
pub(super) struct Beside<'a> {
    pub(super) folder: &'a Path,
    pub(super) secrets: &'a Secrets<'a>,
    pub(super) root: Option<&'a Path>,
    pub(super) systems: &'a [System],
    pub(super) systems_are_complete: bool,
    pub(super) feeds: &'a [&'a DeclaredFeed],
    pub(super) feeds_are_complete: bool,
    pub(super) problems: &'a Problems,
}

/// Reads all `[[destination]]`.
pub(super) fn read_all(tables: Vec<Table<'_>>, beside: &Beside<'_>) -> Option<Vec<Destination>> {
    let mut ids: Vec<DestinationId> = Vec::new();
    let mut read: Vec<Option<Destination>> = Vec::new();
    for mut table in tables {
        let spot = table.spot_of("id");
        let id: Option<DestinationId> = table.required("id").and_then(Value::parsed);
        if let Some(id) = &id {
            if ids.contains(id) {
                beside.problems.report(&spot, format!("destination {id} is already declared"));
            }
            ids.push(id.clone());
        }
        let one = destination(table, id, beside);
        if let Some(one) = &one {
            check_place(one, read.iter().flatten(), &spot, beside.problems);
        }
        read.push(one);
    }
    read.into_iter().collect()
}

/// Two that give the same feed into the same place would write the same files there at the same time.
fn check_place<'d>(
    one: &Destination,
    mut before: impl Iterator<Item = &'d Destination>,
    spot: &Spot,
    problems: &Problems,
) {
    let is_same = |other: &&Destination| {
        one.way.is_same_place(&other.way)
            && one.terms.feeds.iter().any(|feed| other.terms.feeds.contains(feed))
    };
    if let Some(other) = before.find(is_same) {
        let (id, other) = (&one.terms.id, &other.terms.id);
        let message = format!("destination {id} gives a feed of destination {other} into the same place");
        problems.report_with(spot, message, "another folder, or other feeds".to_owned());
    }
}

fn destination(mut table: Table<'_>, id: Option<DestinationId>, beside: &Beside<'_>) -> Option<Destination> {
    let n_problems = beside.problems.len();
    let system = table.required("system").and_then(Value::located::<BusinessId>);
    let feeds_spot = table.spot_of("feeds");
    let feeds = table.optional("feeds").map(Value::list_of::<FeedId>);
    let windows = table.optional("window").map_or(Some(DeliveryWindows::default()), windows);
    let retry = match table.optional("retry").map(Value::table) {
        None => Some(usual_retry()),
        Some(written) => written.and_then(|table| job_terms::policy(table, usual_retry(), beside.problems)),
    };
    let words =
        [("folder", Kind::Folder), ("sftp", Kind::Sftp), ("hulft", Kind::Hulft), ("command", Kind::Command)];
    let kind = table.required("kind").and_then(|value| value.one_of(&words));
    let way = match (kind, &id) {
        (Some(Kind::Folder), _) => folder_way(&mut table, beside),
        (Some(Kind::Sftp), id) => {
            let beside =
                sftp::ServerBeside { secrets: beside.secrets, has_folder: true, problems: beside.problems };
            sftp::take(&mut table, id.as_ref(), beside).map(Box::new).map(WayTerms::Sftp)
        }
        (Some(Kind::Hulft), _) => {
            command::take_hulft(&mut table, beside).map(Box::new).map(WayTerms::Command)
        }
        (Some(Kind::Command), _) => command::take(&mut table, beside).map(Box::new).map(WayTerms::Command),
        // Without its kind nothing says which of its other keys are right.
        (None, _) => return None,
    };
    table.finish();
    if let Some(system) = &system {
        check_system(system, beside);
    }
    let feeds = match (feeds, &system) {
        (Some(feeds), Some(system)) => Some(check_feeds(feeds?, system, beside)),
        (None, Some(system)) => Some(feeds_of(system, &feeds_spot, beside)),
        (_, None) => None,
    };
    if beside.problems.len() > n_problems {
        return None;
    }
    let terms =
        DeliveryTerms { id: id?, system: system?.value, feeds: feeds?, windows: windows?, retry: retry? };
    Some(Destination { terms, way: way? })
}

#[derive(Clone, Copy)]
enum Kind {
    Folder,
    Sftp,
    Hulft,
    Command,
}

/// Partners come back after a morning: 24 tries within about eleven hours.
pub(super) fn usual_retry() -> RetryPolicy {
    RetryPolicy { n_tries: 24, ..RetryPolicy::default() }
}

pub(super) fn windows(value: Value<'_>) -> Option<DeliveryWindows> {
    let written = value.one_or_more()?;
    let windows: Vec<Option<DeliveryWindow>> = written.into_iter().map(Value::parsed).collect();
    Some(DeliveryWindows::new(windows.into_iter().collect::<Option<_>>()?))
}

fn folder_way(table: &mut Table<'_>, beside: &Beside<'_>) -> Option<WayTerms> {
    let written = table.required("root").and_then(Value::located_text);
    let folder = table.optional("folder").map(Value::parsed::<FolderPath>);
    let mounted = table.optional("mounted").map_or(Some(false), Value::boolean);
    let written = written?;
    let root = resolve(beside.folder, &written, beside.problems)?;
    let is_ours = |ours: &Path| root.starts_with(ours) || ours.starts_with(&root);
    if beside.root.is_some_and(is_ours) {
        let message = "is in the connection folders, where everything stands already";
        beside.problems.report(&written.spot, message);
    }
    let folder = match folder {
        None => None,
        Some(folder) => Some(folder?),
    };
    Some(WayTerms::Folder { root, folder, mounted: mounted? })
}

fn check_system(system: &Located<BusinessId>, beside: &Beside<'_>) {
    if beside.systems_are_complete && !beside.systems.iter().any(|known| known.id == system.value) {
        let ids = beside.systems.iter().map(|system| system.id.as_str());
        let hint = did_you_mean(system.value.as_str(), ids);
        beside.problems.report_with(&system.spot, format!("no system {} is declared", system.value), hint);
    }
}

/// A feed goes only where its system is one of the feed's receivers: that is where it was decided who may have it.
fn check_feeds(
    feeds: Vec<Located<FeedId>>,
    system: &Located<BusinessId>,
    beside: &Beside<'_>,
) -> Vec<FeedId> {
    for Located { value: id, spot } in &feeds {
        match beside.feeds.iter().find(|declared| declared.feed.id == *id) {
            Some(declared) if declared.feed.receiver(&system.value).is_some() => {}
            Some(_) => {
                let hint = format!("receivers = [\"{}\"] at the feed", system.value);
                let message = format!("system {} is no receiver of feed {id}", system.value);
                beside.problems.report_with(spot, message, hint);
            }
            None if beside.feeds_are_complete => {
                let hint = did_you_mean(id.as_str(), beside.feeds.iter().map(|feed| feed.feed.id.as_str()));
                beside.problems.report_with(spot, format!("unknown feed {:?}", id.as_str()), hint);
            }
            None => {}
        }
    }
    feeds.into_iter().map(|feed| feed.value).collect()
}

fn feeds_of(system: &Located<BusinessId>, spot: &Spot, beside: &Beside<'_>) -> Vec<FeedId> {
    let of_system = |declared: &&&DeclaredFeed| declared.feed.receiver(&system.value).is_some();
    let feeds: Vec<FeedId> =
        beside.feeds.iter().filter(of_system).map(|declared| declared.feed.id.clone()).collect();
    if feeds.is_empty() && beside.feeds_are_complete {
        beside.problems.report(spot, format!("system {} is a receiver of no feed", system.value));
    }
    feeds
}
