//! `renkei reconcile`.

mod conclude;
mod full;
mod letters;
mod rows;
mod sums;

use std::path::PathBuf;

use clap::Args;
use renkei_core::BusinessId;
use renkei_engine::{EngineError, House};

use super::reason;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Compare what receivers hold of a feed with what was published.
///
/// Without a file: what stands in the receivers' receipt folders. With one: a receiver's sums (`renkei receive
/// --state`), the rows of the buckets that differ (the same with --buckets), or its full file in any layout, each
/// compared with our rows as of the publication it holds. Rows that differ go with their keys and values into a
/// report for its owner only, beside the database; what is printed has counts. --correct publishes the diff that puts
/// it right into the receiver's mailbox: by the file given, or by the rows that the receiver sent last. Exit code 1
/// when something differs.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// The feed.
    feed: Option<String>,
    /// The receiver: with it, what comes out is on record.
    #[arg(long, value_name = "ID")]
    receiver: Option<BusinessId>,
    /// The receiver's sums.
    #[arg(long, value_name = "FILE", requires = "feed")]
    with: Option<PathBuf>,
    /// The rows of its buckets that differ.
    #[arg(long, value_name = "FILE", requires = "feed", conflicts_with = "with")]
    rows: Option<PathBuf>,
    /// Its full: a notice (.done), or a data file.
    #[arg(long, value_name = "FILE", requires = "feed", conflicts_with_all = ["with", "rows"])]
    full: Option<PathBuf>,
    /// The layout of its full; default: known by the header row.
    #[arg(long, value_name = "ID", requires = "full")]
    layout: Option<String>,
    /// The publication its full is as of: a sequence or a business date; default: what it says it holds.
    #[arg(long, value_name = "SEQUENCE|DATE", requires = "full")]
    as_of: Option<String>,
    /// Publish the diff that puts it right, for this receiver only.
    #[arg(long, requires_all = ["feed", "receiver", "reason"], conflicts_with = "with")]
    correct: bool,
    /// The reason, for the audit.
    #[arg(long, value_name = "TEXT", value_parser = reason::parse)]
    reason: Option<String>,
}

impl Reconcile {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = if self.correct {
            Workplace::for_writing(session, "renkei reconcile")?
        } else if self.with.is_some() && self.receiver.is_none() {
            // Sums tell of nobody.
            Workplace::for_reading(session)?
        } else {
            Workplace::for_noting(session)?
        };
        let feed = self.feed.as_deref().map(|feed| session.feed(&workplace.config, feed)).transpose()?;
        if let (Some(feed), Some(receiver)) = (feed, &self.receiver)
            && feed.receiver(receiver).is_none()
        {
            let whys = vec!["the system is no receiver of the feed".to_owned()];
            let (feed, receiver) = (feed.id.clone(), receiver.clone());
            return Err(EngineError::MendRefused { feed, receiver, whys }.into());
        }
        match (feed, &self.with, &self.rows, &self.full) {
            (Some(feed), Some(path), ..) => self.sums(session, &workplace, feed, path),
            (Some(feed), _, Some(path), _) => {
                let found = self.opened(&workplace, feed, path)?;
                self.conclude(session, &workplace, feed, &found)
            }
            (Some(feed), .., Some(path)) => {
                let found = self.whole(session, &workplace, feed, path)?;
                self.conclude(session, &workplace, feed, &found)
            }
            (Some(feed), ..) if self.correct => self.correct_by_letter(session, &workplace, feed),
            (feed, ..) => self.letters(session, &workplace, feed),
        }
    }

    /// The house, with the reason given.
    fn house<'h>(&'h self, workplace: &'h Workplace<'_>) -> House<'h> {
        House { reason: self.reason.as_deref().unwrap_or_default(), ..workplace.house() }
    }
}
