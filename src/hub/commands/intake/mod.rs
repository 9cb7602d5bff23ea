//! `renkei intake`: what systems hand in to the hub.

mod allow;
mod look;
mod status;

use clap::{Args, Subcommand};
use renkei_core::declared::nearest;

use crate::config::{Config, Intake as DeclaredIntake};
use crate::{Exit, Failure, HubError, Session};

/// Take in what systems hand in, and see what is held, what waits and why.
#[derive(Debug, Args)]
pub(crate) struct Intake {
    #[command(subcommand)]
    command: IntakeCommand,
}

#[derive(Debug, Subcommand)]
enum IntakeCommand {
    Look(look::Look),
    Status(status::Status),
    Allow(allow::Allow),
}

impl Intake {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            IntakeCommand::Look(look) => look.run(session),
            IntakeCommand::Status(status) => status.run(session),
            IntakeCommand::Allow(allow) => allow.run(session),
        }
    }
}

/// The intakes asked for, or all.
pub(super) fn declared<'c>(config: &'c Config, ids: &[String]) -> Result<Vec<&'c DeclaredIntake>, Failure> {
    if ids.is_empty() {
        return Ok(config.intakes.iter().collect());
    }
    ids.iter().map(|id| one(config, id)).collect()
}

fn one<'c>(config: &'c Config, id: &str) -> Result<&'c DeclaredIntake, Failure> {
    config.intake(id).ok_or_else(|| {
        let ids = config.intakes.iter().map(|intake| intake.terms.id.as_str());
        let near = nearest(id, ids).map(str::to_owned);
        HubError::UnknownIntake { intake: id.to_owned(), near }.into()
    })
}
