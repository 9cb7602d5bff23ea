//! `renkei hostkey`.

use clap::{Args, Subcommand, ValueEnum};
use renkei_core::port::{AuditEntry, Store as _};
use renkei_engine::Clock as _;
use renkei_sftp::HostKeyKind;
use serde_json::json;

use super::reason::Reason;
use crate::clock::HubClock;
use crate::config::Config;
use crate::console::TextTable;
use crate::premises::{make_folders, open_store};
use crate::visitors::{HostKeys, KeyKind, VisitorFault};
use crate::{Exit, Failure, Session, audit_head};

/// Keys by which partner systems know this hub's SFTP server.
#[derive(Debug, Args)]
pub(crate) struct Hostkey {
    #[command(subcommand)]
    command: HostkeyCommand,
}

#[derive(Debug, Subcommand)]
enum HostkeyCommand {
    /// List the keys with their fingerprints, to be given to partners.
    List,
    /// Make a key; one of the same kind is put aside. The daemon takes it at a reload (SIGHUP) or its next start.
    ///
    /// Tell every partner the new fingerprint before that: their programs refuse a key they do not know.
    Make {
        /// What kind.
        #[arg(value_enum)]
        kind: KindWord,
        #[command(flatten)]
        reason: Reason,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindWord {
    Ed25519,
    Ecdsa,
    Rsa,
}

impl Hostkey {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let config = session.config()?;
        let folder = config.sftp.as_ref().map(|sftp| sftp.host_keys.clone());
        let keys = HostKeys::at(&folder.ok_or(VisitorFault::NotDeclared)?);
        match &self.command {
            HostkeyCommand::List => list(session, &keys),
            HostkeyCommand::Make { kind, reason } => make(session, &config, &keys, *kind, &reason.reason),
        }
    }
}

fn list(session: &Session, keys: &HostKeys) -> Result<Exit, Failure> {
    let (console, lang) = (session.console(), session.console().lang());
    let keys = keys.read()?;
    if console.is_json() {
        let value = |(kind, key): &(KeyKind, renkei_sftp::HostKey)| {
            json!({ "kind": kind.name, "fingerprint": key.fingerprint().to_string(),
                    "public": key.public_line().unwrap_or_default() })
        };
        console.json(&keys.iter().map(value).collect::<Vec<_>>());
        return Ok(Exit::Ok);
    }
    let mut table = TextTable::new([lang.pick("種類", "kind"), lang.pick("指紋", "fingerprint")]);
    for (kind, key) in &keys {
        table.row([kind.name.to_owned(), key.fingerprint().to_string()]);
    }
    console.table(&table);
    Ok(Exit::Ok)
}

fn make(
    session: &Session,
    config: &Config,
    keys: &HostKeys,
    kind: KindWord,
    reason: &str,
) -> Result<Exit, Failure> {
    let wanted = match kind {
        KindWord::Ed25519 => HostKeyKind::Ed25519,
        KindWord::Ecdsa => HostKeyKind::EcdsaP256,
        KindWord::Rsa => HostKeyKind::Rsa,
    };
    let Some(kind) = KeyKind::ALL.into_iter().find(|one| one.kind == wanted) else { return Ok(Exit::Ok) };
    make_folders(config)?;
    let store = open_store(config, session.wait(), true)?;
    let now = HubClock::system().now();
    let note = |result: String| -> Result<(), Failure> {
        let (action, operator) = (format!("hostkey make {}", kind.name), session.operator());
        let mut tx = store.begin()?;
        tx.append_audit(&AuditEntry::new(now.to_string(), &operator, action, reason, result))?;
        Ok(tx.commit()?)
    };
    // Before it is done: no key changes without a reason on record.
    note("is to be made".to_owned())?;
    let fingerprint = keys.make(kind)?.fingerprint();
    note(fingerprint.to_string())?;
    audit_head::keep(&store, config, now)?;
    if session.console().is_json() {
        session.console().json(&json!({ "kind": kind.name, "fingerprint": fingerprint.to_string() }));
    }
    session.console().say(
        format_args!(
            "{} {fingerprint}。連携相手に知らせてから、デーモンに読み直させてください（systemctl reload renkei、または SIGHUP）。",
            kind.name
        ),
        format_args!(
            "{} {fingerprint}: tell partners, then have the daemon reload (systemctl reload renkei, or SIGHUP).",
            kind.name
        ),
    );
    Ok(Exit::Ok)
}
