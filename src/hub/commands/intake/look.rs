//! `renkei intake look`.

use clap::Args;

use super::super::looks::{tell, worst};
use super::declared;
use crate::intake::{IntakeLook, Round};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Look into the inboxes once and take in every set that is next.
///
/// What is refused goes to quarantine with its reasons, and its sender finds the answer. Exit code 11 when a set was
/// refused, 10 when something waits too long or a person must allow a change.
#[derive(Debug, Args)]
pub(crate) struct Look {
    /// Only these intakes.
    #[arg(value_name = "ID")]
    intakes: Vec<String>,
}

impl Look {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei intake look")?;
        let intakes = declared(&workplace.config, &self.intakes)?;
        let round = Round {
            house: workplace.house(),
            premises: workplace.premises(),
            config: &workplace.config,
            run_id: "",
            allowed: None,
        };
        let looks: Vec<IntakeLook> = intakes.into_iter().map(|intake| round.look(intake)).collect();
        workplace.end_progress();
        let exit = worst(&looks);
        tell(session, looks, false);
        Ok(exit)
    }
}
