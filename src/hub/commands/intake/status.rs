//! `renkei intake status`.

use std::collections::HashMap;

use clap::Args;
use renkei_core::port::{IntakeStore, Outcome, SetRecord};
use renkei_core::receive::{PendingCause, Receipt};
use renkei_engine::{Clock as _, EngineError};
use serde_json::{Value, json};

use super::super::looks::Held;
use super::declared;
use crate::agent::shown;
use crate::config::Intake;
use crate::console::{Lang, TextTable};
use crate::intake::{FolderStanding, place_of, stand};
use crate::texts::reasons;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Show what is held of each intake, its last sets, and what stands in its folders.
#[derive(Debug, Args)]
#[command(visible_alias = "list")]
pub(crate) struct Status {
    /// Only these intakes.
    #[arg(value_name = "ID")]
    intakes: Vec<String>,
}

/// How many sets back the last word on one is looked for.
const N_LOOKED_BACK: u32 = 200;

/// One thing that stands in a folder, or lies in quarantine.
struct Line {
    intake: String,
    name: String,
    word: (&'static str, &'static str),
    why: String,
    since: String,
}

impl Status {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let intakes = declared(&workplace.config, &self.intakes)?;
        let store = workplace.premises().intake_store()?;
        let lang = session.console().lang();
        let held = Held::read(&store, intakes.iter().map(|intake| &intake.terms.id), lang)?;
        let mut lines = Vec::new();
        for intake in &intakes {
            let now = workplace.clock().now();
            let standings = stand(&workplace.premises().folders, intake, &mut HashMap::new(), now);
            let records = store.sets(Some(&intake.terms.id), N_LOOKED_BACK)?;
            for standing in &standings {
                lines.extend(of_folder(intake, standing, &records, lang));
            }
            lines.extend(refused(&records)?);
        }
        print(session, &held, &lines);
        Ok(Exit::Ok)
    }
}

fn of_folder(intake: &Intake, standing: &FolderStanding, records: &[SetRecord], lang: Lang) -> Vec<Line> {
    let line = |name: String, word, why: String, since: String| Line {
        intake: intake.terms.id.to_string(),
        name: format!("{}/{name}", standing.folder),
        word,
        why,
        since,
    };
    let mut lines = Vec::new();
    for set in &standing.pairing.ready {
        let last = records.iter().find(|record| record.notice_sha256 == set.notice_sha256);
        let (word, why, since) = match last.filter(|record| record.outcome == Outcome::Waiting) {
            Some(record) => (("待ち", "waiting"), why(record, lang), record.at.to_string()),
            None => (("揃った", "ready"), String::new(), String::new()),
        };
        lines.push(line(set.notice_name.to_string(), word, why, since));
    }
    for set in &standing.pairing.waiting {
        let lacks: Vec<&str> = set.lacks.iter().map(|lack| lack.name.as_str()).collect();
        let since = set.since.to_string();
        lines.push(line(set.notice_name.to_string(), ("不揃い", "incomplete"), lacks.join(", "), since));
    }
    for notice in &standing.pairing.unreadable {
        let why = notice.error.to_string();
        lines.push(line(notice.name.to_string(), ("読めない通知", "unreadable"), why, String::new()));
    }
    for notice in &standing.pairing.pending {
        let why = match &notice.cause {
            PendingCause::Unfinished(error) => error.to_string(),
            PendingCause::Unopened { detail, .. } => detail.clone(),
            PendingCause::Deferred => String::new(),
        };
        lines.push(line(
            notice.name.to_string(),
            ("未完の通知", "unfinished"),
            why,
            notice.since.to_string(),
        ));
    }
    for stray in &standing.pairing.strays {
        let name = shown(&stray.name).to_owned();
        lines.push(line(name, ("通知なし", "stray"), String::new(), stray.since.to_string()));
    }
    lines
}

/// Why a set waits, in short.
fn why(record: &SetRecord, lang: Lang) -> String {
    let Ok(receipt) = Receipt::parse(record.receipt.as_bytes()) else { return String::new() };
    let texts = receipt.reasons.iter().map(|reason| {
        let text = reasons::reason_text(reason, lang);
        text.lines().next().unwrap_or_default().to_owned()
    });
    texts.collect::<Vec<_>>().join("; ")
}

/// Sets refused after the last that was taken in, with their places in quarantine.
fn refused(records: &[SetRecord]) -> Result<Vec<Line>, Failure> {
    let newer = records.iter().take_while(|record| record.outcome != Outcome::Taken);
    let mut lines = Vec::new();
    for record in newer.filter(|record| record.outcome == Outcome::Refused) {
        let place = place_of(&record.intake, record.notice_sha256).map_err(EngineError::from)?;
        let receipt = Receipt::parse(record.receipt.as_bytes()).ok();
        let codes: Vec<String> = receipt
            .into_iter()
            .flat_map(|receipt| receipt.reasons)
            .map(|reason| reason.code)
            .take(3)
            .collect();
        lines.push(Line {
            intake: record.intake.to_string(),
            name: format!(".quarantine/{place}"),
            word: ("拒否", "refused"),
            why: codes.join(", "),
            since: record.at.to_string(),
        });
    }
    Ok(lines)
}

fn print(session: &Session, held: &Held, lines: &[Line]) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        let standing: Vec<Value> = lines
            .iter()
            .map(|line| {
                json!({
                    "intake": line.intake, "name": line.name, "standing": line.word.1, "why": line.why,
                    "since": line.since,
                })
            })
            .collect();
        console.json(&json!({ "intakes": held.documents, "standing": standing }));
        return;
    }
    console.table(&held.heads);
    console.table(&held.last);
    if lines.is_empty() {
        return;
    }
    let japanese = ["取込", "名前", "状態", "内容", "いつから"];
    let english = ["intake", "name", "standing", "why", "since"];
    let mut table = TextTable::new(if lang == Lang::Ja { japanese } else { english });
    for line in lines {
        table.row([
            line.intake.clone(),
            line.name.clone(),
            lang.pick(line.word.0, line.word.1).to_owned(),
            line.why.clone(),
            line.since.clone(),
        ]);
    }
    console.table(&table);
}
