//! `renkei deliveries`.

use clap::Args;
use renkei_core::delivery::{DeliveryAttempt, DeliveryLine, DeliveryState, Waiting, standing};
use renkei_core::{DestinationId, FeedId, Moment, Sequence};
use renkei_engine::Clock as _;
use serde_json::{Value, json};

use super::deliver::publication;
use super::destination::declared;
use crate::board::grouped;
use crate::console::{Lang, TextTable};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Show what destinations are still to be given, and what each delivery waits for.
#[derive(Debug, Args)]
pub(crate) struct Deliveries {
    /// Of this destination only.
    destination: Option<String>,
    /// Only what is due now.
    #[arg(long)]
    due: bool,
    /// What is over too: delivered and given up.
    #[arg(long, conflicts_with = "due")]
    all: bool,
    /// Each try there: when, by whom, how many files, why it failed.
    #[arg(long, requires = "destination", conflicts_with_all = ["due", "all"])]
    attempts: bool,
    /// How many tries to show, the newest ones.
    #[arg(long, requires = "attempts", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    last: u32,
    /// The tries of one publication only, as FEED:SEQ.
    #[arg(long, value_name = "FEED:SEQ", requires = "attempts", value_parser = publication)]
    publication: Option<(FeedId, Sequence)>,
}

/// A line and what it waits for; `None` for one that is over.
struct Shown {
    line: DeliveryLine,
    waiting: Option<Waiting>,
}

impl Deliveries {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let only = match &self.destination {
            Some(id) => Some(on_record(&workplace, id)?),
            None => None,
        };
        if let (true, Some(destination)) = (self.attempts, &only) {
            let snapshot = workplace.snapshot()?;
            let attempts = match &self.publication {
                Some((feed, sequence)) => snapshot.delivery_attempts(feed, *sequence, destination)?,
                None => snapshot.last_delivery_attempts(destination, self.last)?,
            };
            print_attempts(session, &attempts);
            return Ok(Exit::Ok);
        }
        let now = workplace.clock().now();
        let lines = workplace.snapshot()?.delivery_lines(only.as_ref(), !self.all)?;
        let mut shown = Vec::new();
        for destination in &workplace.config.destinations {
            let waits = standing(&destination.terms, &lines, now);
            shown.extend(
                waits.into_iter().map(|(line, waiting)| Shown { line: line.clone(), waiting: Some(waiting) }),
            );
        }
        let is_known = |id: &DestinationId| workplace.config.destination(id.as_str()).is_some();
        let others = lines.iter().filter(|line| !line.state.is_open() || !is_known(&line.destination));
        shown.extend(others.map(|line| Shown {
            line: line.clone(),
            waiting: line.state.is_open().then_some(Waiting::NotDeclared),
        }));
        if self.due {
            shown.retain(|shown| shown.waiting == Some(Waiting::Nothing));
        }
        shown.sort_by(|one, other| key(&one.line).cmp(&key(&other.line)));
        let needs_somebody = shown.iter().any(|shown| shown.line.state == DeliveryState::Stopped);
        print(session, &shown);
        Ok(if needs_somebody { Exit::Operator } else { Exit::Ok })
    }
}

fn key(line: &DeliveryLine) -> (&DestinationId, &FeedId, Sequence) {
    (&line.destination, &line.feed, line.sequence)
}

fn print(session: &Session, shown: &[Shown]) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(&shown.iter().map(as_json).collect::<Vec<_>>());
        return;
    }
    let mut table = TextTable::new([
        lang.pick("引渡先", "destination"),
        lang.pick("配信系列", "feed"),
        lang.pick(">連番", ">sequence"),
        lang.pick("状況", "standing"),
        lang.pick(">試行", ">tries"),
        lang.pick(">バイト", ">bytes"),
        lang.pick("障害", "fault"),
        lang.pick("いつから", "since"),
    ]);
    for Shown { line, waiting } in shown {
        table.row([
            line.destination.to_string(),
            line.feed.to_string(),
            line.sequence.to_string(),
            words(line, waiting.as_ref(), lang),
            line.n_tries.to_string(),
            if line.n_bytes == 0 { "-".to_owned() } else { grouped(line.n_bytes) },
            line.fault_code.clone().unwrap_or_else(|| "-".to_owned()),
            line.delivered_at.unwrap_or(line.since).to_string(),
        ]);
    }
    console.table(&table);
}

/// The destination with this id: one that is declared, or that was and has something on record.
fn on_record(workplace: &Workplace<'_>, id: &str) -> Result<DestinationId, Failure> {
    let known = id.parse::<DestinationId>().ok();
    let has_tries = |id: &DestinationId| -> Result<bool, Failure> {
        let snapshot = workplace.snapshot()?;
        let has_open = !snapshot.delivery_lines(Some(id), true)?.is_empty();
        Ok(has_open || !snapshot.last_delivery_attempts(id, 1)?.is_empty())
    };
    match (workplace.config.destination(id), known) {
        (None, Some(known)) if has_tries(&known)? => Ok(known),
        _ => declared(&workplace.config, id).map(|found| found.terms.id.clone()),
    }
}

fn print_attempts(session: &Session, attempts: &[DeliveryAttempt]) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(&attempts.iter().map(attempt_as_json).collect::<Vec<_>>());
        return;
    }
    let mut table = TextTable::new([
        lang.pick("配信系列", "feed"),
        lang.pick(">連番", ">sequence"),
        lang.pick(">試行", ">try"),
        lang.pick("開始", "began"),
        lang.pick("終了", "ended"),
        lang.pick("誰が", "by"),
        lang.pick(">送信", ">sent"),
        lang.pick(">既存", ">there"),
        lang.pick(">バイト", ">bytes"),
        lang.pick("障害", "fault"),
        lang.pick("詳細", "detail"),
    ]);
    let dash = || "-".to_owned();
    for attempt in attempts {
        table.row([
            attempt.feed.to_string(),
            attempt.sequence.to_string(),
            attempt.attempt_no.to_string(),
            attempt.started_at.to_string(),
            attempt.ended_at.map_or_else(dash, |at| at.to_string()),
            attempt.operator.clone(),
            attempt.n_files_sent.to_string(),
            attempt.n_files_there.to_string(),
            grouped(attempt.n_bytes_sent),
            attempt.fault_code.clone().unwrap_or_else(dash),
            attempt.detail.clone().unwrap_or_else(dash),
        ]);
    }
    console.table(&table);
}

fn attempt_as_json(attempt: &DeliveryAttempt) -> Value {
    json!({
        "destination": attempt.destination, "feed": attempt.feed, "sequence": attempt.sequence,
        "attempt": attempt.attempt_no, "operator": attempt.operator,
        "started_at": attempt.started_at.to_string(), "ended_at": attempt.ended_at.map(|at| at.to_string()),
        "files_sent": attempt.n_files_sent, "files_there": attempt.n_files_there,
        "bytes_sent": attempt.n_bytes_sent, "fault_code": attempt.fault_code,
        "fault_class": attempt.fault_class, "detail": attempt.detail,
    })
}

fn words(line: &DeliveryLine, waiting: Option<&Waiting>, lang: Lang) -> String {
    let clock = |at: &Moment| at.local().format("%m-%d %H:%M").to_string();
    match (waiting, lang) {
        (None, _) => match line.state {
            DeliveryState::Delivered => lang.pick("引渡済", "delivered").to_owned(),
            _ => lang.pick("見送り", "given up").to_owned(),
        },
        (Some(Waiting::Nothing), _) => lang.pick("これから", "due").to_owned(),
        (Some(Waiting::NotDeclared), _) => lang.pick("宣言なし", "not declared").to_owned(),
        (Some(Waiting::Person), _) => lang.pick("停止: 対応待ち", "stopped: a person must look").to_owned(),
        (Some(Waiting::Earlier(earlier)), Lang::Ja) => format!("待ち: 連番 {earlier} の後"),
        (Some(Waiting::Earlier(earlier)), Lang::En) => format!("waits for {earlier}"),
        (Some(Waiting::Retry(at)), Lang::Ja) => format!("待ち: {} に再試行", clock(at)),
        (Some(Waiting::Retry(at)), Lang::En) => format!("tried again at {}", clock(at)),
        (Some(Waiting::Window(at)), Lang::Ja) => format!("待ち: 時間帯（{} から）", clock(at)),
        (Some(Waiting::Window(at)), Lang::En) => format!("waits for its window at {}", clock(at)),
    }
}

fn as_json(shown: &Shown) -> Value {
    let Shown { line, waiting } = shown;
    let (waits_for, until) = match waiting {
        None => (Value::Null, None),
        Some(Waiting::Nothing) => (json!("nothing"), None),
        Some(Waiting::NotDeclared) => (json!("declaration"), None),
        Some(Waiting::Person) => (json!("person"), None),
        Some(Waiting::Earlier(_)) => (json!("earlier"), None),
        Some(Waiting::Retry(at)) => (json!("retry"), Some(at.to_string())),
        Some(Waiting::Window(at)) => (json!("window"), Some(at.to_string())),
    };
    json!({
        "destination": line.destination, "feed": line.feed, "sequence": line.sequence,
        "receiver": line.receiver, "state": line.state, "waits_for": waits_for, "until": until,
        "tries": line.n_tries, "attempts": line.n_attempts, "bytes": line.n_bytes,
        "fault_code": line.fault_code, "fault_class": line.fault_class,
        "since": line.since.to_string(), "delivered_at": line.delivered_at.map(|at| at.to_string()),
    })
}
