//! Opens connections and sets them up. Every writer waits for the disk at each commit (synchronous=FULL)
//! and begins with BEGIN IMMEDIATE, so that it is refused or let wait before it has read anything.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use renkei_core::port::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::errors::SqliteError;

/// Bytes of a new database's page. A set of moves touches a page for nearly every row, and each goes to disk
/// twice, so small pages are what it needs; they cost a few percent of the file and of a load.
const PAGE_BYTES: u32 = 4096;
/// Page cache of a writer, in KiB: 3,000 moves touch 20 MiB of pages, which must not go to disk twice.
const WRITER_CACHE_KIB: u32 = 48 * 1024;
/// Page cache of a reader, in KiB: a scan passes each page once.
const READER_CACHE_KIB: u32 = 2 * 1024;
/// The WAL shrinks back to this when it starts over after a big transaction.
const WAL_LIMIT_BYTES: u32 = 64 * 1024 * 1024;
/// Pages in the WAL after which a commit copies them into the database: 64 MB, so that a night's moves need
/// not wait for it.
pub(crate) const AUTOCHECKPOINT_PAGES: u32 = 16_000;

/// Makes an empty file that only its owner may read; an existing one stays as it is. SQLite gives the WAL
/// the same permissions.
pub(crate) fn create_file(path: &Path) -> Result<(), StoreError> {
    // Closing any handle of a file ends all POSIX locks this process has on it, SQLite's too. So an
    // existing file is not opened here, and a new one is closed before another thread can lock it.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    let created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::Unavailable { detail: format!("{}: {error}", path.display()) })
        }
        _ => Ok(()),
    }
}

/// Tries again while the database is busy, for as long as `wait`. SQLite itself does not wait when two
/// that make the same database switch it to WAL.
pub(crate) fn patiently<T>(
    wait: Duration,
    attempt: impl Fn() -> Result<T, SqliteError>,
) -> Result<T, StoreError> {
    const PAUSE: Duration = Duration::from_millis(5);
    let start = Instant::now();
    loop {
        match attempt().map_err(StoreError::from) {
            Err(StoreError::Busy) if start.elapsed() < wait => thread::sleep(PAUSE),
            other => return other,
        }
    }
}

/// Opens an existing database file for writing.
pub(crate) fn writer(path: &Path, wait: Duration) -> Result<Connection, SqliteError> {
    let connection = connect(path, wait)?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "wal" {
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        // Answers with the mode, hence not an update.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    }
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA cache_size = -{WRITER_CACHE_KIB};
         PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES};
         PRAGMA journal_size_limit = {WAL_LIMIT_BYTES};"
    ))?;
    Ok(connection)
}

/// Opens an existing database file for reading. Not read-only for SQLite, which must write its shared
/// memory, but every statement that would change the database fails.
pub(crate) fn reader(path: &Path, wait: Duration) -> Result<Connection, SqliteError> {
    let connection = connect(path, wait)?;
    connection.execute_batch(&format!("PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB};"))?;
    Ok(connection)
}

fn connect(path: &Path, wait: Duration) -> Result<Connection, SqliteError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(wait)?;
    // Without it SQLite prepares a statement anew whenever a bound is bound anew, to plan by its value: two
    // fifths of a diff's time, for plans that are the same each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
}
