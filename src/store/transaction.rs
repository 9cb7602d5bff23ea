//! Writing: one IMMEDIATE transaction on a connection of its own; dropped uncommitted, it leaves nothing.

use std::cell::RefCell;

use renkei_core::alert::{Alert, AlertKey, Channel};
use renkei_core::audit::AuditLink;
use renkei_core::port::{
    AttemptRecord, AuditEntry, CommitKind, CommitRecord, DeliveryRecord, HoldRecord, Opened,
    PublicationRecord, RowChange, RunRecord, SlotRecord, StepRecord, StoreError, Transaction,
};
use renkei_core::publication::Progress;
use renkei_core::{CommitNo, FeedId, JobId, Moment, Sequence};
use renkei_registry::{AtenaNo, RowKey};
use rusqlite::Connection;

use crate::changes::{ChangeWriter, SealedChange};
use crate::connection::AUTOCHECKPOINT_PAGES;
use crate::errors::SqliteError;
use crate::load::Load;
use crate::residents::Residents;
use crate::rows::{Growth, RowReader, count};
use crate::seal::{NumberSeal, RowSealer};
use crate::{alerts, audit, changes, commits, outbox, publications, retention, runs, slots};

/// A transaction; ending its connection without COMMIT rolls it back.
pub(crate) struct SqliteTransaction<'s> {
    pub(crate) connection: Connection,
    pub(crate) seal: &'s NumberSeal,
    residents: Residents,
    sealer: RefCell<RowSealer<'s>>,
    load: Option<Load>,
    set: Option<OpenSet>,
    /// True once what a transfer case holds was erased.
    pub(crate) has_erased: bool,
}

/// A set of row changes without its commit yet.
struct OpenSet {
    /// The number its commit will have; nobody else can take it within this transaction.
    commit_no: CommitNo,
    growth: Growth,
    /// False from a failure half way through: what was written until then must not stay.
    is_whole: bool,
}

impl OpenSet {
    fn after(head: CommitNo) -> Self {
        Self { commit_no: CommitNo(head.0 + 1), growth: Growth::default(), is_whole: true }
    }
}

impl<'s> SqliteTransaction<'s> {
    pub(crate) fn begin(
        connection: Connection,
        seal: &'s NumberSeal,
        residents: Residents,
    ) -> Result<Self, SqliteError> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self {
            connection,
            seal,
            residents,
            sealer: RefCell::new(RowSealer::new(seal)),
            load: None,
            set: None,
            has_erased: false,
        })
    }

    fn rows(&self) -> RowReader<'_> {
        RowReader { connection: &self.connection, residents: self.residents, seal: self.seal }
    }

    fn write_changes(&mut self, changes: &[RowChange]) -> Result<(), SqliteError> {
        let set = match &mut self.set {
            Some(set) => set,
            none => {
                // Lines of the change log come before the line of their commit, which closes the set.
                self.connection.pragma_update(None, "defer_foreign_keys", true)?;
                none.insert(OpenSet::after(commits::head(&self.connection)?))
            }
        };
        let changes = SealedChange::seal_all(self.residents, self.sealer.get_mut(), changes)?;
        let writer = ChangeWriter { connection: &self.connection, changes: &changes };
        writer.check()?;
        set.is_whole = false;
        let growth = writer.write(set.commit_no)?;
        set.growth.merge(growth);
        set.is_whole = true;
        Ok(())
    }

    fn write_moves(&mut self, commit: &CommitRecord) -> Result<CommitRecord, SqliteError> {
        let set = self.set.take();
        let mut commit = commit.clone();
        if let Some(set) = &set {
            commit.n_row_changes = changes::n_lines(&self.connection, set.commit_no)?;
            count(&self.connection, self.residents, set.growth)?;
        }
        commit.commit_no = commits::insert(&self.connection, &commit)?;
        Ok(commit)
    }

    fn write_load(&mut self, commit: &CommitRecord) -> Result<CommitRecord, SqliteError> {
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
        Ok(CommitRecord { commit_no, ..commit.clone() })
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
        load.row(&self.connection, self.residents, self.sealer.get_mut(), key, packed)
    }

    fn finish(&self) -> Result<(), SqliteError> {
        if self.load.as_ref().is_some_and(|load| !load.is_recorded) {
            return Err(StoreError::Missing { what: "the commit of the load".to_owned() }.into());
        }
        match &self.set {
            Some(set) if !set.is_whole => {
                let detail = "a set of changes failed half way through".to_owned();
                return Err(StoreError::Unavailable { detail }.into());
            }
            Some(_) => {
                return Err(StoreError::Missing { what: "the commit of the changes".to_owned() }.into());
            }
            None => {}
        }
        self.connection.execute_batch("COMMIT")?;
        if self.load.is_some() {
            self.empty_wal();
        }
        if self.has_erased {
            self.empty_log_of_what_is_erased();
        }
        Ok(())
    }

    /// What was erased is in older pages of the WAL until it is emptied. The erasure stands either way: a reader at
    /// work only puts this off to the next erasure, or to the WAL's own starting over.
    fn empty_log_of_what_is_erased(&self) {
        match crate::transfer::empty_log(&self.connection) {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("a reader is at work: what was erased leaves the write-ahead log later");
            }
            Err(error) => {
                let error = StoreError::from(error);
                tracing::warn!(%error, "the write-ahead log could not be emptied of what was erased");
            }
        }
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
        Ok(self.rows().rows_opened(atena_no, &mut self.sealer.borrow_mut())?)
    }

    fn household(&self, setai_no: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.rows().household(setai_no)?)
    }

    fn load_row(&mut self, key: RowKey, packed: &[u8]) -> Result<(), StoreError> {
        Ok(self.add_row(key, packed)?)
    }

    fn change_rows(&mut self, changes: &[RowChange]) -> Result<(), StoreError> {
        Ok(self.write_changes(changes)?)
    }

    fn record_commit(&mut self, commit: &CommitRecord) -> Result<CommitRecord, StoreError> {
        Ok(match commit.kind {
            CommitKind::Load => self.write_load(commit),
            CommitKind::Moves => self.write_moves(commit),
        }?)
    }

    fn seal(&mut self, publication: &PublicationRecord) -> Result<(), StoreError> {
        Ok(publications::seal(&self.connection, publication)?)
    }

    fn settle(&mut self, feed: &FeedId, sequence: Sequence) -> Result<(), StoreError> {
        let from = [Progress::Sealed, Progress::Published];
        Ok(publications::advance(&self.connection, feed, sequence, &from, Progress::Published)?)
    }

    fn release(&mut self, feed: &FeedId, sequence: Sequence) -> Result<(), StoreError> {
        let from = [Progress::Held];
        Ok(publications::advance(&self.connection, feed, sequence, &from, Progress::Sealed)?)
    }

    fn discard(&mut self, feed: &FeedId, sequence: Sequence) -> Result<(), StoreError> {
        let from = [Progress::Held];
        Ok(publications::advance(&self.connection, feed, sequence, &from, Progress::Discarded)?)
    }

    fn mark_files_removed(&mut self, feed: &FeedId, sequence: Sequence, at: &str) -> Result<(), StoreError> {
        Ok(retention::mark_files_removed(&self.connection, feed, sequence, at)?)
    }

    fn mark_redelivered(&mut self, feed: &FeedId, sequence: Sequence, at: &str) -> Result<(), StoreError> {
        Ok(retention::mark_redelivered(&self.connection, feed, sequence, at)?)
    }

    fn remove_runs(&mut self, run_ids: &[String]) -> Result<(), StoreError> {
        Ok(retention::remove_runs(&self.connection, run_ids)?)
    }

    fn remove_old_records(&mut self, before: Moment) -> Result<u64, StoreError> {
        Ok(retention::remove_old_records(&self.connection, before)?)
    }

    fn remove_mending(&mut self, run_id: &str) -> Result<(), StoreError> {
        Ok(retention::remove_mending(&self.connection, run_id)?)
    }

    fn remove_skipped_slots(&mut self, before: Moment) -> Result<u64, StoreError> {
        Ok(retention::remove_skipped_slots(&self.connection, before)?)
    }

    fn put_run(&mut self, run: &RunRecord) -> Result<(), StoreError> {
        Ok(runs::put_run(&self.connection, run)?)
    }

    fn put_step(&mut self, step: &StepRecord) -> Result<(), StoreError> {
        Ok(runs::put_step(&self.connection, step)?)
    }

    fn put_attempt(&mut self, attempt: &AttemptRecord) -> Result<(), StoreError> {
        Ok(runs::put_attempt(&self.connection, attempt)?)
    }

    fn ask_cancel(&mut self, run_id: &str, operator: &str) -> Result<(), StoreError> {
        Ok(runs::ask_cancel(&self.connection, run_id, operator)?)
    }

    fn put_slot(&mut self, slot: &SlotRecord) -> Result<bool, StoreError> {
        Ok(slots::put_slot(&self.connection, slot)?)
    }

    fn skip_slot(&mut self, slot: &SlotRecord, reason: &str) -> Result<(), StoreError> {
        Ok(slots::skip_slot(&self.connection, slot, reason)?)
    }

    fn forget_skipped(&mut self, job: &JobId, now: Moment) -> Result<(), StoreError> {
        Ok(slots::forget_skipped(&self.connection, job, now)?)
    }

    fn set_accounted(&mut self, job: &JobId, through: Moment) -> Result<(), StoreError> {
        Ok(slots::set_accounted(&self.connection, job, through)?)
    }

    fn set_hold(&mut self, job: &JobId, hold: Option<&HoldRecord>) -> Result<(), StoreError> {
        Ok(slots::set_hold(&self.connection, job, hold)?)
    }

    fn set_enabled(&mut self, job: &JobId, enabled: Option<bool>) -> Result<(), StoreError> {
        Ok(slots::set_enabled(&self.connection, job, enabled)?)
    }

    fn append_audit(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        Ok(audit::append(&self.connection, entry)?)
    }

    fn set_audit_base(&mut self, base: AuditLink) -> Result<(), StoreError> {
        Ok(audit::set_base(&self.connection, base)?)
    }

    fn remove_audit_before_base(&mut self) -> Result<u64, StoreError> {
        Ok(audit::remove_before_base(&self.connection)?)
    }

    fn open_alert(&mut self, alert: &Alert, channels: &[Channel]) -> Result<Opened, StoreError> {
        Ok(alerts::open(&self.connection, alert, channels)?)
    }

    fn clear_alert(&mut self, key: &AlertKey, at: Moment) -> Result<bool, StoreError> {
        Ok(alerts::clear(&self.connection, key, at)?)
    }

    fn put_delivery(&mut self, message_nos: &[u64], delivery: &DeliveryRecord) -> Result<(), StoreError> {
        Ok(outbox::put_delivery(&self.connection, message_nos, delivery)?)
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(self.finish()?)
    }
}
