//! What retention asks of the database, and what it removes from it.

use renkei_core::port::{RunState, StandingPublication, StoreError};
use renkei_core::publication::{Kind, Progress};
use renkei_core::retention::RunAge;
use renkei_core::{FeedId, Moment, Sequence};
use rusqlite::Connection;

use crate::columns::{number, optional_word, word};
use crate::delivery;
use crate::errors::{SqliteError, is_constraint};

/// The publications whose files are not marked as removed.
pub(crate) fn standing_publications(
    connection: &Connection,
) -> Result<Vec<StandingPublication>, SqliteError> {
    let open = "state NOT IN ('succeeded', 'failed', 'cancelled')
                AND NOT (run_order = '' AND state IN ('interrupted', 'stopped'))";
    // A part that was cut off is over when the run it is a part of is.
    let sql = format!(
        "SELECT feed, sequence, kind, progress, folder, stem, notice, coalesce(redelivered_at, sealed_at),
                EXISTS (SELECT 1 FROM run WHERE run_id = publication.run_id AND {open})
                OR EXISTS (SELECT 1 FROM run WHERE run_id =
                               (SELECT parent FROM run WHERE run_id = publication.run_id) AND {open})
         FROM publication WHERE files_removed_at IS NULL AND progress <> 'discarded' ORDER BY feed, sequence"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let publications = statement.query_map([], |row| {
        Ok(StandingPublication {
            feed: word(row, 0, |text| text.parse().ok())?,
            sequence: Sequence(number(row, 1)?),
            kind: word(row, 2, Kind::parse)?,
            progress: word(row, 3, Progress::parse)?,
            folder: row.get(4)?,
            stem: row.get(5)?,
            notice: row.get(6)?,
            since: row.get(7)?,
            is_run_open: row.get(8)?,
        })
    })?;
    Ok(publications.collect::<Result<_, _>>()?)
}

/// Marks a publication's files as removed.
pub(crate) fn mark_files_removed(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
    at: &str,
) -> Result<(), SqliteError> {
    mark(connection, feed, sequence, "files_removed_at = ?3", at)
}

/// Marks a publication's files as given again.
pub(crate) fn mark_redelivered(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
    at: &str,
) -> Result<(), SqliteError> {
    mark(connection, feed, sequence, "files_removed_at = NULL, redelivered_at = ?3", at)
}

fn mark(
    connection: &Connection,
    feed: &FeedId,
    sequence: Sequence,
    change: &str,
    at: &str,
) -> Result<(), SqliteError> {
    let sql = format!(
        "UPDATE publication SET {change} WHERE feed = ?1 AND sequence = ?2 AND progress = 'published'"
    );
    match connection.prepare_cached(&sql)?.execute((feed.as_str(), sequence.0, at))? {
        0 => Err(StoreError::Missing { what: format!("publication {sequence} of feed {feed}") }.into()),
        _ => Ok(()),
    }
}

/// The old runs, each followed by its parts.
pub(crate) fn runs_before(connection: &Connection, before: Moment) -> Result<Vec<RunAge>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT run_id, parent, state, run_order = '', coalesce(ended_at, started_at, queued_at),
                (SELECT max(planned) FROM slot WHERE slot.run_id = run.run_id),
                EXISTS (SELECT 1 FROM publication
                        WHERE publication.run_id = run.run_id AND progress IN ('sealed', 'held'))
         FROM run
         WHERE coalesce((SELECT queued_at FROM run AS whole WHERE whole.run_id = run.parent), queued_at) < ?1
         ORDER BY coalesce(parent, run_id), parent IS NOT NULL, run_id",
    )?;
    let runs = statement.query_map([before.to_string()], |row| {
        let state = word(row, 2, RunState::parse)?;
        let (is_command, has_unsettled): (bool, bool) = (row.get(3)?, row.get(6)?);
        // Nobody goes on with a command that was cut off.
        let is_over =
            state.is_final() || (is_command && matches!(state, RunState::Interrupted | RunState::Stopped));
        Ok(RunAge {
            run_id: row.get(0)?,
            parent: row.get(1)?,
            is_open: !is_over || has_unsettled,
            ended_at: optional_word(row, 4, Moment::parse).unwrap_or_default(),
            slot: optional_word(row, 5, Moment::parse)?,
        })
    })?;
    Ok(runs.collect::<Result<_, _>>()?)
}

/// Removes runs, parts first, with all that goes with them.
pub(crate) fn remove_runs(connection: &Connection, run_ids: &[String]) -> Result<(), SqliteError> {
    for table in ["slot", "step", "attempt"] {
        let mut statement = connection.prepare_cached(&format!("DELETE FROM {table} WHERE run_id = ?1"))?;
        for run_id in run_ids {
            statement.execute([run_id])?;
        }
    }
    for which in ["parent IS NOT NULL", "parent IS NULL"] {
        let sql = format!("DELETE FROM run WHERE run_id = ?1 AND {which}");
        let mut statement = connection.prepare_cached(&sql)?;
        for run_id in run_ids {
            match statement.execute([run_id]) {
                Err(error) if is_constraint(&error) => {
                    let what = format!("a part of run {run_id} among those to be removed");
                    return Err(StoreError::Missing { what }.into());
                }
                removed => removed?,
            };
        }
    }
    Ok(())
}

const SKIPPED: &str = "FROM slot WHERE planned < ?1 AND verdict = 'skipped' AND run_id IS NULL";

/// Counts old slots that were skipped without a run.
pub(crate) fn n_skipped_slots(connection: &Connection, before: Moment) -> Result<u64, SqliteError> {
    let mut statement = connection.prepare_cached(&format!("SELECT count(*) {SKIPPED}"))?;
    Ok(statement.query_row([before.to_string()], |row| number(row, 0))?)
}

/// Removes old slots that were skipped without a run.
pub(crate) fn remove_skipped_slots(connection: &Connection, before: Moment) -> Result<u64, SqliteError> {
    Ok(connection.prepare_cached(&format!("DELETE {SKIPPED}"))?.execute([before.to_string()])? as u64)
}

/// Deliveries that are over, from each destination's and feed's first on without a gap: neither of what is not over, nor
/// of what is still to be given and has no line. The last stays.
const OLD_DELIVERIES: &str = "FROM delivery AS d,
        (SELECT destination AS of_destination, feed AS of_feed,
                coalesce(min(iif(state NOT IN ('delivered', 'given-up') OR since >= ?1, sequence, NULL)),
                         max(sequence)) AS first_kept,
                (SELECT p.sequence FROM delivery_start s JOIN publication p
                     ON p.feed = s.feed AND p.progress <> 'discarded' AND p.sequence >= s.sequence
                 WHERE s.destination = all_of.destination AND s.feed = all_of.feed
                   AND NOT EXISTS (SELECT 1 FROM delivery l WHERE l.destination = s.destination
                                                              AND l.feed = s.feed AND l.sequence = p.sequence)
                 ORDER BY p.sequence LIMIT 1) AS first_missing
         FROM delivery AS all_of GROUP BY destination, feed)
    WHERE destination = of_destination AND feed = of_feed AND sequence < first_kept
      AND (first_missing IS NULL OR sequence < first_missing)";
/// Events before one by which the receiver was done with a later publication: what it holds follows from that one.
const OLD_EVENTS: &str = "FROM ledger AS l WHERE recorded_at < ?1
    AND EXISTS (SELECT 1 FROM ledger d
                WHERE d.feed = l.feed AND d.receiver = l.receiver AND d.sequence > l.sequence
                  AND d.event_no > l.event_no AND d.kind IN ('taken', 'repeated', 'passed'))";
/// Alerts that are over and told.
const OLD_ALERTS: &str = "FROM alert AS a WHERE cleared_at < ?1
    AND NOT EXISTS (SELECT 1 FROM alert_message m WHERE m.alert_no = a.alert_no AND m.state = 'waiting')";
/// Comparisons that are neither the last of their receiver nor the last that agreed.
const OLD_COMPARISONS: &str = "FROM reconciliation AS r WHERE at < ?1
    AND EXISTS (SELECT 1 FROM reconciliation l
                WHERE l.feed = r.feed AND l.receiver = r.receiver
                  AND l.reconciliation_no > r.reconciliation_no AND (l.is_same OR NOT r.is_same))";

/// Counts old rows of records.
pub(crate) fn n_old_records(connection: &Connection, before: Moment) -> Result<u64, SqliteError> {
    let mut n_rows = 0;
    for which in [OLD_DELIVERIES, OLD_EVENTS, OLD_ALERTS, OLD_COMPARISONS] {
        let mut statement = connection.prepare_cached(&format!("SELECT count(*) {which}"))?;
        let n: u64 = statement.query_row([before.to_string()], |row| number(row, 0))?;
        n_rows += n;
    }
    Ok(n_rows)
}

/// Removes old rows of records, with the tries of each.
pub(crate) fn remove_old_records(connection: &Connection, before: Moment) -> Result<u64, SqliteError> {
    let before = before.to_string();
    let run = |sql: &str| connection.prepare_cached(sql)?.execute([&before]);
    // What has no line from here on is due: not what loses its line now.
    delivery::advance_all_starts(connection)?;
    run(&format!(
        "DELETE FROM delivery_attempt WHERE (destination, feed, sequence)
         IN (SELECT destination, feed, sequence {OLD_DELIVERIES})"
    ))?;
    let messages =
        format!("SELECT message_no FROM alert_message WHERE alert_no IN (SELECT alert_no {OLD_ALERTS})");
    run(&format!("DELETE FROM alert_delivered WHERE message_no IN ({messages})"))?;
    run(&format!("DELETE FROM alert_message WHERE message_no IN ({messages})"))?;
    run("DELETE FROM alert_delivery WHERE at < ?1
         AND NOT EXISTS (SELECT 1 FROM alert_delivered o WHERE o.delivery_no = alert_delivery.delivery_no)")?;
    let mut n_rows = 0;
    for (table, key, which) in [
        ("delivery", "(destination, feed, sequence)", OLD_DELIVERIES),
        ("ledger", "event_no", OLD_EVENTS),
        ("alert", "alert_no", OLD_ALERTS),
        ("reconciliation", "reconciliation_no", OLD_COMPARISONS),
    ] {
        let columns = key.trim_matches(['(', ')']);
        n_rows += run(&format!("DELETE FROM {table} WHERE {key} IN (SELECT {columns} {which})"))? as u64;
    }
    Ok(n_rows)
}

/// Removes what was made for one receiver.
pub(crate) fn remove_mending(connection: &Connection, run_id: &str) -> Result<(), SqliteError> {
    let sql = "DELETE FROM mending WHERE run_id = ?1 AND progress = 'published'";
    connection.prepare_cached(sql)?.execute([run_id])?;
    Ok(())
}
