//! `[alert]`: who is told of what went wrong, and how.

mod command;
mod mail;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use renkei_core::alert::{Channel, RateLimit, Severity};
use renkei_core::declared::{Problems, Table, Value};
use renkei_secret::SecretSource;

use super::secret_reference::Secrets;

pub(in crate::config) use command::check_program;
pub use mail::{MailSecurity, Mailbox};

use crate::alert::Argument;
use crate::console::Lang;

/// How many messages an hour a channel takes where nothing is said.
const PER_HOUR: u64 = 20;

/// What `[alert]` declares; without it nobody is told anything, but alerts are still on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertConfig {
    /// How many messages of a channel go out in an hour.
    pub limit: RateLimit,
    /// Mail.
    pub mail: Option<MailConfig>,
    /// A program.
    pub command: Option<CommandConfig>,
}

/// `[alert.mail]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// The server's name or address.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub security: MailSecurity,
    /// A file of certificates; only servers that one of these signed are trusted. Else the system's.
    pub ca_file: Option<PathBuf>,
    /// The login.
    pub login: Option<MailLogin>,
    /// Who the mail is from.
    pub from: Mailbox,
    /// Who it is for; at least one.
    pub to: Vec<Mailbox>,
    /// The language it is written in.
    pub lang: Lang,
    /// How long one mail may take.
    pub timeout: Duration,
    /// What is lighter is not mailed.
    pub min_severity: Severity,
}

/// A login at a mail server; the password is read when it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLogin {
    /// The user.
    pub user: String,
    /// Where the password comes from.
    pub password: SecretSource,
}

/// `[alert.command]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandConfig {
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<Argument>,
    /// The language of `{title}`.
    pub lang: Lang,
    /// How long it may run.
    pub timeout: Duration,
    /// For what is lighter it is not started.
    pub min_severity: Severity,
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self { limit: per_hour(PER_HOUR), mail: None, command: None }
    }
}

impl AlertConfig {
    /// The lightest an alert must be for a channel; `None` for one that is not declared.
    pub fn min_severity(&self, channel: Channel) -> Option<Severity> {
        match channel {
            Channel::Mail => self.mail.as_ref().map(|mail| mail.min_severity),
            Channel::Command => self.command.as_ref().map(|command| command.min_severity),
        }
    }

    /// The channels that are declared.
    pub fn channels(&self) -> Vec<Channel> {
        Channel::ALL.into_iter().filter(|channel| self.min_severity(*channel).is_some()).collect()
    }

    /// The channels that are told of something so grave.
    pub fn channels_for(&self, severity: Severity) -> Vec<Channel> {
        let wants = |channel: &Channel| self.min_severity(*channel).is_some_and(|least| severity >= least);
        Channel::ALL.into_iter().filter(wants).collect()
    }
}

/// Reads `[alert]`, which may be missing. What is wrong has been reported and counts as not declared.
pub(crate) fn take(
    hub: &mut Table<'_>,
    folder: &Path,
    secrets: &Secrets<'_>,
    problems: &Problems,
) -> AlertConfig {
    let Some(mut table) = hub.optional("alert").and_then(Value::table) else { return AlertConfig::default() };
    let limit = table.optional("per_hour").and_then(|value| value.integer_in(1..=3600));
    let mail = table.optional("mail").and_then(|value| mail::read(value.table()?, folder, secrets, problems));
    let command = table.optional("command").and_then(|value| command::read(value.table()?, problems));
    table.finish();
    AlertConfig { limit: per_hour(limit.unwrap_or(PER_HOUR)), mail, command }
}

fn per_hour(n_max: u64) -> RateLimit {
    RateLimit::per_hour(u32::try_from(n_max).unwrap_or(u32::MAX))
}

fn lang(table: &mut Table<'_>) -> Lang {
    let words = [("ja", Lang::Ja), ("en", Lang::En)];
    table.optional("lang").and_then(|value| value.one_of(&words)).unwrap_or(Lang::Ja)
}

fn min_severity(table: &mut Table<'_>) -> Severity {
    let severity = table.optional("min_severity").and_then(|value| value.one_of(&Severity::WORDS));
    severity.unwrap_or(Severity::Info)
}

/// `"30s"` or `"2m"`, from one second to ten minutes; 30 seconds where nothing is said.
fn timeout(table: &mut Table<'_>, problems: &Problems) -> Duration {
    let usual = Duration::from_secs(30);
    let Some(written) = table.optional("timeout").and_then(Value::located_text) else { return usual };
    let seconds = written
        .value
        .strip_suffix('s')
        .map(|number| (number, 1))
        .or_else(|| written.value.strip_suffix('m').map(|number| (number, 60)))
        .and_then(|(number, unit)| number.parse::<u64>().ok()?.checked_mul(unit))
        .filter(|seconds| (1..=600).contains(seconds));
    if seconds.is_none() {
        let message = format!("must be 1s to 600s, or 1m to 10m, not {:?}", written.value);
        problems.report(&written.spot, message);
    }
    seconds.map_or(usual, Duration::from_secs)
}
