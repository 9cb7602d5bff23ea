//! The first load of a registry: rows in key order, into empty tables, under commit 1.

use renkei_core::CommitNo;
use renkei_core::port::StoreError;
use renkei_registry::RowKey;
use rusqlite::{Connection, OptionalExtension as _};

use crate::commits;
use crate::errors::{SqliteError, is_constraint};
use crate::residents::Residents;
use crate::rows::{self, Counts, Growth};
use crate::seal::{RowSealer, SealedRow};

/// A load under way.
#[derive(Debug, Default)]
pub(crate) struct Load {
    last: Option<RowKey>,
    n_rows: u64,
    household_index: String,
    pub(crate) growth: Growth,
    /// Whether its commit was recorded: rows without one must not become durable.
    pub(crate) is_recorded: bool,
}

impl Load {
    /// Starts a load, which needs an empty registry without any commit.
    ///
    /// The household index is put aside and built at the end: kept up row by row, it takes as long as the
    /// rows themselves.
    pub(crate) fn start(connection: &Connection, residents: Residents) -> Result<Self, SqliteError> {
        if commits::head(connection)? != CommitNo(0)
            || rows::counts(connection, residents)? != Counts::default()
        {
            return Err(StoreError::NotEmpty.into());
        }
        let sql = "SELECT sql FROM sqlite_schema WHERE name = 'current_row_by_household'";
        let household_index = connection.query_row(sql, [], |row| row.get(0))?;
        connection.execute_batch("DROP INDEX current_row_by_household")?;
        Ok(Self { household_index, ..Self::default() })
    }

    /// Builds what was put aside. Before this, the transaction must not become durable.
    pub(crate) fn finish(&mut self, connection: &Connection) -> Result<(), SqliteError> {
        connection.execute_batch(&self.household_index)?;
        self.is_recorded = true;
        Ok(())
    }

    /// Takes one row.
    pub(crate) fn row(
        &mut self,
        connection: &Connection,
        residents: Residents,
        sealer: &mut RowSealer<'_>,
        key: RowKey,
        packed: &[u8],
    ) -> Result<(), SqliteError> {
        let row_no = self.n_rows + 1;
        // In key order a repeat stands right behind its first; only rows out of order need a search.
        let is_repeat = match self.last {
            Some(last) if key == last => true,
            Some(last) if key < last => stands(connection, residents, key)?,
            _ => false,
        };
        if is_repeat {
            return Err(StoreError::DuplicateRow { row_no }.into());
        }
        let row = sealer.seal(key.atena_no, packed)?;
        insert(connection, residents.key(key.atena_no), key, &row, row_no)?;
        self.growth.add(row.is_latest, 1);
        self.n_rows = row_no;
        self.last = self.last.max(Some(key));
        Ok(())
    }
}

/// True when a row has this key, current or not.
fn stands(connection: &Connection, residents: Residents, key: RowKey) -> Result<bool, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM current_row WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3
         UNION ALL SELECT 1 FROM past_row WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3",
    )?;
    let key = (residents.key(key.atena_no), key.rireki_no, key.eda_no);
    Ok(statement.query_row(key, |_| Ok(())).optional()?.is_some())
}

/// Writes a row whose key is free into the table its 最新フラグ says.
fn insert(
    connection: &Connection,
    resident_key: i64,
    key: RowKey,
    row: &SealedRow<'_>,
    row_no: u64,
) -> Result<(), SqliteError> {
    if row.is_latest {
        let mut statement = connection.prepare_cached(
            "INSERT INTO current_row (resident_key, rireki_no, eda_no, setai_no, last_commit, packed)
             VALUES (?1, ?2, ?3, ?4, 1, ?5)",
        )?;
        match statement.execute((resident_key, key.rireki_no, key.eda_no, row.setai_no, row.packed)) {
            Ok(_) => Ok(()),
            Err(error) if is_constraint(&error) => Err(StoreError::TwoLatest { row_no }.into()),
            Err(error) => Err(error.into()),
        }
    } else {
        let mut statement = connection.prepare_cached(
            "INSERT INTO past_row (resident_key, rireki_no, eda_no, last_commit, packed)
             VALUES (?1, ?2, ?3, 1, ?4)",
        )?;
        statement.execute((resident_key, key.rireki_no, key.eda_no, row.packed))?;
        Ok(())
    }
}
