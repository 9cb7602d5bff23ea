//! `renkei explain`.

use clap::Args;
use renkei_core::declared::nearest;
use serde_json::{Value, json};

use crate::console::{Lang, TextTable};
use crate::failure::HubError;
use crate::metrics::figures;
use crate::texts::{FaultText, all_faults, of_fault};
use crate::{Exit, Failure, Session};

const EXIT_CODES: &str = "exit-codes";
const METRICS: &str = "metrics";

/// Tell cause and remedy of an error code, or what the exit codes or the daemon's figures mean.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// An error code, such as store.busy, or the word exit-codes or metrics.
    #[arg(required_unless_present = "list")]
    code: Option<String>,
    /// List all error codes.
    #[arg(long, conflicts_with = "code")]
    list: bool,
}

impl Explain {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match self.code.as_deref() {
            None => list(session),
            Some(EXIT_CODES) => exit_codes(session),
            Some(METRICS) => metrics(session),
            Some(code) => one(session, code)?,
        }
        Ok(Exit::Ok)
    }
}

fn list(session: &Session) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(&all_faults().map(|(code, text)| as_json(code, text, lang)).collect::<Vec<_>>());
        return;
    }
    let mut table = TextTable::new([lang.pick("コード", "code"), lang.pick("内容", "meaning")]);
    for (code, text) in all_faults() {
        table.row([code, text.title.pick(lang)]);
    }
    console.table(&table);
}

fn exit_codes(session: &Session) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        let codes = Exit::ALL.map(|exit| json!({ "exit": exit.number(), "meaning": exit.meaning(lang) }));
        console.json(&codes);
        return;
    }
    let mut table = TextTable::new([lang.pick(">終了コード", ">exit code"), lang.pick("意味", "meaning")]);
    for exit in Exit::ALL {
        table.row([exit.number().to_string(), exit.meaning(lang).to_owned()]);
    }
    console.table(&table);
}

fn metrics(session: &Session) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        let figures = figures().iter().map(|figure| {
            json!({
                "name": figure.name,
                "kind": figure.kind.as_str(),
                "labels": figure.labels,
                "meaning": figure.meaning(lang),
            })
        });
        console.json(&figures.collect::<Vec<_>>());
        return;
    }
    let mut table = TextTable::new([
        lang.pick("名前", "name"),
        lang.pick("種類", "kind"),
        lang.pick("ラベル", "labels"),
        lang.pick("内容", "meaning"),
    ]);
    for figure in figures() {
        let labels = figure.labels.join(" ");
        table.row([figure.name, figure.kind.as_str(), &labels, figure.meaning(lang)]);
    }
    console.table(&table);
}

fn one(session: &Session, code: &str) -> Result<(), Failure> {
    let (console, lang) = (session.console(), session.console().lang());
    let Some(text) = of_fault(code) else {
        let codes = all_faults().map(|(code, _)| code).chain([EXIT_CODES, METRICS]);
        let near = nearest(code, codes).map(str::to_owned);
        return Err(HubError::UnknownCode { code: code.to_owned(), near }.into());
    };
    if console.is_json() {
        console.json(&as_json(code, text, lang));
        return Ok(());
    }
    console.data(format_args!("{code}: {}", text.title.pick(lang)));
    for (heading, text) in [
        (lang.pick("原因:", "cause:"), text.cause.pick(lang)),
        (lang.pick("対処:", "what to do:"), text.remedy.pick(lang)),
    ] {
        console.data(format_args!("\n{heading}"));
        text.lines().for_each(|line| console.data(format_args!("  {line}")));
    }
    Ok(())
}

fn as_json(code: &str, text: &FaultText, lang: Lang) -> Value {
    json!({
        "code": code,
        "title": text.title.pick(lang),
        "cause": text.cause.pick(lang),
        "remedy": text.remedy.pick(lang),
    })
}
