//! `renkei run`.

use chrono::NaiveDate;
use clap::Args;
use renkei_core::declared::nearest;
use renkei_core::publication::Kind;
use renkei_engine::{Clock as _, Content};

use super::generate::publish;
use crate::failure::HubError;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Run a job of jobs/ now, in place.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The job: its file's name without .toml.
    job: String,
    /// The business date; default: today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
}

impl Run {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let config = session.config()?;
        let Some(job) = config.jobs.iter().find(|job| job.id.as_str() == self.job) else {
            let near = nearest(&self.job, config.jobs.iter().map(|job| job.id.as_str())).map(str::to_owned);
            return Err(HubError::UnknownJob { job: self.job.clone(), near }.into());
        };
        if !job.is_enabled {
            return Err(HubError::DisabledJob { job: self.job.clone() }.into());
        }
        let workplace = Workplace::for_writing(session, &format!("renkei run {}", job.id))?;
        let feeds = job.publish.iter().map(|id| session.feed(&workplace.config, id.as_str()));
        let feeds: Vec<_> = feeds.collect::<Result<_, _>>()?;
        let content = if job.content == Kind::Full { Content::Full } else { Content::Diff };
        let date = self.date.unwrap_or_else(|| workplace.clock().now().date());
        publish(session, &workplace, &feeds, content, date)
    }
}
