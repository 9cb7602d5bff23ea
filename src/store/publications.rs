//! Publications (配信): sealed once, settled once, and where each feed stands.

use renkei_core::guard::Review;
use renkei_core::port::{PublicationRecord, StoreError};
use renkei_core::publication::{Kind, Progress};
use renkei_core::state::FeedState;
use renkei_core::{CommitNo, FeedId, Sequence, Window};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::columns::{date, digest, misfit, number, optional_word, sql_int, word};
use crate::errors::SqliteError;

const COLUMNS: &str = "feed, sequence, kind, progress, window_after, window_through, business_date, \
                       layout_sha256, folder, stem, notice, state_rows, state, run_id, sealed_at, review";

/// Writes a publication under the feed's next sequence.
pub(crate) fn seal(connection: &Connection, publication: &PublicationRecord) -> Result<(), SqliteError> {
    if last_sequence(connection, &publication.feed)?.0 + 1 != publication.sequence.0 {
        let (feed, sequence) = (publication.feed.clone(), publication.sequence);
        return Err(StoreError::SequenceTaken { feed, sequence }.into());
    }
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO publication ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    ))?;
    statement.execute(params![
        publication.feed.as_str(),
        publication.sequence.0,
        publication.kind.as_str(),
        publication.progress.as_str(),
        sql_int(publication.window.after.0),
        sql_int(publication.window.through.0),
        publication.business_date.to_string(),
        publication.layout_sha256.0,
        publication.folder,
        publication.stem,
        publication.notice,
        publication.state.n_rows(),
        publication.state.to_bytes(),
        publication.run_id,
        publication.sealed_at,
        publication.review.as_ref().map(review_text).transpose()?,
    ])?;
    Ok(())
}

/// Moves a publication on, if it stands where it may be moved on from.
pub(crate) fn advance(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
    from: &[Progress],
    to: Progress,
) -> Result<(), SqliteError> {
    let missing = || StoreError::Missing { what: format!("publication {sequence} of feed {feed}") };
    let found = one(connection, feed, sequence)?.filter(|found| from.contains(&found.progress));
    let found = found.ok_or_else(missing)?;
    let mut statement = connection.prepare_cached(
        "UPDATE publication SET progress = ?4 WHERE feed = ?1 AND sequence = ?2 AND progress = ?3",
    )?;
    let wanted = (feed.as_str(), sequence.0, found.progress.as_str(), to.as_str());
    if statement.execute(wanted)? == 1 { Ok(()) } else { Err(missing().into()) }
}

/// The feed's last publication that moved its state.
pub(crate) fn feed_head(
    connection: &Connection,
    feed: &FeedId,
) -> Result<Option<PublicationRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM publication
         WHERE feed = ?1 AND kind IN ('full', 'diff') AND progress <> 'discarded' AND progress <> 'held'
         ORDER BY sequence DESC LIMIT 1"
    ))?;
    Ok(statement.query_row([feed.as_str()], read).optional()?)
}

/// The publication that has a sequence now.
pub(crate) fn one(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<Option<PublicationRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM publication WHERE feed = ?1 AND sequence = ?2 AND progress <> 'discarded'"
    ))?;
    Ok(statement.query_row((feed.as_str(), sequence.0), read).optional()?)
}

/// The last publications, newest first.
pub(crate) fn last(
    connection: &Connection,
    feed: Option<&FeedId>,
    limit: u32,
) -> Result<Vec<PublicationRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM publication WHERE (?1 IS NULL OR feed = ?1) AND progress <> 'discarded'
         ORDER BY publication_no DESC LIMIT ?2"
    ))?;
    let publications = statement.query_map((feed.map(FeedId::as_str), limit), read)?;
    Ok(publications.collect::<Result<_, _>>()?)
}

/// The highest sequence of a feed; 0 for none.
pub(crate) fn last_sequence(connection: &Connection, feed: &FeedId) -> Result<Sequence, SqliteError> {
    let sql =
        "SELECT coalesce(max(sequence), 0) FROM publication WHERE feed = ?1 AND progress <> 'discarded'";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(Sequence(statement.query_row([feed.as_str()], |row| number(row, 0))?))
}

/// Publications in the order in which they were sealed.
pub(crate) fn list(
    connection: &Connection,
    feed: Option<&FeedId>,
    progress: Option<Progress>,
) -> Result<Vec<PublicationRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM publication
         WHERE (?1 IS NULL OR feed = ?1) AND (?2 IS NULL OR progress = ?2) ORDER BY publication_no"
    ))?;
    let wanted = (feed.map(FeedId::as_str), progress.map(Progress::as_str));
    let publications = statement.query_map(wanted, read)?;
    Ok(publications.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<PublicationRecord> {
    let n_rows = row.get(11)?;
    let state = row.get_ref(12)?.as_blob()?;
    Ok(PublicationRecord {
        feed: word(row, 0, |text| text.parse().ok())?,
        sequence: Sequence(number(row, 1)?),
        kind: word(row, 2, Kind::parse)?,
        progress: word(row, 3, Progress::parse)?,
        window: Window { after: CommitNo(number(row, 4)?), through: CommitNo(number(row, 5)?) },
        business_date: date(row, 6)?,
        layout_sha256: digest(row, 7)?,
        folder: row.get(8)?,
        stem: row.get(9)?,
        notice: row.get(10)?,
        state: FeedState::from_bytes(n_rows, state).ok_or_else(|| misfit(12, Type::Blob))?,
        run_id: row.get(13)?,
        sealed_at: row.get(14)?,
        review: optional_word(row, 15, |text| serde_json::from_str(text).ok())?,
    })
}

fn review_text(review: &Review) -> Result<String, SqliteError> {
    serde_json::to_string(review)
        .map_err(|error| StoreError::Unavailable { detail: format!("the review: {error}") }.into())
}
