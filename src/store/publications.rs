//! Publications (配信): sealed once, settled once, and where each feed stands.

use renkei_core::port::{PublicationRecord, StoreError};
use renkei_core::publication::{Kind, Progress};
use renkei_core::state::FeedState;
use renkei_core::{CommitNo, FeedId, Sequence, Window};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::columns::{date, digest, misfit, number, sql_int, word};
use crate::errors::SqliteError;

const COLUMNS: &str = "feed, sequence, kind, progress, window_after, window_through, business_date, \
                       layout_sha256, folder, stem, notice, state_rows, state, run_id, sealed_at";

/// Writes a publication under the feed's next sequence.
pub(crate) fn seal(connection: &Connection, publication: &PublicationRecord) -> Result<(), SqliteError> {
    if last_sequence(connection, &publication.feed)?.0 + 1 != publication.sequence.0 {
        let (feed, sequence) = (publication.feed.clone(), publication.sequence);
        return Err(StoreError::SequenceTaken { feed, sequence }.into());
    }
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO publication ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    ))?;
    statement.execute((
        publication.feed.as_str(),
        publication.sequence.0,
        publication.kind.as_str(),
        publication.progress.as_str(),
        sql_int(publication.window.after.0),
        sql_int(publication.window.through.0),
        publication.business_date.to_string(),
        publication.layout_sha256.0,
        &publication.folder,
        &publication.stem,
        &publication.notice,
        publication.state.n_rows(),
        publication.state.to_bytes(),
        &publication.run_id,
        &publication.sealed_at,
    ))?;
    Ok(())
}

/// Marks a publication as published.
pub(crate) fn settle(connection: &Connection, feed: &FeedId, sequence: Sequence) -> Result<(), SqliteError> {
    let mut statement = connection
        .prepare_cached("UPDATE publication SET progress = 'published' WHERE feed = ?1 AND sequence = ?2")?;
    if statement.execute((feed.as_str(), sequence.0))? == 1 {
        Ok(())
    } else {
        Err(StoreError::Missing { what: format!("publication {sequence} of feed {feed}") }.into())
    }
}

/// The feed's last publication that moved its state.
pub(crate) fn feed_head(
    connection: &Connection,
    feed: &FeedId,
) -> Result<Option<PublicationRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM publication
         WHERE feed = ?1 AND kind IN ('full', 'diff') ORDER BY sequence DESC LIMIT 1"
    ))?;
    Ok(statement.query_row([feed.as_str()], read).optional()?)
}

/// The highest sequence of a feed; 0 for none.
pub(crate) fn last_sequence(connection: &Connection, feed: &FeedId) -> Result<Sequence, SqliteError> {
    let sql = "SELECT coalesce(max(sequence), 0) FROM publication WHERE feed = ?1";
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
    })
}
