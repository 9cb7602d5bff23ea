//! `renkei runs`.

use clap::Args;
use serde_json::json;

use crate::console::TextTable;
use crate::failure::HubError;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// List the last runs, or the steps of one.
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// A run's id, or the start of one: show its steps.
    run: Option<String>,
    /// How many runs, newest first.
    #[arg(long, default_value_t = 20)]
    last: u32,
}

impl Runs {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        match &self.run {
            Some(id) => steps(session, &workplace, id)?,
            None => runs(session, &workplace, self.last)?,
        }
        Ok(Exit::Ok)
    }
}

fn runs(session: &Session, workplace: &Workplace<'_>, last: u32) -> Result<(), Failure> {
    let runs = workplace.snapshot()?.runs(last)?;
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(&runs);
        return Ok(());
    }
    let mut table = TextTable::new([
        lang.pick("実行", "run"),
        lang.pick("開始", "started"),
        lang.pick("業務日", "business date"),
        lang.pick("状態", "state"),
        lang.pick("障害", "fault"),
        lang.pick("内容", "what"),
    ]);
    for run in runs {
        let state = state_word(lang, run.state.as_str());
        let fault = run.fault_code.unwrap_or_default();
        table.row([
            run.run_id,
            run.started_at.unwrap_or(run.queued_at),
            run.business_date.to_string(),
            state.to_owned(),
            fault,
            run.what,
        ]);
    }
    console.table(&table);
    Ok(())
}

fn steps(session: &Session, workplace: &Workplace<'_>, id: &str) -> Result<(), Failure> {
    let snapshot = workplace.snapshot()?;
    let found = snapshot.runs(u32::MAX)?.into_iter().find(|run| run.run_id.starts_with(id));
    let Some(run) = found else { return Err(HubError::UnknownRun { run: id.to_owned() }.into()) };
    let steps = snapshot.steps(&run.run_id)?;
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(&json!({ "run": run, "steps": steps }));
        return Ok(());
    }
    console.data(format_args!("{} {} ({})", run.run_id, run.what, state_word(lang, run.state.as_str())));
    let mut table = TextTable::new([
        ">#",
        lang.pick("工程", "step"),
        lang.pick("状態", "state"),
        lang.pick(">ミリ秒", ">ms"),
        lang.pick("結果", "outcome"),
    ]);
    for step in steps {
        let state = state_word(lang, step.state.as_str()).to_owned();
        table.row([step.step_no.to_string(), step.name, state, step.duration_ms.to_string(), step.outcome]);
    }
    console.table(&table);
    Ok(())
}

fn state_word(lang: crate::console::Lang, state: &str) -> &'static str {
    match state {
        "running" => lang.pick("実行中", "running"),
        "succeeded" => lang.pick("正常", "succeeded"),
        "failed" => lang.pick("失敗", "failed"),
        _ => lang.pick("中断", "interrupted"),
    }
}
