//! `renkei top`.

use chrono::NaiveDate;
use clap::Args;

use crate::{Exit, Failure, Session, top};

/// Watch tonight's board and the runs in a terminal, looked at anew every two seconds; it changes nothing.
///
/// q ends it, ? shows the keys. The commands that change something are shown with each run. Where there is no
/// terminal, use renkei status.
#[derive(Debug, Args)]
pub(crate) struct Top {
    /// The business date; default: today, and the next day from midnight on.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
}

impl Top {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        top::run(session, self.date)
    }
}
