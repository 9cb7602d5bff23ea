//! What commands about jobs and runs have in common: the job or run that is meant.

use renkei_core::declared::nearest;
use renkei_core::port::{RunRecord, RunState, Snapshot};

use crate::config::{Config, Job};
use crate::failure::HubError;
use crate::{Failure, Session};

/// The job a command was given.
pub(super) fn named_job<'c>(config: &'c Config, id: &str) -> Result<&'c Job, Failure> {
    config.job(id).ok_or_else(|| {
        let near = nearest(id, config.jobs.iter().map(|job| job.id.as_str())).map(str::to_owned);
        HubError::UnknownJob { job: id.to_owned(), near }.into()
    })
}

/// The one run whose id begins so, or ends so: ids of one minute begin alike.
pub(super) fn named_run(snapshot: &dyn Snapshot, id: &str) -> Result<RunRecord, Failure> {
    if let Some(run) = snapshot.run(id)? {
        return Ok(run);
    }
    let mut found = snapshot.runs(u32::MAX)?;
    found.retain(|run| run.run_id.starts_with(id) || (id.len() >= 4 && run.run_id.ends_with(id)));
    match found.len() {
        1 => found.pop().ok_or_else(|| HubError::UnknownRun { run: id.to_owned() }.into()),
        0 => Err(HubError::UnknownRun { run: id.to_owned() }.into()),
        n_runs => Err(HubError::AmbiguousRun { run: id.to_owned(), n_runs }.into()),
    }
}

/// What a run's state is called.
pub(crate) fn state_word(session: &Session, state: RunState) -> &'static str {
    crate::run_sheet::state_word(session.console().lang(), state)
}
