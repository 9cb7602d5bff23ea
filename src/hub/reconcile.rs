//! Reconciling on behalf of commands and jobs: the receivers' files, and where the report on rows is kept.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use renkei_core::feed::Feed;
use renkei_core::port::ReceiptBox;
use renkei_core::{BusinessId, FeedId, Sequence};
use renkei_engine::reconcile::{LettersTaken, take_in_letters};
use renkei_engine::{Divergence, EngineError, House};

use crate::config::Config;
use crate::difference_report::DifferenceReport;
use crate::{Failure, HubError};

/// A new place for a report, in a folder beside the database that is its owner's alone.
pub(crate) fn report_path(
    config: &Config,
    house: House<'_>,
    feed: &FeedId,
    receiver: Option<&BusinessId>,
    sequence: Sequence,
) -> Result<PathBuf, HubError> {
    let folder = config.store.path.with_file_name("reports");
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|source| HubError::Write { path: folder.clone(), source })?;
    let time = house.clock.now().local().format("%Y%m%d%H%M%S");
    let receiver = receiver.map_or("", BusinessId::as_str);
    let name = |turn: u32| folder.join(format!("reconcile_{feed}_{receiver}_{sequence}_{time}-{turn}.csv"));
    // Two in one second are two reports.
    Ok((1..1_000).map(name).find(|path| !path.exists()).unwrap_or(folder))
}

/// Writes the keys of rows that differ.
pub(crate) fn keep_rows(
    config: &Config,
    house: House<'_>,
    feed: &Feed,
    receiver: Option<&BusinessId>,
    theirs: &Divergence,
) -> Result<PathBuf, Failure> {
    let path = report_path(config, house, &feed.id, receiver, theirs.sequence)?;
    let mut report = DifferenceReport::create(&path, &feed.layout)?;
    report.take_rows(theirs)?;
    report.finish()?;
    Ok(path)
}

/// Takes in what the receivers of these feeds, or of all where none is named, say they hold.
pub(crate) fn take_in(
    house: House<'_>,
    letters: &dyn ReceiptBox,
    config: &Config,
    feeds: &[FeedId],
) -> Result<LettersTaken, EngineError> {
    let is_asked = |feed: &&Feed| feeds.is_empty() || feeds.contains(&feed.id);
    let feeds: Vec<&Feed> = config.feeds.iter().map(|one| &one.feed).filter(is_asked).collect();
    take_in_letters(house, letters, &feeds, &mut |feed, receiver, theirs| {
        let kept = keep_rows(config, house, feed, Some(receiver), theirs);
        kept.map(|path| path.display().to_string()).map_err(|failure| {
            tracing::error!(fault.code = failure.code(), "the report on rows that differ cannot be written");
            EngineError::ReportNotKept
        })
    })
}
