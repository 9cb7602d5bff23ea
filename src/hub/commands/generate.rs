//! `renkei generate`.

use chrono::NaiveDate;
use clap::Args;
use renkei_core::feed::Feed;
use renkei_core::notice::Notice;
use renkei_engine::{Clock as _, Content, Generated, Held, generate};
use renkei_registry::AtenaNo;

use super::held::exceeded_text;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session, board};

/// Make and publish files of feeds: full, diff, one resident, or as of a day.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// The feeds, in this order.
    #[arg(required = true, value_name = "FEED")]
    feeds: Vec<String>,
    #[command(flatten)]
    content: ContentArgs,
    /// The business date; default: today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
}

/// What to publish.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ContentArgs {
    /// 全件: every row.
    #[arg(long)]
    full: bool,
    /// 差分: what changed since the publication before.
    #[arg(long)]
    diff: bool,
    /// 1件: the rows of one resident, by 宛名番号.
    #[arg(long, value_name = "ATENA_NO")]
    single: Option<AtenaNo>,
    /// 全件 of the rows that held on a day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
}

impl ContentArgs {
    fn content(&self) -> Content {
        match (self.full, self.single, self.as_of) {
            (true, _, _) => Content::Full,
            (_, Some(atena_no), _) => Content::Single(atena_no),
            (_, _, Some(day)) => Content::AsOf(day),
            _ => Content::Diff,
        }
    }
}

impl Generate {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_writing(session, "renkei generate")?;
        let config = &workplace.config;
        // All names are looked up before anything is made.
        let feeds: Vec<_> = self.feeds.iter().map(|id| session.feed(config, id)).collect::<Result<_, _>>()?;
        let date = self.date.unwrap_or_else(|| workplace.clock().now().date());
        publish(session, &workplace, &feeds, self.content.content(), date)
    }
}

/// Publishes feed after feed and prints what came of it. One feed's fault does not keep the others from
/// being published; the first fault is the command's. Where one is held, a person must look.
pub(super) fn publish(
    session: &Session,
    workplace: &Workplace<'_>,
    feeds: &[&Feed],
    content: Content,
    date: NaiveDate,
) -> Result<Exit, Failure> {
    let mut lines = Vec::new();
    let mut failure = None;
    let mut held = Vec::new();
    for feed in feeds {
        let made = generate(workplace.house(), feed, content, date);
        workplace.end_progress();
        match made {
            Ok(made) => {
                lines.extend(line_of(workplace, made.notice())?);
                if let Generated::Held(one) = made {
                    held.push(one);
                }
            }
            Err(error) if failure.is_none() => failure = Some(Failure::from(error)),
            Err(error) => session.console().failure(&error.into()),
        }
    }
    if !lines.is_empty() || session.console().is_json() {
        board::print(session.console(), &lines);
    }
    for one in &held {
        say_held(session, one);
    }
    let exit = if held.is_empty() { Exit::Ok } else { Exit::Operator };
    failure.map_or(Ok(exit), Err)
}

/// The board's line of a publication that was just made.
pub(super) fn line_of(
    workplace: &Workplace<'_>,
    notice: &Notice,
) -> Result<Option<board::BoardLine>, Failure> {
    let record = workplace.snapshot()?.publication(&notice.feed, notice.sequence)?;
    Ok(record.as_ref().and_then(board::BoardLine::of))
}

/// Says that a publication is held, why, and what to type next.
pub(super) fn say_held(session: &Session, held: &Held) {
    let (console, feed) = (session.console(), &held.notice.feed);
    let sequence = held.notice.sequence;
    let told = held.review.exceeded.iter().map(|one| exceeded_text(console.lang(), one));
    let exceeded = told.collect::<Vec<_>>().join("; ");
    console.say(
        format_args!(
            "保留しました: {feed} 連番 {sequence}（{exceeded}）\n  内容を見る: renkei held\n  配信する:   renkei held release {feed} --reason \"理由\"\n  破棄する:   renkei held discard {feed} --reason \"理由\""
        ),
        format_args!(
            "Held: {feed} sequence {sequence} ({exceeded})\n  to look:    renkei held\n  to publish: renkei held release {feed} --reason \"why\"\n  to discard: renkei held discard {feed} --reason \"why\""
        ),
    );
}
