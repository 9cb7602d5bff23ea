//! `renkei remake`.

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use renkei_core::Sequence;
use renkei_core::publication::Kind;
use renkei_core::redo::{Making, RemakeFollow, RemakePlan, RemakeWish};
use renkei_engine::{Generated, plan_remake_of, remake};
use renkei_registry::AtenaNo;
use serde_json::json;

use super::generate::{line_of, say_held};
use super::reason::Reason;
use crate::board::kind_word;
use crate::console::Lang;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, board};

/// Make the business date of a publication again, as a new publication with the next sequence.
///
/// History is never edited. The last publication of a feed is made again as what it was; where others were built
/// on it, a fresh full is made, after which receivers go on from there. A diff always builds on the feed's last
/// state, so no chain is broken.
#[derive(Debug, Args)]
pub(crate) struct Remake {
    /// The feed.
    feed: String,
    /// The publication's sequence.
    #[arg(value_name = "SEQ")]
    sequence: u32,
    /// Make a full or a diff; default: what fits.
    #[arg(long = "as", value_name = "CONTENT")]
    content: Option<As>,
    /// The business date; default: the old one's.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    /// For a single: the resident, by 宛名番号; no record keeps whose rows it held.
    #[arg(long, value_name = "ATENA_NO")]
    single: Option<AtenaNo>,
    #[command(flatten)]
    reason: Reason,
    /// Print the plan and change nothing.
    #[arg(long)]
    dry_run: bool,
}

// The words say enough; comments on them would stand in the help in English only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    Full,
    Diff,
}

impl Remake {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let wish = RemakeWish {
            kind: self.content.map(|content| if content == As::Full { Kind::Full } else { Kind::Diff }),
            business_date: self.date,
            names_resident: self.single.is_some(),
        };
        let workplace = if self.dry_run {
            Workplace::for_reading(session)?
        } else {
            Workplace::for_writing(session, "renkei remake")?
        };
        let feed = session.feed(&workplace.config, &self.feed)?;
        let plan = plan_remake_of(workplace.house(), feed, Sequence(self.sequence), wish)?;
        let console = session.console();
        if self.dry_run {
            if console.is_json() {
                console.json(&plan);
            } else {
                show(session, &plan);
            }
            return Ok(if plan.makes.is_some() { Exit::Ok } else { Exit::Operator });
        }
        let made = remake(workplace.house(), feed, &plan, self.single, &self.reason.reason);
        workplace.end_progress();
        let made = made?;
        let line = line_of(&workplace, made.notice())?;
        if console.is_json() {
            console.json(&json!({ "plan": plan, "publication": line }));
        } else {
            show(session, &plan);
            board::print(console, line.as_slice());
        }
        if let Generated::Held(held) = &made {
            say_held(session, held);
            return Ok(Exit::Operator);
        }
        Ok(Exit::Ok)
    }
}

/// Prints a plan for people.
fn show(session: &Session, plan: &RemakePlan) {
    let (console, lang) = (session.console(), session.console().lang());
    let RemakePlan { feed, sequence, business_date, .. } = plan;
    let kind = kind_word(lang, plan.kind.as_str());
    console.data(match lang {
        Lang::Ja => format!("{feed} 連番 {sequence} {kind}（業務日 {business_date}）を作り直す"),
        Lang::En => {
            format!("To make again: {feed} sequence {sequence} {kind} (business date {business_date})")
        }
    });
    if !plan.built_on.is_empty() {
        let built: Vec<String> = plan.built_on.iter().map(|later| later.sequence.to_string()).collect();
        let built = built.join(", ");
        console.data(match lang {
            Lang::Ja => format!("  この配信を土台にした配信: 連番 {built}"),
            Lang::En => format!("  built on it: sequences {built}"),
        });
    }
    if let Some(making) = &plan.makes {
        console.data(format_args!("  {}: {}", lang.pick("作るもの", "makes"), making_text(lang, making)));
    }
    for making in &plan.instead {
        let word = lang.pick("代わりに作れるもの", "could be made instead");
        let option = format!("--as {}", making.kind);
        console.data(format_args!("  {word}: {} ({option})", making_text(lang, making)));
    }
    for refusal in &plan.refusals {
        console.data(format_args!("  {}: {refusal}", lang.pick("できません", "refused")));
    }
    for follow in plan.follows.iter().filter(|_| plan.makes.is_some()) {
        console.data(format_args!("  {}", follow_text(lang, *follow)));
    }
}

fn making_text(lang: Lang, making: &Making) -> String {
    let Making { kind, sequence, business_date, .. } = making;
    let kind = kind_word(lang, kind.as_str());
    let base = match (making.base_sequence, lang) {
        (Some(base), Lang::Ja) => format!("、連番 {base} の上に"),
        (Some(base), Lang::En) => format!(" on {base}"),
        (None, _) => String::new(),
    };
    let day = making.as_of.map(|day| format!(" {day}")).unwrap_or_default();
    match lang {
        Lang::Ja => format!("{kind}{day} 連番 {sequence}{base}（業務日 {business_date}）"),
        Lang::En => format!("{kind}{day} sequence {sequence}{base} (business date {business_date})"),
    }
}

fn follow_text(lang: Lang, follow: RemakeFollow) -> String {
    match (follow, lang) {
        (RemakeFollow::OldStay, _) => lang
            .pick(
                "前の配信とその上の配信はそのまま残り、新しい配信はその後に続きます。",
                "The old publication and those built on it stay; the new one comes after them.",
            )
            .to_owned(),
        (RemakeFollow::FullReplaces, _) => lang
            .pick(
                "全件は、受け手が何を取り込んでいても、その持つ行をすべて置き換えます。",
                "The full replaces whatever receivers hold.",
            )
            .to_owned(),
        (RemakeFollow::DiffBringsOnlyLater { head }, Lang::Ja) => {
            format!(
                "差分は連番 {head} より後の異動だけです。前の配信の行は renkei redeliver で渡し直します。"
            )
        }
        (RemakeFollow::DiffBringsOnlyLater { head }, Lang::En) => format!(
            "The diff brings what changed since {head} only; the old one's rows are given again by renkei redeliver."
        ),
        (RemakeFollow::MovesNoState, _) => {
            lang.pick("受け手の状態は動きません。", "It moves no receiver's state.").to_owned()
        }
    }
}
