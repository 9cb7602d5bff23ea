//! `renkei config`.

use clap::{Args, Subcommand};
use renkei_core::feed::Unmappable;
use renkei_core::order::Order;
use renkei_core::{BusinessId, FeedId};
use serde_json::{Value, json};

use crate::config::{Config as HubConfig, DeclaredFeed};
use crate::console::{Console, Lang, TextTable};
use crate::{Exit, Failure, Session};

/// Look at the configuration.
#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show the configuration as it is understood, with every default filled in. Keys are never shown.
    Show,
}

impl Config {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let ConfigCommand::Show = self.command;
        let config = session.config()?;
        let console = session.console();
        if console.is_json() {
            console.json(&as_json(&config));
        } else {
            show(console, &config);
        }
        Ok(Exit::Ok)
    }
}

/// Where the key comes from, never the key.
fn show(console: &Console, config: &HubConfig) {
    let lang = console.lang();
    for (name, value) in [
        (lang.pick("市区町村", "municipality"), format!("{} {}", config.municipality, config.name)),
        (lang.pick("ハブ", "hub"), config.folder.display().to_string()),
        (lang.pick("連携フォルダの根", "root"), config.root.display().to_string()),
        (lang.pick("データベース", "database"), config.store.path.display().to_string()),
        (lang.pick("個人番号の鍵", "number key"), config.store.number_key.to_string()),
        (lang.pick("命名", "naming"), config.naming.to_string()),
        (lang.pick("警報", "alerts"), alert_line(config)),
        (lang.pick("監視", "figures"), metrics_line(config)),
    ] {
        console.data(format_args!("{name}: {value}"));
    }
    let mut systems = match lang {
        Lang::Ja => TextTable::new(["システム", "名称", "個人番号"]),
        Lang::En => TextTable::new(["system", "name", "個人番号"]),
    };
    for system in &config.systems {
        let may = if system.individual_number { lang.pick("可", "yes") } else { lang.pick("不可", "no") };
        systems.row([system.id.as_str(), &system.name, may]);
    }
    console.data(format_args!("\n{systems}"));
    let headers = match lang {
        Lang::Ja => ["系列", "レイアウト", ">列", "行", "文字コード", "個人番号", "フォルダ", "受け手"],
        Lang::En => ["feed", "layout", ">columns", "rows", "encoding", "個人番号", "folder", "receivers"],
    };
    let mut feeds = TextTable::new(headers);
    for DeclaredFeed { layout_id, feed, .. } in &config.feeds {
        let holds = if feed.layout.holds_individual_number { lang.pick("あり", "yes") } else { "-" };
        feeds.row([
            feed.id.to_string(),
            layout_id.clone(),
            feed.layout.columns.len().to_string(),
            feed.layout.rows.as_str().to_owned(),
            feed.file.encoding.as_str().to_owned(),
            holds.to_owned(),
            feed.folder.to_string(),
            feed.receiver_ids().map(BusinessId::as_str).collect::<Vec<_>>().join(" "),
        ]);
    }
    console.data(format_args!("\n{feeds}"));
    let headers = match lang {
        Lang::Ja => ["ジョブ", "名称", "内容", "有効", "系列"],
        Lang::En => ["job", "name", "content", "enabled", "feeds"],
    };
    let mut jobs = TextTable::new(headers);
    for job in &config.jobs {
        jobs.row([
            job.id.to_string(),
            job.name.clone(),
            work_word(&job.order),
            if job.is_enabled { lang.pick("はい", "yes") } else { lang.pick("いいえ", "no") }.to_owned(),
            job.order.feeds().iter().map(FeedId::as_str).collect::<Vec<_>>().join(" "),
        ]);
    }
    console.data(format_args!("\n{jobs}"));
}

/// The content a job publishes, or the other work it does.
fn work_word(order: &Order) -> String {
    match order {
        Order::Publish { content, .. } => content.to_string(),
        Order::Retention {} => "retention".to_owned(),
        Order::Receive { .. } => "receive".to_owned(),
        Order::Reconcile { .. } => "reconcile".to_owned(),
        Order::Mend { .. } => "mend".to_owned(),
    }
}

/// The channels with what they lead to; passwords are never part of a configuration.
fn alert_line(config: &HubConfig) -> String {
    let mail = config.alert.mail.iter().map(|mail| {
        let (server, port, security) = (&mail.server, mail.port, mail.security.as_str());
        format!("mail {server}:{port} ({security}), {} to", mail.to.len())
    });
    let command = config.alert.command.iter().map(|command| format!("command {}", command.program.display()));
    let channels = mail.chain(command).collect::<Vec<_>>().join("; ");
    if channels.is_empty() { "-".to_owned() } else { channels }
}

fn metrics_line(config: &HubConfig) -> String {
    config.metrics.map_or_else(|| "-".to_owned(), |metrics| metrics.listen.to_string())
}

fn alert_as_json(config: &HubConfig) -> Value {
    let alert = &config.alert;
    json!({
        "per_hour": alert.limit.n_max,
        "mail": alert.mail.as_ref().map(|mail| json!({
            "server": mail.server,
            "port": mail.port,
            "security": mail.security.as_str(),
            "ca_file": mail.ca_file,
            "user": mail.login.as_ref().map(|login| &login.user),
            "from": mail.from.to_string(),
            "to": mail.to.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "timeout_seconds": mail.timeout.as_secs(),
            "min_severity": mail.min_severity,
        })),
        "command": alert.command.as_ref().map(|command| json!({
            "program": command.program,
            "args": command.args.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "timeout_seconds": command.timeout.as_secs(),
            "min_severity": command.min_severity,
        })),
    })
}

fn as_json(config: &HubConfig) -> Value {
    let systems: Vec<Value> = config
        .systems
        .iter()
        .map(|system| json!({ "id": system.id, "name": system.name, "individual_number": system.individual_number }))
        .collect();
    let jobs: Vec<Value> = config
        .jobs
        .iter()
        .map(|job| {
            json!({
                "id": job.id, "name": job.name, "publish": job.order.feeds(), "content": work_word(&job.order),
                "enabled": job.is_enabled,
                "schedule": job.schedule.as_ref().map(|declared| declared.schedule.canonical()),
            })
        })
        .collect();
    json!({
        "municipality": config.municipality.as_str(),
        "name": config.name,
        "folder": config.folder,
        "root": config.root,
        "store": { "path": config.store.path, "number_key": config.store.number_key.to_string() },
        "naming": config.naming.to_string(),
        "alert": alert_as_json(config),
        "metrics": config.metrics.map(|metrics| json!({ "listen": metrics.listen })),
        "systems": systems,
        "feeds": config.feeds.iter().map(feed_as_json).collect::<Vec<_>>(),
        "jobs": jobs,
    })
}

fn feed_as_json(DeclaredFeed { layout_id, feed, .. }: &DeclaredFeed) -> Value {
    let degrade = match &feed.unmappable {
        Unmappable::Stop => None,
        Unmappable::Degrade(map) => Some(map.name()),
    };
    let layout = &feed.layout;
    json!({
        "id": feed.id,
        "layout": layout_id,
        "layout_sha256": layout.sha256,
        "rendering_sha256": feed.rendering_sha256(),
        "interface": layout.interface,
        "branch": layout.branch,
        "version": layout.version,
        "valid_from": layout.valid_from,
        "valid_until": layout.valid_until,
        "rows": feed.layout.rows.as_str(),
        "columns": layout.columns.iter().map(|column| &column.header_romaji).collect::<Vec<_>>(),
        "individual_number": layout.holds_individual_number,
        "encoding": feed.file.encoding.as_str(),
        "newline": feed.file.newline.as_str(),
        "quote": feed.file.quote.as_str(),
        "header": feed.file.header.as_str(),
        "degrade": degrade,
        "unmappable": if degrade.is_some() { "degrade" } else { "stop" },
        "part_rows": feed.parts.max_rows,
        "part_bytes": feed.parts.max_bytes,
        "folder": feed.folder.as_str(),
        "receivers": feed.receiver_ids().collect::<Vec<_>>(),
        "receiver_windows": feed.receivers.iter().map(|one| json!({ "system": one.system, "from": one.window.from, "until": one.window.until })).collect::<Vec<_>>(),
        "guard": feed.guard,
    })
}
