//! Reconciling on behalf of commands and jobs: the receivers' files, and where reports on rows are kept.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use renkei_core::feed::Feed;
use renkei_core::port::ReceiptBox;
use renkei_core::{BusinessId, Digest, FeedId, Sequence};
use renkei_engine::reconcile::{Asked, LettersTaken, OpenedLetter, take_in_letters};
use renkei_engine::{Divergence, EngineError, House};

use crate::config::Config;
use crate::difference_report::DifferenceReport;
use crate::{Failure, HubError};

/// The end of the name of a receiver's own rows, kept beside their report for the diff that puts it right.
const ROWS: &str = "rows";

/// Where reports on rows are: a folder beside the database that is its owner's alone.
pub(crate) fn reports_folder(config: &Config) -> PathBuf {
    config.store.path.with_file_name("reports")
}

/// What a report is on.
pub(crate) struct ReportOf<'r> {
    pub(crate) feed: &'r FeedId,
    pub(crate) receiver: Option<&'r BusinessId>,
    pub(crate) sequence: Sequence,
    /// Of what was compared: the same comparison has the same report.
    pub(crate) source: Digest,
}

/// The place for a report. What a call that was cut off left there is removed.
pub(crate) fn report_path(config: &Config, of: &ReportOf<'_>) -> Result<PathBuf, HubError> {
    place(config, of, "csv")
}

fn place(config: &Config, of: &ReportOf<'_>, ending: &str) -> Result<PathBuf, HubError> {
    let folder = reports_folder(config);
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|source| HubError::Write { path: folder.clone(), source })?;
    let digest = of.source.to_string();
    let path = folder.join(format!(
        "{}{}_{}.{ending}",
        start_of_name(of.feed, of.receiver),
        of.sequence,
        digest.get(..16).unwrap_or_default()
    ));
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(HubError::Write { path, source }),
        _ => Ok(path),
    }
}

fn start_of_name(feed: &FeedId, receiver: Option<&BusinessId>) -> String {
    format!("reconcile_{feed}_{}_", receiver.map_or("", BusinessId::as_str))
}

/// Writes the keys of rows that differ.
pub(crate) fn keep_rows(
    config: &Config,
    of: &ReportOf<'_>,
    feed: &Feed,
    theirs: &Divergence,
) -> Result<PathBuf, Failure> {
    let path = report_path(config, of)?;
    let mut report = DifferenceReport::create(&path, &feed.layout)?;
    report.take_rows(theirs)?;
    report.finish()?;
    Ok(path)
}

/// The report on rows that came by letter, and the rows themselves beside it.
fn keep_letter(config: &Config, letter: &OpenedLetter<'_>) -> Result<PathBuf, Failure> {
    let (feed, receiver) = (letter.feed, Some(letter.receiver));
    let of = ReportOf { feed: &feed.id, receiver, sequence: letter.theirs.sequence, source: letter.source };
    let rows = place(config, &of, ROWS)?;
    let write_error = |source| Failure::from(HubError::Write { path: rows.clone(), source });
    let mut out = crate::difference_report::own_file(&rows)?;
    std::io::copy(&mut (letter.open)()?, &mut out).and_then(|_| out.sync_all()).map_err(write_error)?;
    keep_rows(config, &of, feed, letter.theirs)
}

/// The rows that a receiver of a feed sent last, if any are kept.
pub(crate) fn last_rows(config: &Config, feed: &FeedId, receiver: &BusinessId) -> Option<PathBuf> {
    let start = start_of_name(feed, Some(receiver));
    let is_its = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        path.extension().is_some_and(|ending| ending == ROWS)
            && name.is_some_and(|name| name.starts_with(&start))
    };
    let entries = std::fs::read_dir(reports_folder(config)).ok()?;
    let its = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_its(path));
    its.filter_map(|path| Some((std::fs::metadata(&path).ok()?.modified().ok()?, path)))
        .max()
        .map(|(_, path)| path)
}

/// Takes in what the receivers of these feeds, or of all where none is named, say they hold.
pub(crate) fn take_in(
    house: House<'_>,
    letters: &dyn ReceiptBox,
    config: &Config,
    only: &[FeedId],
) -> Result<LettersTaken, EngineError> {
    let feeds: Vec<&Feed> = config.feeds.iter().map(|one| &one.feed).collect();
    take_in_letters(house, letters, Asked { feeds: &feeds, only }, &mut |letter| {
        keep_letter(config, letter).map(|path| path.display().to_string()).map_err(|failure| {
            tracing::error!(fault.code = failure.code(), "the report on rows that differ cannot be written");
            EngineError::ReportNotKept
        })
    })
}
