//! `renkei run`.

use std::time::Duration;

use chrono::NaiveDate;
use clap::Args;
use renkei_core::FeedId;
use renkei_core::port::{RunRecord, RunState, Snapshot};
use renkei_engine::night::{Again, NightJob, Outcome, ask, is_enabled, left_of, run_in_place};
use renkei_engine::{Clock as _, EngineError, House};

use super::named_job::{named_job, named_run, state_word};
use super::reason;
use crate::board;
use crate::daemon::DaemonLink;
use crate::failure::HubError;
use crate::intake::HubReceiving;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// How often a run in the daemon's queue is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Run a job of jobs/ now: through the daemon's queue where the daemon is up, else in place.
///
/// Waits for the end. Interrupting the wait does not interrupt a run of the daemon.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The job: its file's name without .toml.
    job: String,
    /// The business date; default: today, or that of the run done again.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// Why, for the audit.
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = said_or_nothing)]
    reason: String,
    /// The run that this one does again, by its id or the start or end of one: only what that run and those
    /// it did again left undone, for its business date.
    #[arg(long, value_name = "RUN")]
    redoes: Option<String>,
    /// Put it in the queue and do not wait for its end.
    #[arg(long)]
    no_wait: bool,
}

fn said_or_nothing(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { reason::parse(text) }
}

impl Run {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let config = session.config()?;
        let job = named_job(&config, &self.job)?;
        let daemon = DaemonLink::find(&config);
        let workplace = match &daemon {
            Some(_) => Workplace::for_noting(session)?,
            None => Workplace::for_writing(session, &format!("renkei run {}", job.id))?,
        };
        let plan = workplace.config.night_plan();
        let Some(night_job) = plan.job(&job.id) else {
            return Err(HubError::UnknownJob { job: self.job.clone(), near: None }.into());
        };
        let snapshot = workplace.snapshot()?;
        let records = snapshot.jobs()?;
        if !is_enabled(night_job, records.iter().find(|record| record.job == job.id)) {
            return Err(HubError::DisabledJob { job: self.job.clone() }.into());
        }
        let (again, of_date) = self.again(snapshot.as_ref(), night_job)?;
        drop(snapshot);
        let date = self.date.or(of_date).unwrap_or_else(|| workplace.clock().now().date());
        let house = House { reason: &self.reason, ..workplace.house() };
        let again = again.as_ref();
        let Some(daemon) = daemon else {
            let feeds: Vec<_> = config.feeds.iter().map(|declared| declared.feed.clone()).collect();
            let receiving = HubReceiving { premises: workplace.premises(), config: &workplace.config };
            let (run, outcome) = run_in_place(house, &feeds, &receiving, night_job, date, again)?;
            workplace.end_progress();
            if let Outcome::Failed(faults) = outcome {
                published(session, &workplace, &run)?;
                return Err(told(session, faults));
            }
            return report(session, &workplace, &run);
        };
        let run = ask(house, night_job, date, again)?;
        daemon.wake();
        if self.no_wait {
            self.queued(session, &run);
            return Ok(Exit::Ok);
        }
        let run = follow(session, &workplace, &run.run_id)?;
        report(session, &workplace, &run)
    }

    /// What is left of the run that is done again, and its business date.
    fn again(
        &self,
        snapshot: &dyn Snapshot,
        job: &NightJob,
    ) -> Result<(Option<Again>, Option<NaiveDate>), Failure> {
        let Some(id) = &self.redoes else { return Ok((None, None)) };
        let run = named_run(snapshot, id)?;
        if run.job.as_ref() != Some(&job.id) {
            return Err(HubError::OtherJob { run: run.run_id, job: self.job.clone() }.into());
        }
        match left_of(snapshot, job, &run)? {
            Some(again) => Ok((Some(again), Some(run.business_date))),
            None => Err(HubError::NothingLeft { run: run.run_id }.into()),
        }
    }

    fn queued(&self, session: &Session, run: &RunRecord) {
        if session.console().is_json() {
            session.console().json(run);
        } else {
            let (id, job) = (&run.run_id, &self.job);
            session.console().say(
                format_args!("ジョブ {job} を待ち行列に入れました。様子: renkei show {id}"),
                format_args!("Job {job} is in the queue. To look: renkei show {id}"),
            );
        }
    }
}

/// Waits for the end of a run of the daemon, and shows how far it is.
fn follow(session: &Session, workplace: &Workplace<'_>, run_id: &str) -> Result<RunRecord, Failure> {
    loop {
        let run = workplace.snapshot()?.run(run_id)?;
        let Some(run) = run else { return Err(HubError::UnknownRun { run: run_id.to_owned() }.into()) };
        if run.state.is_final() || matches!(run.state, RunState::Held | RunState::Retrying) {
            workplace.end_progress();
            return Ok(run);
        }
        let Some(daemon) = DaemonLink::find(&workplace.config) else {
            workplace.end_progress();
            session.console().say(
                "デーモンが止まりました。実行は次の起動で続きます。",
                "The daemon has stopped. The run goes on when it is up again.",
            );
            return Ok(run);
        };
        for live in daemon.live().into_iter().filter(|live| live.run_id == run_id) {
            workplace.house().witness.progress(&live.subject, live.done, live.total);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Tells all faults but the first, which is the command's.
fn told(session: &Session, faults: Vec<(Option<FeedId>, EngineError)>) -> Failure {
    let mut faults = faults.into_iter().map(|(_, error)| Failure::from(error));
    let first = faults.next().unwrap_or_else(|| EngineError::Worker.into());
    faults.for_each(|failure| session.console().failure(&failure));
    first
}

/// Prints what a run published.
fn published(session: &Session, workplace: &Workplace<'_>, run: &RunRecord) -> Result<(), Failure> {
    let snapshot = workplace.snapshot()?;
    let parts = snapshot.parts(&run.run_id)?;
    let published = snapshot.publications(None, None)?;
    let lines: Vec<_> = published
        .iter()
        .filter(|record| parts.iter().any(|part| part.run_id == record.run_id))
        .filter_map(board::BoardLine::of)
        .collect();
    if !lines.is_empty() || session.console().is_json() {
        board::print(session.console(), &lines);
    }
    Ok(())
}

/// Prints what a run published and how it stands, and gives the exit code.
fn report(session: &Session, workplace: &Workplace<'_>, run: &RunRecord) -> Result<Exit, Failure> {
    published(session, workplace, run)?;
    let (id, state) = (&run.run_id, state_word(session, run.state));
    match run.state {
        RunState::Succeeded => Ok(Exit::Ok),
        RunState::Failed => Err(HubError::RunFailed {
            run: run.run_id.clone(),
            fault: run.fault_code.clone().unwrap_or_default(),
            text: run.fault_text.clone().unwrap_or_default(),
            class: run.fault_class.unwrap_or(renkei_core::Class::Operator),
        }
        .into()),
        RunState::Held => {
            session.console().say(
                "変化が大きいため保留しました。内容を見る: renkei held",
                "Held because so much changes. To look: renkei held",
            );
            Ok(Exit::Operator)
        }
        _ => {
            session.console().say(
                format_args!("実行 {id}: {state}。様子: renkei show {id}"),
                format_args!("Run {id}: {state}. To look: renkei show {id}"),
            );
            Ok(if run.state == RunState::Cancelled { Exit::Operator } else { Exit::Retry })
        }
    }
}
