//! `renkei mend`.

use clap::{Args, ValueEnum};
use renkei_core::BusinessId;
use renkei_core::mend::{MendObstacle, MendPlan, MendWay};
use renkei_engine::{Clock as _, EngineError, Generated, Mended, mend, plan_mend_of};
use serde_json::json;

use super::generate::{line_of, say_held};
use super::reason::Reason;
use crate::board::grouped;
use crate::console::{Lang, TextTable, bytes_text};
use crate::receipts::take_in_all;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, board};

/// Bring a receiver that lacks or refused something to what the feed holds.
///
/// The plan shows each way with its cost, and why one does not work: what it lacks or refused again with the same
/// bytes, in order; one merged diff in its mailbox, for it alone; or a fresh full, after which the feed's sequence
/// goes on. The cheaper of the first and the last that works is gone; a merged diff must be asked for.
#[derive(Debug, Args)]
pub(crate) struct Mend {
    /// The feed.
    feed: String,
    /// The receiver.
    #[arg(long, value_name = "ID")]
    receiver: BusinessId,
    /// This way, not the cheapest.
    #[arg(long = "as", value_name = "WAY")]
    way: Option<Way>,
    #[command(flatten)]
    reason: Reason,
    /// Print the plan and change nothing.
    #[arg(long)]
    dry_run: bool,
}

// The words say enough; comments on them would stand in the help in English only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    Again,
    Merged,
    Full,
}

impl Mend {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let wish = self.way.map(|way| match way {
            Way::Again => MendWay::Again,
            Way::Merged => MendWay::Merged,
            Way::Full => MendWay::Full,
        });
        let workplace = if self.dry_run {
            Workplace::for_reading(session)?
        } else {
            Workplace::for_writing(session, "renkei mend")?
        };
        let config = &workplace.config;
        let feed = session.feed(config, &self.feed)?;
        if feed.receiver(&self.receiver).is_none() {
            let (feed, receiver) = (feed.id.clone(), self.receiver.clone());
            let whys = vec!["the system is no receiver of the feed".to_owned()];
            return Err(EngineError::MendRefused { feed, receiver, whys }.into());
        }
        let today = workplace.clock().now().date();
        if !self.dry_run {
            // What was answered meanwhile may need no mending any more.
            take_in_all(workplace.house(), workplace.letters(), config)?;
        }
        let plan = plan_mend_of(workplace.house(), feed, &self.receiver, wish, today)?;
        let console = session.console();
        if self.dry_run {
            if console.is_json() {
                console.json(&plan);
            } else {
                show(session, &plan);
            }
            return Ok(if plan.chosen.is_some() { Exit::Ok } else { Exit::Operator });
        }
        if !console.is_json() {
            show(session, &plan);
        }
        let mended = mend(workplace.house(), feed, &plan, today, &self.reason.reason)?;
        workplace.end_progress();
        match mended {
            Mended::Again(given) => {
                if console.is_json() {
                    let runs: Vec<_> = given.iter().map(|one| &one.run_id).collect();
                    console.json(&json!({ "plan": plan, "runs": runs }));
                }
                let n_given = given.len();
                console.say(
                    format_args!("渡し直しました: {n_given} 件。"),
                    format_args!("Given again: {n_given} publications."),
                );
                Ok(Exit::Ok)
            }
            Mended::Merged(made) => {
                let (folder, name, n_rows) = (&made.folder, &made.notice_name, made.notice.n_rows);
                if console.is_json() {
                    console.json(
                        &json!({ "plan": plan, "folder": folder.as_str(), "notice": name, "rows": n_rows }),
                    );
                }
                console.say(
                    format_args!("受け手のフォルダに置きました: {folder}/{name}（{} 行）", grouped(n_rows)),
                    format_args!(
                        "Put into the receiver's mailbox: {folder}/{name} ({} rows)",
                        grouped(n_rows)
                    ),
                );
                Ok(Exit::Ok)
            }
            Mended::Full(made) => {
                let line = line_of(&workplace, made.notice())?;
                if console.is_json() {
                    console.json(&json!({ "plan": plan, "made": line }));
                } else {
                    board::print(console, line.as_slice());
                }
                match *made {
                    Generated::Published(_) => Ok(Exit::Ok),
                    Generated::Held(held) => {
                        say_held(session, &held);
                        Ok(Exit::Operator)
                    }
                }
            }
        }
    }
}

/// Prints a plan for people.
fn show(session: &Session, plan: &MendPlan) {
    let (console, lang) = (session.console(), session.console().lang());
    let holds = plan.holds.map_or_else(|| lang.pick("なし", "nothing").to_owned(), |holds| holds.to_string());
    let (feed, receiver, n_needed) = (&plan.feed, &plan.receiver, plan.needed.len());
    console.data(match lang {
        Lang::Ja => format!("{feed} 受け手 {receiver}: 持っている連番 {holds}、要る配信 {n_needed} 件"),
        Lang::En => format!("{feed} receiver {receiver}: holds {holds}, needs {n_needed} publications"),
    });
    let mut table = TextTable::new([
        lang.pick("直し方", "way"),
        lang.pick(">組", ">sets"),
        lang.pick(">行数", ">rows"),
        lang.pick(">バイト", ">bytes"),
        lang.pick("選択", "chosen"),
        lang.pick("できない理由", "why not"),
    ]);
    for option in &plan.options {
        let way = match option.way {
            MendWay::Again => lang.pick("again 同じものを渡し直す", "again"),
            MendWay::Merged => lang.pick("merged まとめた差分をこの受け手だけに", "merged"),
            MendWay::Full => lang.pick("full 新しい全件", "full"),
        };
        let whys: Vec<String> =
            option.obstacles.iter().map(|obstacle| obstacle_text(obstacle, lang)).collect();
        let chosen = if plan.chosen == Some(option.way) { "*" } else { "" };
        table.row([
            way.to_owned(),
            grouped(option.cost.n_sets),
            grouped(option.cost.n_rows),
            bytes_text(option.cost.n_bytes),
            chosen.to_owned(),
            whys.join("; "),
        ]);
    }
    console.table(&table);
    if plan.chosen == Some(MendWay::Full) && plan.n_other_receivers > 0 {
        let n_others = plan.n_other_receivers;
        console.data(match lang {
            Lang::Ja => format!("全件は、この系列のほかの受け手 {n_others} 者も取り込みます。"),
            Lang::En => format!("The full is taken in by {n_others} other receivers of the feed too."),
        });
    }
    if plan.chosen.is_none() {
        console.data(
            lang.pick(
                "直すものはないか、直せる方法がありません。",
                "Nothing is to be mended, or no way works.",
            ),
        );
    }
}

fn obstacle_text(obstacle: &MendObstacle, lang: Lang) -> String {
    if lang == Lang::En {
        return obstacle.to_string();
    }
    match obstacle {
        MendObstacle::NothingOpen => "すべて取込済み".to_owned(),
        MendObstacle::NothingLacks => "フォルダに揃っている（受け手が取り込むのを待つだけ）".to_owned(),
        MendObstacle::StateDiffers => "受け手の状態が違うので差分は合わない".to_owned(),
        MendObstacle::HoldsNothing => "差分の元になるものを持っていない".to_owned(),
        MendObstacle::RenderingChanged => "行の書き方が変わったので差分は合わない".to_owned(),
        MendObstacle::LoadedSince => "その後に初期投入があり、差分を取れない".to_owned(),
        MendObstacle::SurplusUnknown => "差分では消せない行を持っている".to_owned(),
        MendObstacle::NoFull => "系列に全件がない".to_owned(),
        MendObstacle::SameBytesRefused { sequence, code } => {
            format!("連番 {sequence} は配信したとおりのまま拒否された（{code}）")
        }
        MendObstacle::CannotBeGiven { sequence, refusal } => format!("連番 {sequence}: {refusal}"),
        MendObstacle::RefusesAll { code } => format!("受け手はこの連携を受け付けない（{code}）"),
        MendObstacle::Held { sequence } => format!("連番 {sequence} が保留中"),
        MendObstacle::NotInForce => "レイアウトの版が有効期間外".to_owned(),
    }
}
