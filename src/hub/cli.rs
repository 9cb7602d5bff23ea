//! The command line: global options and the list of commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};

use crate::commands::{Change, Command};
use crate::console::Lang;
use crate::texts;

/// 連携 Renkei: the file-link integration hub of a municipality.
///
/// Takes the moves that the resident registry recorded and hands them, as standard-layout files with
/// completion notices, to the systems that live from them.
#[derive(Debug, Parser)]
#[command(
    name = "renkei",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: renkei explain exit-codes\nError codes: renkei explain --list"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What it asks to be changed.
    #[arg(skip)]
    pub(crate) change: Option<Change>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The hub's folder; default: the nearest folder upwards with a hub.toml.
    #[arg(long, global = true, env = "RENKEI_HUB", value_name = "DIR")]
    pub(crate) hub: Option<PathBuf>,
    /// The language of messages; default: the locale's.
    #[arg(long, global = true, value_name = "LANG")]
    pub(crate) lang: Option<Lang>,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Who asks, for the audit; default: the user, or the user behind sudo.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) operator: Option<String>,
    /// The file of the key that secrets are encrypted under, in place of the one that hub.toml declares: where that is a
    /// credential of systemd's, or in a folder without hub.toml.
    #[arg(long, global = true, env = "RENKEI_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Wait for another writer to end, at most SECONDS (600 where not given).
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "600"
    )]
    pub(crate) wait: Option<u64>,
    /// Log more: -v what is done, -vv how, -vvv everything. RENKEI_LOG sets a filter instead.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// The form of log lines on standard error.
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// The form of log lines: for people, or one JSON object a line.
// The words say enough; comments on them would stand in the help in English only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Reads a command line; what is said about it is in `lang`.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>, lang: Lang) -> Result<Cli, clap::Error> {
    let mut command = texts::in_language(Cli::command(), lang);
    let matches = command.try_get_matches_from_mut(args)?;
    let change = Change::of(&command, &matches);
    Ok(Cli { change, ..Cli::from_arg_matches(&matches)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for lang in [Lang::Ja, Lang::En] {
            let read = |line: &str| parse(line.split(' ').map(OsString::from), lang);
            let before = read("renkei --json --wait check").unwrap().globals;
            let after = read("renkei check --json --wait").unwrap().globals;
            assert_eq!((before.json, before.wait), (true, Some(600)));
            assert_eq!((after.json, after.wait), (true, Some(600)));
            assert_eq!(read("renkei check --wait=5").unwrap().globals.wait, Some(5));
            assert!(read("renkei check --wait 5").is_err(), "a number after a space is the command's");
            assert!(read("renkei config show --lang ja").unwrap().globals.lang.is_some());
        }
    }

    #[test]
    fn every_command_says_what_it_does() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for arg in command.get_arguments().filter(|arg| !arg.is_global_set()) {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
