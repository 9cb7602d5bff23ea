//! `renkei held`.

use clap::{Args, Subcommand};
use renkei_core::FeedId;
use renkei_core::guard::Exceeded;
use renkei_core::notice::{ChangeCounts, Notice};
use renkei_core::port::PublicationRecord;
use renkei_core::publication::Progress;
use renkei_engine::night::settle_held;
use renkei_engine::{discard, release};
use renkei_registry::CodeTable;
use serde::Serialize;
use serde_json::json;

use super::generate::line_of;
use super::reason::Reason;
use crate::board::{grouped, kind_word};
use crate::console::{Lang, TextTable};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, board};

/// List publications that the mass-change guard holds, release one, or discard it.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Held {
    #[command(subcommand)]
    command: Option<HeldCommand>,
}

#[derive(Debug, Subcommand)]
enum HeldCommand {
    /// Publish what a feed has held, with exactly the bytes that were reviewed.
    Release(Decide),
    /// Give up what a feed has held; its sequence is the next one's.
    Discard(Decide),
}

#[derive(Debug, Args)]
struct Decide {
    /// The feed.
    feed: String,
    #[command(flatten)]
    reason: Reason,
}

/// One held publication.
#[derive(Debug, Serialize)]
struct HeldLine {
    feed: FeedId,
    sequence: u32,
    kind: String,
    business_date: String,
    n_rows: u64,
    since: String,
    exceeded: Vec<Exceeded>,
    reasons: Vec<ReasonLine>,
}

/// The counts of one reason of move.
#[derive(Debug, Serialize)]
struct ReasonLine {
    code: String,
    name: &'static str,
    #[serde(flatten)]
    counts: ChangeCounts,
}

impl Held {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            None => list(session),
            Some(HeldCommand::Release(decide)) => {
                let workplace = Workplace::for_writing(session, "renkei held release")?;
                let feed = decide.feed_id(session, &workplace)?;
                let published = release(workplace.house(), &feed, &decide.reason.reason)?;
                settle_held(workplace.house())?;
                let line = line_of(&workplace, &published.notice)?;
                board::print(session.console(), line.as_slice());
                Ok(Exit::Ok)
            }
            Some(HeldCommand::Discard(decide)) => {
                let workplace = Workplace::for_writing(session, "renkei held discard")?;
                let feed = decide.feed_id(session, &workplace)?;
                let notice = discard(workplace.house(), &feed, &decide.reason.reason)?;
                settle_held(workplace.house())?;
                if session.console().is_json() {
                    let sequence = notice.sequence;
                    session
                        .console()
                        .json(&json!({ "feed": feed, "sequence": sequence, "progress": "discarded" }));
                }
                session.console().say(
                    format_args!(
                        "破棄しました: {feed} 連番 {}。この連番は次の配信が使います。",
                        notice.sequence
                    ),
                    format_args!(
                        "Discarded: {feed} sequence {}; the next publication has it.",
                        notice.sequence
                    ),
                );
                Ok(Exit::Ok)
            }
        }
    }
}

impl Decide {
    /// The feed: a declared one, or one that is no longer declared and still has something held.
    fn feed_id(&self, session: &Session, workplace: &Workplace<'_>) -> Result<FeedId, Failure> {
        let held = workplace.snapshot()?.publications(None, Some(Progress::Held))?;
        match held.into_iter().find(|held| held.feed.as_str() == self.feed) {
            Some(held) => Ok(held.feed),
            None => Ok(session.feed(&workplace.config, &self.feed)?.id.clone()),
        }
    }
}

fn list(session: &Session) -> Result<Exit, Failure> {
    let workplace = Workplace::for_reading(session)?;
    let held = workplace.snapshot()?.publications(None, Some(Progress::Held))?;
    let lines: Vec<HeldLine> = held.iter().filter_map(HeldLine::of).collect();
    let console = session.console();
    if console.is_json() {
        console.json(&lines);
        return Ok(Exit::Ok);
    }
    if lines.is_empty() {
        console.say("保留中の配信はありません。", "Nothing is held.");
    }
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            console.data("");
        }
        line.show(session);
    }
    Ok(Exit::Ok)
}

/// A bound that is exceeded, for people.
pub(super) fn exceeded_text(lang: Lang, exceeded: &Exceeded) -> String {
    if lang == Lang::En {
        return exceeded.to_string();
    }
    let [n_rows, max_rows] = [exceeded.n_rows, exceeded.max_rows].map(grouped);
    let percent = exceeded.percent.map(|percent| format!("、{} %", percent.0)).unwrap_or_default();
    format!("{}: {n_rows} 行（上限 {max_rows} 行{percent}）", exceeded.bound.as_str())
}

impl HeldLine {
    fn of(record: &PublicationRecord) -> Option<Self> {
        let notice = Notice::parse(record.notice.as_bytes()).ok()?;
        let review = record.review.clone().unwrap_or_default();
        let names = CodeTable::find("move_reason");
        let reasons = review.reasons.iter().map(|(code, counts)| {
            let code = code.to_string();
            let name = names.and_then(|names| names.get(&code)).map_or("", |entry| entry.name_ja);
            ReasonLine { code, name, counts: *counts }
        });
        Some(Self {
            feed: record.feed.clone(),
            sequence: record.sequence.0,
            kind: record.kind.to_string(),
            business_date: record.business_date.to_string(),
            n_rows: notice.n_rows,
            since: record.sealed_at.clone(),
            reasons: reasons.collect(),
            exceeded: review.exceeded.clone(),
        })
    }

    fn show(&self, session: &Session) {
        let (console, lang) = (session.console(), session.console().lang());
        let kind = kind_word(lang, &self.kind);
        let (feed, sequence, since) = (&self.feed, self.sequence, &self.since);
        let (n_rows, date) = (grouped(self.n_rows), &self.business_date);
        console.data(match lang {
            Lang::Ja => {
                format!("{feed} 連番 {sequence} {kind} {n_rows} 行（業務日 {date}、{since} から保留）")
            }
            Lang::En => {
                format!("{feed} sequence {sequence} {kind} {n_rows} rows (business date {date}, held since {since})")
            }
        });
        for exceeded in &self.exceeded {
            console.data(format_args!("  {}", exceeded_text(lang, exceeded)));
        }
        if !self.reasons.is_empty() {
            let mut table = TextTable::new([
                lang.pick("異動事由", "reason"),
                lang.pick("名称", "name"),
                lang.pick(">追加", ">added"),
                lang.pick(">変更", ">changed"),
                lang.pick(">削除", ">removed"),
            ]);
            for ReasonLine { code, name, counts } in &self.reasons {
                let [added, changed, removed] = [counts.added, counts.changed, counts.removed].map(grouped);
                table.row([code.clone(), (*name).to_owned(), added, changed, removed]);
            }
            console.table(&table);
        }
        console.say(
            format_args!("  renkei held release {feed} --reason \"理由\" または discard"),
            format_args!("  renkei held release {feed} --reason \"why\", or discard"),
        );
    }
}
