//! `renkei completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::{Exit, Failure, Session};

/// Print completions for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    #[expect(clippy::unnecessary_wraps, reason = "every command has the same shape")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "renkei", &mut script);
        session.console().bytes(&script);
        Ok(Exit::Ok)
    }
}
