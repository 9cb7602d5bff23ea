//! `renkei redeliver`.

use clap::{Args, ValueEnum};
use renkei_core::Sequence;
use renkei_core::port::Standing;
use renkei_core::redo::{FileStep, RedeliverFollow, RedeliverFrom, RedeliverPlan, Role};
use renkei_engine::{plan_redelivery, redeliver};
use serde_json::json;

use super::reason::Reason;
use crate::board::{grouped, kind_word};
use crate::console::{Lang, TextTable};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Give a publication again with the same bytes: what is missing comes back, the notice comes anew.
///
/// Data files that a receiver removed or changed are put back from the archive, each compared with the digest of
/// its publication; what stood in their place goes to the quarantine. The notice is put into the folder anew even
/// where it stands, so that a receiver who watches sees it.
#[derive(Debug, Args)]
pub(crate) struct Redeliver {
    /// The feed.
    feed: String,
    /// The publication's sequence.
    #[arg(value_name = "SEQ")]
    sequence: u32,
    /// Where to begin: with the data files, or with the notice alone.
    #[arg(long, value_name = "STEP", default_value = "data")]
    from: From,
    #[command(flatten)]
    reason: Reason,
    /// Print the plan and change nothing.
    #[arg(long)]
    dry_run: bool,
}

// The words say enough; comments on them would stand in the help in English only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    Data,
    Notice,
}

impl Redeliver {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let from = match self.from {
            From::Data => RedeliverFrom::Data,
            From::Notice => RedeliverFrom::Notice,
        };
        let sequence = Sequence(self.sequence);
        if self.dry_run {
            let workplace = Workplace::for_reading(session)?;
            let feed = &session.feed(&workplace.config, &self.feed)?.id;
            let plan = plan_redelivery(workplace.house(), feed, sequence, from)?;
            show(session, &plan);
            return Ok(if plan.is_allowed() { Exit::Ok } else { Exit::Operator });
        }
        let workplace = Workplace::for_writing(session, "renkei redeliver")?;
        let feed = &session.feed(&workplace.config, &self.feed)?.id;
        let done = redeliver(workplace.house(), feed, sequence, from, &self.reason.reason)?;
        let console = session.console();
        if console.is_json() {
            console.json(&json!({
                "plan": done.plan, "quarantined": done.quarantined, "run_id": done.run_id,
            }));
            return Ok(Exit::Ok);
        }
        show(session, &done.plan);
        let n_back = done.plan.n_back();
        console.say(
            format_args!(
                "渡し直しました: {feed} 連番 {sequence}（戻したファイル {n_back}、通知を置き直し）。"
            ),
            format_args!("Given again: {feed} sequence {sequence} ({n_back} files put back, notice anew)."),
        );
        for path in &done.quarantined {
            console.say(format_args!("  隔離: {path}"), format_args!("  quarantined: {path}"));
        }
        Ok(Exit::Ok)
    }
}

/// Prints a plan: for people, or the object itself.
fn show(session: &Session, plan: &RedeliverPlan) {
    let (console, lang) = (session.console(), session.console().lang());
    if console.is_json() {
        console.json(plan);
        return;
    }
    let RedeliverPlan { feed, sequence, business_date, folder, .. } = plan;
    let kind = kind_word(lang, plan.kind.as_str());
    console.data(match lang {
        Lang::Ja => format!("{feed} 連番 {sequence} {kind}（業務日 {business_date}） {folder}"),
        Lang::En => format!("{feed} sequence {sequence} {kind} (business date {business_date}) {folder}"),
    });
    let mut table = TextTable::new([
        lang.pick("ファイル", "file"),
        lang.pick("種類", "role"),
        lang.pick(">バイト", ">bytes"),
        lang.pick("フォルダ", "folder"),
        lang.pick("控え", "archive"),
        lang.pick("すること", "what is done"),
    ]);
    for file in &plan.files {
        let archive = file.in_archive.map_or("-", |standing| standing_word(lang, standing));
        table.row([
            file.name.to_string(),
            role_word(lang, file.role).to_owned(),
            grouped(file.n_bytes),
            standing_word(lang, file.in_folder).to_owned(),
            archive.to_owned(),
            step_word(lang, file.step).to_owned(),
        ]);
    }
    console.table(&table);
    for refusal in &plan.refusals {
        console.data(format_args!("{}: {refusal}", lang.pick("できません", "refused")));
    }
    for follow in plan.follows.iter().filter(|_| plan.is_allowed()) {
        console.data(match (follow, lang) {
            (RedeliverFollow::SeenAsRepeat, Lang::Ja) => {
                "取込済みの受け手は、同じ連番の繰返しと分かり、何も変えません。".to_owned()
            }
            (RedeliverFollow::SeenAsRepeat, Lang::En) => {
                "Who took it in sees a repeat and changes nothing.".to_owned()
            }
            (RedeliverFollow::LaterStandAfterIt { n_later, last }, Lang::Ja) => {
                format!("まだの受け手は、これを取り込んでから、後の {n_later} 件（連番 {last} まで）を順に取り込みます。")
            }
            (RedeliverFollow::LaterStandAfterIt { n_later, last }, Lang::En) => {
                format!("Who lacks it takes it in, then the {n_later} later ones up to {last} in order.")
            }
        });
    }
}

fn role_word(lang: Lang, role: Role) -> &'static str {
    match role {
        Role::Data => lang.pick("データ", "data"),
        Role::Report => lang.pick("報告", "report"),
        Role::Notice => lang.pick("通知", "notice"),
    }
}

fn standing_word(lang: Lang, standing: Standing) -> &'static str {
    match standing {
        Standing::Same => lang.pick("同じ", "same"),
        Standing::Other => lang.pick("違う", "other"),
        Standing::Missing => lang.pick("無い", "missing"),
    }
}

fn step_word(lang: Lang, step: FileStep) -> &'static str {
    match step {
        FileStep::Leave => lang.pick("そのまま", "left"),
        FileStep::PutBack => lang.pick("控えから戻す", "put back"),
        FileStep::Replace => lang.pick("隔離し、控えから戻す", "quarantined, put back"),
        FileStep::GiveAgain => lang.pick("置き直す", "given anew"),
        FileStep::Impossible => lang.pick("できない", "impossible"),
    }
}
