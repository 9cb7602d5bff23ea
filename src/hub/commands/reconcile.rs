//! `renkei reconcile`.

use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use renkei_core::receive::{Holding, HoldingError, MAX_HOLDING_BYTES};
use renkei_engine::EngineError;
use serde_json::json;

use super::input_file;
use crate::board::grouped;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Compare what a receiver holds of a feed with what was published.
///
/// The receiver writes its state by `renkei receive --state FILE`: 256 sums, and no row. They are compared with ours
/// as of the same publication. Exit code 1 when they differ; then a full mends it, or compare finds the rows.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// The feed.
    feed: String,
    /// The receiver's state.
    #[arg(long, value_name = "FILE")]
    with: PathBuf,
}

impl Reconcile {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let feed = session.feed(&workplace.config, &self.feed)?;
        let mut bytes = Vec::new();
        let most = MAX_HOLDING_BYTES as u64 + 1;
        let read = input_file::open(&self.with)?.take(most).read_to_end(&mut bytes);
        read.map_err(|source| EngineError::Input { file: input_file::label(&self.with), source })?;
        let holding = Holding::parse(&bytes)?;
        if holding.feed != feed.id {
            return Err(HoldingError { what: "it is of another feed" }.into());
        }
        let snapshot = workplace.snapshot()?;
        let record = snapshot.publication(&feed.id, holding.sequence)?;
        let record = record.filter(|record| record.kind.moves_state());
        let (Some(record), Some(theirs)) = (record, holding.state()) else {
            return Err(HoldingError { what: "no publication of its number is on record" }.into());
        };
        let buckets = record.state.differing_buckets(&theirs);
        let is_same = record.state == theirs;
        let n_behind = snapshot
            .publications(Some(&feed.id), None)?
            .iter()
            .filter(|later| later.sequence > holding.sequence && later.kind.moves_state())
            .count();
        let ours = u64::try_from(record.state.n_rows()).unwrap_or(0);
        let console = session.console();
        if console.is_json() {
            console.json(&json!({
                "feed": feed.id, "intake": holding.intake, "sequence": holding.sequence,
                "business_date": holding.business_date, "same": is_same, "rows_here": ours,
                "rows_there": holding.n_rows, "buckets": buckets, "behind": n_behind,
            }));
        } else {
            let (sequence, n_buckets) = (holding.sequence, buckets.len());
            let (here, there) = (grouped(ours), grouped(holding.n_rows));
            let verdict = if is_same {
                console.lang().pick("一致", "the same")
            } else {
                console.lang().pick("不一致", "DIFFERENT")
            };
            console.data(format_args!("{}: {} {sequence}: {verdict}", feed.id, holding.intake));
            console.say(
                format_args!("こちら {here} 行、相手 {there} 行。異なる区画 {n_buckets}／256、未取込の配信 {n_behind}。"),
                format_args!(
                    "Rows here {here}, there {there}; {n_buckets} of 256 buckets differ; publications not taken in: {n_behind}."
                ),
            );
        }
        Ok(if is_same { Exit::Ok } else { Exit::Issues })
    }
}
