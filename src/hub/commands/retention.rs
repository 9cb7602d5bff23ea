//! `renkei retention`.

use clap::{Args, Subcommand};
use renkei_core::retention::Kept;
use renkei_engine::retention::{Area, RetentionPlan, execute, plan};
use renkei_engine::{Clock as _, House};
use serde_json::json;

use super::reason;
use crate::board::grouped;
use crate::console::{Lang, TextTable};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Show and remove what is past its time, by the rules of [retention] in hub.toml.
///
/// Always kept: a feed's last full and the diffs after it, what is not published yet, what belongs to a run that
/// is not at its end.
#[derive(Debug, Args)]
pub(crate) struct Retention {
    #[command(subcommand)]
    command: RetentionCommand,
}

#[derive(Debug, Subcommand)]
enum RetentionCommand {
    /// Show what would be removed now, and why the rest is kept. Removes nothing.
    Plan(PlanArgs),
    /// Remove what a fresh plan says.
    ///
    /// What is erased is listed in .archive before anything goes, and noted in the audit. Cut off, it is simply run
    /// again.
    Execute(ExecuteArgs),
}

#[derive(Debug, Args)]
struct PlanArgs {
    /// List every single thing.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct ExecuteArgs {
    /// Why; kept in the audit. No names, numbers or addresses of residents.
    #[arg(long, value_name = "TEXT", value_parser = reason::parse)]
    reason: Option<String>,
}

impl Retention {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            RetentionCommand::Plan(args) => args.run(session),
            RetentionCommand::Execute(args) => args.run(session),
        }
    }
}

impl PlanArgs {
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let snapshot = workplace.snapshot()?;
        let (house, rules) = (workplace.house(), &workplace.config.retention);
        let plan = plan(snapshot.as_ref(), house.folders, rules, workplace.clock().now())?;
        if session.console().is_json() {
            session.console().json(&plan);
            return Ok(Exit::Ok);
        }
        print(session, &plan);
        if self.all {
            list(session, &plan);
        }
        if !plan.is_empty() {
            session.console().say(
                "何も消していません。消すには: renkei retention execute",
                "Nothing was removed. To remove it: renkei retention execute",
            );
        }
        Ok(Exit::Ok)
    }
}

impl ExecuteArgs {
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei retention execute")?;
        let reason = self.reason.as_deref().unwrap_or_default();
        let done = execute(House { reason, ..workplace.house() }, &workplace.config.retention);
        workplace.end_progress();
        let done = done?;
        let console = session.console();
        if console.is_json() {
            console.json(&json!(done));
            return Ok(Exit::Ok);
        }
        print(session, &done.plan);
        match &done.record {
            Some(record) => console.say(
                format_args!("表のとおり消しました。一覧: {record}"),
                format_args!("Removed as shown. Listed in {record}"),
            ),
            None => console.say("消すものはありませんでした。", "There was nothing to remove."),
        }
        Ok(Exit::Ok)
    }
}

fn print(session: &Session, plan: &RetentionPlan) {
    let (console, lang) = (session.console(), session.console().lang());
    let mut table = TextTable::new([
        lang.pick("対象", "what"),
        lang.pick(">保存日数", ">days"),
        lang.pick(">消す", ">remove"),
        lang.pick(">ファイル", ">files"),
        lang.pick(">バイト", ">bytes"),
        lang.pick("残す", "keep"),
    ]);
    for area in &plan.areas {
        let (n_files, n_bytes) = area.size();
        let kept: Vec<String> =
            area.kept.iter().map(|(why, n)| format!("{} {}", kept_word(*why, lang), grouped(*n))).collect();
        table.row([
            area_word(area.area, lang).to_owned(),
            area.days.to_string(),
            grouped(area.remove.len() as u64),
            grouped(n_files),
            grouped(n_bytes),
            kept.join(lang.pick("、", ", ")),
        ]);
    }
    let dash = || "-".to_owned();
    let slots = grouped(plan.n_skipped_slots);
    table.row([
        lang.pick("行わなかった起動予定", "skipped slots").to_owned(),
        dash(),
        slots,
        dash(),
        dash(),
        String::new(),
    ]);
    let (n_rows, days) = (grouped(plan.n_old_records), plan.records_days.to_string());
    let records =
        lang.pick("引渡し・台帳・警報・照合の行", "rows of deliveries, ledger, alerts, comparisons");
    table.row([records.to_owned(), days, n_rows, dash(), dash(), String::new()]);
    let lines = grouped(plan.audit.map_or(0, |cut| cut.n_lines));
    let audit = lang.pick("監査の行", "lines of the audit").to_owned();
    table.row([audit, plan.audit_days.to_string(), lines, dash(), dash(), String::new()]);
    console.table(&table);
}

fn list(session: &Session, plan: &RetentionPlan) {
    for area in &plan.areas {
        for item in &area.remove {
            session.console().data(format_args!("{} {} {}", area.area.as_str(), item.what, item.since));
        }
    }
}

fn area_word(area: Area, lang: Lang) -> &'static str {
    match area {
        Area::Publications => lang.pick("配信ファイル", "published files"),
        Area::Archive => lang.pick("配信の控え", "archive"),
        Area::Quarantine => lang.pick("隔離", "quarantine"),
        Area::Reports => lang.pick("報告", "reports"),
        Area::Mailboxes => lang.pick("受け手ごとの差分", "mailboxes"),
        Area::Answers => lang.pick("回答・点検の報告", "answers"),
        Area::Differences => lang.pick("行の違いの報告", "differences"),
        Area::Runs => lang.pick("実行の記録", "runs"),
        Area::Transfers => lang.pick("転出証明書情報等", "transfer cases"),
    }
}

fn kept_word(kept: Kept, lang: Lang) -> &'static str {
    match kept {
        Kept::Young => lang.pick("期間内", "within its time"),
        Kept::Needed => lang.pick("受け手に要る", "needed by receivers"),
        Kept::Unsettled => lang.pick("配信の途中", "not published yet"),
        Kept::RunOpen => lang.pick("実行中", "run not at its end"),
        Kept::Slot => lang.pick("起動予定が残る", "slot kept"),
        Kept::Undecided => lang.pick("未決", "undecided"),
        Kept::Undelivered => lang.pick("引渡しの途中", "not delivered yet"),
        Kept::Unknown => lang.pick("不明", "unknown"),
    }
}
