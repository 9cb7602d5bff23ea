//! The change log, and the writing of row changes: every changed row is in it as it was. What it became is
//! the row before its next change, or the one that stands.

use std::collections::btree_map::Entry;
use std::collections::{HashMap, HashSet};

use renkei_core::port::{RowChange, StoreError};
use renkei_core::{CommitNo, Window};
use renkei_registry::{AtenaNo, RowKey};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::columns::{number, sql_int};
use crate::errors::SqliteError;
use crate::residents::Residents;
use crate::rows::{Growth, StoredRows};
use crate::seal::RowSealer;

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

/// How many lines a commit has.
pub(crate) fn n_lines(connection: &Connection, commit_no: CommitNo) -> Result<u64, SqliteError> {
    let sql = "SELECT count(*) FROM change WHERE commit_no = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([sql_int(commit_no.0)], |row| number(row, 0))?)
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

/// A change with its rows as they are stored.
pub(crate) struct SealedChange {
    resident_key: i64,
    key: RowKey,
    before: Option<StoredRow>,
    after: Option<StoredRow>,
}

struct StoredRow {
    packed: Vec<u8>,
    is_latest: bool,
    setai_no: Option<String>,
}

impl SealedChange {
    /// Seals both sides of every change. A change of nothing into nothing falls away.
    pub(crate) fn seal_all(
        residents: Residents,
        sealer: &mut RowSealer<'_>,
        changes: &[RowChange],
    ) -> Result<Vec<Self>, SqliteError> {
        let mut stored = |key: RowKey, packed: &Option<Vec<u8>>| -> Result<Option<StoredRow>, SqliteError> {
            let Some(packed) = packed else { return Ok(None) };
            let row = sealer.seal(key.atena_no, packed)?;
            Ok(Some(StoredRow {
                packed: row.packed.to_vec(),
                is_latest: row.is_latest,
                setai_no: row.setai_no.map(str::to_owned),
            }))
        };
        let is_change = |change: &&RowChange| change.before.is_some() || change.after.is_some();
        let kept = changes.iter().filter(is_change).map(|change| {
            Ok(Self {
                resident_key: residents.key(change.key.atena_no),
                key: change.key,
                before: stored(change.key, &change.before)?,
                after: stored(change.key, &change.after)?,
            })
        });
        kept.collect()
    }

    fn latest_after(&self) -> bool {
        self.after.as_ref().is_some_and(|row| row.is_latest)
    }
}

/// Writes the changes of one commit: rows, and their lines in the change log.
pub(crate) struct ChangeWriter<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) changes: &'c [SealedChange],
}

impl ChangeWriter<'_> {
    /// Refuses what must not be written. It writes nothing, so that a refused commit leaves the transaction
    /// as it was.
    pub(crate) fn check(&self) -> Result<(), SqliteError> {
        let mut keys = HashSet::new();
        let leaving = self.leaving();
        let mut coming = HashSet::new();
        for (change, row_no) in self.changes.iter().zip(1..) {
            if !keys.insert(change.key) || !self.stands(change)? {
                return Err(StoreError::LostUpdate.into());
            }
            if change.latest_after() {
                let is_first = coming.insert(change.resident_key);
                let is_free = leaving.contains_key(&change.resident_key) || !self.has_latest(change)?;
                if !is_first || !is_free {
                    return Err(StoreError::TwoLatest { row_no }.into());
                }
            }
        }
        Ok(())
    }

    /// The rows that were their residents' latest, by resident.
    fn leaving(&self) -> HashMap<i64, &StoredRow> {
        let latest = |row: &&StoredRow| row.is_latest;
        let leaving = self
            .changes
            .iter()
            .filter_map(|change| change.before.as_ref().filter(latest).map(|row| (change.resident_key, row)));
        leaving.collect()
    }

    /// True when what stands under the change's key is its row before.
    fn stands(&self, change: &SealedChange) -> Result<bool, SqliteError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 1, packed FROM current_row WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3
             UNION ALL
             SELECT 0, packed FROM past_row WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3",
        )?;
        let key = (change.resident_key, change.key.rireki_no, change.key.eda_no);
        let before = change.before.as_ref().map(|row| (row.is_latest, row.packed.as_slice()));
        let standing = |row: &Row<'_>| Ok(before == Some((row.get(0)?, row.get_ref(1)?.as_blob()?)));
        Ok(statement.query_row(key, standing).optional()?.unwrap_or(before.is_none()))
    }

    fn has_latest(&self, change: &SealedChange) -> Result<bool, SqliteError> {
        let sql = "SELECT 1 FROM current_row WHERE resident_key = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists([change.resident_key])?)
    }

    /// Writes what [`ChangeWriter::check`] let pass.
    ///
    /// A row that comes writes over the one that leaves its place, be it its own older self or, in
    /// `current_row`, the resident's latest row until now. Only what nothing comes for is deleted.
    pub(crate) fn write(&self, commit_no: CommitNo) -> Result<Growth, SqliteError> {
        let mut growth = Growth::default();
        let leaving = self.leaving();
        let renewed: HashSet<_> = self
            .changes
            .iter()
            .filter(|change| change.latest_after())
            .map(|change| change.resident_key)
            .collect();
        for change in self.changes {
            self.log(commit_no, change)?;
            if let Some(before) = &change.before {
                growth.add(before.is_latest, -1);
                let is_written_over = if before.is_latest {
                    renewed.contains(&change.resident_key)
                } else {
                    change.after.as_ref().is_some_and(|after| !after.is_latest)
                };
                if !is_written_over {
                    self.delete(change, before.is_latest)?;
                }
            }
        }
        for change in self.changes {
            if let Some(after) = &change.after {
                growth.add(after.is_latest, 1);
                self.put(commit_no, change, after, leaving.get(&change.resident_key).copied())?;
            }
        }
        Ok(growth)
    }

    fn log(&self, commit_no: CommitNo, change: &SealedChange) -> Result<(), SqliteError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO change (commit_no, resident_key, rireki_no, eda_no, before)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )?;
        let SealedChange { resident_key, key, before, after } = change;
        let [before, after] = [before, after].map(|row| row.as_ref().map(|row| row.packed.as_slice()));
        let commit_no = sql_int(commit_no.0);
        if statement.execute((commit_no, resident_key, key.rireki_no, key.eda_no, before))? == 0 {
            // Changed before in this set: the line stays as it is, or falls away when the row is again what
            // it was.
            let sql = "DELETE FROM change WHERE commit_no = ?1 AND resident_key = ?2 AND rireki_no = ?3
                       AND eda_no = ?4 AND before IS ?5";
            let line = (commit_no, resident_key, key.rireki_no, key.eda_no, after);
            self.connection.prepare_cached(sql)?.execute(line)?;
        }
        Ok(())
    }

    fn delete(&self, change: &SealedChange, is_latest: bool) -> Result<(), SqliteError> {
        if is_latest {
            let sql = "DELETE FROM current_row WHERE resident_key = ?1";
            self.connection.prepare_cached(sql)?.execute([change.resident_key])?;
        } else {
            let sql = "DELETE FROM past_row WHERE resident_key = ?1 AND rireki_no = ?2 AND eda_no = ?3";
            let key = (change.resident_key, change.key.rireki_no, change.key.eda_no);
            self.connection.prepare_cached(sql)?.execute(key)?;
        }
        Ok(())
    }

    /// Writes a row. `leaving` is its resident's latest row until now.
    fn put(
        &self,
        commit_no: CommitNo,
        change: &SealedChange,
        row: &StoredRow,
        leaving: Option<&StoredRow>,
    ) -> Result<(), SqliteError> {
        let SealedChange { resident_key, key, .. } = change;
        let last_commit = sql_int(commit_no.0);
        if row.is_latest && leaving.is_some_and(|leaving| leaving.setai_no == row.setai_no) {
            // SQLite writes an index anew for every column that is set, be it to what it was: the index of
            // households would be a third of all that a set of moves writes.
            let mut statement = self.connection.prepare_cached(
                "UPDATE current_row SET rireki_no = ?2, eda_no = ?3, last_commit = ?4, packed = ?5
                 WHERE resident_key = ?1",
            )?;
            statement.execute((resident_key, key.rireki_no, key.eda_no, last_commit, &row.packed))?;
        } else if row.is_latest {
            let mut statement = self.connection.prepare_cached(
                "INSERT INTO current_row (resident_key, rireki_no, eda_no, setai_no, last_commit, packed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (resident_key) DO UPDATE SET
                     rireki_no = ?2, eda_no = ?3, setai_no = ?4, last_commit = ?5, packed = ?6",
            )?;
            let line = (resident_key, key.rireki_no, key.eda_no, &row.setai_no, last_commit, &row.packed);
            statement.execute(line)?;
        } else {
            let mut statement = self.connection.prepare_cached(
                "INSERT INTO past_row (resident_key, rireki_no, eda_no, last_commit, packed)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (resident_key, rireki_no, eda_no) DO UPDATE SET last_commit = ?4, packed = ?5",
            )?;
            statement.execute((resident_key, key.rireki_no, key.eda_no, last_commit, &row.packed))?;
        }
        Ok(())
    }
}
