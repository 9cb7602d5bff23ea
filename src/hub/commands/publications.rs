//! `renkei publications`.

use clap::Args;

use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, board};

/// List publications, oldest first.
#[derive(Debug, Args)]
pub(crate) struct Publications {
    /// Of this feed only.
    feed: Option<String>,
}

impl Publications {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let feed = self.feed.as_deref().map(|id| session.feed(&workplace.config, id)).transpose()?;
        let records = workplace.snapshot()?.publications(feed.map(|feed| &feed.id), None)?;
        let lines: Vec<_> = records.iter().filter_map(board::BoardLine::of).collect();
        board::print(session.console(), &lines);
        Ok(Exit::Ok)
    }
}
