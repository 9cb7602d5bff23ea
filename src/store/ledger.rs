//! The ledger: events as receivers answer, each once.

use renkei_core::ledger::{EventKind, LedgerEvent, PublishedSet};
use renkei_core::notice::StateWords;
use renkei_core::publication::Kind;
use renkei_core::state::FeedState;
use renkei_core::{BusinessId, Digest, FeedId, Moment, Sequence};
use rusqlite::{Connection, OptionalExtension as _, Row, types::Type};

use crate::columns::{date, digest, misfit, number, optional_word, sql_int, word};
use crate::errors::SqliteError;

/// Writes an event unless its source is there.
pub(crate) fn record(connection: &Connection, event: &LedgerEvent) -> Result<bool, SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO ledger (feed, sequence, receiver, kind, at, source_sha256, reasons, holds_sequence, state_rows,
                             state_sha256, recorded_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (source_sha256) DO NOTHING",
    )?;
    let n_written = statement.execute((
        event.feed.as_str(),
        event.sequence.0,
        event.receiver.as_str(),
        event.kind.as_str(),
        event.at.to_string(),
        event.source.0,
        event.reasons.join(" "),
        event.holds.map(|sequence| sequence.0),
        event.state.map(|state| sql_int(state.n_rows)),
        event.state.map(|state| state.digest.0),
        event.recorded_at.to_string(),
    ))?;
    Ok(n_written == 1)
}

/// Events in the order in which they came.
pub(crate) fn events(
    connection: &Connection,
    feed: Option<&FeedId>,
    sequence: Option<Sequence>,
    receiver: Option<&BusinessId>,
) -> Result<Vec<LedgerEvent>, SqliteError> {
    let of_feed = if feed.is_some() { "feed = ?1" } else { "?1 IS NULL" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT feed, sequence, receiver, kind, at, source_sha256, reasons, holds_sequence, state_rows, state_sha256,
                recorded_at
         FROM ledger
         WHERE {of_feed} AND (?2 IS NULL OR sequence = ?2) AND (?3 IS NULL OR receiver = ?3) ORDER BY event_no"
    ))?;
    let wanted =
        (feed.map(FeedId::as_str), sequence.map(|sequence| sequence.0), receiver.map(BusinessId::as_str));
    let events = statement.query_map(wanted, read)?;
    Ok(events.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<LedgerEvent> {
    let reasons: String = row.get(6)?;
    let holds: Option<u32> = row.get(7)?;
    let n_rows: Option<u64> = row.get::<_, Option<i64>>(8)?.map(i64::unsigned_abs);
    let state = match n_rows {
        Some(n_rows) => Some(StateWords { n_rows, digest: digest(row, 9)? }),
        None => None,
    };
    Ok(LedgerEvent {
        feed: word(row, 0, |text| text.parse().ok())?,
        sequence: Sequence(number(row, 1)?),
        receiver: word(row, 2, |text| text.parse().ok())?,
        kind: word(row, 3, EventKind::parse)?,
        at: word(row, 4, Moment::parse)?,
        source: digest(row, 5)?,
        reasons: reasons.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        holds: holds.map(Sequence),
        state,
        recorded_at: word(row, 10, Moment::parse)?,
    })
}

/// Whether something came from this.
pub(crate) fn has_source(connection: &Connection, source: &Digest) -> Result<bool, SqliteError> {
    let mut statement =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM ledger WHERE source_sha256 = ?1)")?;
    Ok(statement.query_row([source.0], |row| row.get(0))?)
}

/// The feed's published publications, in order.
pub(crate) fn published_sets(
    connection: &Connection,
    feed: &FeedId,
) -> Result<Vec<PublishedSet>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, kind, business_date, sealed_at FROM publication
         WHERE feed = ?1 AND progress = 'published' ORDER BY sequence",
    )?;
    let sets = statement.query_map([feed.as_str()], |row| {
        Ok(PublishedSet {
            sequence: Sequence(number(row, 0)?),
            kind: word(row, 1, Kind::parse)?,
            business_date: date(row, 2)?,
            sealed_at: optional_word(row, 3, Moment::parse).unwrap_or_default(),
        })
    })?;
    Ok(sets.collect::<Result<_, _>>()?)
}

/// What is held after a publication.
pub(crate) fn published_state(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<Option<StateWords>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT state_rows, state FROM publication WHERE feed = ?1 AND sequence = ?2 AND progress = 'published'",
    )?;
    let state = statement.query_row((feed.as_str(), sequence.0), |row| {
        let n_rows: i64 = row.get(0)?;
        let bytes = row.get_ref(1)?.as_blob()?;
        let state = FeedState::from_bytes(n_rows, bytes).ok_or_else(|| misfit(1, Type::Blob))?;
        Ok(StateWords { n_rows: u64::try_from(n_rows).unwrap_or(0), digest: state.digest() })
    });
    Ok(state.optional()?)
}

/// Publications whose files begin so.
pub(crate) fn published_as(
    connection: &Connection,
    stem: &str,
) -> Result<Vec<(FeedId, Sequence)>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT feed, sequence FROM publication WHERE stem = ?1 AND progress = 'published' ORDER BY feed, sequence",
    )?;
    let found = statement
        .query_map([stem], |row| Ok((word(row, 0, |text| text.parse().ok())?, Sequence(number(row, 1)?))))?;
    Ok(found.collect::<Result<_, _>>()?)
}
