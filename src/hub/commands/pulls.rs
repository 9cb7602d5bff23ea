//! `renkei pulls`.

use clap::Args;
use renkei_core::Moment;
use renkei_core::pull::{AfterPull, PullLine, PullWait, UnfinishedSince};
use renkei_engine::Clock as _;
use serde_json::{Value, json};

use super::pull::declared;
use crate::config::Source;
use crate::console::{Lang, TextTable};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Show the sources that sets are fetched from: the last look, what came, what failed, and what each waits for.
#[derive(Debug, Args)]
pub(crate) struct Pulls {
    /// This source only.
    source: Option<String>,
}

impl Pulls {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let sources: Vec<&Source> = match &self.source {
            Some(id) => vec![declared(&workplace.config, id)?],
            None => workplace.config.sources.iter().collect(),
        };
        let now = workplace.clock().now();
        let snapshot = workplace.snapshot()?;
        let mut shown = Vec::new();
        for source in sources {
            let id = &source.terms.id;
            let line = snapshot.pull_line(id)?.unwrap_or_else(|| PullLine::new(id));
            shown.push((source, line));
        }
        let console = session.console();
        if console.is_json() {
            let lines = shown.iter().map(|(source, line)| as_json(source, line, now));
            console.json(&lines.collect::<Vec<_>>());
        } else {
            print(session, &shown, now);
        }
        let needs_somebody = shown.iter().any(|(source, line)| line.is_alarming(&source.terms, now));
        Ok(if needs_somebody { Exit::Operator } else { Exit::Ok })
    }
}

fn print(session: &Session, shown: &[(&Source, PullLine)], now: Moment) {
    let (console, lang) = (session.console(), session.console().lang());
    let mut table = TextTable::new([
        lang.pick("取得元", "source"),
        lang.pick("サーバー", "server"),
        lang.pick("フォルダ", "folders"),
        lang.pick("前回", "last look"),
        lang.pick("前回の到着", "last came"),
        lang.pick("組", "sets"),
        lang.pick("未完", "unfinished"),
        lang.pick("待ち", "waits for"),
        lang.pick("障害", "fault"),
    ]);
    let time = |at: Option<Moment>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    for (source, line) in shown {
        let folders = source.terms.folders.iter().map(|folder| format!("{} → {}", folder.from, folder.to));
        table.row([
            line.source.to_string(),
            format!("{}@{}", source.server.user, source.server.place()),
            folders.collect::<Vec<_>>().join(", "),
            time(line.looked_at),
            time(line.pulled_at),
            line.n_sets.to_string(),
            line.n_unfinished.to_string(),
            waits(&line.waits_for(&source.terms, now), lang),
            line.fault_code.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    console.table(&table);
    for (_, line) in shown {
        for UnfinishedSince { from, notice, since } in &line.unfinished {
            let id = &line.source;
            console.say(
                format_args!("{id}: {since} から揃っていません: {from} {notice}"),
                format_args!("{id}: not whole there since {since}: {from} {notice}"),
            );
        }
        if let (Some(detail), Some(since)) = (&line.detail, line.failing_since) {
            let id = &line.source;
            console.say(
                format_args!("{id}: {since} から: {detail}"),
                format_args!("{id}: since {since}: {detail}"),
            );
        }
    }
}

fn waits(wait: &PullWait, lang: Lang) -> String {
    match wait {
        PullWait::Nothing => lang.pick("なし", "nothing").to_owned(),
        PullWait::Next(at) => format!("{} {at}", lang.pick("次回", "next")),
        PullWait::Window(at) => format!("{} {at}", lang.pick("時間帯", "window")),
        PullWait::Person => lang.pick("人", "a person").to_owned(),
    }
}

fn as_json(source: &Source, line: &PullLine, now: Moment) -> Value {
    let text = |at: Option<Moment>| at.map(|at| at.to_string());
    let (wait, at) = match line.waits_for(&source.terms, now) {
        PullWait::Nothing => ("nothing", None),
        PullWait::Next(at) => ("next", Some(at)),
        PullWait::Window(at) => ("window", Some(at)),
        PullWait::Person => ("person", None),
    };
    json!({
        "source": line.source,
        "server": source.server.place(),
        "folders": source.terms.folders.iter().map(|folder| json!({
            "from": folder.from, "to": folder.to.as_str(),
            "after": match &folder.after {
                AfterPull::Leave => "leave",
                AfterPull::Delete => "delete",
                AfterPull::Move(_) => "move",
            },
        })).collect::<Vec<_>>(),
        "looked_at": text(line.looked_at),
        "pulled_at": text(line.pulled_at),
        "sets": line.n_sets,
        "unfinished": line.n_unfinished,
        "unfinished_since": text(line.unfinished.iter().map(|set| set.since).min()),
        "waits_for": wait,
        "waits_until": text(at),
        "fault_code": line.fault_code,
        "fault_class": line.fault_class.map(renkei_core::Class::as_str),
        "failing_since": text(line.failing_since),
        "detail": line.detail,
    })
}
