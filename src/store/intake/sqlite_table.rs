//! The table of values of an intake, in SQLite: made or compared, written and cleared row by row.

use renkei_core::port::{StoreError, TableSpec};
use rusqlite::{Connection, OptionalExtension as _, Statement};

use super::values::{difference, key_fields, key_names, other_names, quoted, quoted_list, unpack};
use crate::errors::{SqliteError, corrupt};

/// Makes the table where it is missing and puts the intake's name on it. Fails where it is another intake's or has
/// other columns.
pub(crate) fn require(connection: &Connection, intake_no: i64, spec: &TableSpec) -> Result<(), SqliteError> {
    let Some(table) = spec.table.as_deref() else { return Ok(()) };
    let is_owned = require_own(connection, intake_no, spec)?;
    if !is_there(connection, spec)? {
        create(connection, table, spec)?;
    }
    if !is_owned {
        connection
            .execute("INSERT INTO intake_table (name, intake_no) VALUES (?1, ?2)", (table, intake_no))?;
    }
    Ok(())
}

/// True when the table has the intake's name on it; fails where it has another's.
pub(crate) fn require_own(
    connection: &Connection,
    intake_no: i64,
    spec: &TableSpec,
) -> Result<bool, SqliteError> {
    let Some(table) = spec.table.as_deref() else { return Ok(true) };
    let owner = connection
        .query_row("SELECT intake_no FROM intake_table WHERE name = ?1", [table], |row| row.get::<_, i64>(0))
        .optional()?;
    if owner.is_some_and(|owner| owner != intake_no) {
        return Err(unavailable(format!("the table {table} is another intake's")));
    }
    Ok(owner.is_some())
}

/// True when the table is there; fails where it has other columns.
pub(crate) fn is_there(connection: &Connection, spec: &TableSpec) -> Result<bool, SqliteError> {
    let Some(table) = spec.table.as_deref() else { return Ok(true) };
    let (columns, key) = found(connection, table)?;
    if columns.is_empty() {
        return Ok(false);
    }
    if let Some(what) = difference(spec, &columns, &key) {
        return Err(unavailable(what));
    }
    // Any other type turns "001" into the number 1.
    let sql = "SELECT name FROM pragma_table_info(?1) WHERE upper(type) <> 'TEXT' LIMIT 1";
    let other: Option<String> = connection.query_row(sql, [table], |row| row.get(0)).optional()?;
    match other {
        Some(name) => Err(unavailable(format!("the column {name} of the table {table} is not text"))),
        None => Ok(true),
    }
}

fn unavailable(detail: String) -> SqliteError {
    StoreError::Unavailable { detail }.into()
}

fn create(connection: &Connection, table: &str, spec: &TableSpec) -> Result<(), SqliteError> {
    let columns: Vec<String> =
        spec.columns.iter().map(|column| format!("{} TEXT NOT NULL", quoted(column))).collect();
    let (columns, key) = (columns.join(", "), quoted_list(key_names(spec)));
    // With a row number beneath: rows are long, and a table by key alone would keep most of each elsewhere.
    let sql = format!("CREATE TABLE {} ({columns}, PRIMARY KEY ({key})) STRICT", quoted(table));
    connection.execute_batch(&sql)?;
    Ok(())
}

/// The columns of a table in order, and those of its key in the key's order; nothing where there is no table.
fn found(connection: &Connection, table: &str) -> Result<(Vec<String>, Vec<String>), SqliteError> {
    let mut statement = connection.prepare("SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid")?;
    let columns = statement
        .query_map([table], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut key: Vec<_> = columns.iter().filter(|(_, place)| *place > 0).collect();
    key.sort_by_key(|(_, place)| *place);
    let key = key.into_iter().map(|(name, _)| name.clone()).collect();
    Ok((columns.into_iter().map(|(name, _)| name).collect(), key))
}

/// The statements that change rows of a table.
pub(crate) struct TableWriter {
    put: String,
    remove: String,
    clear: String,
}

impl TableWriter {
    pub(crate) fn new(spec: &TableSpec) -> Option<Self> {
        let table = quoted(spec.table.as_deref()?);
        let columns = quoted_list(spec.columns.iter().map(String::as_str));
        let marks = vec!["?"; spec.columns.len()].join(", ");
        let key = quoted_list(key_names(spec));
        let changes: Vec<String> =
            other_names(spec).map(quoted).map(|name| format!("{name} = excluded.{name}")).collect();
        let on_conflict = if changes.is_empty() {
            "NOTHING".to_owned()
        } else {
            format!("UPDATE SET {}", changes.join(", "))
        };
        let of_key: Vec<String> = key_names(spec).map(|name| format!("{} = ?", quoted(name))).collect();
        Some(Self {
            put: format!(
                "INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO {on_conflict}"
            ),
            remove: format!("DELETE FROM {table} WHERE {}", of_key.join(" AND ")),
            clear: format!("DELETE FROM {table}"),
        })
    }

    /// Prepared once, for all rows of a set.
    pub(crate) fn prepare<'c>(&self, connection: &'c Connection) -> Result<RowWriter<'c>, SqliteError> {
        Ok(RowWriter { put: connection.prepare(&self.put)?, remove: connection.prepare(&self.remove)? })
    }

    /// Takes out all rows.
    pub(crate) fn clear(&self, connection: &Connection) -> Result<(), SqliteError> {
        connection.execute_batch(&self.clear)?;
        Ok(())
    }
}

/// Writes rows of a table.
pub(crate) struct RowWriter<'c> {
    put: Statement<'c>,
    remove: Statement<'c>,
}

impl RowWriter<'_> {
    /// Writes a row, new or over the one with its key, from its packed values.
    pub(crate) fn put(&mut self, packed: &[u8]) -> Result<(), SqliteError> {
        let mut n_values = 0;
        for value in unpack(packed) {
            n_values += 1;
            let value = value.ok_or_else(|| corrupt("the values of a staged row"))?;
            self.put.raw_bind_parameter(n_values, value)?;
        }
        if n_values != self.put.parameter_count() {
            return Err(corrupt("the values of a staged row"));
        }
        self.put.raw_execute()?;
        Ok(())
    }

    /// Takes out the row of a key, if it is there.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Result<(), SqliteError> {
        // A key that is no text is of a parked row, and has no values to remove.
        let Ok(fields) = key_fields(key).map(std::str::from_utf8).collect::<Result<Vec<_>, _>>() else {
            return Ok(());
        };
        if fields.len() == self.remove.parameter_count() {
            for (index, field) in fields.into_iter().enumerate() {
                self.remove.raw_bind_parameter(index + 1, field)?;
            }
            self.remove.raw_execute()?;
        }
        Ok(())
    }
}
