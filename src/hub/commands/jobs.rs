//! `renkei hold`, `release`, `enable` and `disable`: how a job stands, apart from its declaration.

use clap::Args;
use renkei_core::JobId;
use renkei_core::port::{AuditEntry, HoldRecord, Transaction};
use renkei_engine::Clock as _;

use super::named_job::named_job;
use super::reason::Reason;
use crate::daemon::DaemonLink;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// A job and why.
#[derive(Debug, Args)]
struct JobArgs {
    /// The job: its file's name without .toml.
    job: String,
    #[command(flatten)]
    reason: Reason,
}

/// Keep a job's runs from starting: its slots come and wait.
#[derive(Debug, Args)]
pub(crate) struct Hold {
    #[command(flatten)]
    job: JobArgs,
}

/// Let a job that is held go on: what waits starts.
#[derive(Debug, Args)]
pub(crate) struct Release {
    #[command(flatten)]
    job: JobArgs,
}

/// Let a job run by its schedule again. It owes nothing from the time it was disabled.
#[derive(Debug, Args)]
pub(crate) struct Enable {
    #[command(flatten)]
    job: JobArgs,
}

/// Keep a job from running by its schedule: its slots do not come at all.
#[derive(Debug, Args)]
pub(crate) struct Disable {
    #[command(flatten)]
    job: JobArgs,
}

impl Hold {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        note(session, &self.job, "hold", |tx, job, workplace, reason| {
            let hold = HoldRecord {
                operator: session.operator(),
                reason: reason.to_owned(),
                at: workplace.clock().now().to_string(),
            };
            tx.set_hold(job, Some(&hold))
        })?;
        let job = &self.job.job;
        session.console().say(
            format_args!("ジョブ {job} を保留にしました。再開: renkei release {job} --reason …"),
            format_args!("Job {job} is held. To go on: renkei release {job} --reason …"),
        );
        Ok(Exit::Ok)
    }
}

impl Release {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        note(session, &self.job, "release", |tx, job, _, _| tx.set_hold(job, None))?;
        let job = &self.job.job;
        session.console().say(
            format_args!("ジョブ {job} の保留を解きました。"),
            format_args!("Job {job} is no longer held."),
        );
        Ok(Exit::Ok)
    }
}

impl Enable {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        note(session, &self.job, "enable", |tx, job, workplace, _| {
            // From now on: what came while it was disabled is not owed.
            tx.set_accounted(job, workplace.clock().now())?;
            tx.set_enabled(job, Some(true))
        })?;
        let job = &self.job.job;
        session
            .console()
            .say(format_args!("ジョブ {job} を有効にしました。"), format_args!("Job {job} is enabled."));
        Ok(Exit::Ok)
    }
}

impl Disable {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        note(session, &self.job, "disable", |tx, job, _, _| tx.set_enabled(job, Some(false)))?;
        let job = &self.job.job;
        session
            .console()
            .say(format_args!("ジョブ {job} を無効にしました。"), format_args!("Job {job} is disabled."));
        Ok(Exit::Ok)
    }
}

/// Changes how a job stands and writes that into the audit, in one transaction; then wakes the daemon.
fn note(
    session: &Session,
    args: &JobArgs,
    verb: &str,
    change: impl FnOnce(
        &mut dyn Transaction,
        &JobId,
        &Workplace<'_>,
        &str,
    ) -> Result<(), renkei_core::port::StoreError>,
) -> Result<(), Failure> {
    let workplace = Workplace::for_noting(session)?;
    let job = named_job(&workplace.config, &args.job)?.id.clone();
    let mut tx = workplace.store().begin()?;
    change(tx.as_mut(), &job, &workplace, &args.reason.reason)?;
    tx.append_audit(&AuditEntry {
        audit_no: 0,
        at: workplace.clock().now().to_string(),
        operator: session.operator(),
        action: format!("{verb} job {job}"),
        reason: args.reason.reason.clone(),
        result: "done".to_owned(),
        chain_sha256: renkei_core::Digest([0; 32]),
    })?;
    tx.commit()?;
    if let Some(daemon) = DaemonLink::find(&workplace.config) {
        daemon.wake();
    }
    Ok(())
}
