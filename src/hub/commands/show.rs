//! `renkei show`.

use clap::Args;
use renkei_core::notice::Notice;
use serde_json::json;

use super::named_job::named_run;
use crate::console::TextTable;
use crate::run_sheet::{RunSheet, state_word};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, log};

/// Show a run: its tries and steps, what ended it, the files it made, the last lines of its log.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The run: its id, or the start or end of one.
    run: String,
    /// How many lines of the log.
    #[arg(long, default_value_t = 20, value_name = "N")]
    log_lines: usize,
}

impl Show {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let snapshot = workplace.snapshot()?;
        let run = named_run(snapshot.as_ref(), &self.run)?;
        let RunSheet { attempts, parts, steps, .. } = RunSheet::of(snapshot.as_ref(), run.clone())?;
        let publications: Vec<_> = snapshot
            .publications(None, None)?
            .into_iter()
            .filter(|publication| parts.iter().any(|part| part.run_id == publication.run_id))
            .collect();
        let notices: Vec<Notice> = publications
            .iter()
            .filter_map(|publication| Notice::parse(publication.notice.as_bytes()).ok())
            .collect();
        let lines = log::lines_of_run(&workplace.config, &run.run_id, self.log_lines);
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            console.json(&json!({
                "run": run, "attempts": attempts, "parts": parts, "steps": steps,
                "publications": notices, "log": lines,
            }));
            return Ok(Exit::Ok);
        }
        console.data(format_args!("{} {} ({})", run.run_id, run.what, state_word(lang, run.state)));
        let mut facts = vec![
            (lang.pick("業務日", "business date"), run.business_date.to_string()),
            (
                lang.pick("起動", "asked for"),
                format!("{} ({}, {})", run.queued_at, run.trigger.as_str(), run.operator),
            ),
        ];
        let mut add = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        add(lang.pick("予定", "planned"), run.planned.map(|planned| planned.to_string()));
        add(lang.pick("理由", "reason"), (!run.reason.is_empty()).then(|| run.reason.clone()));
        add(lang.pick("やり直す実行", "does again"), run.redoes.clone());
        add(lang.pick("次の試行", "next try"), run.not_before.map(|at| at.to_string()));
        add(lang.pick("取消した人", "called off by"), run.cancel_asked_by.clone());
        add(
            lang.pick("障害", "fault"),
            run.fault_code
                .clone()
                .map(|code| format!("{code}: {}", run.fault_text.as_deref().unwrap_or_default())),
        );
        for (name, value) in facts {
            console.data(format_args!("  {name}: {value}"));
        }
        if !attempts.is_empty() {
            let mut table = TextTable::new([
                lang.pick(">試行", ">try"),
                lang.pick("状態", "state"),
                lang.pick("開始", "started"),
                lang.pick("終了", "ended"),
                lang.pick("障害", "fault"),
            ]);
            for attempt in attempts {
                table.row([
                    attempt.attempt_no.to_string(),
                    state_word(lang, attempt.state).to_owned(),
                    attempt.started_at,
                    attempt.ended_at.unwrap_or_default(),
                    attempt.fault_code.unwrap_or_default(),
                ]);
            }
            console.table(&table);
        }
        if !steps.is_empty() {
            let mut table = TextTable::new([
                lang.pick("対象", "subject"),
                lang.pick("工程", "step"),
                lang.pick("状態", "state"),
                lang.pick(">ミリ秒", ">ms"),
                lang.pick("結果", "outcome"),
            ]);
            for step in steps {
                let state = state_word(lang, step.state).to_owned();
                table.row([step.subject, step.name, state, step.duration_ms.to_string(), step.outcome]);
            }
            console.table(&table);
        }
        if !notices.is_empty() {
            let mut table = TextTable::new([
                lang.pick("ファイル", "file"),
                lang.pick("版数", "version"),
                lang.pick(">行数", ">rows"),
                lang.pick(">バイト", ">bytes"),
                "SHA-256",
            ]);
            for notice in &notices {
                for file in &notice.files {
                    table.row([
                        file.name.to_string(),
                        notice.version.to_string(),
                        file.n_rows.to_string(),
                        file.n_bytes.to_string(),
                        file.sha256.to_string(),
                    ]);
                }
            }
            console.table(&table);
        }
        for line in lines {
            console.data(line);
        }
        Ok(Exit::Ok)
    }
}
