//! One set being taken in, in PostgreSQL.

use renkei_core::IntakeId;
use renkei_core::port::{SetRecord, StagedRow, StoreError, TableSpec, TakeCounts, TakeMode, Taking};
use renkei_core::state::RowDigest;

use super::deed::Deed;
use super::postgres::counted;
use super::postgres_schema::{self as schema, LOCKS};
use super::postgres_session::{Session, column};
use super::postgres_sets::{self as sets, Intake};
use super::postgres_staging::{Against, Staging, held_before, value_names};
use super::set_line::{SetLine, head_after};
use super::tally::Tally;
use super::turn::{Purpose, require_all, require_turn};
use super::values::{self, key_names, other_names, quoted, quoted_list};

/// A set under way, on a connection of its own.
pub(crate) struct PostgresTaking {
    session: Session,
    spec: TableSpec,
    staging: Staging,
    /// As it stood when staging began.
    intake: Intake,
    purpose: Purpose,
    tally: Tally,
    /// The row that was a key's second: after it, nothing of the set goes in.
    duplicate: Option<u64>,
}

impl PostgresTaking {
    pub(crate) fn begin(
        session: Session,
        intake: &IntakeId,
        spec: &TableSpec,
        purpose: Purpose,
    ) -> Result<Self, StoreError> {
        let intake = match purpose {
            Purpose::Take => prepare(&session, intake, spec)?,
            Purpose::Preview => look_at(&session, intake, spec)?,
        };
        let staging = Staging::new(&session, spec)?;
        Ok(Self {
            session,
            spec: spec.clone(),
            staging,
            intake,
            purpose,
            tally: Tally::new(),
            duplicate: None,
        })
    }

    /// True when the values of what is held are not in this set's table.
    fn is_refill(&self) -> bool {
        self.spec.table.is_some() && self.spec.table != self.intake.table
    }

    fn require_unbroken(&self) -> Result<(), StoreError> {
        self.duplicate.map_or(Ok(()), |row_no| Err(StoreError::DuplicateRow { row_no }))
    }

    fn counts(&self, mode: TakeMode) -> Result<TakeCounts, StoreError> {
        let sql = "SELECT count(*) FROM intake_row WHERE intake_no = $1";
        let rows = self.session.query(sql, &[&self.intake.no])?;
        let n_held: i64 = rows.first().map(|row| column(row, 0)).transpose()?.unwrap_or(0);
        match &self.spec.table {
            Some(table) if mode != TakeMode::Replace && n_held > 0 && self.is_refill() => {
                Err(require_all(table, self.intake.table.as_deref()))
            }
            _ => Ok(self.tally.counts(mode, n_held.unsigned_abs())),
        }
    }

    fn finish_in_turn(&self, mode: TakeMode, record: &SetRecord) -> Result<TakeCounts, StoreError> {
        let next = head_after(record)?;
        let turn = i32::try_from(self.intake.no).unwrap_or(i32::MAX);
        self.session.query("SELECT pg_advisory_xact_lock($1, $2)", &[&LOCKS, &turn])?;
        let now = sets::intake(&self.session, &record.intake)?
            .filter(|now| now.no == self.intake.no)
            .ok_or_else(|| StoreError::Missing { what: "the intake of a set".to_owned() })?;
        if (now.head_set, &now.table) != (self.intake.head_set, &self.intake.table) {
            return Err(StoreError::Busy);
        }
        let was_taken = sets::taken(&self.session, now.no, &next.feed, next.sequence)?.is_some();
        let mut head = sets::head(&self.session, &now)?;
        if let (Some(head), TakeMode::Correct) = (&mut head, mode) {
            head.state = counted(&self.session, now.no)?;
        }
        require_turn(head.as_ref(), was_taken, &next, mode, &self.tally)?;
        let counts = self.counts(mode)?;
        self.bring_in(mode, counts)?;
        let set_no = sets::insert(&self.session, now.no, &SetLine::of(record, &record.counts))?;
        sets::set_head(&self.session, now.no, set_no, self.spec.table.as_deref())?;
        Ok(counts)
    }

    fn bring_in(&self, mode: TakeMode, counts: TakeCounts) -> Result<(), StoreError> {
        let unstaged = "NOT EXISTS (SELECT FROM pg_temp.intake_seen WHERE intake_seen.key = intake_row.key)";
        let of_deed = |deeds: &str| {
            format!(
                "EXISTS (SELECT FROM pg_temp.intake_due WHERE intake_due.key = intake_row.key AND deed IN ({deeds}))"
            )
        };
        let (put, park, remove) = (Deed::Put.number(), Deed::Park.number(), Deed::Remove.number());
        let mut going = Vec::new();
        if mode == TakeMode::Replace && counts.removed > 0 {
            going.push(unstaged.to_owned());
        }
        if mode != TakeMode::Merge && counts.removed > 0 {
            going.push(of_deed(&remove.to_string()));
        }
        self.clear_values(mode, &going, &of_deed(&park.to_string()))?;
        for which in &going {
            let sql = format!("DELETE FROM intake_row WHERE intake_no = $1 AND {which}");
            self.session.execute(&sql, &[&self.intake.no])?;
        }
        self.session.execute(
            &format!(
                "INSERT INTO intake_row (intake_no, key, bucket, sha256, is_parked)
                 SELECT $1, key, bucket, sha256, deed = {park} FROM pg_temp.intake_due WHERE deed IN ({put}, {park})
                 ON CONFLICT (intake_no, key) DO UPDATE SET
                     bucket = excluded.bucket, sha256 = excluded.sha256, is_parked = excluded.is_parked"
            ),
            &[&self.intake.no],
        )?;
        self.put_values()
    }

    /// Takes out the values of rows that go or are parked from now on. They are found by the digests' keys as they
    /// still stand, and only where they were not parked before: a parked row's key may be no text at all.
    fn clear_values(&self, mode: TakeMode, going: &[String], parked: &str) -> Result<(), StoreError> {
        let Some(table) = self.spec.table.as_deref().map(quoted) else { return Ok(()) };
        if self.is_refill() {
            // Whatever it holds is not what is held; and readers go on reading, which TRUNCATE would not let them.
            return if mode == TakeMode::Replace {
                self.session.batch(&format!("DELETE FROM {table}"))
            } else {
                Ok(())
            };
        }
        let of_key: Vec<String> = (1..)
            .zip(key_names(&self.spec))
            .map(|(place, name)| format!("t.{} = split_part(going.key, E'\\x1f', {place})", quoted(name)))
            .collect();
        let of_key = of_key.join(" AND ");
        for which in going.iter().map(String::as_str).chain([parked]) {
            let sql = format!(
                "WITH going AS MATERIALIZED (
                     SELECT convert_from(key, 'UTF8') AS key FROM intake_row
                     WHERE intake_no = $1 AND NOT is_parked AND {which})
                 DELETE FROM {table} AS t USING going WHERE {of_key}"
            );
            self.session.execute(&sql, &[&self.intake.no])?;
        }
        Ok(())
    }

    fn put_values(&self) -> Result<(), StoreError> {
        let Some(table) = self.spec.table.as_deref().map(quoted) else { return Ok(()) };
        let changes: Vec<String> =
            other_names(&self.spec).map(quoted).map(|name| format!("{name} = excluded.{name}")).collect();
        let on_conflict = if changes.is_empty() {
            "NOTHING".to_owned()
        } else {
            format!("UPDATE SET {}", changes.join(", "))
        };
        self.session.execute(
            &format!(
                "INSERT INTO {table} ({}) SELECT {} FROM pg_temp.intake_due WHERE deed = {}
                 ON CONFLICT ({}) DO {on_conflict}",
                quoted_list(self.spec.columns.iter().map(String::as_str)),
                value_names(&self.spec).join(", "),
                Deed::Put.number(),
                quoted_list(key_names(&self.spec)),
            ),
            &[],
        )?;
        Ok(())
    }
}

impl Taking for PostgresTaking {
    fn stage(&mut self, rows: &[StagedRow<'_>]) -> Result<(), StoreError> {
        self.require_unbroken()?;
        if self.spec.table.is_some() {
            for (row_no, row) in (self.tally.n_staged + 1..).zip(rows) {
                if Deed::of(row) == Deed::Put {
                    values::require_fit(&self.spec, row, row_no)?;
                }
            }
        }
        let against = Against {
            spec: &self.spec,
            intake_no: self.intake.no,
            is_held: self.intake.head_set.is_some(),
            is_refill: self.is_refill(),
        };
        let staged = self.staging.stage(&self.session, &against, rows, &mut self.tally);
        if let Err(StoreError::DuplicateRow { row_no }) = staged {
            self.duplicate = Some(row_no);
        }
        staged
    }

    fn held_before(&mut self, each: &mut dyn FnMut(usize, RowDigest)) -> Result<(), StoreError> {
        self.require_unbroken()?;
        held_before(&self.session, each)
    }

    fn effect(&mut self, mode: TakeMode) -> Result<TakeCounts, StoreError> {
        self.require_unbroken()?;
        self.counts(mode)
    }

    fn finish(self: Box<Self>, mode: TakeMode, record: &SetRecord) -> Result<TakeCounts, StoreError> {
        self.purpose.require_take()?;
        self.require_unbroken()?;
        // Nothing looks at temporary tables by itself, and plans for millions are not those for few.
        self.session.batch("ANALYZE pg_temp.intake_seen (key); ANALYZE pg_temp.intake_due (key, deed)")?;
        self.session.batch("BEGIN ISOLATION LEVEL READ COMMITTED")?;
        // On an error the connection ends, and its transaction with it.
        let counts = self.finish_in_turn(mode, record)?;
        self.session.batch("COMMIT")?;
        Ok(counts)
    }
}

/// The intake and its table as they are. One that was never heard of has a number that none has, and holds nothing.
fn look_at(session: &Session, name: &IntakeId, spec: &TableSpec) -> Result<Intake, StoreError> {
    let unheard = Intake { no: 0, table: None, head_set: None };
    let intake = sets::intake(session, name)?.unwrap_or(unheard);
    schema::require_own(session, intake.no, spec)?;
    schema::is_there(session, spec)?;
    Ok(intake)
}

/// Makes sure of the intake and its table. Takes the tables' lock only where something is missing.
fn prepare(session: &Session, name: &IntakeId, spec: &TableSpec) -> Result<Intake, StoreError> {
    let is_table_its_own = |intake: &Intake| -> Result<bool, StoreError> {
        let sql = "SELECT FROM intake_table WHERE name = $1 AND intake_no = $2";
        Ok(spec.table.is_none() || !session.query(sql, &[&spec.table, &intake.no])?.is_empty())
    };
    if let Some(intake) = sets::intake(session, name)?
        && is_table_its_own(&intake)?
        && schema::is_there(session, spec)?
    {
        return Ok(intake);
    }
    session.batch("BEGIN ISOLATION LEVEL READ COMMITTED")?;
    session.query("SELECT pg_advisory_xact_lock($1, 0)", &[&LOCKS])?;
    let intake = sets::intake_or_new(session, name)?;
    schema::require(session, intake.no, spec)?;
    session.batch("COMMIT")?;
    Ok(intake)
}
