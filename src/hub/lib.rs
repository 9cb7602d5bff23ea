//! Command line, configuration, console and texts; wires the rooms and speaks to people.
//!
//! A command is one file under `commands/`. It is handed a [`Session`], prints through its [`Console`] and
//! returns an [`Exit`] or a [`Failure`]; nothing else prints or ends the process.

mod access;
mod agent;
pub mod alert;
mod audit_head;
mod board;
mod cli;
mod clock;
mod commands;
pub mod config;
mod conform;
pub mod console;
mod daemon;
mod delivery;
mod difference_report;
pub mod doctor;
mod exit;
mod failure;
mod feed_board;
mod given_full;
pub mod init;
mod intake;
mod issues;
mod ledger_board;
mod log;
pub mod metrics;
mod night_board;
mod panics;
mod premises;
mod progress;
mod pull;
mod receipts;
mod reconcile;
mod run_sheet;
mod sample;
mod session;
pub mod texts;
mod top;
mod visitors;
mod workplace;

use std::process::ExitCode;

pub use exit::Exit;
pub use failure::{Failure, HubError};
pub use session::Session;

use console::{Console, Lang};

/// Whether a command line, with the program's name first, asks for a change: what is then done or refused must have
/// a line in the audit. False for a line that cannot be read.
pub fn asks_for_a_change(args: impl IntoIterator<Item = std::ffi::OsString>) -> bool {
    cli::parse(args, Lang::En).is_ok_and(|cli| cli.change.is_some())
}

/// Runs the program on the process's own arguments and environment.
pub fn main() -> ExitCode {
    let lang = Lang::of_process(std::env::args_os());
    let console = Console::standard(lang);
    let cli = match cli::parse(std::env::args_os(), lang) {
        Ok(cli) => cli,
        Err(error) => {
            // Where even this cannot be printed, the exit code still says it.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    log::start(&cli.globals, cli.command.is_daemon());
    let console = console.with_json(cli.globals.json);
    panics::guard(lang, move || {
        let session = Session::new(console, cli.globals);
        let last = cli.change.as_ref().and_then(|_| commands::Change::last_line(&session));
        let end = cli.command.run(&session);
        if let Some(change) = &cli.change {
            change.note_end(&session, last, end.as_ref().map(|_| ()));
        }
        let exit = end.unwrap_or_else(|failure| {
            session.console().failure(&failure);
            failure.exit()
        });
        session.console().output_failure().map_or(exit, |failure| {
            session.console().failure(&failure);
            failure.exit()
        })
    })
    .into()
}
