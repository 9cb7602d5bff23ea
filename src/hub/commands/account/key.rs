//! `renkei account key`.

use std::io::Read as _;
use std::path::PathBuf;

use chrono::{Days, NaiveDate, NaiveTime};
use clap::{Args, Subcommand};
use renkei_core::Moment;
use renkei_core::access::{AccountKey, Fingerprint, KeyError, PublicKey, SourceNetwork};

use super::super::reason::Reason;
use crate::access::{AccessDesk, AccessFault};
use crate::{Exit, Failure, Session};

/// No list of public keys is longer, in bytes.
const MOST_INPUT_BYTES: u64 = 64 * 1024;

/// Public keys of an account.
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Add the keys of a .pub file, or those on standard input, one a line.
    Add {
        /// The account.
        account: String,
        /// The file; without it standard input is read.
        #[arg(long)]
        file: Option<PathBuf>,
        /// Where they may be used from, such as 10.1.2.0/24; any number of times. Without it anywhere.
        #[arg(long = "from", value_name = "NETWORK")]
        from: Vec<SourceNetwork>,
        /// The last day on which they may be used.
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
        #[command(flatten)]
        reason: Reason,
    },
    /// Take a key away, by its fingerprint as the list shows it.
    Remove {
        /// The account.
        account: String,
        /// SHA256: and 43 characters.
        fingerprint: Fingerprint,
        #[command(flatten)]
        reason: Reason,
    },
}

impl Key {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            KeyCommand::Add { account, file, from, until, reason } => {
                let text = read(file.as_ref())?;
                let until = until.and_then(last_second);
                let keys = keys_of(&text, from, until)?;
                add(session, account, keys, &reason.reason)
            }
            KeyCommand::Remove { account, fingerprint, reason } => {
                remove(session, account, *fingerprint, &reason.reason)
            }
        }
    }
}

fn add(session: &Session, name: &str, keys: Vec<AccountKey>, reason: &str) -> Result<Exit, Failure> {
    let desk = AccessDesk::for_writing(session)?;
    let id = desk.account(name)?.id;
    let fingerprints: Vec<String> = keys.iter().map(|key| key.key.fingerprint().to_string()).collect();
    let action = format!("account key add {id} {}", fingerprints.join(" "));
    desk.change_account(&id, action, reason, |account| {
        let mut told = Vec::new();
        for key in keys {
            // The same key again is that key on its new terms.
            let before = account.keys.iter().find(|there| there.key == key.key).map(terms);
            let before = before.map(|before| format!(" in place of {before}")).unwrap_or_default();
            told.push(format!("{}{before}", terms(&key)));
            account.keys.retain(|there| there.key != key.key);
            account.keys.push(key);
        }
        Ok(format!("{}; the account has {} keys", told.join(", "), account.keys.len()))
    })?;
    for fingerprint in &fingerprints {
        session.console().say(
            format_args!("鍵を加えました: {id} {fingerprint}"),
            format_args!("Added key: {id} {fingerprint}"),
        );
    }
    Ok(Exit::Ok)
}

/// From where and until when a key lets in.
fn terms(key: &AccountKey) -> String {
    let from: Vec<String> = key.from.iter().map(ToString::to_string).collect();
    let from = if from.is_empty() { "anywhere".to_owned() } else { from.join(" ") };
    let until = key.until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("from {from}{until}")
}

fn remove(session: &Session, name: &str, fingerprint: Fingerprint, reason: &str) -> Result<Exit, Failure> {
    let desk = AccessDesk::for_writing(session)?;
    let id = desk.account(name)?.id;
    let action = format!("account key remove {id} {fingerprint}");
    desk.change_account(&id, action, reason, |account| {
        let n_before = account.keys.len();
        account.keys.retain(|key| key.key.fingerprint() != fingerprint);
        if account.keys.len() == n_before {
            return Err(AccessFault::NoSuchKey { account: id.clone(), fingerprint });
        }
        Ok(format!("the account has {} keys", account.keys.len()))
    })?;
    session.console().say(
        format_args!("鍵を外しました: {id} {fingerprint}"),
        format_args!("Removed key: {id} {fingerprint}"),
    );
    Ok(Exit::Ok)
}

fn read(file: Option<&PathBuf>) -> Result<String, AccessFault> {
    let what = file.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
    let mut text = String::new();
    let read = match file {
        Some(path) => {
            std::fs::File::open(path).and_then(|file| file.take(MOST_INPUT_BYTES).read_to_string(&mut text))
        }
        None => std::io::stdin().lock().take(MOST_INPUT_BYTES).read_to_string(&mut text),
    };
    read.map_err(|source| AccessFault::Input { what, source })?;
    Ok(text)
}

/// The keys of a text, one a line; empty lines and lines beginning with # are passed over.
fn keys_of(
    text: &str,
    from: &[SourceNetwork],
    until: Option<Moment>,
) -> Result<Vec<AccountKey>, AccessFault> {
    if text.contains("PRIVATE KEY") {
        return Err(AccessFault::Key { line: 1, source: KeyError::Private });
    }
    let mut keys = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let (key, comment) =
            PublicKey::parse_line(text).map_err(|source| AccessFault::Key { line, source })?;
        keys.push(AccountKey { key, comment, from: from.to_vec(), until });
    }
    if keys.is_empty() { Err(AccessFault::NoKey) } else { Ok(keys) }
}

/// The last second of a day.
fn last_second(day: NaiveDate) -> Option<Moment> {
    let next = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    Some(Moment::at(next).plus(chrono::TimeDelta::seconds(-1)))
}
