//! Commands that change something: each has its line in the audit. Most write what they did together with it; that one
//! was refused, or ended with nothing of the hub's own to change, is written here for all of them.

use std::path::Path;

use clap::ArgMatches;
use renkei_core::Class;
use renkei_core::port::{AuditEntry, Store as _, StoreError};
use renkei_engine::Clock as _;
use renkei_store::SqliteStore;

use crate::clock::HubClock;
use crate::config::Config;
use crate::premises::open_store;
use crate::{Failure, Session, audit_head};

/// The commands that are always on record. Those that only look are not among them.
const CHANGING: [&str; 54] = [
    "account add",
    "account address add",
    "account address remove",
    "account disable",
    "account enable",
    "account key add",
    "account key remove",
    "account password",
    "acl apply",
    "acl grant",
    "acl revoke",
    "alert clear",
    "alert test",
    "apply",
    "audit accept",
    "cancel",
    "deliver",
    "destination trust",
    "disable",
    "enable",
    "generate",
    "held discard",
    "held release",
    "hold",
    "hostkey encrypt",
    "hostkey make",
    "hulft request",
    "hulft resend",
    "intake allow",
    "load",
    "mend",
    "notice make",
    "pull",
    "reconcile",
    "redeliver",
    "release",
    "remake",
    "reread",
    "retention execute",
    "run",
    "secret encrypt",
    "secret key make",
    "secret rekey",
    "secret set",
    "transfer apply",
    "transfer compare",
    "transfer confirm",
    "transfer print",
    "transfer receive",
    "transfer reject",
    "transfer resend",
    "transfer send",
    "transfer show",
    "transfer verify",
];
/// How long the line waits for its turn.
const NOTE_WAIT: std::time::Duration = std::time::Duration::from_secs(10);
/// What was done without a line that says so is not refused.
const OFF_RECORD: &str = "audit.done-off-record";
/// So many lines are looked at for one that the command wrote itself.
const MOST_LINES: u32 = 1_000;
/// No word of a command line is longer in the audit, in characters.
const LONGEST: usize = 60;

/// What a command line asks to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    action: String,
    reason: String,
}

impl Change {
    /// What a command line asks for; `None` for one that only looks.
    pub(crate) fn of(command: &clap::Command, matches: &ArgMatches) -> Option<Self> {
        let mut path: Vec<&str> = Vec::new();
        let (mut command, mut matches) = (command, matches);
        while let Some((name, below)) = matches.subcommand() {
            path.push(name);
            (command, matches) = (command.find_subcommand(name)?, below);
        }
        let mut action = path.join(" ");
        let is_dry = matches.try_get_one::<bool>("dry_run").ok().flatten().is_some_and(|is_dry| *is_dry);
        if is_dry || !CHANGING.contains(&action.as_str()) {
            return None;
        }
        // Folders of the connection root are no secret.
        let is_of_folders = action.starts_with("acl ");
        let shown = |id: &str| -> Vec<String> {
            let values = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
            values.map(|value| word(&value.to_string_lossy(), is_of_folders)).collect()
        };
        for positional in command.get_positionals() {
            for value in shown(positional.get_id().as_str()) {
                action.push(' ');
                action.push_str(&value);
            }
        }
        if let Some(receiver) = shown("receiver").first() {
            action.push_str(" for ");
            action.push_str(receiver);
        }
        let reason = matches.try_get_one::<String>("reason").ok().flatten();
        Some(Self { action, reason: reason.cloned().unwrap_or_default() })
    }

    /// The number of the audit's last line before it is done; `None` where there is no hub to read it from.
    pub(crate) fn last_line(session: &Session) -> Option<u64> {
        let config = session.config().ok()?;
        if !config.store.path.exists() {
            return None;
        }
        let store = open_store(&config, session.wait(), false).ok()?;
        Some(store.snapshot().ok()?.audit_head().ok()?.audit_no)
    }

    /// Writes how it ended, unless the command did so itself after the line `last`: refused, or done with nothing of
    /// the hub's own to change. That this may fail too does not hide how it ended.
    pub(crate) fn note_end(&self, session: &Session, last: Option<u64>, end: Result<(), &Failure>) {
        if end.is_err_and(|failure| failure.class() == Class::Retry) {
            // Its turn never came.
            return;
        }
        if let Err(failure) = self.try_note(session, last, end) {
            tracing::error!(fault.code = failure.code(), "the audit's line could not be written");
        }
    }

    fn try_note(
        &self,
        session: &Session,
        last: Option<u64>,
        end: Result<(), &Failure>,
    ) -> Result<(), Failure> {
        // Without a hub that can be read there is no audit to write to.
        let Ok(config) = session.config() else { return Ok(()) };
        let Some(store) = audited(&config)? else { return Ok(()) };
        let operator = session.operator();
        let refusal = end.err().map(|failure| format!("({})", failure.code()));
        let told: Result<bool, StoreError> = store.snapshot().and_then(|snapshot| {
            let lines = snapshot.audit(last.unwrap_or(0), MOST_LINES)?;
            let mut own = lines.iter().filter(|line| line.operator == operator);
            Ok(own.any(|line| refusal.as_ref().is_none_or(|refusal| line.result.contains(refusal))))
        });
        if told? {
            return Ok(());
        }
        let is_done = end.err().is_none_or(|failure| failure.code() == OFF_RECORD);
        let result = match refusal {
            Some(refusal) if !is_done => format!("refused {refusal}"),
            Some(refusal) => format!("done {refusal}"),
            None => "done".to_owned(),
        };
        write(&store, &config, &operator, &self.action, &self.reason, result)
    }
}

/// Writes that something was done with files of the hub in `folder`; nothing where no hub has a database there.
pub(super) fn note_done(
    session: &Session,
    folder: &Path,
    action: &str,
    result: String,
) -> Result<(), Failure> {
    // A declaration that is wrong is for `check` to tell.
    let Ok(config) = Config::load(folder) else { return Ok(()) };
    let Some(store) = audited(&config)? else { return Ok(()) };
    write(&store, &config, &session.operator(), action, "", result)
}

fn audited(config: &Config) -> Result<Option<SqliteStore>, StoreError> {
    let exists = config.store.path.exists();
    exists.then(|| open_store(config, NOTE_WAIT, false)).transpose()
}

fn write(
    store: &SqliteStore,
    config: &Config,
    operator: &str,
    action: &str,
    reason: &str,
    result: String,
) -> Result<(), Failure> {
    let now = HubClock::system().now();
    let mut tx = store.begin()?;
    tx.append_audit(&AuditEntry::new(now.to_string(), operator, action.to_owned(), reason, result))?;
    tx.commit()?;
    audit_head::keep(store, config, now)
}

/// A word of a command line: of a file its last name only, because folders may tell more than they should.
fn word(text: &str, is_folder: bool) -> String {
    let last = text.rsplit('/').find(|part| !part.is_empty()).unwrap_or(text);
    let is_file = !is_folder && (last.contains('.') || text.starts_with(['/', '.', '~']));
    let shown = if is_file { last } else { text };
    shown.escape_debug().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn of(line: &str) -> Option<Change> {
        let command = Cli::command();
        let matches = command.clone().try_get_matches_from(line.split(' ')).unwrap();
        Change::of(&command, &matches)
    }

    #[test]
    fn a_line_names_what_was_asked_for() {
        let check = |line: &str, action: &str| {
            let change = of(line).unwrap();
            assert_eq!((change.action.as_str(), change.reason.as_str()), (action, "x"));
        };
        check("renkei mend f --receiver 015 --reason x", "mend f for 015");
        check("renkei redeliver f 3 --reason x", "redeliver f 3");
        check("renkei hold --reason x nightly", "hold nightly");
        assert_eq!(of("renkei mend f --receiver 015 --reason x --dry-run"), None);
        assert_eq!(of("renkei status"), None);
        check("renkei acl grant 015/work all --system 015 --reason x", "acl grant 015/work all");
        check("renkei account address add a 10.0.0.0/8 --reason x", "account address add a 10.0.0.0/8");
        assert_eq!(of("renkei apply ../sato/a.csv").unwrap().action, "apply a.csv");
        assert_eq!(of("renkei apply /home/sato/a.csv").unwrap().action, "apply a.csv");
    }

    #[test]
    fn every_command_that_asks_for_a_reason_is_one_of_them() {
        let mut command = Cli::command();
        command.build();
        let (mut all, mut with_reason) = (Vec::new(), Vec::new());
        let mut left = vec![(String::new(), &command)];
        while let Some((path, command)) = left.pop() {
            let below = command.get_subcommands().filter(|below| below.get_name() != "help");
            left.extend(below.map(|below| (format!("{path} {}", below.get_name()).trim().to_owned(), below)));
            if command.get_arguments().any(|argument| argument.get_id() == "reason") {
                with_reason.push(path.clone());
            }
            all.push(path);
        }
        for path in CHANGING {
            assert!(all.iter().any(|one| one == path), "{path} is no command");
        }
        // The agent works for another system and keeps its own record.
        for path in with_reason.into_iter().filter(|path| path != "receive") {
            assert!(CHANGING.contains(&path.as_str()), "{path} is not on record");
        }
    }
}
