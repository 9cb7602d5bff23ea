//! Diffs for single receivers, and what comparing both sides came to.

use renkei_core::port::{MendingReading, MendingRecord, MendingWriting, ReconciliationRecord, StoreError};
use renkei_core::publication::Progress;
use renkei_core::{BusinessId, FeedId, Moment, Sequence};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::columns::{digest, number, sql_int, word};
use crate::errors::SqliteError;
use crate::snapshot::SqliteSnapshot;
use crate::transaction::SqliteTransaction;

const COLUMNS: &str =
    "feed, receiver, sequence, base_sequence, progress, folder, stem, notice, run_id, sealed_at";

fn list(
    connection: &Connection,
    feed: Option<&FeedId>,
    progress: Option<Progress>,
) -> Result<Vec<MendingRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mending
         WHERE (?1 IS NULL OR feed = ?1) AND (?2 IS NULL OR progress = ?2) ORDER BY mending_no"
    ))?;
    let wanted = (feed.map(FeedId::as_str), progress.map(Progress::as_str));
    let mendings = statement.query_map(wanted, read)?;
    Ok(mendings.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<MendingRecord> {
    Ok(MendingRecord {
        feed: word(row, 0, |text| text.parse().ok())?,
        receiver: word(row, 1, |text| text.parse().ok())?,
        sequence: Sequence(number(row, 2)?),
        base_sequence: Sequence(number(row, 3)?),
        progress: word(row, 4, Progress::parse)?,
        folder: row.get(5)?,
        stem: row.get(6)?,
        notice: row.get(7)?,
        run_id: row.get(8)?,
        sealed_at: row.get(9)?,
    })
}

fn seal(connection: &Connection, mending: &MendingRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO mending ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    ))?;
    statement.execute(params![
        mending.feed.as_str(),
        mending.receiver.as_str(),
        mending.sequence.0,
        mending.base_sequence.0,
        mending.progress.as_str(),
        mending.folder,
        mending.stem,
        mending.notice,
        mending.run_id,
        mending.sealed_at,
    ])?;
    Ok(())
}

fn settle(connection: &Connection, run_id: &str) -> Result<(), SqliteError> {
    let mut statement =
        connection.prepare_cached("UPDATE mending SET progress = 'published' WHERE run_id = ?1")?;
    match statement.execute([run_id])? {
        1 => Ok(()),
        _ => Err(StoreError::Missing { what: format!("what run {run_id} made for a receiver") }.into()),
    }
}

fn drop_sealed(connection: &Connection, run_id: &str) -> Result<(), SqliteError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM mending WHERE run_id = ?1 AND progress = 'sealed'")?;
    statement.execute([run_id])?;
    Ok(())
}

fn last_reconciliation(
    connection: &Connection,
    feed: &FeedId,
    receiver: &BusinessId,
    only_same: bool,
) -> Result<Option<ReconciliationRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT feed, receiver, sequence, rows_here, rows_there, n_buckets, is_same, source_sha256, at
         FROM reconciliation WHERE feed = ?1 AND receiver = ?2 AND (is_same OR NOT ?3)
         ORDER BY reconciliation_no DESC LIMIT 1",
    )?;
    let record = statement.query_row((feed.as_str(), receiver.as_str(), only_same), |row| {
        Ok(ReconciliationRecord {
            feed: word(row, 0, |text| text.parse().ok())?,
            receiver: word(row, 1, |text| text.parse().ok())?,
            sequence: Sequence(number(row, 2)?),
            n_rows_here: number(row, 3)?,
            n_rows_there: number(row, 4)?,
            n_buckets: number(row, 5)?,
            is_same: row.get(6)?,
            source: digest(row, 7)?,
            at: word(row, 8, Moment::parse)?,
        })
    });
    Ok(record.optional()?)
}

fn record(connection: &Connection, record: &ReconciliationRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO reconciliation
             (feed, receiver, sequence, rows_here, rows_there, n_buckets, is_same, source_sha256, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    statement.execute(params![
        record.feed.as_str(),
        record.receiver.as_str(),
        record.sequence.0,
        sql_int(record.n_rows_here),
        sql_int(record.n_rows_there),
        record.n_buckets,
        record.is_same,
        record.source.0,
        record.at.to_string(),
    ])?;
    Ok(())
}

macro_rules! reading {
    ($($type:ty),+) => {
        $(impl MendingReading for $type {
            fn mendings(
                &self,
                feed: Option<&FeedId>,
                progress: Option<Progress>,
            ) -> Result<Vec<MendingRecord>, StoreError> {
                Ok(list(&self.connection, feed, progress)?)
            }

            fn last_reconciliation(
                &self,
                feed: &FeedId,
                receiver: &BusinessId,
                only_same: bool,
            ) -> Result<Option<ReconciliationRecord>, StoreError> {
                Ok(last_reconciliation(&self.connection, feed, receiver, only_same)?)
            }
        })+
    };
}

reading!(SqliteSnapshot<'_>, SqliteTransaction<'_>);

impl MendingWriting for SqliteTransaction<'_> {
    fn seal_mending(&mut self, mending: &MendingRecord) -> Result<(), StoreError> {
        Ok(seal(&self.connection, mending)?)
    }

    fn settle_mending(&mut self, run_id: &str) -> Result<(), StoreError> {
        Ok(settle(&self.connection, run_id)?)
    }

    fn drop_mending(&mut self, run_id: &str) -> Result<(), StoreError> {
        Ok(drop_sealed(&self.connection, run_id)?)
    }

    fn record_reconciliation(&mut self, reconciliation: &ReconciliationRecord) -> Result<(), StoreError> {
        Ok(record(&self.connection, reconciliation)?)
    }
}
