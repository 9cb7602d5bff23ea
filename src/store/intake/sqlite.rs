//! The intake port on a SQLite file: an agent's own, a consuming system's, or the hub's database.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use renkei_core::port::{
    HeldRow, IntakeHead, IntakeStore, SetRecord, StoreError, TableSpec, TakeCounts, Taking,
};
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::{Digest, FeedId, IntakeId, Sequence};
use rusqlite::{Connection, TransactionBehavior};

use super::set_line::SetLine;
use super::sqlite_sets as sets;
use super::sqlite_taking::SqliteTaking;
use super::turn::Purpose;
use super::values;
use crate::columns::digest;
use crate::errors::SqliteError;
use crate::migrate::{Migration, Schema};
use crate::{connection, migrate, volume};

const SCHEMA: Schema = Schema {
    table: "intake_schema",
    is_guest: true,
    migrations: &[
        Migration { no: 1, name: "intake", sql: include_str!("migrations/sqlite_0001_intake.sql") },
        Migration { no: 2, name: "answers", sql: include_str!("migrations/sqlite_0002_answers.sql") },
    ],
};

/// What a taker holds, in a SQLite database. Tables of others in it are left alone.
pub struct SqliteIntake {
    path: PathBuf,
    wait: Duration,
    /// Held for its life: while a connection is open, no other one's end clears the WAL away.
    _keeper: Mutex<Connection>,
}

impl SqliteIntake {
    /// Opens a database, makes it where it is missing (readable by its owner only), and brings the intakes' tables up
    /// to date. A writer waits `wait` for another's end; zero refuses at once.
    pub fn open(path: &Path, wait: Duration) -> Result<Self, StoreError> {
        volume::require_local(path)?;
        connection::create_file(path)?;
        let keeper = connection::patiently(wait, || {
            let keeper = connection::writer(path, wait)?;
            migrate::migrate(&keeper, &SCHEMA)?;
            Ok(keeper)
        })?;
        Ok(Self { path: path.to_owned(), wait, _keeper: Mutex::new(keeper) })
    }

    /// Where the database stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn reader(&self) -> Result<Connection, SqliteError> {
        connection::reader(&self.path, self.wait)
    }
}

impl IntakeStore for SqliteIntake {
    fn head(&self, intake: &IntakeId) -> Result<Option<IntakeHead>, StoreError> {
        let mut connection = self.reader()?;
        let snapshot = connection.transaction().map_err(SqliteError::from)?;
        let Some(intake) = sets::intake(&snapshot, intake)? else { return Ok(None) };
        sets::head(&snapshot, &intake)
    }

    fn taken(
        &self,
        intake: &IntakeId,
        feed: &FeedId,
        sequence: Sequence,
    ) -> Result<Option<SetRecord>, StoreError> {
        let connection = self.reader()?;
        let Some(intake) = sets::intake(&connection, intake)? else { return Ok(None) };
        sets::taken(&connection, intake.no, feed, sequence)
    }

    fn sets(&self, intake: Option<&IntakeId>, limit: u32) -> Result<Vec<SetRecord>, StoreError> {
        sets::last(&self.reader()?, intake, limit)
    }

    fn last_of_notice(
        &self,
        intake: &IntakeId,
        notice_sha256: &Digest,
    ) -> Result<Option<SetRecord>, StoreError> {
        sets::last_of_notice(&self.reader()?, intake, notice_sha256)
    }

    fn settled(&self, intake: &IntakeId) -> Result<BTreeSet<Digest>, StoreError> {
        Ok(sets::settled(&self.reader()?, intake)?)
    }

    fn note(&self, record: &SetRecord) -> Result<u64, StoreError> {
        let mut connection = connection::writer(&self.path, self.wait)?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(SqliteError::from)?;
        let intake = sets::intake_or_new(&transaction, &record.intake)?;
        let set_no = sets::insert(&transaction, intake.no, &SetLine::of(record, &TakeCounts::default()))?;
        transaction.commit().map_err(SqliteError::from)?;
        Ok(set_no.unsigned_abs())
    }

    fn unanswered(&self, limit: u32) -> Result<Vec<SetRecord>, StoreError> {
        sets::unanswered(&self.reader()?, limit)
    }

    fn mark_answered(&self, set_no: u64) -> Result<(), StoreError> {
        let connection = connection::writer(&self.path, self.wait)?;
        Ok(sets::mark_answered(&connection, set_no)?)
    }

    fn begin_taking(&self, intake: &IntakeId, table: &TableSpec) -> Result<Box<dyn Taking + '_>, StoreError> {
        values::require_names(table)?;
        let connection = connection::writer(&self.path, self.wait)?;
        Ok(Box::new(SqliteTaking::begin(connection, &self.path, intake, table, Purpose::Take)?))
    }

    fn preview_taking(
        &self,
        intake: &IntakeId,
        table: &TableSpec,
    ) -> Result<Box<dyn Taking + '_>, StoreError> {
        values::require_names(table)?;
        let connection = connection::writer(&self.path, self.wait)?;
        Ok(Box::new(SqliteTaking::begin(connection, &self.path, intake, table, Purpose::Preview)?))
    }

    fn held_rows(
        &self,
        intake: &IntakeId,
        each: &mut dyn FnMut(HeldRow<'_>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        Ok(held_rows(&self.reader()?, intake, each)?)
    }
}

/// The state that the rows held give.
pub(crate) fn counted(connection: &Connection, intake_no: i64) -> Result<FeedState, SqliteError> {
    let mut state = FeedState::empty();
    let mut statement = connection.prepare("SELECT bucket, sha256 FROM intake_row WHERE intake_no = ?1")?;
    let mut rows = statement.query([intake_no])?;
    while let Some(row) = rows.next()? {
        state.add(usize::from(row.get::<_, u8>(0)?), &RowDigest(digest(row, 1)?.0));
    }
    Ok(state)
}

fn held_rows(
    connection: &Connection,
    intake: &IntakeId,
    each: &mut dyn FnMut(HeldRow<'_>) -> ControlFlow<()>,
) -> Result<(), SqliteError> {
    let mut statement = connection.prepare(
        "SELECT key, bucket, sha256, is_parked FROM intake_row
         WHERE intake_no = (SELECT intake_no FROM intake WHERE name = ?1) ORDER BY key",
    )?;
    let mut rows = statement.query([intake.as_str()])?;
    while let Some(row) = rows.next()? {
        let held = HeldRow {
            key: row.get_ref(0)?.as_blob()?,
            bucket: usize::from(row.get::<_, u8>(1)?),
            digest: RowDigest(digest(row, 2)?.0),
            is_parked: row.get(3)?,
        };
        if each(held).is_break() {
            break;
        }
    }
    Ok(())
}

impl std::fmt::Debug for SqliteIntake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteIntake").field("path", &self.path).finish_non_exhaustive()
    }
}
