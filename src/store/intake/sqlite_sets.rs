//! The tables of intakes and of the sets on record, in SQLite.

use std::collections::BTreeSet;

use renkei_core::port::{IntakeHead, SetRecord, StoreError};
use renkei_core::{Digest, FeedId, IntakeId, Sequence};
use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};

use super::set_line::{COLUMNS, STATES_KEPT, SetLine, head_after};
use crate::columns::digest;
use crate::errors::{SqliteError, corrupt};

/// An intake as it stands.
pub(crate) struct Intake {
    pub(crate) no: i64,
    /// Where the values of the rows held are.
    pub(crate) table: Option<String>,
    /// The last set taken in.
    pub(crate) head_set: Option<i64>,
}

/// The intake of a name, if it was ever heard of.
pub(crate) fn intake(connection: &Connection, name: &IntakeId) -> Result<Option<Intake>, SqliteError> {
    let mut statement =
        connection.prepare_cached("SELECT intake_no, table_name, head_set FROM intake WHERE name = ?1")?;
    let found = statement.query_row([name.as_str()], |row| {
        Ok(Intake { no: row.get(0)?, table: row.get(1)?, head_set: row.get(2)? })
    });
    Ok(found.optional()?)
}

/// The intake of a name; a new one where it was never heard of.
pub(crate) fn intake_or_new(connection: &Connection, name: &IntakeId) -> Result<Intake, SqliteError> {
    if let Some(found) = intake(connection, name)? {
        return Ok(found);
    }
    connection.execute("INSERT INTO intake (name) VALUES (?1)", [name.as_str()])?;
    Ok(Intake { no: connection.last_insert_rowid(), table: None, head_set: None })
}

/// What an intake stands at.
pub(crate) fn head(connection: &Connection, intake: &Intake) -> Result<Option<IntakeHead>, StoreError> {
    let Some(set_no) = intake.head_set else { return Ok(None) };
    let found = query(connection, "WHERE set_no = ?1", [set_no])?.pop();
    let head = found.ok_or(()).and_then(|record| head_after(&record).map_err(drop));
    head.map(Some).map_err(|()| corrupt(format!("set {set_no} on record, which an intake stands at")).into())
}

/// The last set of a feed taken in under a sequence.
pub(crate) fn taken(
    connection: &Connection,
    intake_no: i64,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<Option<SetRecord>, StoreError> {
    let sql = "WHERE intake_no = ?1 AND feed = ?2 AND sequence = ?3 AND outcome = 'taken'
               ORDER BY set_no DESC LIMIT 1";
    Ok(query(connection, sql, (intake_no, feed.as_str(), sequence.0))?.pop())
}

/// The last sets, newest first.
pub(crate) fn last(
    connection: &Connection,
    intake: Option<&IntakeId>,
    limit: u32,
) -> Result<Vec<SetRecord>, StoreError> {
    match intake {
        None => query(connection, "ORDER BY set_no DESC LIMIT ?1", [limit]),
        Some(intake) => {
            let sql = "WHERE intake_no = (SELECT intake_no FROM intake WHERE name = ?1)
                       ORDER BY set_no DESC LIMIT ?2";
            query(connection, sql, (intake.as_str(), limit))
        }
    }
}

/// The last set of an intake whose notice had these bytes.
pub(crate) fn last_of_notice(
    connection: &Connection,
    intake: &IntakeId,
    notice_sha256: &Digest,
) -> Result<Option<SetRecord>, StoreError> {
    let sql = "WHERE intake_no = (SELECT intake_no FROM intake WHERE name = ?1) AND notice_sha256 = ?2
               ORDER BY set_no DESC LIMIT 1";
    Ok(query(connection, sql, (intake.as_str(), notice_sha256.0.as_slice()))?.pop())
}

/// The notices of an intake that need no second judgement.
pub(crate) fn settled(connection: &Connection, intake: &IntakeId) -> Result<BTreeSet<Digest>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT notice_sha256 FROM intake_set
         WHERE intake_no = (SELECT intake_no FROM intake WHERE name = ?1)
           AND outcome IN ('taken', 'repeated', 'passed')",
    )?;
    let found = statement.query_map([intake.as_str()], |row| digest(row, 0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The sets whose receipt was not handed out, oldest first.
pub(crate) fn unanswered(connection: &Connection, limit: u32) -> Result<Vec<SetRecord>, StoreError> {
    query(connection, "WHERE is_answered = 0 ORDER BY set_no LIMIT ?1", [limit])
}

/// Marks a set's receipt as handed out.
pub(crate) fn mark_answered(connection: &Connection, set_no: u64) -> Result<(), SqliteError> {
    let set_no = i64::try_from(set_no).unwrap_or(i64::MAX);
    connection.execute("UPDATE intake_set SET is_answered = 1 WHERE set_no = ?1", [set_no])?;
    Ok(())
}

/// Writes a line under the next number, which it gives.
pub(crate) fn insert(connection: &Connection, intake_no: i64, line: &SetLine) -> Result<i64, SqliteError> {
    let marks = vec!["?"; COLUMNS.len() + 1].join(", ");
    let sql = format!("INSERT INTO intake_set (intake_no, {}) VALUES ({marks})", COLUMNS.join(", "));
    let [interface, branch, version, feed, kind] = &line.words;
    let [n_rows, added, changed, removed, unchanged, absent, n_warned, n_parked] = &line.numbers;
    connection.execute(
        &sql,
        params![
            intake_no,
            line.notice_name,
            line.notice_sha256,
            line.content_sha256,
            interface,
            branch,
            version,
            feed,
            kind,
            line.sequence,
            line.business_date,
            line.outcome,
            n_rows,
            added,
            changed,
            removed,
            unchanged,
            absent,
            n_warned,
            n_parked,
            line.receipt,
            line.run_id,
            line.noted_at,
        ],
    )?;
    let set_no = connection.last_insert_rowid();
    if let Some((n_rows, state)) = &line.state {
        let sql = "INSERT INTO intake_state (set_no, intake_no, n_rows, state) VALUES (?1, ?2, ?3, ?4)";
        connection.execute(sql, (set_no, intake_no, n_rows, state))?;
        connection.execute(
            "DELETE FROM intake_state WHERE intake_no = ?1 AND set_no < (
                 SELECT min(set_no) FROM (SELECT set_no FROM intake_state WHERE intake_no = ?1
                                          ORDER BY set_no DESC LIMIT ?2))",
            (intake_no, STATES_KEPT),
        )?;
    }
    Ok(set_no)
}

/// Lets an intake stand at a set, with the values of its rows in a table.
pub(crate) fn set_head(
    connection: &Connection,
    intake_no: i64,
    set_no: i64,
    table: Option<&str>,
) -> Result<(), SqliteError> {
    let sql = "UPDATE intake SET head_set = ?2, table_name = ?3 WHERE intake_no = ?1";
    connection.execute(sql, (intake_no, set_no, table))?;
    Ok(())
}

fn query(connection: &Connection, rest: &str, wanted: impl Params) -> Result<Vec<SetRecord>, StoreError> {
    let lines = lines(connection, rest, wanted)?;
    lines.into_iter().map(SetLine::record).collect()
}

fn lines(connection: &Connection, rest: &str, wanted: impl Params) -> Result<Vec<SetLine>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT set_no, (SELECT name FROM intake WHERE intake.intake_no = intake_set.intake_no), {},
                (SELECT n_rows FROM intake_state WHERE intake_state.set_no = intake_set.set_no),
                (SELECT state FROM intake_state WHERE intake_state.set_no = intake_set.set_no)
         FROM intake_set {rest}",
        COLUMNS.join(", ")
    ))?;
    let lines = statement.query_map(wanted, line)?;
    Ok(lines.collect::<Result<_, _>>()?)
}

fn line(row: &Row<'_>) -> rusqlite::Result<SetLine> {
    let numbers = [13, 14, 15, 16, 17, 18, 19, 20].map(|column| row.get(column));
    let [n_rows, added, changed, removed, unchanged, absent, n_warned, n_parked] = numbers;
    let state: Option<i64> = row.get(24)?;
    Ok(SetLine {
        set_no: row.get(0)?,
        intake: row.get(1)?,
        notice_name: row.get(2)?,
        notice_sha256: row.get(3)?,
        content_sha256: row.get(4)?,
        words: [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?],
        sequence: row.get(10)?,
        business_date: row.get(11)?,
        outcome: row.get(12)?,
        numbers: [n_rows?, added?, changed?, removed?, unchanged?, absent?, n_warned?, n_parked?],
        receipt: row.get(21)?,
        run_id: row.get(22)?,
        noted_at: row.get(23)?,
        state: state.map(|n_rows| Ok::<_, rusqlite::Error>((n_rows, row.get(25)?))).transpose()?,
    })
}
