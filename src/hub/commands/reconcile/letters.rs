//! What stands in the receivers' folders.

use renkei_core::feed::Feed;
use renkei_core::ledger::ReceiverWindow;
use renkei_engine::reconcile::LettersTaken;
use renkei_engine::{Clock as _, EngineError};
use serde_json::{Value, json};

use super::Reconcile;
use super::sums::tell_sums;
use crate::reconcile::{last_rows, take_in};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

impl Reconcile {
    /// Takes in what receivers put into their receipt folders.
    pub(super) fn letters(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: Option<&Feed>,
    ) -> Result<Exit, Failure> {
        let taken = self.take_in(workplace, feed)?;
        tell(session, &taken);
        let is_well = taken.refused.is_empty() && taken.reconciled.iter().all(|one| one.found.is_same);
        Ok(if is_well { Exit::Ok } else { Exit::Issues })
    }

    /// Puts right what the rows that the receiver sent last differ in.
    pub(super) fn correct_by_letter(
        &self,
        session: &Session,
        workplace: &Workplace<'_>,
        feed: &Feed,
    ) -> Result<Exit, Failure> {
        let Some(receiver) = &self.receiver else { return Ok(Exit::Usage) };
        let taken = self.take_in(workplace, Some(feed))?;
        let has_come = taken.reconciled.len() + taken.refused.len() > 0;
        if has_come && !session.console().is_json() {
            tell(session, &taken);
        }
        let refused = |why: &str| {
            let (feed, receiver) = (feed.id.clone(), receiver.clone());
            EngineError::MendRefused { feed, receiver, whys: vec![why.to_owned()] }
        };
        let Some(path) = last_rows(&workplace.config, &feed.id, receiver) else {
            let why = "no rows of its have come in (`renkei receive --state --buckets …` there)";
            return Err(refused(why).into());
        };
        let last = workplace.snapshot()?.last_reconciliation(&feed.id, receiver, false)?;
        if last.is_some_and(|last| last.is_same) {
            return Err(refused("by the last comparison it holds what it was given").into());
        }
        let found = self.opened(workplace, feed, &path)?;
        let today = workplace.clock().now().date();
        let standing =
            workplace.snapshot()?.receiver_standing(&feed.id, receiver, &ReceiverWindow::ALWAYS, today)?;
        if standing.holds.is_some_and(|holds| holds > found.given.sequence) {
            return Err(refused("it has taken in later publications since it sent its rows").into());
        }
        self.conclude(session, workplace, feed, &found)
    }

    fn take_in(&self, workplace: &Workplace<'_>, feed: Option<&Feed>) -> Result<LettersTaken, EngineError> {
        let only: Vec<_> = feed.map(|feed| feed.id.clone()).into_iter().collect();
        let taken = take_in(self.house(workplace), workplace.letters(), &workplace.config, &only)?;
        workplace.end_progress();
        Ok(taken)
    }
}

/// Prints what files came to.
fn tell(session: &Session, taken: &LettersTaken) {
    let console = session.console();
    if console.is_json() {
        let all: Vec<Value> = taken
            .reconciled
            .iter()
            .map(|one| {
                let found = &one.found;
                json!({
                    "feed": found.feed, "receiver": found.receiver, "sequence": found.sequence,
                    "same": found.is_same, "rows_here": found.n_rows_here, "rows_there": found.n_rows_there,
                    "buckets": one.buckets, "differ": one.rows.as_ref().map(|rows| rows.n_rows),
                    "report": one.rows.as_ref().and_then(|rows| rows.report.as_ref()),
                })
            })
            .collect();
        let refused: Vec<Value> =
            taken.refused.iter().map(|(of, path)| json!({ "of": of, "path": path })).collect();
        console.json(&json!({ "compared": all, "quarantined": refused }));
    } else {
        for one in &taken.reconciled {
            tell_sums(session, &one.found, one.found.receiver.as_str(), &one.buckets);
            if let Some(rows) = &one.rows {
                let (n_rows, report) = (rows.n_rows, rows.report.as_deref().unwrap_or("-"));
                console.say(
                    format_args!("違う行 {n_rows}: {report}"),
                    format_args!("Rows that differ {n_rows}: {report}"),
                );
            }
        }
        for (of, path) in &taken.refused {
            console.say(
                format_args!("隔離した受け手の状態: {of} {path}"),
                format_args!("quarantined what {of} says it holds: {path}"),
            );
        }
        if taken.reconciled.is_empty() && taken.refused.is_empty() {
            console.say("受け手の状態は届いていません。", "No receiver has said what it holds.");
        }
    }
}
