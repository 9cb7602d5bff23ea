//! The intakes' tables in PostgreSQL, and the table of values of each: made where missing, compared where there.

use renkei_core::port::{StoreError, TableSpec};

use super::postgres_session::{Session, column};
use super::values::{difference, key_names, quoted, quoted_list};
use crate::migrate::{Migration, Schema};

const SCHEMA: Schema = Schema {
    table: "intake_schema",
    is_guest: true,
    migrations: &[
        Migration { no: 1, name: "intake", sql: include_str!("migrations/postgres_0001_intake.sql") },
        Migration { no: 2, name: "answers", sql: include_str!("migrations/postgres_0002_answers.sql") },
    ],
};

/// The first of the two numbers of every advisory lock of intakes; the second is the intake's, or 0 for the tables.
pub(crate) const LOCKS: i32 = 0x7265_6e6b;

/// Brings the intakes' tables up to date.
pub(crate) fn migrate(session: &Session) -> Result<(), StoreError> {
    let encoding = session.query("SELECT current_setting('server_encoding')", &[])?;
    let encoding: String = encoding.first().map(|row| column(row, 0)).transpose()?.unwrap_or_default();
    if encoding != "UTF8" {
        return Err(unavailable(format!("it holds {encoding}, and names need UTF8")));
    }
    if SCHEMA.missing(&applied(session)?)?.is_empty() {
        return Ok(());
    }
    session.batch("BEGIN ISOLATION LEVEL READ COMMITTED")?;
    session.query("SELECT pg_advisory_xact_lock($1, 0)", &[&LOCKS])?;
    session.batch(
        "CREATE TABLE IF NOT EXISTS intake_schema (no integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL)",
    )?;
    // Another process may have been faster.
    for next in SCHEMA.missing(&applied(session)?)? {
        session.batch(next.sql)?;
        let no = i32::try_from(next.no).unwrap_or(i32::MAX);
        session.execute(
            "INSERT INTO intake_schema (no, name, sha256) VALUES ($1, $2, $3)",
            &[&no, &next.name, &next.sha256()],
        )?;
        tracing::info!(migration.no = next.no, migration.name = next.name, "brought the database up to date");
    }
    session.batch("COMMIT")
}

/// Number and checksum of each migration the database has, ascending.
fn applied(session: &Session) -> Result<Vec<(u32, String)>, StoreError> {
    let is_there = session.query("SELECT to_regclass('intake_schema') IS NOT NULL", &[])?;
    if !is_there.first().map(|row| column(row, 0)).transpose()?.unwrap_or(false) {
        return Ok(Vec::new());
    }
    let rows = session.query("SELECT no, sha256 FROM intake_schema ORDER BY no", &[])?;
    rows.iter().map(|row| Ok((column::<i32>(row, 0)?.unsigned_abs(), column(row, 1)?))).collect()
}

fn unavailable(detail: String) -> StoreError {
    StoreError::Unavailable { detail }
}

/// Makes the table where it is missing and puts the intake's name on it. Fails where it is another intake's or has
/// other columns. Within a transaction that has the lock of the tables.
pub(crate) fn require(session: &Session, intake_no: i64, spec: &TableSpec) -> Result<(), StoreError> {
    let Some(table) = spec.table.as_deref() else { return Ok(()) };
    let is_owned = require_own(session, intake_no, spec)?;
    if !is_there(session, spec)? {
        // Keys compare byte for byte, whatever the database's language: that is also the fastest.
        let column_of = |(index, name): (usize, &String)| {
            let collation = if spec.key_columns.contains(&index) { " COLLATE \"C\"" } else { "" };
            format!("{} text{collation} NOT NULL", quoted(name))
        };
        let columns: Vec<String> = spec.columns.iter().enumerate().map(column_of).collect();
        let (columns, key) = (columns.join(", "), quoted_list(key_names(spec)));
        session.batch(&format!("CREATE TABLE {} ({columns}, PRIMARY KEY ({key}))", quoted(table)))?;
    }
    if !is_owned {
        let sql = "INSERT INTO intake_table (name, intake_no) VALUES ($1, $2)";
        session.execute(sql, &[&table, &intake_no])?;
    }
    Ok(())
}

/// True when the table has the intake's name on it; fails where it has another's.
pub(crate) fn require_own(session: &Session, intake_no: i64, spec: &TableSpec) -> Result<bool, StoreError> {
    let Some(table) = spec.table.as_deref() else { return Ok(true) };
    let owner = session.query("SELECT intake_no FROM intake_table WHERE name = $1", &[&table])?;
    let owner: Option<i64> = owner.first().map(|row| column(row, 0)).transpose()?;
    if owner.is_some_and(|owner| owner != intake_no) {
        return Err(unavailable(format!("the table {table} is another intake's")));
    }
    Ok(owner.is_some())
}

/// True when the table is there; fails where it has other columns.
pub(crate) fn is_there(session: &Session, spec: &TableSpec) -> Result<bool, StoreError> {
    let Some(table) = spec.table.as_deref() else { return Ok(true) };
    let name = quoted(table);
    let rows = session.query(
        "SELECT attname::text, format_type(atttypid, atttypmod) IN ('text', 'character varying')
         FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        &[&name],
    )?;
    if rows.is_empty() {
        return Ok(false);
    }
    let key = session.query(
        "SELECT attname::text FROM pg_index CROSS JOIN unnest(indkey) WITH ORDINALITY AS part (attnum, place)
         JOIN pg_attribute ON attrelid = indrelid AND pg_attribute.attnum = part.attnum
         WHERE indrelid = to_regclass($1) AND indisprimary ORDER BY place",
        &[&name],
    )?;
    let columns = rows.iter().map(|row| column(row, 0)).collect::<Result<Vec<String>, _>>()?;
    let key = key.iter().map(|row| column(row, 0)).collect::<Result<Vec<String>, _>>()?;
    if let Some(what) = difference(spec, &columns, &key) {
        return Err(unavailable(what));
    }
    for (row, name) in rows.iter().zip(&columns) {
        if !column::<bool>(row, 1)? {
            return Err(unavailable(format!("the column {name} of the table {table} is not text")));
        }
    }
    Ok(true)
}
