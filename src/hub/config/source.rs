//! `[[source]]` of `hub.toml`: whose servers sets are fetched from, and into which intakes' folders.

use chrono::TimeDelta;
use renkei_core::declared::{Located, Problems, Table, Value, did_you_mean};
use renkei_core::delivery::DeliveryWindows;
use renkei_core::pull::{AfterPull, PullFolder, PullTerms};
use renkei_core::{DestinationId, FolderPath};
use renkei_sftp::client::SftpTerms;

use super::destination::sftp::{self, ServerBeside};
use super::destination::{self, Destination};
use super::intake::Intake;
use super::job_terms;
use super::secret_reference::Secrets;
use super::taking::take_duration;

/// A source and its server.
#[derive(Debug, Clone)]
pub struct Source {
    /// On what terms.
    pub terms: PullTerms,
    /// Its SFTP server, without the host keys that were accepted by command.
    pub server: SftpTerms,
}

/// What is declared around the sources.
pub(super) struct Beside<'a> {
    pub(super) secrets: &'a Secrets<'a>,
    pub(super) intakes: &'a [&'a Intake],
    pub(super) intakes_are_complete: bool,
    pub(super) destinations: &'a [Destination],
    pub(super) problems: &'a Problems,
}

/// Reads all `[[source]]`.
pub(super) fn read_all(tables: Vec<Table<'_>>, beside: &Beside<'_>) -> Option<Vec<Source>> {
    let mut read: Vec<Option<Source>> = Vec::new();
    let mut ids: Vec<DestinationId> =
        beside.destinations.iter().map(|destination| destination.terms.id.clone()).collect();
    let mut filled: Vec<FolderPath> = Vec::new();
    for mut table in tables {
        let spot = table.spot_of("id");
        let id: Option<DestinationId> = table.required("id").and_then(Value::parsed);
        if let Some(id) = &id {
            if ids.contains(id) {
                let message = format!("a source or destination {id} is already declared");
                beside.problems.report(&spot, message);
            }
            ids.push(id.clone());
        }
        read.push(source(table, id, beside, &mut filled));
    }
    read.into_iter().collect()
}

fn source(
    mut table: Table<'_>,
    id: Option<DestinationId>,
    beside: &Beside<'_>,
    filled: &mut Vec<FolderPath>,
) -> Option<Source> {
    let n_problems = beside.problems.len();
    let every = take_duration(&mut table, "every", TimeDelta::seconds(10), TimeDelta::minutes(5));
    let failing_after =
        take_duration(&mut table, "failing_after", TimeDelta::minutes(1), TimeDelta::hours(2));
    let windows = table.optional("window").map_or(Some(DeliveryWindows::default()), destination::windows);
    let usual = destination::usual_retry();
    let retry = match table.optional("retry").map(Value::table) {
        None => Some(usual),
        Some(written) => written.and_then(|table| job_terms::policy(table, usual, beside.problems)),
    };
    let around = ServerBeside { secrets: beside.secrets, has_folder: false, problems: beside.problems };
    let server = sftp::take(&mut table, id.as_ref(), around);
    let folders = table.required("folder").and_then(Value::tables).unwrap_or_default();
    let folders: Vec<Option<PullFolder>> =
        folders.into_iter().map(|table| folder(table, beside, filled)).collect();
    table.finish();
    if beside.problems.len() > n_problems {
        return None;
    }
    let folders = folders.into_iter().collect::<Option<Vec<PullFolder>>>()?;
    let terms = PullTerms { id: id?, folders, every, windows: windows?, retry: retry?, failing_after };
    Some(Source { terms, server: server? })
}

fn folder(mut table: Table<'_>, beside: &Beside<'_>, filled: &mut Vec<FolderPath>) -> Option<PullFolder> {
    let from = there(&mut table, "from", beside.problems);
    let to = table.required("to").and_then(Value::located::<FolderPath>);
    let words = [("leave", After::Leave), ("delete", After::Delete), ("move", After::Move)];
    let after = table.optional("after").map_or(Some(After::Leave), |value| value.one_of(&words));
    let spot = table.spot_of("move_to");
    let move_to = match (after, table.optional("move_to")) {
        (Some(After::Move), Some(value)) => checked(value, beside.problems).map(AfterPull::Move),
        (Some(After::Move), None) => {
            beside.problems.report(&spot, "after = \"move\" needs move_to, a folder of the server");
            None
        }
        (_, Some(_)) => {
            beside.problems.report(&spot, "goes with after = \"move\"");
            None
        }
        (Some(After::Leave), None) => Some(AfterPull::Leave),
        (Some(After::Delete), None) => Some(AfterPull::Delete),
        (None, None) => None,
    };
    table.finish();
    let to = to?;
    if filled.contains(&to.value) {
        beside.problems.report(&to.spot, format!("{} is filled from another place already", to.value));
    }
    filled.push(to.value.clone());
    let intake = intake_of(&to, beside)?;
    Some(PullFolder {
        from: from?,
        to: to.value,
        after: move_to?,
        most: intake.terms.most,
        replaces: false,
        may_be_missing: false,
    })
}

#[derive(Clone, Copy)]
enum After {
    Leave,
    Delete,
    Move,
}

/// What comes is taken in by an intake, or nobody looks at it.
fn intake_of<'a>(to: &Located<FolderPath>, beside: &Beside<'a>) -> Option<&'a Intake> {
    let has = |intake: &&&Intake| intake.terms.folders.contains(&to.value);
    let found = beside.intakes.iter().find(has).copied();
    if found.is_none() && beside.intakes_are_complete {
        let folders = beside.intakes.iter().flat_map(|intake| &intake.terms.folders);
        let hint = did_you_mean(to.value.as_str(), folders.map(FolderPath::as_str));
        beside.problems.report_with(&to.spot, format!("no intake looks into {}", to.value), hint);
    }
    found
}

/// A folder of the server.
fn there(table: &mut Table<'_>, key: &str, problems: &Problems) -> Option<String> {
    table.required(key).and_then(|value| checked(value, problems))
}

fn checked(value: Value<'_>, problems: &Problems) -> Option<String> {
    let spot = value.spot().clone();
    let text = value.text()?;
    if text.is_empty() || text.contains(char::is_control) {
        problems.report(&spot, "must be a folder of the server, without control characters");
        return None;
    }
    Some(text)
}
