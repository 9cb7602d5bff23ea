//! `renkei doctor`.

use clap::Args;
use renkei_core::declared::Problem;
use renkei_engine::Clock as _;
use serde_json::json;

use crate::clock::HubClock;
use crate::config::{Config, ConfigError};
use crate::console::{Console, TextTable};
use crate::doctor::{Finding, Level, Words, examine};
use crate::premises::open_store;
use crate::{Exit, Failure, Session};

/// Look at everything the hub stands on: disks, rights, database, key, folders, clock, work.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Leave out what takes long with a large registry: the soundness of the database.
    #[arg(long)]
    fast: bool,
}

impl Doctor {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let findings = match Config::load(&session.folder()?) {
            Ok(config) => {
                let now = HubClock::system().now();
                examine(&config, now, self.fast, || open_store(&config, session.wait(), false))
            }
            // Without a configuration there is nothing else to look at.
            Err(ConfigError::Invalid { problems }) => problems.iter().map(of_problem).collect(),
            Err(other) => return Err(other.into()),
        };
        report(session.console(), &findings);
        let has_problem = findings.iter().any(|finding| finding.level == Level::Problem);
        Ok(if has_problem { Exit::Issues } else { Exit::Ok })
    }
}

fn of_problem(problem: &Problem) -> Finding {
    let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
    let what = format!("{}: {}", problem.path, problem.message);
    let remedy =
        Words::new("設定を直し、`renkei check` で確かめてください。", "Mend it, then run `renkei check`.");
    let words = Words::new(format!("設定の不備: {what}"), what);
    Finding::new("config", Level::Problem, place, words).with_remedy(remedy)
}

fn report(console: &Console, findings: &[Finding]) {
    let lang = console.lang();
    if console.is_json() {
        let findings = findings.iter().map(|finding| {
            json!({
                "check": finding.check,
                "level": finding.level,
                "place": finding.place,
                "what": finding.what.pick(lang),
                "remedy": finding.remedy.as_ref().map(|remedy| remedy.pick(lang)),
            })
        });
        console.json(&json!({ "findings": findings.collect::<Vec<_>>() }));
        return;
    }
    let mut table = TextTable::new([
        lang.pick("状態", "state"),
        lang.pick("検査", "check"),
        lang.pick("内容", "what"),
        lang.pick("場所", "where"),
    ]);
    for finding in findings {
        table.row([finding.level.word(lang), finding.check, finding.what.pick(lang), &finding.place]);
    }
    console.table(&table);
    for finding in findings {
        if let Some(remedy) = &finding.remedy {
            console.data(format_args!("\n{} ({})", finding.what.pick(lang), finding.place));
            console.data(format_args!("  {}", remedy.pick(lang)));
        }
    }
}
