//! The change log, and the writing of row changes: every changed row is in it as it was and as it became.

use std::collections::btree_map::Entry;

use renkei_core::port::{RowChange, StoreError};
use renkei_core::{CommitNo, Window};
use renkei_registry::{AtenaNo, RowKey};
use rusqlite::{Connection, OptionalExtension as _};

use crate::columns::sql_int;
use crate::errors::{SqliteError, is_constraint};
use crate::residents::Residents;
use crate::rows::StoredRows;
use crate::seal::{RowSealer, SealedRow};

/// The residents with a line in the window, ascending.
pub(crate) fn changed_residents(
    connection: &Connection,
    residents: Residents,
    window: Window,
) -> Result<Vec<AtenaNo>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT resident_key FROM change WHERE commit_no > ?1 AND commit_no <= ?2
         ORDER BY resident_key",
    )?;
    let bounds = (sql_int(window.after.0), sql_int(window.through.0));
    let keys = statement.query_map(bounds, |row| row.get(0))?;
    keys.map(|key| residents.atena_no(key?)).collect()
}

/// Takes a resident's rows as they stand back to what they were right after commit `at`.
pub(crate) fn undo_after(
    connection: &Connection,
    resident_key: i64,
    at: CommitNo,
    rows: &mut StoredRows,
) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT rireki_no, eda_no, before FROM change
         WHERE resident_key = ?1 AND commit_no > ?2 ORDER BY commit_no DESC",
    )?;
    let mut changes = statement.query((resident_key, sql_int(at.0)))?;
    while let Some(change) = changes.next()? {
        let key = (change.get(0)?, change.get(1)?);
        match (rows.entry(key), change.get(2)?) {
            (Entry::Occupied(entry), None) => drop(entry.remove()),
            (Entry::Vacant(_), None) => {}
            (entry, Some(before)) => drop(entry.insert_entry(before)),
        }
    }
    Ok(())
}

/// How many rows a commit added to each table, less those it took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Growth {
    pub(crate) n_current: i64,
    pub(crate) n_past: i64,
}

/// Writes the changes of one commit: rows, and their lines in the change log.
pub(crate) struct ChangeWriter<'c, 's> {
    pub(crate) connection: &'c Connection,
    pub(crate) residents: Residents,
    pub(crate) sealer: &'c mut RowSealer<'s>,
    pub(crate) commit_no: CommitNo,
}

impl ChangeWriter<'_, '_> {
    /// All old rows go before any new one comes, so a resident's current row can pass from one key to
    /// another whatever the order of the changes.
    pub(crate) fn write(&mut self, changes: &[RowChange]) -> Result<Growth, SqliteError> {
        let mut growth = Growth::default();
        for change in changes {
            self.log(change)?;
            match &change.before {
                Some(before) => self.take(change.key, before, &mut growth)?,
                None => self.require_absent(change.key)?,
            }
        }
        for (change, row_no) in changes.iter().zip(1..) {
            if let Some(after) = &change.after {
                self.put(change.key, after, row_no, &mut growth)?;
            }
        }
        Ok(growth)
    }

    fn log(&mut self, change: &RowChange) -> Result<(), SqliteError> {
        let atena_no = change.key.atena_no;
        let mut stored = |packed: &Option<Vec<u8>>| -> Result<Option<Vec<u8>>, SqliteError> {
            packed.as_ref().map(|packed| Ok(self.sealer.seal(atena_no, packed)?.packed.to_vec())).transpose()
        };
        let (before, after) = (stored(&change.before)?, stored(&change.after)?);
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO change (commit_no, resident_key, rireki_no, eda_no, before, after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let key = self.residents.key(atena_no);
        let line = (sql_int(self.commit_no.0), key, change.key.rireki_no, change.key.eda_no, before, after);
        match statement.execute(line) {
            Ok(_) => Ok(()),
            // A second change of one row in one commit, or one that changes nothing into nothing.
            Err(error) if is_constraint(&error) => Err(StoreError::LostUpdate.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes away the row that stands under `key`, which must be `before`.
    fn take(&mut self, key: RowKey, before: &[u8], growth: &mut Growth) -> Result<(), SqliteError> {
        let SealedRow { packed, is_latest, .. } = self.sealer.seal(key.atena_no, before)?;
        let sql = if is_latest {
            "DELETE FROM current_row
             WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3 AND packed = ?4"
        } else {
            "DELETE FROM past_row
             WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3 AND packed = ?4"
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let n_taken =
            statement.execute((self.residents.key(key.atena_no), key.rireki_no, key.eda_no, packed))?;
        if n_taken != 1 {
            return Err(StoreError::LostUpdate.into());
        }
        *if is_latest { &mut growth.n_current } else { &mut growth.n_past } -= 1;
        Ok(())
    }

    fn require_absent(&self, key: RowKey) -> Result<(), SqliteError> {
        if row_stands(self.connection, self.residents, key)? {
            Err(StoreError::LostUpdate.into())
        } else {
            Ok(())
        }
    }

    fn put(
        &mut self,
        key: RowKey,
        after: &[u8],
        row_no: u64,
        growth: &mut Growth,
    ) -> Result<(), SqliteError> {
        let row = self.sealer.seal(key.atena_no, after)?;
        *if row.is_latest { &mut growth.n_current } else { &mut growth.n_past } += 1;
        put_row(self.connection, self.residents.key(key.atena_no), key, self.commit_no, &row, row_no)
    }
}

/// True when a row has this key, current or not.
pub(crate) fn row_stands(
    connection: &Connection,
    residents: Residents,
    key: RowKey,
) -> Result<bool, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM current_row WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3
         UNION ALL SELECT 1 FROM past_row WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3",
    )?;
    let found = statement
        .query_row((residents.key(key.atena_no), key.rireki_no, key.eda_no), |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Writes a row whose key is known to be free into the table its 最新フラグ says.
pub(crate) fn put_row(
    connection: &Connection,
    resident_key: i64,
    key: RowKey,
    commit_no: CommitNo,
    row: &SealedRow<'_>,
    row_no: u64,
) -> Result<(), SqliteError> {
    let last_commit = sql_int(commit_no.0);
    if row.is_latest {
        let mut statement = connection.prepare_cached(
            "INSERT INTO current_row (resident_key, rireki_no, eda_no, setai_no, last_commit, packed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let line = (resident_key, key.rireki_no, key.eda_no, row.setai_no, last_commit, row.packed);
        match statement.execute(line) {
            Ok(_) => Ok(()),
            Err(error) if is_constraint(&error) => Err(StoreError::TwoLatest { row_no }.into()),
            Err(error) => Err(error.into()),
        }
    } else {
        let mut statement = connection.prepare_cached(
            "INSERT INTO past_row (resident_key, rireki_no, eda_no, last_commit, packed)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        statement.execute((resident_key, key.rireki_no, key.eda_no, last_commit, row.packed))?;
        Ok(())
    }
}
