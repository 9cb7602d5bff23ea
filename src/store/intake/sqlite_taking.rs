//! One set being taken in, in SQLite.

use std::path::Path;

use renkei_core::IntakeId;
use renkei_core::port::{SetRecord, StagedRow, StoreError, TableSpec, TakeCounts, TakeMode, Taking};
use renkei_core::state::RowDigest;
use rusqlite::{Connection, TransactionBehavior};

use super::deed::{Deed, is_due};
use super::set_line::{SetLine, head_after};
use super::sqlite::counted;
use super::sqlite_sets::{self as sets, Intake};
use super::sqlite_staging as staging;
use super::sqlite_table::{self as table, RowWriter, TableWriter};
use super::tally::Tally;
use super::turn::{Purpose, require_all, require_turn};
use super::values;
use crate::columns::number;
use crate::errors::SqliteError;

/// A set under way: a connection with a staging file of its own.
pub(crate) struct SqliteTaking {
    connection: Connection,
    spec: TableSpec,
    writer: Option<TableWriter>,
    /// As it stood when staging began.
    intake: Intake,
    purpose: Purpose,
    tally: Tally,
    /// The row that was a key's second: after it, nothing of the set goes in.
    duplicate: Option<u64>,
    packed: Vec<u8>,
}

impl SqliteTaking {
    pub(crate) fn begin(
        mut connection: Connection,
        database: &Path,
        intake: &IntakeId,
        spec: &TableSpec,
        purpose: Purpose,
    ) -> Result<Self, StoreError> {
        let intake = match purpose {
            Purpose::Take => prepare(&mut connection, intake, spec)?,
            Purpose::Preview => look_at(&connection, intake, spec)?,
        };
        staging::attach(&connection, database)?;
        let (spec, writer) = (spec.clone(), TableWriter::new(spec));
        Ok(Self {
            connection,
            spec,
            writer,
            intake,
            purpose,
            tally: Tally::new(),
            duplicate: None,
            packed: Vec::new(),
        })
    }

    /// True when the values of what is held are not in this set's table.
    fn is_refill(&self) -> bool {
        self.spec.table.is_some() && self.spec.table != self.intake.table
    }

    fn require_unbroken(&self) -> Result<(), StoreError> {
        self.duplicate.map_or(Ok(()), |row_no| Err(StoreError::DuplicateRow { row_no }))
    }

    fn stage_one(&mut self, row: &StagedRow<'_>) -> Result<(), SqliteError> {
        let row_no = self.tally.n_staged + 1;
        let has_values = self.writer.is_some() && Deed::of(row) == Deed::Put;
        if has_values {
            values::require_fit(&self.spec, row, row_no)?;
        }
        let before = staging::before(&self.connection, self.intake.no, row.key)?;
        if !staging::note_seen(&self.connection, row.key, before.as_ref())? {
            self.duplicate = Some(row_no);
            return Err(StoreError::DuplicateRow { row_no }.into());
        }
        let change = self.tally.add(row, before.as_ref());
        if is_due(change, self.is_refill()) {
            values::pack(if has_values { row.values } else { &[] }, &mut self.packed);
            staging::keep(&self.connection, row, Deed::of(row), &self.packed)?;
        }
        Ok(())
    }

    /// What is counted and summed of the set, in `mode`.
    fn counts(&self, mode: TakeMode) -> Result<TakeCounts, StoreError> {
        self.require_unbroken()?;
        let n_held = n_held(&self.connection, self.intake.no)?;
        match &self.spec.table {
            Some(table) if mode != TakeMode::Replace && n_held > 0 && self.is_refill() => {
                Err(require_all(table, self.intake.table.as_deref()))
            }
            _ => Ok(self.tally.counts(mode, n_held)),
        }
    }

    fn finish_in_turn(&self, mode: TakeMode, record: &SetRecord) -> Result<TakeCounts, StoreError> {
        let next = head_after(record)?;
        let now = sets::intake(&self.connection, &record.intake)?
            .filter(|now| now.no == self.intake.no)
            .ok_or(StoreError::Missing { what: "the intake of a set".to_owned() })?;
        if (now.head_set, &now.table) != (self.intake.head_set, &self.intake.table) {
            return Err(StoreError::Busy);
        }
        let was_taken = sets::taken(&self.connection, now.no, &next.feed, next.sequence)?.is_some();
        let mut head = sets::head(&self.connection, &now)?;
        if let (Some(head), TakeMode::Correct) = (&mut head, mode) {
            head.state = counted(&self.connection, now.no)?;
        }
        require_turn(head.as_ref(), was_taken, &next, mode, &self.tally)?;
        let counts = self.counts(mode)?;
        self.bring_in(mode, counts)?;
        let set_no = sets::insert(&self.connection, now.no, &SetLine::of(record, &record.counts))?;
        sets::set_head(&self.connection, now.no, set_no, self.spec.table.as_deref())?;
        Ok(counts)
    }

    fn bring_in(&self, mode: TakeMode, counts: TakeCounts) -> Result<(), SqliteError> {
        let connection = &self.connection;
        let mut values = self.writer.as_ref().map(|writer| writer.prepare(connection)).transpose()?;
        if mode == TakeMode::Replace {
            if let Some(writer) = self.writer.as_ref().filter(|_| self.is_refill()) {
                writer.clear(connection)?;
            }
            if counts.removed > 0 {
                // What a table of another name holds is not this set's to change.
                self.remove_unstaged(values.as_mut().filter(|_| !self.is_refill()))?;
            }
        }
        let mut put = connection.prepare(
            "INSERT INTO main.intake_row (intake_no, key, bucket, sha256, is_parked) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (intake_no, key) DO UPDATE SET
                 bucket = excluded.bucket, sha256 = excluded.sha256, is_parked = excluded.is_parked",
        )?;
        let mut remove =
            connection.prepare("DELETE FROM main.intake_row WHERE intake_no = ?1 AND key = ?2")?;
        staging::due_rows(connection, &mut |row| {
            match row.deed {
                Deed::Remove if mode == TakeMode::Merge => return Ok(()),
                Deed::Remove => remove.execute((self.intake.no, row.key))?,
                deed => put.execute((self.intake.no, row.key, row.bucket, row.sha256, deed == Deed::Park))?,
            };
            match &mut values {
                Some(values) if row.deed == Deed::Put => values.put(row.packed),
                Some(values) => values.remove(row.key),
                None => Ok(()),
            }
        })
    }

    /// Takes out the rows held that the set does not have, and their values.
    fn remove_unstaged(&self, values: Option<&mut RowWriter<'_>>) -> Result<(), SqliteError> {
        let unstaged =
            "intake_no = ?1 AND NOT EXISTS (SELECT 1 FROM staging.seen WHERE seen.key = intake_row.key)";
        if let Some(values) = values {
            let sql = format!("SELECT key FROM main.intake_row WHERE {unstaged} AND is_parked = 0");
            let mut statement = self.connection.prepare(&sql)?;
            let mut rows = statement.query([self.intake.no])?;
            while let Some(row) = rows.next()? {
                values.remove(row.get_ref(0)?.as_blob()?)?;
            }
        }
        self.connection
            .execute(&format!("DELETE FROM main.intake_row WHERE {unstaged}"), [self.intake.no])?;
        Ok(())
    }
}

impl Taking for SqliteTaking {
    fn stage(&mut self, rows: &[StagedRow<'_>]) -> Result<(), StoreError> {
        self.require_unbroken()?;
        self.connection.execute_batch("BEGIN").map_err(SqliteError::from)?;
        let staged = rows.iter().try_for_each(|row| self.stage_one(row));
        // Nothing is undone of a staging file: a set that fails here is dropped.
        let ended = self.connection.execute_batch("COMMIT").map_err(SqliteError::from);
        Ok(staged.and(ended)?)
    }

    fn held_before(&mut self, each: &mut dyn FnMut(usize, RowDigest)) -> Result<(), StoreError> {
        self.require_unbroken()?;
        Ok(staging::held_before(&self.connection, each)?)
    }

    fn effect(&mut self, mode: TakeMode) -> Result<TakeCounts, StoreError> {
        self.counts(mode)
    }

    fn finish(self: Box<Self>, mode: TakeMode, record: &SetRecord) -> Result<TakeCounts, StoreError> {
        self.purpose.require_take()?;
        self.require_unbroken()?;
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(SqliteError::from)?;
        // On an error the connection ends, and its transaction with it.
        let counts = self.finish_in_turn(mode, record)?;
        self.connection.execute_batch("COMMIT").map_err(SqliteError::from)?;
        Ok(counts)
    }
}

/// The intake and its table as they are. One that was never heard of has a number that none has, and holds nothing.
fn look_at(connection: &Connection, name: &IntakeId, spec: &TableSpec) -> Result<Intake, SqliteError> {
    let unheard = Intake { no: 0, table: None, head_set: None };
    let intake = sets::intake(connection, name)?.unwrap_or(unheard);
    table::require_own(connection, intake.no, spec)?;
    table::is_there(connection, spec)?;
    Ok(intake)
}

/// Makes sure of the intake and its table. Takes the writer's place only where something is missing.
fn prepare(connection: &mut Connection, name: &IntakeId, spec: &TableSpec) -> Result<Intake, SqliteError> {
    let is_table_its_own = |connection: &Connection, intake: &Intake| -> Result<bool, SqliteError> {
        let sql = "SELECT count(*) FROM intake_table WHERE name = ?1 AND intake_no = ?2";
        Ok(spec.table.is_none()
            || connection.query_row(sql, (&spec.table, intake.no), |row| row.get::<_, u32>(0))? > 0)
    };
    if let Some(intake) = sets::intake(connection, name)?
        && is_table_its_own(connection, &intake)?
        && table::is_there(connection, spec)?
    {
        return Ok(intake);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let intake = sets::intake_or_new(&transaction, name)?;
    table::require(&transaction, intake.no, spec)?;
    transaction.commit()?;
    Ok(intake)
}

fn n_held(connection: &Connection, intake_no: i64) -> Result<u64, SqliteError> {
    let mut statement =
        connection.prepare_cached("SELECT count(*) FROM main.intake_row WHERE intake_no = ?1")?;
    let n_held = statement.query_row([intake_no], |row| number(row, 0))?;
    Ok(n_held)
}
