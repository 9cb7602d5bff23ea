//! `renkei hostkey`.

use clap::{Args, Subcommand, ValueEnum};
use renkei_sftp::HostKeyKind;
use serde_json::json;

use super::reason::Reason;
use crate::access::AccessDesk;
use crate::console::TextTable;
use crate::visitors::{HostKeys, KeyKind};
use crate::{Exit, Failure, Session};

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
        /// Encrypt it under the key file of [secrets] in hub.toml, also where the one before it is not.
        #[arg(long)]
        encrypt: bool,
        #[command(flatten)]
        reason: Reason,
    },
    /// Encrypt the keys as they stand, also those put aside, under the key file of [secrets] in hub.toml.
    ///
    /// Their fingerprints stay the same. Copies of the plain files may stay on the disk and in backups: where that
    /// matters, make other keys.
    Encrypt {
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
        let keys = HostKeys::of(&config)?;
        match &self.command {
            HostkeyCommand::List => list(session, &keys),
            HostkeyCommand::Make { kind, encrypt, reason } => {
                make(session, &keys, *kind, *encrypt, &reason.reason)
            }
            HostkeyCommand::Encrypt { reason } => encrypt(session, &keys, &reason.reason),
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
    keys: &HostKeys,
    kind: KindWord,
    is_encrypted: bool,
    reason: &str,
) -> Result<Exit, Failure> {
    let wanted = match kind {
        KindWord::Ed25519 => HostKeyKind::Ed25519,
        KindWord::Ecdsa => HostKeyKind::EcdsaP256,
        KindWord::Rsa => HostKeyKind::Rsa,
    };
    let Some(kind) = KeyKind::ALL.into_iter().find(|one| one.kind == wanted) else { return Ok(Exit::Ok) };
    let desk = AccessDesk::for_writing(session)?;
    let action = format!("hostkey make {}", kind.name);
    let work = || Ok(keys.make(kind, is_encrypted)?.fingerprint());
    let fingerprint = desk.do_on_record(&action, reason, "is to be made", work, ToString::to_string)?;
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

fn encrypt(session: &Session, keys: &HostKeys, reason: &str) -> Result<Exit, Failure> {
    let desk = AccessDesk::for_writing(session)?;
    let after = |n_new: &usize| format!("encrypted: {n_new} that were plain");
    let work = || keys.encrypt();
    let n_new = desk.do_on_record("hostkey encrypt", reason, "are to be encrypted", work, after)?;
    if session.console().is_json() {
        session.console().json(&json!({ "n_encrypted": n_new }));
    }
    session.console().say(
        format_args!("ホスト鍵を暗号化しました（平文だったもの {n_new} 件）。指紋は変わりません。"),
        format_args!(
            "Host keys are encrypted, {n_new} of which were plain; their fingerprints are as before."
        ),
    );
    Ok(Exit::Ok)
}
