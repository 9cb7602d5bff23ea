//! Reading, as of one instant: a read transaction on a connection of its own, pinned when it is made.

use std::ops::ControlFlow;

use chrono::NaiveDate;
use renkei_core::alert::Channel;
use renkei_core::audit::AuditLink;
use renkei_core::port::{
    AlertRecord, AttemptRecord, AuditEntry, CommitRecord, JobRecord, Numbers, PublicationRecord, RowSet,
    RunRecord, SlotRecord, Snapshot, StandingPublication, StepRecord, StoreError, WaitingMessage,
};
use renkei_core::publication::Progress;
use renkei_core::retention::RunAge;
use renkei_core::{CommitNo, Digest, FeedId, JobId, Moment, Sequence, Window};
use renkei_registry::AtenaNo;
use rusqlite::Connection;

use crate::errors::SqliteError;
use crate::residents::Residents;
use crate::rows::RowReader;
use crate::seal::NumberSeal;
use crate::{alerts, audit, changes, commits, outbox, publications, retention, rows, runs, slots};

/// A snapshot; its connection, and with it the read transaction, ends when it is dropped.
pub(crate) struct SqliteSnapshot<'s> {
    pub(crate) connection: Connection,
    pub(crate) seal: &'s NumberSeal,
    residents: Residents,
    head: CommitNo,
}

impl<'s> SqliteSnapshot<'s> {
    pub(crate) fn begin(
        connection: Connection,
        seal: &'s NumberSeal,
        residents: Residents,
    ) -> Result<Self, SqliteError> {
        connection.execute_batch("BEGIN")?;
        // SQLite fixes what a transaction sees at its first read, so that must be now.
        let head = commits::head(&connection)?;
        Ok(Self { connection, seal, residents, head })
    }

    fn rows(&self) -> RowReader<'_> {
        RowReader { connection: &self.connection, residents: self.residents, seal: self.seal }
    }
}

impl Snapshot for SqliteSnapshot<'_> {
    fn head(&self) -> Result<CommitNo, StoreError> {
        Ok(self.head)
    }

    fn scan(
        &self,
        rows: RowSet,
        numbers: Numbers,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        Ok(match rows {
            RowSet::Latest => self.rows().scan_latest(numbers, each),
            RowSet::History => self.rows().scan_history(numbers, each),
        }?)
    }

    fn n_rows(&self, rows: RowSet) -> Result<u64, StoreError> {
        let counts = rows::counts(&self.connection, self.residents)?;
        Ok(match rows {
            RowSet::Latest => counts.n_current,
            RowSet::History => counts.n_current + counts.n_past,
        })
    }

    fn changed_residents(&self, window: Window) -> Result<Vec<AtenaNo>, StoreError> {
        Ok(changes::changed_residents(&self.connection, self.residents, window)?)
    }

    fn rows_of(&self, atena_no: AtenaNo, at: CommitNo, numbers: Numbers) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(self.rows().rows_at(atena_no, at, numbers)?)
    }

    fn load_commit(&self) -> Result<Option<CommitNo>, StoreError> {
        Ok(commits::load_commit(&self.connection)?)
    }

    fn commit_of_source(&self, source_sha256: &Digest) -> Result<Option<CommitRecord>, StoreError> {
        Ok(commits::of_source(&self.connection, source_sha256)?)
    }

    fn commits(&self, limit: u32) -> Result<Vec<CommitRecord>, StoreError> {
        Ok(commits::last(&self.connection, limit)?)
    }

    fn feed_head(&self, feed: &FeedId) -> Result<Option<PublicationRecord>, StoreError> {
        Ok(publications::feed_head(&self.connection, feed)?)
    }

    fn last_sequence(&self, feed: &FeedId) -> Result<Sequence, StoreError> {
        Ok(publications::last_sequence(&self.connection, feed)?)
    }

    fn publications(
        &self,
        feed: Option<&FeedId>,
        progress: Option<Progress>,
    ) -> Result<Vec<PublicationRecord>, StoreError> {
        Ok(publications::list(&self.connection, feed, progress)?)
    }

    fn standing_publications(&self) -> Result<Vec<StandingPublication>, StoreError> {
        Ok(retention::standing_publications(&self.connection)?)
    }

    fn runs_before(&self, before: Moment) -> Result<Vec<RunAge>, StoreError> {
        Ok(retention::runs_before(&self.connection, before)?)
    }

    fn n_old_records(&self, before: Moment) -> Result<u64, StoreError> {
        Ok(retention::n_old_records(&self.connection, before)?)
    }

    fn n_skipped_slots(&self, before: Moment) -> Result<u64, StoreError> {
        Ok(retention::n_skipped_slots(&self.connection, before)?)
    }

    fn publication(
        &self,
        feed: &FeedId,
        sequence: Sequence,
    ) -> Result<Option<PublicationRecord>, StoreError> {
        Ok(publications::one(&self.connection, feed, sequence)?)
    }

    fn last_publications(
        &self,
        feed: Option<&FeedId>,
        limit: u32,
    ) -> Result<Vec<PublicationRecord>, StoreError> {
        Ok(publications::last(&self.connection, feed, limit)?)
    }

    fn runs(&self, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        Ok(runs::last_runs(&self.connection, limit)?)
    }

    fn run(&self, run_id: &str) -> Result<Option<RunRecord>, StoreError> {
        Ok(runs::run(&self.connection, run_id)?)
    }

    fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        Ok(runs::open_runs(&self.connection)?)
    }

    fn held_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        Ok(runs::held_runs(&self.connection)?)
    }

    fn runs_for(&self, from: NaiveDate, through: NaiveDate) -> Result<Vec<RunRecord>, StoreError> {
        Ok(runs::runs_for(&self.connection, from, through)?)
    }

    fn runs_of_job(&self, job: &JobId, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        Ok(runs::runs_of_job(&self.connection, job, limit)?)
    }

    fn parts(&self, run_id: &str) -> Result<Vec<RunRecord>, StoreError> {
        Ok(runs::parts(&self.connection, run_id)?)
    }

    fn attempts(&self, run_id: &str) -> Result<Vec<AttemptRecord>, StoreError> {
        Ok(runs::attempts(&self.connection, run_id)?)
    }

    fn slots_for(&self, from: NaiveDate, through: NaiveDate) -> Result<Vec<SlotRecord>, StoreError> {
        Ok(slots::slots_for(&self.connection, from, through)?)
    }

    fn jobs(&self) -> Result<Vec<JobRecord>, StoreError> {
        Ok(slots::jobs(&self.connection)?)
    }

    fn steps(&self, run_id: &str) -> Result<Vec<StepRecord>, StoreError> {
        Ok(runs::steps(&self.connection, run_id)?)
    }

    fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(audit::list(&self.connection, after, limit)?)
    }

    fn audit_base(&self) -> Result<AuditLink, StoreError> {
        Ok(audit::base(&self.connection)?)
    }

    fn audit_head(&self) -> Result<AuditLink, StoreError> {
        Ok(audit::head(&self.connection)?)
    }

    fn alerts(&self, only_open: bool, limit: u32) -> Result<Vec<AlertRecord>, StoreError> {
        Ok(alerts::last(&self.connection, only_open, limit)?)
    }

    fn undelivered_alerts(&self, channel: Channel) -> Result<Vec<WaitingMessage>, StoreError> {
        Ok(outbox::waiting(&self.connection, channel)?)
    }

    fn alerts_sent_at(&self, channel: Channel, limit: u32) -> Result<Vec<Moment>, StoreError> {
        Ok(outbox::sent_at(&self.connection, channel, limit)?)
    }
}
