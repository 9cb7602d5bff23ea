//! `renkei secret`: secrets that `hub.toml` refers to, put where it looks for them, encrypted, and given another key.

mod keep;
mod set;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use renkei_secret::{Keeper, KeyPlace};

use super::reason::Reason;
use crate::access::AccessDesk;
use crate::config::{Config, SECRETS, secret_key_of};
use crate::{Exit, Failure, Session};

/// The key for 個人番号: another in its place would make every stored number unreadable.
const NUMBER_KEY: &str = "number.key";

/// Keys and passwords that hub.toml refers to.
#[derive(Debug, Args)]
pub(crate) struct Secret {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    Set(set::Set),
    /// List the files: modes, whether encrypted, age, who needs them; never what is in them.
    List,
    /// Encrypt files as they stand, under the key file; what they hold stays the same.
    ///
    /// Copies of the plain file may stay on the disk and in backups. Where that matters, put another secret in its place.
    Encrypt {
        /// The files' names in the hub's secrets folder, or the whole paths of files that hub.toml refers to elsewhere.
        #[arg(required = true, value_parser = set::file_or_path)]
        names: Vec<String>,
        #[command(flatten)]
        reason: Reason,
    },
    /// Make a new key and give it to every encrypted file; the old key is of no use after.
    ///
    /// Killed anywhere, every secret can still be read, and the next rekey finishes. Where the daemon has the key as a
    /// credential of systemd's, restart it after. Only what this hub keeps is given the new key: a hub or an agent that
    /// uses the same key file could open nothing after, so give each a file of its own.
    Rekey {
        #[command(flatten)]
        reason: Reason,
    },
    /// The key file that secrets are encrypted under.
    Key(Key),
}

/// The key file.
#[derive(Debug, Args)]
struct Key {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make the key file that hub.toml declares: [secrets] key_file.
    ///
    /// Without it no encrypted secret can be read again: keep a copy of it, apart from the copies of the hub's folder.
    Make {
        #[command(flatten)]
        reason: Reason,
    },
}

impl Secret {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let drawer = Drawer::open(session)?;
        match &self.command {
            SecretCommand::Set(set) => set.run(&drawer),
            SecretCommand::List => keep::list(&drawer),
            SecretCommand::Encrypt { names, reason } => keep::encrypt(&drawer, names, &reason.reason),
            SecretCommand::Rekey { reason } => keep::rekey(&drawer, &reason.reason),
            SecretCommand::Key(Key { command: KeyCommand::Make { reason } }) => {
                keep::make_key(&drawer, &reason.reason)
            }
        }
    }
}

/// The secrets of the hub's folder. Its hub.toml may not be right yet, because it refers to what is only now put there;
/// or there is none, where another's folder is kept.
struct Drawer<'s> {
    session: &'s Session,
    folder: PathBuf,
    config: Option<Config>,
    keeper: Keeper,
}

impl<'s> Drawer<'s> {
    fn open(session: &'s Session) -> Result<Self, Failure> {
        let hub = session.folder()?;
        let config = session.config().ok();
        let key = session
            .key_file()
            .map(|path| KeyPlace::File(std::path::absolute(path).unwrap_or_else(|_| path.to_owned())));
        let folder = hub.join(SECRETS);
        let keeper = match &config {
            Some(config) => config.keeper(key),
            None => Keeper::new(folder.clone(), key.or_else(|| secret_key_of(&hub)), Vec::new()),
        };
        Ok(Self { session, folder, config, keeper })
    }

    /// True where what is done goes into the audit.
    fn is_on_record(&self) -> bool {
        self.config.is_some()
    }

    /// Changes something, on record before it is begun and after where the hub's configuration is right.
    fn change<T>(
        &self,
        action: &str,
        reason: &str,
        before: &str,
        work: impl FnOnce() -> Result<T, Failure>,
        after: impl FnOnce(&T) -> String,
    ) -> Result<T, Failure> {
        if !self.is_on_record() {
            return work();
        }
        // Before it is done: no secret changes without a reason on record.
        AccessDesk::for_writing(self.session)?.do_on_record(action, reason, before, work, after)
    }

    /// Says so where nothing is in the audit.
    fn tell_if_off_record(&self) {
        if !self.is_on_record() {
            self.session.console().say(
                "hub.toml がまだ正しくないので、監査には残していません。`renkei check` で確かめてください。",
                "It is not in the audit, because hub.toml is not right yet: see `renkei check`.",
            );
        }
    }
}
