//! Where a set waits in SQLite before it goes in: a file beside the database that has no name.
//!
//! Not the database itself, where every batch would wait for the disk and for other writers; and not SQLite's own
//! temporary files, which stand where the system likes, often in memory. The file loses its name once it is open,
//! so that whatever becomes of the process, nothing of it stays.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, process};

use renkei_core::port::{StagedRow, StoreError};
use renkei_core::state::RowDigest;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _};

use super::deed::Deed;
use super::tally::Before;
use crate::columns::{digest, misfit};
use crate::connection;
use crate::errors::SqliteError;

/// Page cache of the staging file, in KiB. Rows come in key order as a rule, so what is behind is not needed again.
const CACHE_KIB: u32 = 16 * 1024;

/// A row to be brought in.
pub(crate) struct DueRow<'r> {
    pub(crate) key: &'r [u8],
    pub(crate) bucket: i64,
    pub(crate) sha256: &'r [u8],
    pub(crate) deed: Deed,
    pub(crate) packed: &'r [u8],
}

/// Adds the staging file to a connection, with its tables, empty.
pub(crate) fn attach(connection: &Connection, database: &Path) -> Result<(), StoreError> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(format!("-staging-{}-{number}", process::id()));
    let path = database.with_file_name(name);
    connection::create_file(&path)?;
    let attached = connection.execute("ATTACH DATABASE ?1 AS staging", [path.as_os_str().as_encoded_bytes()]);
    let _ = fs::remove_file(&path);
    attached.map_err(SqliteError::from)?;
    let made = connection.execute_batch(&format!(
        "PRAGMA staging.page_size = 8192;
         PRAGMA staging.journal_mode = OFF;
         PRAGMA staging.synchronous = OFF;
         PRAGMA staging.locking_mode = EXCLUSIVE;
         PRAGMA staging.cache_size = -{CACHE_KIB};
         CREATE TABLE staging.seen (key BLOB PRIMARY KEY, bucket INTEGER, sha256_before BLOB) WITHOUT ROWID;
         CREATE TABLE staging.due (
             due_no INTEGER PRIMARY KEY, key BLOB, bucket INTEGER, sha256 BLOB, deed INTEGER, packed BLOB);"
    ));
    Ok(made.map_err(SqliteError::from)?)
}

/// What is held under a key.
pub(crate) fn before(
    connection: &Connection,
    intake_no: i64,
    key: &[u8],
) -> Result<Option<Before>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT bucket, sha256, is_parked FROM main.intake_row WHERE intake_no = ?1 AND key = ?2",
    )?;
    let found = statement.query_row((intake_no, key), |row| {
        Ok(Before {
            bucket: usize::from(row.get::<_, u8>(0)?),
            digest: RowDigest(digest(row, 1)?.0),
            is_parked: row.get(2)?,
        })
    });
    Ok(found.optional()?)
}

/// Notes a key as staged, with what is held under it; false where it was staged already.
pub(crate) fn note_seen(
    connection: &Connection,
    key: &[u8],
    before: Option<&Before>,
) -> Result<bool, SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO staging.seen (key, bucket, sha256_before) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    let bucket = before.and_then(|before| i64::try_from(before.bucket).ok());
    Ok(statement.execute((key, bucket, before.map(|before| before.digest.0)))? == 1)
}

/// Keeps a row for the end.
pub(crate) fn keep(
    connection: &Connection,
    row: &StagedRow<'_>,
    deed: Deed,
    packed: &[u8],
) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO staging.due (key, bucket, sha256, deed, packed) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let bucket = i64::try_from(row.bucket).unwrap_or(i64::MAX);
    statement.execute((row.key, bucket, row.digest.0, deed.number(), packed))?;
    Ok(())
}

/// Bucket and digest before of each row staged that was held.
pub(crate) fn held_before(
    connection: &Connection,
    each: &mut dyn FnMut(usize, RowDigest),
) -> Result<(), SqliteError> {
    let mut statement = connection
        .prepare("SELECT bucket, sha256_before FROM staging.seen WHERE sha256_before IS NOT NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(usize::from(row.get::<_, u8>(0)?), RowDigest(digest(row, 1)?.0));
    }
    Ok(())
}

/// Every row kept for the end, in the order in which they were staged.
pub(crate) fn due_rows(
    connection: &Connection,
    each: &mut dyn FnMut(&DueRow<'_>) -> Result<(), SqliteError>,
) -> Result<(), SqliteError> {
    let mut statement =
        connection.prepare("SELECT key, bucket, sha256, deed, packed FROM staging.due ORDER BY due_no")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(&DueRow {
            key: row.get_ref(0)?.as_blob()?,
            bucket: row.get(1)?,
            sha256: row.get_ref(2)?.as_blob()?,
            deed: Deed::of_number(row.get(3)?).ok_or_else(|| misfit(3, Type::Integer))?,
            packed: row.get_ref(4)?.as_blob()?,
        })?;
    }
    Ok(())
}
