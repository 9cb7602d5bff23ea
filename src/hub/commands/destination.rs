//! `renkei destination`: where publications go, the host keys that are accepted, and whether the way is open.

use clap::{Args, Subcommand};
use renkei_core::Fault as _;
use renkei_core::declared::nearest;
use renkei_core::port::PullWay as _;
use renkei_engine::House;
use renkei_engine::deliver::trust_key;
use renkei_sftp::client::Fingerprint;
use serde_json::json;

use super::reason::Reason;
use crate::config::{Config, Destination as Declared, WayTerms};
use crate::console::TextTable;
use crate::delivery::open_way;
use crate::pull::open_source;
use crate::workplace::Workplace;
use crate::{Exit, Failure, HubError, Session};

/// See where publications are delivered, accept a partner's host key, try the way there.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    #[command(subcommand)]
    command: DestinationCommand,
}

#[derive(Debug, Subcommand)]
enum DestinationCommand {
    /// List the destinations with their ways, feeds, windows and accepted host keys.
    List,
    Trust(Trust),
    Test(Test),
}

/// Accept a server's host key for a destination, or for a source.
///
/// Compare the fingerprint with what the partner tells by another way than the network. Deliveries that the key had
/// stopped become due again.
#[derive(Debug, Args)]
struct Trust {
    /// The destination or source.
    destination: String,
    /// The fingerprint, as the refusal showed it.
    #[arg(value_name = "SHA256:...")]
    fingerprint: Fingerprint,
    /// Take all other keys of the destination back.
    #[arg(long)]
    only: bool,
    #[command(flatten)]
    reason: Reason,
}

/// Connect, log in and look for the folder; nothing is given.
#[derive(Debug, Args)]
struct Test {
    /// The destination or source.
    destination: String,
}

/// The destination with this id.
pub(super) fn declared<'c>(config: &'c Config, id: &str) -> Result<&'c Declared, Failure> {
    config.destination(id).ok_or_else(|| {
        let ids = config.destinations.iter().map(|destination| destination.terms.id.as_str());
        let near = nearest(id, ids).map(str::to_owned);
        HubError::UnknownDestination { destination: id.to_owned(), near }.into()
    })
}

impl Destination {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            DestinationCommand::List => list(session),
            DestinationCommand::Trust(trust) => trust.run(session),
            DestinationCommand::Test(test) => test.run(session),
        }
    }
}

impl Trust {
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        // A source is a server too; ids are of one kind.
        let source = workplace.config.source(&self.destination);
        let (id, terms) = if let Some(source) = source {
            (&source.terms.id, &source.server)
        } else {
            let destination = declared(&workplace.config, &self.destination)?;
            let WayTerms::Sftp(terms) = &destination.way else {
                let (kind, destination) = (destination.way.as_str(), self.destination.clone());
                return Err(HubError::NoHostKey { destination, kind }.into());
            };
            (&destination.terms.id, terms.as_ref())
        };
        let others: Vec<String> = terms
            .host_keys
            .iter()
            .filter(|declared| **declared != self.fingerprint)
            .map(ToString::to_string)
            .collect();
        if self.only && !others.is_empty() {
            // What is written in hub.toml a command does not take back.
            let (destination, keys) = (self.destination.clone(), others.join(" "));
            return Err(HubError::DeclaredKeys { destination, keys }.into());
        }
        let place = terms.place();
        let house = House { reason: &self.reason.reason, ..workplace.house() };
        let fingerprint = self.fingerprint.to_string();
        let (is_new, n_taken_back) = trust_key(house, id, &place, &fingerprint, self.only)?;
        let console = session.console();
        if console.is_json() {
            console.json(&json!({
                "accepted": fingerprint, "place": place, "is_new": is_new, "taken_back": n_taken_back,
            }));
        } else {
            let id = &self.destination;
            console.say(
                format_args!(
                    "ホスト鍵を受け入れました: {id}（{place}） {fingerprint}（取り消し {n_taken_back}）"
                ),
                format_args!("Host key accepted: {id} at {place} {fingerprint} ({n_taken_back} taken back)"),
            );
        }
        if let Some(daemon) = crate::daemon::DaemonLink::find(&workplace.config) {
            daemon.wake();
        }
        Ok(Exit::Ok)
    }
}

impl Test {
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let (premises, config) = (workplace.premises(), &workplace.config);
        let probed = if let Some(source) = config.source(&self.destination) {
            open_source(premises, config, source)?.probe(&source.terms.folders)
        } else {
            let destination = declared(config, &self.destination)?;
            open_way(premises, config, destination, None)?.probe()
        };
        let console = session.console();
        match probed {
            Ok(met) if console.is_json() => console.json(&json!({ "ok": true, "met": met })),
            Ok(met) => console.data(met),
            Err(error) if console.is_json() => {
                let exit = Exit::of_class(error.class());
                console.json(&json!({ "ok": false, "fault_code": error.code(), "detail": error.told() }));
                return Ok(exit);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Exit::Ok)
    }
}

fn list(session: &Session) -> Result<Exit, Failure> {
    let config = session.config()?;
    // A hub without a database has accepted no key yet.
    let workplace = config.store.path.exists().then(|| Workplace::for_reading(session)).transpose()?;
    let snapshot = workplace.as_ref().map(Workplace::snapshot).transpose()?;
    let (console, lang) = (session.console(), session.console().lang());
    let mut table = TextTable::new([
        lang.pick("引渡先", "destination"),
        lang.pick("業務", "system"),
        lang.pick("方法", "kind"),
        lang.pick("行き先", "where"),
        lang.pick("配信系列", "feeds"),
        lang.pick("時間帯", "windows"),
        lang.pick("ホスト鍵", "host keys"),
    ]);
    let mut objects = Vec::new();
    for destination in &config.destinations {
        let Declared { terms, way } = destination;
        let mut keys: Vec<String> = match way {
            WayTerms::Sftp(terms) => terms.host_keys.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        if let (Some(snapshot), WayTerms::Sftp(sftp)) = (&snapshot, way) {
            let place = sftp.place();
            let accepted = snapshot.trusted_keys(&terms.id)?.into_iter();
            let here = accepted.filter(|key| key.place.is_empty() || key.place == place);
            keys.extend(here.map(|key| key.fingerprint));
            keys.dedup();
        }
        let place = match way {
            WayTerms::Folder { root, folder, .. } => folder
                .as_ref()
                .map_or(root.clone(), |folder| root.join(folder.as_str()))
                .display()
                .to_string(),
            WayTerms::Sftp(terms) => format!("{}@{}:{} {}", terms.user, terms.host, terms.port, terms.folder),
            WayTerms::Command(terms) => terms.program.display().to_string(),
        };
        let windows: Vec<String> = terms.windows.all().iter().map(ToString::to_string).collect();
        let feeds: Vec<&str> = terms.feeds.iter().map(renkei_core::FeedId::as_str).collect();
        objects.push(json!({
            "id": terms.id, "system": terms.system, "kind": way.as_str(), "where": place, "feeds": feeds,
            "windows": windows, "host_keys": keys,
        }));
        table.row([
            terms.id.to_string(),
            terms.system.to_string(),
            way.as_str().to_owned(),
            place,
            feeds.join(" "),
            if windows.is_empty() { lang.pick("常時", "always").to_owned() } else { windows.join(" ") },
            if keys.is_empty() { "-".to_owned() } else { keys.join(" ") },
        ]);
    }
    if console.is_json() {
        console.json(&objects);
    } else {
        console.table(&table);
    }
    Ok(Exit::Ok)
}
