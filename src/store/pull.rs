//! Sources: how each stands, and the files that came from it.

use renkei_core::port::PulledPlace;
use renkei_core::pull::{PullLine, PulledFile, Remembered, UnfinishedSince};
use renkei_core::{Class, DestinationId, FileName, Moment};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Value, json};

use crate::columns::{class, number, optional_word, sql_int, word};
use crate::errors::SqliteError;

/// How a source stands.
pub(crate) fn line(connection: &Connection, source: &DestinationId) -> Result<Option<PullLine>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT looked_at, pulled_at, n_sets, n_unfinished, n_tries, next_at, is_stopped, fault_code, fault_class,
                failing_since, detail, unfinished
         FROM pull_source WHERE source = ?1",
    )?;
    let line = statement.query_row([source.as_str()], |row| {
        Ok(PullLine {
            source: source.clone(),
            looked_at: optional_word(row, 0, Moment::parse)?,
            pulled_at: optional_word(row, 1, Moment::parse)?,
            n_sets: number(row, 2)?,
            n_unfinished: number(row, 3)?,
            n_tries: number(row, 4)?,
            next_at: optional_word(row, 5, Moment::parse)?,
            is_stopped: row.get(6)?,
            fault_code: row.get(7)?,
            fault_class: optional_word(row, 8, class)?,
            failing_since: optional_word(row, 9, Moment::parse)?,
            detail: row.get(10)?,
            unfinished: word(row, 11, read_unfinished)?,
        })
    });
    Ok(line.optional()?)
}

/// Writes how a source stands, over what was there.
pub(crate) fn put_line(connection: &Connection, line: &PullLine) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO pull_source (source, looked_at, pulled_at, n_sets, n_unfinished, n_tries, next_at,
             is_stopped, fault_code, fault_class, failing_since, detail, unfinished)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    let text = |at: Option<Moment>| at.map(|at| at.to_string());
    statement.execute((
        line.source.as_str(),
        text(line.looked_at),
        text(line.pulled_at),
        sql_int(line.n_sets),
        sql_int(line.n_unfinished),
        line.n_tries,
        text(line.next_at),
        line.is_stopped,
        line.fault_code.as_deref(),
        line.fault_class.map(Class::as_str),
        text(line.failing_since),
        line.detail.as_deref(),
        unfinished_text(&line.unfinished),
    ))?;
    Ok(())
}

fn unfinished_text(unfinished: &[UnfinishedSince]) -> String {
    let sets = unfinished.iter().map(|set| json!([set.from, set.notice, set.since.to_string()]));
    sets.collect::<Value>().to_string()
}

fn read_unfinished(text: &str) -> Option<Vec<UnfinishedSince>> {
    let sets: Vec<(String, FileName, String)> = serde_json::from_str(text).ok()?;
    let read = |(from, notice, since): (String, FileName, String)| {
        Some(UnfinishedSince { from, notice, since: Moment::parse(&since)? })
    };
    sets.into_iter().map(read).collect()
}

const FILE: &str = "name, notice, n_bytes, changed_at, sha256, is_here, at";

/// What is remembered of a file.
pub(crate) fn file(
    connection: &Connection,
    source: &DestinationId,
    folder: &str,
    name: &FileName,
) -> Result<Option<Remembered>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {FILE} FROM pulled_file WHERE source = ?1 AND folder = ?2 AND name = ?3"
    ))?;
    Ok(statement.query_row((source.as_str(), folder, name.as_str()), read_file).optional()?)
}

/// The files of a set.
pub(crate) fn set(
    connection: &Connection,
    source: &DestinationId,
    folder: &str,
    notice: &FileName,
) -> Result<Vec<Remembered>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {FILE} FROM pulled_file WHERE source = ?1 AND folder = ?2 AND notice = ?3 ORDER BY name"
    ))?;
    let files = statement.query_map((source.as_str(), folder, notice.as_str()), read_file)?;
    Ok(files.collect::<Result<_, _>>()?)
}

fn read_file(row: &Row<'_>) -> rusqlite::Result<Remembered> {
    Ok(Remembered {
        file: PulledFile {
            name: word(row, 0, |text| text.parse().ok())?,
            n_bytes: number(row, 2)?,
            changed_at: row.get(3)?,
            sha256: word(row, 4, |text| text.parse().ok())?,
        },
        notice: word(row, 1, |text| text.parse().ok())?,
        is_here: row.get(5)?,
        at: word(row, 6, Moment::parse)?,
    })
}

/// Forgets the files of a set, in whatever folders of the source's they stood; how many.
pub(crate) fn forget_set(
    connection: &Connection,
    source: &DestinationId,
    notice: &FileName,
) -> Result<u64, SqliteError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM pulled_file WHERE source = ?1 AND notice = ?2")?;
    Ok(statement.execute((source.as_str(), notice.as_str()))? as u64)
}

/// Remembers files of a set.
pub(crate) fn put_files(
    connection: &Connection,
    place: PulledPlace<'_>,
    files: &[PulledFile],
    is_here: bool,
    at: Moment,
) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO pulled_file (source, folder, name, notice, n_bytes, changed_at, sha256, is_here, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for file in files {
        statement.execute((
            place.source.as_str(),
            place.folder,
            file.name.as_str(),
            place.notice.as_str(),
            sql_int(file.n_bytes),
            file.changed_at,
            file.sha256.to_string(),
            is_here,
            at.to_string(),
        ))?;
    }
    Ok(())
}
