//! Deliveries: a line for each publication and destination, its tries, and the host keys that were accepted.

use renkei_core::delivery::{DeliveryAttempt, DeliveryLine, DeliveryState, TrustedKey};
use renkei_core::{DestinationId, FeedId, Moment, Sequence};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::columns::{class, number, optional_word, sql_int, word};
use crate::errors::SqliteError;

const LINE: &str =
    "feed, sequence, destination, receiver, state, n_tries, n_attempts, next_at, fault_code, fault_class,
                    n_bytes, since, delivered_at";

/// Lines by destination, feed and sequence.
pub(crate) fn lines(
    connection: &Connection,
    destination: Option<&DestinationId>,
    only_open: bool,
) -> Result<Vec<DeliveryLine>, SqliteError> {
    let open = if only_open { "AND state IN ('due', 'stopped')" } else { "" };
    let of = if destination.is_some() { "destination = ?1" } else { "?1 IS NULL" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {LINE} FROM delivery WHERE {of} {open} ORDER BY destination, feed, sequence"
    ))?;
    let lines = statement.query_map([destination.map(DestinationId::as_str)], read_line)?;
    Ok(lines.collect::<Result<_, _>>()?)
}

/// One line.
pub(crate) fn line(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
    destination: &DestinationId,
) -> Result<Option<DeliveryLine>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {LINE} FROM delivery WHERE destination = ?1 AND feed = ?2 AND sequence = ?3"
    ))?;
    let line = statement.query_row((destination.as_str(), feed.as_str(), sequence.0), read_line);
    Ok(line.optional()?)
}

fn read_line(row: &Row<'_>) -> rusqlite::Result<DeliveryLine> {
    Ok(DeliveryLine {
        feed: word(row, 0, |text| text.parse().ok())?,
        sequence: Sequence(number(row, 1)?),
        destination: word(row, 2, |text| text.parse().ok())?,
        receiver: word(row, 3, |text| text.parse().ok())?,
        state: word(row, 4, DeliveryState::parse)?,
        n_tries: number(row, 5)?,
        n_attempts: number(row, 6)?,
        next_at: optional_word(row, 7, Moment::parse)?,
        fault_code: row.get(8)?,
        fault_class: optional_word(row, 9, class)?,
        n_bytes: number(row, 10)?,
        since: word(row, 11, Moment::parse)?,
        delivered_at: optional_word(row, 12, Moment::parse)?,
    })
}

/// Writes a line, over the one that is there.
pub(crate) fn put_line(connection: &Connection, line: &DeliveryLine) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO delivery (feed, sequence, destination, receiver, state, n_tries, n_attempts, next_at, fault_code,
                               fault_class, n_bytes, since, delivered_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (destination, feed, sequence) DO UPDATE SET receiver = excluded.receiver, state = excluded.state,
             n_tries = excluded.n_tries, n_attempts = excluded.n_attempts, next_at = excluded.next_at,
             fault_code = excluded.fault_code, fault_class = excluded.fault_class, n_bytes = excluded.n_bytes,
             since = excluded.since, delivered_at = excluded.delivered_at",
    )?;
    fix_start(connection, &line.feed, &line.destination)?;
    statement.execute((
        line.feed.as_str(),
        line.sequence.0,
        line.destination.as_str(),
        line.receiver.as_str(),
        line.state.as_str(),
        line.n_tries,
        line.n_attempts,
        line.next_at.map(|at| at.to_string()),
        line.fault_code.as_deref(),
        line.fault_class.map(renkei_core::Class::as_str),
        sql_int(line.n_bytes),
        line.since.to_string(),
        line.delivered_at.map(|at| at.to_string()),
    ))?;
    let of = "destination = ?1 AND feed = ?2";
    advance_starts(connection, of, &[line.destination.as_str(), line.feed.as_str()])
}

/// Where deliveries begin that have not begun: at the last full, or at the first of a feed without one.
const FIRST: &str = "coalesce((SELECT max(sequence) FROM publication
                       WHERE feed = ?1 AND kind = 'full' AND progress = 'published' AND progress <> 'discarded'), 1)";

/// Keeps where deliveries begin, once.
fn fix_start(connection: &Connection, feed: &FeedId, destination: &DestinationId) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO delivery_start (destination, feed, sequence) SELECT ?2, ?1, {FIRST}
         WHERE NOT EXISTS (SELECT 1 FROM delivery_start WHERE destination = ?2 AND feed = ?1)"
    ))?;
    statement.execute((feed.as_str(), destination.as_str()))?;
    Ok(())
}

/// Moves where deliveries begin past everything that has a line: so a line may be removed without becoming due again,
/// and whoever looks for what is due reads no more than what may be.
fn advance_starts(connection: &Connection, of: &str, which: &[&str]) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "UPDATE delivery_start AS s SET sequence = max(s.sequence, coalesce(
             (SELECT p.sequence FROM publication p
              WHERE p.feed = s.feed AND p.progress <> 'discarded' AND p.sequence >= s.sequence
                AND NOT EXISTS (SELECT 1 FROM delivery d
                                WHERE d.destination = s.destination AND d.feed = s.feed AND d.sequence = p.sequence)
              ORDER BY p.sequence LIMIT 1),
             (SELECT max(p.sequence) + 1 FROM publication p WHERE p.feed = s.feed AND p.progress <> 'discarded'),
             s.sequence))
         WHERE {of}"
    ))?;
    statement.execute(rusqlite::params_from_iter(which))?;
    Ok(())
}

/// The same for all feeds and destinations.
pub(crate) fn advance_all_starts(connection: &Connection) -> Result<(), SqliteError> {
    advance_starts(connection, "true", &[])
}

/// The tries of a line.
pub(crate) fn attempts(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
    destination: &DestinationId,
) -> Result<Vec<DeliveryAttempt>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {ATTEMPT} FROM delivery_attempt WHERE destination = ?1 AND feed = ?2 AND sequence = ?3
         ORDER BY attempt_no"
    ))?;
    let attempts = statement.query_map((destination.as_str(), feed.as_str(), sequence.0), read_attempt)?;
    Ok(attempts.collect::<Result<_, _>>()?)
}

/// The last tries at a destination.
pub(crate) fn last_attempts(
    connection: &Connection,
    destination: &DestinationId,
    n_most: u32,
) -> Result<Vec<DeliveryAttempt>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {ATTEMPT} FROM delivery_attempt WHERE destination = ?1
         ORDER BY started_at DESC, feed DESC, sequence DESC, attempt_no DESC LIMIT ?2"
    ))?;
    let attempts = statement.query_map((destination.as_str(), n_most), read_attempt)?;
    let mut attempts: Vec<DeliveryAttempt> = attempts.collect::<Result<_, _>>()?;
    attempts.reverse();
    Ok(attempts)
}

const ATTEMPT: &str =
    "feed, sequence, destination, attempt_no, operator, started_at, ended_at, fault_code, fault_class,
                       n_files_sent, n_files_there, n_bytes_sent, detail";

fn read_attempt(row: &Row<'_>) -> rusqlite::Result<DeliveryAttempt> {
    Ok(DeliveryAttempt {
        feed: word(row, 0, |text| text.parse().ok())?,
        sequence: Sequence(number(row, 1)?),
        destination: word(row, 2, |text| text.parse().ok())?,
        attempt_no: number(row, 3)?,
        operator: row.get(4)?,
        started_at: word(row, 5, Moment::parse)?,
        ended_at: optional_word(row, 6, Moment::parse)?,
        fault_code: row.get(7)?,
        fault_class: optional_word(row, 8, class)?,
        n_files_sent: number(row, 9)?,
        n_files_there: number(row, 10)?,
        n_bytes_sent: number(row, 11)?,
        detail: row.get(12)?,
    })
}

/// Writes a try, over the one with its number.
pub(crate) fn put_attempt(connection: &Connection, attempt: &DeliveryAttempt) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO delivery_attempt (destination, feed, sequence, attempt_no, operator, started_at,
             ended_at, fault_code, fault_class, n_files_sent, n_files_there, n_bytes_sent, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    statement.execute((
        attempt.destination.as_str(),
        attempt.feed.as_str(),
        attempt.sequence.0,
        attempt.attempt_no,
        &attempt.operator,
        attempt.started_at.to_string(),
        attempt.ended_at.map(|at| at.to_string()),
        attempt.fault_code.as_deref(),
        attempt.fault_class.map(renkei_core::Class::as_str),
        sql_int(attempt.n_files_sent),
        sql_int(attempt.n_files_there),
        sql_int(attempt.n_bytes_sent),
        attempt.detail.as_deref(),
    ))?;
    Ok(())
}

/// Published publications without a line. That none is discarded is said twice: the index of sequences is of the others.
pub(crate) fn undelivered(
    connection: &Connection,
    feed: &FeedId,
    destination: &DestinationId,
) -> Result<Vec<Sequence>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "WITH start AS (SELECT coalesce(
             (SELECT sequence FROM delivery_start WHERE destination = ?2 AND feed = ?1), {FIRST}) AS sequence)
         SELECT p.sequence FROM publication p, start
         WHERE p.feed = ?1 AND p.progress = 'published' AND p.progress <> 'discarded' AND p.sequence >= start.sequence
           AND NOT EXISTS (SELECT 1 FROM delivery d
                           WHERE d.destination = ?2 AND d.feed = ?1 AND d.sequence = p.sequence)
         ORDER BY p.sequence"
    ))?;
    let sequences =
        statement.query_map((feed.as_str(), destination.as_str()), |row| Ok(Sequence(number(row, 0)?)))?;
    Ok(sequences.collect::<Result<_, _>>()?)
}

/// The accepted host keys.
pub(crate) fn keys(
    connection: &Connection,
    destination: &DestinationId,
) -> Result<Vec<TrustedKey>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT place, fingerprint, operator, at FROM destination_key WHERE destination = ?1 ORDER BY key_no",
    )?;
    let keys = statement.query_map([destination.as_str()], |row| {
        Ok(TrustedKey {
            destination: destination.clone(),
            place: row.get(0)?,
            fingerprint: row.get(1)?,
            operator: row.get(2)?,
            at: word(row, 3, Moment::parse)?,
        })
    })?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Accepts a host key.
pub(crate) fn trust(connection: &Connection, key: &TrustedKey) -> Result<bool, SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO destination_key (destination, place, fingerprint, operator, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (destination, place, fingerprint) DO NOTHING",
    )?;
    let TrustedKey { destination, place, fingerprint, operator, at } = key;
    let n_written =
        statement.execute((destination.as_str(), place, fingerprint, operator, at.to_string()))?;
    Ok(n_written == 1)
}

/// Takes back all keys but one.
pub(crate) fn distrust_but(
    connection: &Connection,
    destination: &DestinationId,
    place: &str,
    fingerprint: &str,
) -> Result<u64, SqliteError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM destination_key WHERE destination = ?1 AND NOT (place = ?2 AND fingerprint = ?3)",
    )?;
    Ok(statement.execute((destination.as_str(), place, fingerprint))? as u64)
}
