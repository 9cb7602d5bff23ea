//! Slots (起動予定) and how jobs stand.

use chrono::NaiveDate;
use renkei_core::port::{HoldRecord, JobRecord, SlotRecord, SlotVerdict, StoreError};
use renkei_core::{JobId, Moment};
use rusqlite::Connection;

use crate::columns::{date, optional_word, word};
use crate::errors::SqliteError;

/// Writes a slot unless it is on record.
pub(crate) fn put_slot(connection: &Connection, slot: &SlotRecord) -> Result<bool, SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO slot (job, business_date, planned, verdict, reason, run_id, seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (job, business_date, planned) DO NOTHING",
    )?;
    let n_written = statement.execute((
        slot.job.as_str(),
        slot.business_date.to_string(),
        slot.planned.to_string(),
        slot.verdict.as_str(),
        &slot.reason,
        &slot.run_id,
        &slot.seen_at,
    ))?;
    Ok(n_written == 1)
}

/// Turns a slot on record into a skipped one; its run stays named.
pub(crate) fn skip_slot(connection: &Connection, slot: &SlotRecord, reason: &str) -> Result<(), SqliteError> {
    let n_written = connection
        .prepare_cached(
            "UPDATE slot SET verdict = 'skipped', reason = ?4
             WHERE job = ?1 AND business_date = ?2 AND planned = ?3",
        )?
        .execute((slot.job.as_str(), slot.business_date.to_string(), slot.planned.to_string(), reason))?;
    if n_written == 0 {
        let what = format!("slot {} {} of job {}", slot.business_date, slot.planned, slot.job);
        return Err(StoreError::Missing { what }.into());
    }
    Ok(())
}

/// Forgets slots that were skipped without a run and are planned after `now`.
pub(crate) fn forget_skipped(connection: &Connection, job: &JobId, now: Moment) -> Result<(), SqliteError> {
    connection
        .prepare_cached(
            "DELETE FROM slot WHERE job = ?1 AND planned > ?2 AND verdict = 'skipped' AND run_id IS NULL",
        )?
        .execute((job.as_str(), now.to_string()))?;
    Ok(())
}

/// The slots of a span of business dates.
pub(crate) fn slots_for(
    connection: &Connection,
    from: NaiveDate,
    through: NaiveDate,
) -> Result<Vec<SlotRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT job, business_date, planned, verdict, reason, run_id, seen_at FROM slot
         WHERE business_date BETWEEN ?1 AND ?2 ORDER BY planned, job",
    )?;
    let slots = statement.query_map([from.to_string(), through.to_string()], |row| {
        Ok(SlotRecord {
            job: word(row, 0, |text| text.parse().ok())?,
            business_date: date(row, 1)?,
            planned: word(row, 2, Moment::parse)?,
            verdict: word(row, 3, SlotVerdict::parse)?,
            reason: row.get(4)?,
            run_id: row.get(5)?,
            seen_at: row.get(6)?,
        })
    })?;
    Ok(slots.collect::<Result<_, _>>()?)
}

/// Notes up to when a job's slots are on record.
pub(crate) fn set_accounted(
    connection: &Connection,
    job: &JobId,
    through: Moment,
) -> Result<(), SqliteError> {
    let sql = "INSERT INTO job (job, accounted_through) VALUES (?1, ?2)
               ON CONFLICT (job) DO UPDATE SET accounted_through = ?2";
    connection.prepare_cached(sql)?.execute((job.as_str(), through.to_string()))?;
    Ok(())
}

/// Holds a job back, or lets it go.
pub(crate) fn set_hold(
    connection: &Connection,
    job: &JobId,
    hold: Option<&HoldRecord>,
) -> Result<(), SqliteError> {
    let sql = "INSERT INTO job (job, held_by, held_because, held_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (job) DO UPDATE SET held_by = ?2, held_because = ?3, held_at = ?4";
    connection.prepare_cached(sql)?.execute((
        job.as_str(),
        hold.map(|hold| &hold.operator),
        hold.map(|hold| &hold.reason),
        hold.map(|hold| &hold.at),
    ))?;
    Ok(())
}

/// Sets whether a job runs; `None` leaves it to its declaration.
pub(crate) fn set_enabled(
    connection: &Connection,
    job: &JobId,
    enabled: Option<bool>,
) -> Result<(), SqliteError> {
    let sql = "INSERT INTO job (job, enabled) VALUES (?1, ?2) ON CONFLICT (job) DO UPDATE SET enabled = ?2";
    connection.prepare_cached(sql)?.execute((job.as_str(), enabled))?;
    Ok(())
}

/// How the jobs stand, by id.
pub(crate) fn jobs(connection: &Connection) -> Result<Vec<JobRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT job, accounted_through, enabled, held_by, held_because, held_at FROM job ORDER BY job",
    )?;
    let jobs = statement.query_map([], |row| {
        let held_by: Option<String> = row.get(3)?;
        let hold = match held_by {
            Some(operator) => Some(HoldRecord {
                operator,
                reason: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
                at: row.get(5)?,
            }),
            None => None,
        };
        Ok(JobRecord {
            job: word(row, 0, |text| text.parse().ok())?,
            accounted_through: optional_word(row, 1, Moment::parse)?,
            enabled: row.get(2)?,
            hold,
        })
    })?;
    Ok(jobs.collect::<Result<_, _>>()?)
}
