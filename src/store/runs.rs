//! Runs (実行), their tries (試行) and their steps (工程).

use chrono::NaiveDate;
use renkei_core::port::{AttemptRecord, RunRecord, RunState, StepRecord, StoreError, Trigger};
use renkei_core::{Class, JobId, Moment};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use crate::columns::{date, number, optional_word, sql_int, word};
use crate::errors::{SqliteError, is_constraint};

const RUN_COLUMNS: &str = "run_id, parent, what, job, planned, business_date, triggered_by, operator, reason, \
    redoes, run_order, state, n_attempts, not_before, fault_code, fault_class, fault_text, cancel_asked_by, \
    queued_at, started_at, ended_at";

/// Writes a run, over the one with its id; who asked for its cancellation stays.
pub(crate) fn put_run(connection: &Connection, run: &RunRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO run (run_id, parent, what, job, planned, business_date, triggered_by, operator, reason,
                          redoes, run_order, state, n_attempts, not_before, fault_code, fault_class,
                          fault_text, queued_at, started_at, ended_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
         ON CONFLICT (run_id) DO UPDATE SET parent = ?2, what = ?3, job = ?4, planned = ?5,
             business_date = ?6, triggered_by = ?7, operator = ?8, reason = ?9, redoes = ?10,
             run_order = ?11, state = ?12, n_attempts = ?13, not_before = ?14, fault_code = ?15,
             fault_class = ?16, fault_text = ?17, queued_at = ?18, started_at = ?19, ended_at = ?20",
    )?;
    let written = statement.execute(rusqlite::params![
        run.run_id,
        run.parent,
        run.what,
        run.job.as_ref().map(JobId::as_str),
        run.planned.map(|moment| moment.to_string()),
        run.business_date.to_string(),
        run.trigger.as_str(),
        run.operator,
        run.reason,
        run.redoes,
        run.order,
        run.state.as_str(),
        run.n_attempts,
        run.not_before.map(|moment| moment.to_string()),
        run.fault_code,
        run.fault_class.map(Class::as_str),
        run.fault_text,
        run.queued_at,
        run.started_at,
        run.ended_at,
    ]);
    missing_if_constraint(written, run.parent.as_deref().unwrap_or_default())
}

/// Writes a step, over the one with its run and number. Its run must be there.
pub(crate) fn put_step(connection: &Connection, step: &StepRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO step (run_id, step_no, name, subject, state, outcome, started_at, duration_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (run_id, step_no) DO UPDATE SET name = ?3, subject = ?4, state = ?5, outcome = ?6,
             started_at = ?7, duration_ms = ?8",
    )?;
    let written = statement.execute((
        &step.run_id,
        step.step_no,
        &step.name,
        &step.subject,
        step.state.as_str(),
        &step.outcome,
        &step.started_at,
        sql_int(step.duration_ms),
    ));
    missing_if_constraint(written, &step.run_id)
}

/// Writes a try, over the one with its run and number. Its run must be there.
pub(crate) fn put_attempt(connection: &Connection, attempt: &AttemptRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO attempt (run_id, attempt_no, state, fault_code, fault_class, fault_text, started_at,
                              ended_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (run_id, attempt_no) DO UPDATE SET state = ?3, fault_code = ?4, fault_class = ?5,
             fault_text = ?6, started_at = ?7, ended_at = ?8",
    )?;
    let written = statement.execute((
        &attempt.run_id,
        attempt.attempt_no,
        attempt.state.as_str(),
        &attempt.fault_code,
        attempt.fault_class.map(Class::as_str),
        &attempt.fault_text,
        &attempt.started_at,
        &attempt.ended_at,
    ));
    missing_if_constraint(written, &attempt.run_id)
}

/// Notes who wants a run called off; the first who asked stays.
pub(crate) fn ask_cancel(connection: &Connection, run_id: &str, operator: &str) -> Result<(), SqliteError> {
    let sql = "UPDATE run SET cancel_asked_by = coalesce(cancel_asked_by, ?2) WHERE run_id = ?1";
    match connection.prepare_cached(sql)?.execute((run_id, operator))? {
        0 => Err(missing(run_id)),
        _ => Ok(()),
    }
}

/// The last `limit` runs with their parts, newest first: their ids sort by when they were asked for.
pub(crate) fn last_runs(connection: &Connection, limit: u32) -> Result<Vec<RunRecord>, SqliteError> {
    select(connection, "ORDER BY run_id DESC LIMIT ?1", [limit])
}

/// The run with this id.
pub(crate) fn run(connection: &Connection, run_id: &str) -> Result<Option<RunRecord>, SqliteError> {
    let sql = format!("SELECT {RUN_COLUMNS} FROM run WHERE run_id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([run_id], read_run).optional()?)
}

/// The runs with an order that are not at their end, oldest first.
pub(crate) fn open_runs(connection: &Connection) -> Result<Vec<RunRecord>, SqliteError> {
    let open = "WHERE run_order <> ''
        AND state IN ('queued', 'running', 'retrying', 'held', 'interrupted', 'stopped') ORDER BY run_id";
    select(connection, open, [])
}

/// The runs of jobs that wait for a release, oldest first.
pub(crate) fn held_runs(connection: &Connection) -> Result<Vec<RunRecord>, SqliteError> {
    select(connection, "WHERE state = 'held' AND job IS NOT NULL ORDER BY run_id", [])
}

/// The runs for a span of business dates, parts left out, oldest first.
pub(crate) fn runs_for(
    connection: &Connection,
    from: NaiveDate,
    through: NaiveDate,
) -> Result<Vec<RunRecord>, SqliteError> {
    let of_dates = "WHERE parent IS NULL AND business_date BETWEEN ?1 AND ?2 ORDER BY run_id";
    select(connection, of_dates, [from.to_string(), through.to_string()])
}

/// The last ended runs of a job, newest first.
pub(crate) fn runs_of_job(
    connection: &Connection,
    job: &JobId,
    limit: u32,
) -> Result<Vec<RunRecord>, SqliteError> {
    let of_job = "WHERE job = ?1 AND parent IS NULL AND state IN ('succeeded', 'failed', 'cancelled')
        ORDER BY run_id DESC LIMIT ?2";
    select(connection, of_job, (job.as_str(), limit))
}

/// The parts of a run, oldest first.
pub(crate) fn parts(connection: &Connection, run_id: &str) -> Result<Vec<RunRecord>, SqliteError> {
    select(connection, "WHERE parent = ?1 ORDER BY run_id", [run_id])
}

fn select(
    connection: &Connection,
    which: &str,
    parameters: impl Params,
) -> Result<Vec<RunRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {RUN_COLUMNS} FROM run {which}"))?;
    let runs = statement.query_map(parameters, read_run)?;
    Ok(runs.collect::<Result<_, _>>()?)
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        run_id: row.get(0)?,
        parent: row.get(1)?,
        what: row.get(2)?,
        job: optional_word(row, 3, |text| text.parse().ok())?,
        planned: optional_word(row, 4, Moment::parse)?,
        business_date: date(row, 5)?,
        trigger: word(row, 6, Trigger::parse)?,
        operator: row.get(7)?,
        reason: row.get(8)?,
        redoes: row.get(9)?,
        order: row.get(10)?,
        state: word(row, 11, RunState::parse)?,
        n_attempts: number(row, 12)?,
        not_before: optional_word(row, 13, Moment::parse)?,
        fault_code: row.get(14)?,
        fault_class: optional_word(row, 15, class)?,
        fault_text: row.get(16)?,
        cancel_asked_by: row.get(17)?,
        queued_at: row.get(18)?,
        started_at: row.get(19)?,
        ended_at: row.get(20)?,
    })
}

/// The tries of a run, in order.
pub(crate) fn attempts(connection: &Connection, run_id: &str) -> Result<Vec<AttemptRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT run_id, attempt_no, state, fault_code, fault_class, fault_text, started_at, ended_at
         FROM attempt WHERE run_id = ?1 ORDER BY attempt_no",
    )?;
    let attempts = statement.query_map([run_id], |row| {
        Ok(AttemptRecord {
            run_id: row.get(0)?,
            attempt_no: number(row, 1)?,
            state: word(row, 2, RunState::parse)?,
            fault_code: row.get(3)?,
            fault_class: optional_word(row, 4, class)?,
            fault_text: row.get(5)?,
            started_at: row.get(6)?,
            ended_at: row.get(7)?,
        })
    })?;
    Ok(attempts.collect::<Result<_, _>>()?)
}

/// The steps of a run, in order.
pub(crate) fn steps(connection: &Connection, run_id: &str) -> Result<Vec<StepRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT run_id, step_no, name, subject, state, outcome, started_at, duration_ms
         FROM step WHERE run_id = ?1 ORDER BY step_no",
    )?;
    let steps = statement.query_map([run_id], |row| {
        Ok(StepRecord {
            run_id: row.get(0)?,
            step_no: number(row, 1)?,
            name: row.get(2)?,
            subject: row.get(3)?,
            state: word(row, 4, RunState::parse)?,
            outcome: row.get(5)?,
            started_at: row.get(6)?,
            duration_ms: number(row, 7)?,
        })
    })?;
    Ok(steps.collect::<Result<_, _>>()?)
}

fn missing(run_id: &str) -> SqliteError {
    StoreError::Missing { what: format!("run {run_id}") }.into()
}

fn missing_if_constraint(written: rusqlite::Result<usize>, run_id: &str) -> Result<(), SqliteError> {
    match written {
        Ok(_) => Ok(()),
        Err(error) if is_constraint(&error) => Err(missing(run_id)),
        Err(error) => Err(error.into()),
    }
}

fn class(text: &str) -> Option<Class> {
    [Class::Retry, Class::Partner, Class::Operator, Class::Bug]
        .into_iter()
        .find(|class| class.as_str() == text)
}
