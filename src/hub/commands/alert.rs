//! `renkei alert`.

use clap::{Args, Subcommand, ValueEnum};
use renkei_core::Digest;
use renkei_core::alert::{Alert as CoreAlert, AlertKey, Channel, Delivery, Matter, Outcome};
use renkei_core::declared::nearest;
use renkei_core::port::{AlertRecord, AuditEntry, MessageState, Store as _};
use renkei_engine::Clock as _;
use serde_json::json;

use super::reason::Reason;
use crate::alert::AlertSender;
use crate::clock::HubClock;
use crate::console::{Console, Lang, TextTable};
use crate::daemon::DaemonLink;
use crate::failure::HubError;
use crate::premises::open_store;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Alerts: try the ways they take, list them, or clear one.
#[derive(Debug, Args)]
pub(crate) struct Alert {
    #[command(subcommand)]
    command: AlertCommand,
}

#[derive(Debug, Subcommand)]
enum AlertCommand {
    /// Send a test alert over the channels of hub.toml and tell what came of each.
    Test {
        /// Only this channel.
        #[arg(long, value_enum)]
        channel: Option<ChannelWord>,
    },
    /// List the last alerts and whether people were told.
    List {
        /// Only those that stand open.
        #[arg(long)]
        open: bool,
        /// How many, newest first.
        #[arg(long, default_value_t = 20)]
        last: u32,
    },
    /// Clear an alert that stands open, by its key as the list shows it.
    ///
    /// Whoever was told of it is told that it is over. Where its condition still holds, the daemon finds it again.
    Clear {
        /// The alert's key.
        key: String,
        #[command(flatten)]
        reason: Reason,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ChannelWord {
    Mail,
    Command,
}

impl Alert {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            AlertCommand::Test { channel } => test(session, *channel),
            AlertCommand::List { open, last } => list(session, *open, *last),
            AlertCommand::Clear { key, reason } => clear(session, key, &reason.reason),
        }
    }
}

fn test(session: &Session, only: Option<ChannelWord>) -> Result<Exit, Failure> {
    let only = only.map(|word| match word {
        ChannelWord::Mail => Channel::Mail,
        ChannelWord::Command => Channel::Command,
    });
    let config = session.config()?;
    let sender = AlertSender::new(&config);
    let channels = sender.channels();
    let channels: Vec<Channel> =
        channels.into_iter().filter(|channel| only.is_none_or(|only| only == *channel)).collect();
    if channels.is_empty() {
        return Err(HubError::NoAlertChannel.into());
    }
    let store = open_store(&config, session.wait(), true)?;
    let clock = HubClock::system();
    let now = clock.now();
    let alert = CoreAlert::new(Matter::Test, now);
    let alerts = std::slice::from_ref(&alert);
    let deliveries: Vec<Delivery> =
        channels.into_iter().filter_map(|channel| sender.send_on(channel, alerts, now)).collect();
    let entry = AuditEntry {
        audit_no: 0,
        at: clock.now().to_string(),
        operator: session.operator(),
        action: "alert test".to_owned(),
        reason: String::new(),
        result: results(&deliveries),
        chain_sha256: Digest([0; 32]),
    };
    // On record without messages: it has been told already, or its failure is known.
    let mut transaction = store.begin()?;
    transaction.open_alert(&alert, &[])?;
    transaction.append_audit(&entry)?;
    transaction.commit()?;
    Ok(told(session, &alert, &deliveries))
}

/// Tries the channels of an agent, of which nothing is on record.
pub(super) fn test_agent(session: &Session, sender: &AlertSender) -> Result<Exit, Failure> {
    let now = HubClock::system().now();
    let alert = CoreAlert::new(Matter::Test, now);
    if sender.channels().is_empty() {
        return Err(HubError::NoAlertChannel.into());
    }
    Ok(told(session, &alert, &sender.send(&alert, now)))
}

/// Says what came of each channel.
fn told(session: &Session, alert: &CoreAlert, deliveries: &[Delivery]) -> Exit {
    let console = session.console();
    if console.is_json() {
        console.json(&json!({ "alert": alert, "deliveries": deliveries }));
    } else {
        print(console, deliveries);
    }
    exit(deliveries)
}

/// What came of each, for the audit.
fn results(deliveries: &[Delivery]) -> String {
    let result = |delivery: &Delivery| {
        format!("{} {}", delivery.channel.as_str(), outcome_word(&delivery.outcome, Lang::En))
    };
    deliveries.iter().map(result).collect::<Vec<_>>().join(", ")
}

fn print(console: &Console, deliveries: &[Delivery]) {
    let lang = console.lang();
    let mut table = TextTable::new([
        lang.pick("経路", "channel"),
        lang.pick("結果", "outcome"),
        lang.pick(">ミリ秒", ">ms"),
        lang.pick("相手の言葉", "what was said"),
    ]);
    for delivery in deliveries {
        table.row([
            delivery.channel.as_str().to_owned(),
            outcome_word(&delivery.outcome, lang),
            delivery.duration_ms.to_string(),
            words(&delivery.outcome),
        ]);
    }
    console.table(&table);
}

fn exit(deliveries: &[Delivery]) -> Exit {
    let mut failed = deliveries.iter().filter(|delivery| !delivery.is_done());
    match () {
        () if deliveries.iter().all(Delivery::is_done) => Exit::Ok,
        () if failed.all(Delivery::is_retryable) => Exit::Retry,
        () => Exit::Operator,
    }
}

fn outcome_word(outcome: &Outcome, lang: Lang) -> String {
    match outcome {
        Outcome::Sent { .. } => lang.pick("送信した", "sent").to_owned(),
        Outcome::Exited { exit_code, .. } => {
            format!("{} {exit_code}", lang.pick("終了コード", "exit code"))
        }
        Outcome::Refused { .. } => lang.pick("拒否された", "refused").to_owned(),
        Outcome::Unreachable { .. } => lang.pick("届かない", "unreachable").to_owned(),
        Outcome::TimedOut => lang.pick("時間切れ", "timed out").to_owned(),
        Outcome::GivenUp => lang.pick("あきらめた", "given up").to_owned(),
    }
}

/// In one line, whatever a program or server said; `--json` has it as it was.
fn words(outcome: &Outcome) -> String {
    let words = match outcome {
        Outcome::Sent { words }
        | Outcome::Exited { words, .. }
        | Outcome::Refused { words, .. }
        | Outcome::Unreachable { words } => words.trim(),
        Outcome::TimedOut | Outcome::GivenUp => "",
    };
    let line = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    line.take(120).collect()
}

fn list(session: &Session, only_open: bool, last: u32) -> Result<Exit, Failure> {
    let workplace = Workplace::for_reading(session)?;
    let alerts = workplace.snapshot()?.alerts(only_open, last)?;
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(&alerts);
        return Ok(Exit::Ok);
    }
    let mut table = TextTable::new([
        lang.pick(">番号", ">no"),
        lang.pick("開始", "opened"),
        lang.pick("解消", "cleared"),
        lang.pick("重さ", "severity"),
        lang.pick("警報", "alert"),
        lang.pick(">回数", ">times"),
        lang.pick("通知", "told"),
    ]);
    for record in alerts {
        table.row([
            record.alert_no.to_string(),
            record.opened_at.clone(),
            record.cleared_at.clone().unwrap_or_else(|| lang.pick("未", "open").to_owned()),
            record.alert.severity().as_str().to_owned(),
            record.key.to_string(),
            record.n_found.to_string(),
            messages(&record, lang),
        ]);
    }
    console.table(&table);
    Ok(Exit::Ok)
}

fn clear(session: &Session, key: &str, reason: &str) -> Result<Exit, Failure> {
    let workplace = Workplace::for_noting(session)?;
    let now = workplace.clock().now();
    let mut tx = workplace.store().begin()?;
    if !tx.clear_alert(&AlertKey::stored(key.to_owned()), now)? {
        drop(tx);
        let open = workplace.snapshot()?.alerts(true, u32::MAX)?;
        let near = nearest(key, open.iter().map(|alert| alert.key.as_str())).map(str::to_owned);
        return Err(HubError::UnknownAlert { key: key.to_owned(), near }.into());
    }
    let (operator, action) = (session.operator(), format!("clear alert {key}"));
    let result = "cleared".to_owned();
    tx.append_audit(&AuditEntry::new(now.to_string(), &operator, action, reason, result))?;
    tx.commit()?;
    if let Some(daemon) = DaemonLink::find(&workplace.config) {
        // It brings the all-clear out.
        daemon.wake();
    }
    let console = session.console();
    if console.is_json() {
        console.json(&json!({ "key": key, "cleared_at": now.to_string() }));
    }
    console.say(format_args!("解消としました: {key}"), format_args!("Cleared: {key}"));
    Ok(Exit::Ok)
}

/// How its newest message stands on each channel.
fn messages(record: &AlertRecord, lang: Lang) -> String {
    let newest = Channel::ALL.into_iter().filter_map(|channel| {
        let message = record.messages.iter().rev().find(|message| message.channel == channel)?;
        let state = match message.state {
            MessageState::Waiting => lang.pick("待ち", "waiting"),
            MessageState::Told => lang.pick("済", "told"),
            MessageState::Lost => lang.pick("届かず", "lost"),
        };
        Some(format!("{} {state}", channel.as_str()))
    });
    newest.collect::<Vec<_>>().join(", ")
}
