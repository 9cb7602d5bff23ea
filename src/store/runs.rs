//! Runs (実行) and their steps (工程).

use renkei_core::Class;
use renkei_core::port::{RunRecord, RunState, StepRecord, StoreError};
use rusqlite::Connection;

use crate::columns::{date, number, optional_word, sql_int, word};
use crate::errors::{SqliteError, is_constraint};

/// Writes a run, over the one with its id.
pub(crate) fn put_run(connection: &Connection, run: &RunRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO run (run_id, what, business_date, operator, state, fault_code, fault_class, started_at,
                          ended_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (run_id) DO UPDATE SET what = ?2, business_date = ?3, operator = ?4, state = ?5,
             fault_code = ?6, fault_class = ?7, started_at = ?8, ended_at = ?9",
    )?;
    statement.execute((
        &run.run_id,
        &run.what,
        run.business_date.to_string(),
        &run.operator,
        run.state.as_str(),
        &run.fault_code,
        run.fault_class.map(Class::as_str),
        &run.started_at,
        &run.ended_at,
    ))?;
    Ok(())
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
    match written {
        Ok(_) => Ok(()),
        Err(error) if is_constraint(&error) => {
            Err(StoreError::Missing { what: format!("run {}", step.run_id) }.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The last `limit` runs, newest first: their ids sort by start.
pub(crate) fn last_runs(connection: &Connection, limit: u32) -> Result<Vec<RunRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT run_id, what, business_date, operator, state, fault_code, fault_class, started_at, ended_at
         FROM run ORDER BY run_id DESC LIMIT ?1",
    )?;
    let runs = statement.query_map([limit], |row| {
        Ok(RunRecord {
            run_id: row.get(0)?,
            what: row.get(1)?,
            business_date: date(row, 2)?,
            operator: row.get(3)?,
            state: word(row, 4, RunState::parse)?,
            fault_code: row.get(5)?,
            fault_class: optional_word(row, 6, class)?,
            started_at: row.get(7)?,
            ended_at: row.get(8)?,
        })
    })?;
    Ok(runs.collect::<Result<_, _>>()?)
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

fn class(text: &str) -> Option<Class> {
    [Class::Retry, Class::Partner, Class::Operator, Class::Bug]
        .into_iter()
        .find(|class| class.as_str() == text)
}
