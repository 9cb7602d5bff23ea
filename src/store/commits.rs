//! The table of commits (確定). Only one writer at a time comes here, so the next number is the last plus
//! one, and no snapshot sees a number before all smaller ones.

use renkei_core::port::{CommitKind, CommitRecord};
use renkei_core::{CommitNo, Digest};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::columns::{digest, number, sql_int, word};
use crate::errors::SqliteError;

/// The last commit; 0 for none.
pub(crate) fn head(connection: &Connection) -> Result<CommitNo, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT coalesce(max(commit_no), 0) FROM commits")?;
    Ok(CommitNo(statement.query_row([], |row| number(row, 0))?))
}

/// Writes a commit under the next number.
pub(crate) fn insert(connection: &Connection, commit: &CommitRecord) -> Result<CommitNo, SqliteError> {
    let commit_no = CommitNo(head(connection)?.0 + 1);
    let mut statement = connection.prepare_cached(
        "INSERT INTO commits (commit_no, kind, n_moves, n_row_changes, source_sha256, operator, committed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    statement.execute((
        sql_int(commit_no.0),
        commit.kind.as_str(),
        sql_int(commit.n_moves),
        sql_int(commit.n_row_changes),
        commit.source_sha256.0,
        &commit.operator,
        &commit.committed_at,
    ))?;
    Ok(commit_no)
}

/// The load commit, if there is one.
pub(crate) fn load_commit(connection: &Connection) -> Result<Option<CommitNo>, SqliteError> {
    // A load is always the first commit (CHECK in the table), so the rest need not be searched.
    let sql = "SELECT commit_no FROM commits WHERE commit_no = 1 AND kind = 'load'";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([], |row| number(row, 0)).optional()?.map(CommitNo))
}

/// The last `limit` commits, newest first.
pub(crate) fn last(connection: &Connection, limit: u32) -> Result<Vec<CommitRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT commit_no, kind, n_moves, n_row_changes, source_sha256, operator, committed_at
         FROM commits ORDER BY commit_no DESC LIMIT ?1",
    )?;
    let commits = statement.query_map([limit], record)?;
    Ok(commits.collect::<Result<_, _>>()?)
}

/// The first commit that took in the file with this digest.
pub(crate) fn of_source(
    connection: &Connection,
    source_sha256: &Digest,
) -> Result<Option<CommitRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT commit_no, kind, n_moves, n_row_changes, source_sha256, operator, committed_at
         FROM commits WHERE source_sha256 = ?1 ORDER BY commit_no LIMIT 1",
    )?;
    Ok(statement.query_row([source_sha256.0], record).optional()?)
}

fn record(row: &Row<'_>) -> Result<CommitRecord, rusqlite::Error> {
    Ok(CommitRecord {
        commit_no: CommitNo(number(row, 0)?),
        kind: word(row, 1, CommitKind::parse)?,
        n_moves: number(row, 2)?,
        n_row_changes: number(row, 3)?,
        source_sha256: digest(row, 4)?,
        operator: row.get(5)?,
        committed_at: row.get(6)?,
    })
}
