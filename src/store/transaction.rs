//! Writing: one IMMEDIATE transaction on a connection of its own; dropped uncommitted, it leaves nothing.

use renkei_core::port::{
    AuditEntry, CommitKind, CommitRecord, Numbers, PublicationRecord, RowChange, RunRecord, StepRecord,
    StoreError, Transaction,
};
use renkei_core::{CommitNo, FeedId, Sequence};
use renkei_registry::{AtenaNo, RowKey};
use rusqlite::Connection;

use crate::changes::{ChangeWriter, SealedChange};
use crate::connection::AUTOCHECKPOINT_PAGES;
use crate::errors::SqliteError;
use crate::load::Load;
use crate::residents::Residents;
use crate::rows::{RowReader, count};
use crate::seal::{NumberSeal, RowSealer};
use crate::{audit, commits, publications, runs};

/// A transaction; ending its connection without COMMIT rolls it back.
pub(crate) struct SqliteTransaction<'s> {
    connection: Connection,
    seal: &'s NumberSeal,
    residents: Residents,
    sealer: RowSealer<'s>,
    load: Option<Load>,
    /// False from a failure half way through a commit: what was written until then must not stay.
    is_whole: bool,
}

impl<'s> SqliteTransaction<'s> {
    pub(crate) fn begin(
        connection: Connection,
        seal: &'s NumberSeal,
        residents: Residents,
    ) -> Result<Self, SqliteError> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { connection, seal, residents, sealer: RowSealer::new(seal), load: None, is_whole: true })
    }

    fn rows(&self) -> RowReader<'_> {
        RowReader { connection: &self.connection, residents: self.residents, seal: self.seal }
    }

    fn write_moves(&mut self, commit: &CommitRecord, changes: &[RowChange]) -> Result<CommitNo, SqliteError> {
        let changes = SealedChange::seal_all(self.residents, &mut self.sealer, changes)?;
        let writer = ChangeWriter { connection: &self.connection, changes: &changes };
        writer.check()?;
        self.is_whole = false;
        let commit_no = commits::insert(&self.connection, commit)?;
        let growth = writer.write(commit_no)?;
        count(&self.connection, self.residents, growth)?;
        self.is_whole = true;
        Ok(commit_no)
    }

    fn write_load(&mut self, commit: &CommitRecord) -> Result<CommitNo, SqliteError> {
        match &self.load {
            Some(load) if load.is_recorded => return Err(StoreError::NotEmpty.into()),
            Some(_) => {}
            None => self.load = Some(Load::start(&self.connection, self.residents)?),
        }
        let commit_no = commits::insert(&self.connection, commit)?;
        if let Some(load) = &mut self.load {
            count(&self.connection, self.residents, load.growth)?;
            load.finish(&self.connection)?;
        }
        Ok(commit_no)
    }

    fn add_row(&mut self, key: RowKey, packed: &[u8]) -> Result<(), SqliteError> {
        let load = match &mut self.load {
            Some(load) if load.is_recorded => return Err(StoreError::NotEmpty.into()),
            Some(load) => load,
            none => {
                // The load ends with one checkpoint of its own instead of one on the way.
                self.connection.pragma_update(None, "wal_autocheckpoint", 0)?;
                none.insert(Load::start(&self.connection, self.residents)?)
            }
        };
        load.row(&self.connection, self.residents, &mut self.sealer, key, packed)
    }

    fn finish(&self) -> Result<(), SqliteError> {
        if self.load.as_ref().is_some_and(|load| !load.is_recorded) {
            return Err(StoreError::Missing { what: "the commit of the load".to_owned() }.into());
        }
        if !self.is_whole {
            let detail = "a commit failed half way through".to_owned();
            return Err(StoreError::Unavailable { detail }.into());
        }
        self.connection.execute_batch("COMMIT")?;
        if self.load.is_some() {
            self.empty_wal();
        }
        Ok(())
    }

    /// Brings a whole registry from the WAL into the database and gives the WAL's room back. The commit
    /// stands either way; a reader at work only puts this off to a later commit.
    fn empty_wal(&self) {
        let emptied = self
            .connection
            .busy_timeout(std::time::Duration::ZERO)
            .and_then(|()| self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())))
            .and_then(|()| self.connection.pragma_update(None, "wal_autocheckpoint", AUTOCHECKPOINT_PAGES));
        if let Err(error) = emptied {
            let error = StoreError::from(SqliteError::from(error));
            tracing::warn!(%error, "the write-ahead log of the load stays until a later commit");
        }
    }
}

impl Transaction for SqliteTransaction<'_> {
    fn rows_of(&self, atena_no: AtenaNo) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.rows().rows_now(atena_no, Numbers::Clear)?)
    }

    fn household_members(&self, setai_no: &str) -> Result<Vec<AtenaNo>, StoreError> {
        Ok(self.rows().household_members(setai_no)?)
    }

    fn load_row(&mut self, key: RowKey, packed: &[u8]) -> Result<(), StoreError> {
        Ok(self.add_row(key, packed)?)
    }

    fn record_commit(
        &mut self,
        commit: &CommitRecord,
        changes: &[RowChange],
    ) -> Result<CommitNo, StoreError> {
        Ok(match commit.kind {
            CommitKind::Load => self.write_load(commit),
            CommitKind::Moves => self.write_moves(commit, changes),
        }?)
    }

    fn seal(&mut self, publication: &PublicationRecord) -> Result<(), StoreError> {
        Ok(publications::seal(&self.connection, publication)?)
    }

    fn settle(&mut self, feed: &FeedId, sequence: Sequence) -> Result<(), StoreError> {
        Ok(publications::settle(&self.connection, feed, sequence)?)
    }

    fn put_run(&mut self, run: &RunRecord) -> Result<(), StoreError> {
        Ok(runs::put_run(&self.connection, run)?)
    }

    fn put_step(&mut self, step: &StepRecord) -> Result<(), StoreError> {
        Ok(runs::put_step(&self.connection, step)?)
    }

    fn append_audit(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        Ok(audit::append(&self.connection, entry)?)
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(self.finish()?)
    }
}
