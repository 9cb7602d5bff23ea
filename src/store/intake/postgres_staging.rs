//! Where a set waits in PostgreSQL before it goes in: two temporary tables of its own connection.
//!
//! They are in no log, nobody else sees them, and they go with the connection. Rows are looked up and copied in a
//! batch at a time, each in a transaction of its own, so nothing is locked while a set is staged.

use std::collections::HashSet;

use renkei_core::port::{StagedRow, StoreError, TableSpec};
use renkei_core::state::RowDigest;
use tokio_postgres::Statement;

use super::deed::{Deed, is_due};
use super::postgres::row_digest;
use super::postgres_copy::CopyRows;
use super::postgres_session::{Session, column};
use super::tally::{Before, Tally};

/// How many rows are looked up and copied at once.
const BATCH: usize = 1_000;
/// How many rows held before are read at once.
const FETCH: u32 = 5_000;

/// The staging tables of a connection.
pub(crate) struct Staging {
    before: Statement,
    copy_due: String,
    n_columns: usize,
}

/// What the rows are staged against.
pub(crate) struct Against<'s> {
    pub(crate) spec: &'s TableSpec,
    pub(crate) intake_no: i64,
    /// False where nothing is held, so that nothing need be looked up.
    pub(crate) is_held: bool,
    pub(crate) is_refill: bool,
}

/// The names of the columns that hold values, whatever the table of values calls them.
pub(crate) fn value_names(spec: &TableSpec) -> Vec<String> {
    let n_columns = if spec.table.is_some() { spec.columns.len() } else { 0 };
    (0..n_columns).map(|index| format!("v{index}")).collect()
}

impl Staging {
    /// Makes the tables, empty.
    pub(crate) fn new(session: &Session, spec: &TableSpec) -> Result<Self, StoreError> {
        let names = value_names(spec);
        let columns: Vec<String> = names.iter().map(|name| format!(", {name} text")).collect();
        let columns = columns.concat();
        session.batch(&format!(
            "CREATE TEMP TABLE intake_seen (key bytea PRIMARY KEY, bucket smallint, sha256_before bytea);
             CREATE TEMP TABLE intake_due (key bytea, bucket smallint, sha256 bytea, deed smallint{columns})"
        ))?;
        let before = session.prepare(
            "SELECT key, bucket, sha256, is_parked FROM intake_row WHERE intake_no = $1 AND key = ANY ($2)",
        )?;
        let copy_due = "COPY pg_temp.intake_due FROM STDIN (FORMAT binary)".to_owned();
        Ok(Self { before, copy_due, n_columns: names.len() })
    }

    /// Stages rows and counts them in.
    pub(crate) fn stage(
        &self,
        session: &Session,
        against: &Against<'_>,
        rows: &[StagedRow<'_>],
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        rows.chunks(BATCH).try_for_each(|batch| self.stage_batch(session, against, batch, tally))
    }

    fn stage_batch(
        &self,
        session: &Session,
        against: &Against<'_>,
        batch: &[StagedRow<'_>],
        tally: &mut Tally,
    ) -> Result<(), StoreError> {
        let keys: Vec<&[u8]> = batch.iter().map(|row| row.key).collect();
        let found = if against.is_held {
            session.query(&self.before, &[&against.intake_no, &keys])?
        } else {
            Vec::new()
        };
        let mut held = std::collections::HashMap::with_capacity(found.len());
        for row in &found {
            let before = Before {
                bucket: usize::from(column::<i16>(row, 1)?.unsigned_abs()),
                digest: row_digest(column(row, 2)?)?,
                is_parked: column(row, 3)?,
            };
            held.insert(column::<&[u8]>(row, 0)?, before);
        }
        let first_row_no = tally.n_staged + 1;
        let mut seen = CopyRows::new(3);
        let mut due = CopyRows::new(4 + self.n_columns);
        for row in batch {
            let before = held.get(row.key);
            let deed = Deed::of(row);
            if deed == Deed::Put && against.spec.table.is_some() {
                require_no_nul(against.spec, row, tally.n_staged + 1)?;
            }
            seen.row().bytes(row.key);
            match before {
                Some(before) => seen.int(small(before.bucket)).bytes(&before.digest.0),
                None => seen.null().null(),
            };
            if is_due(tally.add(row, before), against.is_refill) {
                due.row().bytes(row.key).int(small(row.bucket)).bytes(&row.digest.0).int(deed.number());
                for index in 0..self.n_columns {
                    match row.values.get(index).filter(|_| deed == Deed::Put) {
                        Some(value) => due.bytes(value.as_bytes()),
                        None => due.null(),
                    };
                }
            }
        }
        let is_new = batch.len() == keys.iter().collect::<HashSet<_>>().len()
            && session.copy("COPY pg_temp.intake_seen FROM STDIN (FORMAT binary)", seen.end())?;
        if !is_new {
            return Err(second(session, &keys, first_row_no)?);
        }
        if !due.is_empty() {
            session.copy(&self.copy_due, due.end())?;
        }
        Ok(())
    }
}

/// The first row of a batch whose key was there before it.
fn second(session: &Session, keys: &[&[u8]], first_row_no: u64) -> Result<StoreError, StoreError> {
    let found = session.query("SELECT key FROM pg_temp.intake_seen WHERE key = ANY ($1)", &[&keys])?;
    let mut seen = found.iter().map(|row| column(row, 0)).collect::<Result<HashSet<&[u8]>, _>>()?;
    let row_no = (first_row_no..).zip(keys).find(|(_, key)| !seen.insert(key)).map(|(row_no, _)| row_no);
    Ok(StoreError::DuplicateRow { row_no: row_no.unwrap_or(first_row_no) })
}

/// Fails where a value holds the one character that PostgreSQL's text cannot.
fn require_no_nul(spec: &TableSpec, row: &StagedRow<'_>, row_no: u64) -> Result<(), StoreError> {
    let found = row.values.iter().zip(&spec.columns).find(|(value, _)| value.as_bytes().contains(&0));
    let Some((_, name)) = found else { return Ok(()) };
    let detail =
        format!("column {name} of row {row_no} of the set holds a NUL, which PostgreSQL cannot hold");
    Err(StoreError::Unavailable { detail })
}

/// A bucket as a column holds it; one beyond them all is refused there.
fn small(bucket: usize) -> i16 {
    i16::try_from(bucket).unwrap_or(i16::MAX)
}

/// Bucket and digest before of each row staged that was held.
pub(crate) fn held_before(
    session: &Session,
    each: &mut dyn FnMut(usize, RowDigest),
) -> Result<(), StoreError> {
    session.batch(
        "BEGIN ISOLATION LEVEL READ COMMITTED;
         DECLARE before NO SCROLL CURSOR FOR
         SELECT bucket, sha256_before FROM pg_temp.intake_seen WHERE sha256_before IS NOT NULL",
    )?;
    let fetch = session.prepare(&format!("FETCH {FETCH} FROM before"))?;
    loop {
        let rows = session.query(&fetch, &[])?;
        if rows.is_empty() {
            return session.batch("COMMIT");
        }
        for row in &rows {
            each(usize::from(column::<i16>(row, 0)?.unsigned_abs()), row_digest(column(row, 1)?)?);
        }
    }
}
