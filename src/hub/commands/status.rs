//! `renkei status`.

use chrono::NaiveDate;
use clap::Args;
use renkei_engine::Clock as _;
use renkei_engine::night::board;

use crate::daemon::DaemonLink;
use crate::feed_board::{self, feed_lines};
use crate::night_board::NightBoard;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Show tonight's board: every job and its feeds, planned, at work with forecast, done, late, waiting for what.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The business date; default: today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
}

impl Status {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let now = workplace.clock().now();
        let date = self.date.unwrap_or_else(|| now.date());
        let plan = workplace.config.night_plan();
        let daemon = DaemonLink::find(&workplace.config);
        let live = daemon.as_ref().map(DaemonLink::live).unwrap_or_default();
        let snapshot = workplace.snapshot()?;
        let lines = board(snapshot.as_ref(), &plan, date, now)?;
        // Runs of earlier days that are not at their end are tonight's too.
        let earlier: Vec<_> =
            snapshot.open_runs()?.into_iter().filter(|run| run.business_date < date).collect();
        let feeds = feed_lines(snapshot.as_ref(), &workplace.config, &lines, date)?;
        let board = NightBoard::new(now, date, daemon.map(|daemon| daemon.holder), lines, earlier, live);
        if session.console().is_json() {
            session.console().json(&board.as_json(&feeds));
        } else {
            board.print(session);
            session.console().data("");
            feed_board::print(session, feeds);
        }
        Ok(if board.needs_somebody() { Exit::Issues } else { Exit::Ok })
    }
}
