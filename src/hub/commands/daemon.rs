//! `renkei daemon`.

use clap::Args;

use crate::{Exit, Failure, Session, daemon};

/// Run the scheduler in the foreground, until SIGTERM; SIGHUP reads the configuration anew.
///
/// One per hub. Other commands work beside it: run, status, show, hold, cancel and the like reach it through
/// the database; those that write themselves take turns with it.
#[derive(Debug, Args)]
pub(crate) struct Daemon {}

impl Daemon {
    #[expect(clippy::unused_self, reason = "every command is called so")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        daemon::run(session)
    }
}
