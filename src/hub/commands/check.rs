//! `renkei check`.

use clap::Args;
use renkei_core::declared::Problem;
use serde_json::json;

use crate::config::{Config, ConfigError};
use crate::{Exit, Failure, Session};

/// Check hub.toml, jobs/ and layouts/ together and list every problem.
#[derive(Debug, Args)]
pub(crate) struct Check {}

impl Check {
    #[expect(clippy::unused_self, reason = "every command has the same shape")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let folder = session.folder()?;
        match Config::load(&folder) {
            Ok(config) => {
                report_right(session, &config);
                Ok(Exit::Ok)
            }
            Err(ConfigError::Invalid { problems }) => {
                report_problems(session, &problems);
                Ok(Exit::Issues)
            }
            Err(other) => Err(other.into()),
        }
    }
}

fn report_right(session: &Session, config: &Config) {
    let console = session.console();
    let (n_feeds, n_layouts, n_jobs) = (config.feeds.len(), config.layouts.len(), config.jobs.len());
    if console.is_json() {
        let none: [Problem; 0] = [];
        console.json(&json!({ "problems": none, "feeds": n_feeds, "layouts": n_layouts, "jobs": n_jobs }));
    } else {
        console.say(
            format_args!("不備はありません（系列 {n_feeds}、レイアウト {n_layouts}、ジョブ {n_jobs}）。"),
            format_args!("No problems ({n_feeds} feeds, {n_layouts} layouts, {n_jobs} jobs)."),
        );
    }
}

fn report_problems(session: &Session, problems: &[Problem]) {
    let console = session.console();
    if console.is_json() {
        console.json(&json!({ "problems": problems }));
        return;
    }
    for problem in problems {
        console.data(problem);
    }
    let n_problems = problems.len();
    console.say(format_args!("不備が {n_problems} 件あります。"), format_args!("Problems: {n_problems}."));
}
