//! `renkei versions`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use clap::Args;
use renkei_core::layout::Layout;
use renkei_core::ledger::ReceiverWindow;
use renkei_engine::Clock as _;
use serde_json::{Value, json};

use crate::console::{Lang, TextTable};
use crate::ledger_board::{LedgerLine, lines};
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// So many days before a version ends, whoever is still on it is warned of.
const WARNED_DAYS: u64 = 30;

/// Show the versions of each interface: how long they are in force, and which receivers are on them.
#[derive(Debug, Args)]
pub(crate) struct Versions {}

/// One version of an interface, and who is on it.
struct VersionLine<'v> {
    layout: &'v Layout,
    on_it: Vec<&'v LedgerLine>,
}

impl Versions {
    #[expect(clippy::unused_self, reason = "every command has the same shape")]
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_reading(session)?;
        let config = &workplace.config;
        let today = workplace.clock().now().date();
        let lines = lines(workplace.snapshot()?.as_ref(), config, today)?;
        let mut layouts: BTreeMap<_, &Arc<Layout>> = BTreeMap::new();
        for declared in &config.feeds {
            let layout = &declared.feed.layout;
            let key = (layout.interface.clone(), layout.branch.clone(), layout.version, &declared.layout_id);
            layouts.insert(key, layout);
        }
        let versions: Vec<VersionLine<'_>> = layouts
            .into_iter()
            .map(|((_, _, _, layout_id), layout)| VersionLine {
                layout,
                on_it: lines
                    .iter()
                    .filter(|line| {
                        config
                            .feeds
                            .iter()
                            .any(|declared| declared.layout_id == *layout_id && declared.feed.id == line.feed)
                    })
                    .collect(),
            })
            .collect();
        let console = session.console();
        if console.is_json() {
            console.json(&versions.iter().map(|version| version.as_json(today)).collect::<Vec<_>>());
        } else {
            show(session, &versions, today);
        }
        Ok(Exit::Ok)
    }
}

impl VersionLine<'_> {
    /// How many days are left, if its end is known; negative once it is over.
    fn days_left(&self, today: NaiveDate) -> Option<i64> {
        self.layout.valid_until.map(|last| last.signed_duration_since(today).num_days())
    }

    /// True for a receiver that is still on it shortly before its end.
    fn is_late(&self, line: &LedgerLine, today: NaiveDate) -> bool {
        let soon = today.checked_add_days(Days::new(WARNED_DAYS)).unwrap_or(NaiveDate::MAX);
        // Whoever leaves it before its end, as declared, has been moved.
        let leaves = line.window.until.zip(self.layout.valid_until).is_some_and(|(until, last)| until < last);
        line.is_within && !leaves && self.layout.valid_until.is_some_and(|last| last <= soon)
    }

    fn as_json(&self, today: NaiveDate) -> Value {
        let receivers = self.on_it.iter().map(|line| {
            json!({
                "feed": line.feed, "receiver": line.receiver, "from": line.window.from,
                "until": line.window.until, "within": line.is_within,
                "acknowledged": line.standing.acknowledged, "holds": line.standing.holds,
                "warn": self.is_late(line, today),
            })
        });
        json!({
            "interface": self.layout.interface, "branch": self.layout.branch, "version": self.layout.version,
            "name": self.layout.name_ja, "valid_from": self.layout.valid_from,
            "valid_until": self.layout.valid_until, "days_left": self.days_left(today),
            "receivers": receivers.collect::<Vec<_>>(),
        })
    }
}

fn show(session: &Session, versions: &[VersionLine<'_>], today: NaiveDate) {
    let (console, lang) = (session.console(), session.console().lang());
    let mut table = TextTable::new([
        lang.pick("連携", "interface"),
        lang.pick("版数", "version"),
        lang.pick("有効期間", "in force"),
        lang.pick("配信系列", "feed"),
        lang.pick("受け手", "receiver"),
        lang.pick("受け手の期間", "receiver's window"),
        lang.pick(">取込済み", ">acknowledged"),
        lang.pick("注記", "note"),
    ]);
    for version in versions {
        let layout = version.layout;
        let in_force =
            span(ReceiverWindow { from: Some(layout.valid_from), until: layout.valid_until }, lang);
        for line in &version.on_it {
            let acknowledged =
                line.standing.acknowledged.map_or_else(|| "-".to_owned(), |one| one.to_string());
            let note = match version.days_left(today) {
                _ if !line.is_within => lang.pick("期間外", "outside its window").to_owned(),
                Some(days) if version.is_late(line, today) => match lang {
                    Lang::Ja => format!("警告: この版はあと {days} 日"),
                    Lang::En => format!("WARNING: the version ends in {days} days"),
                },
                Some(days) => match lang {
                    Lang::Ja => format!("この版はあと {days} 日"),
                    Lang::En => format!("the version ends in {days} days"),
                },
                None => String::new(),
            };
            table.row([
                format!("{}-{}", layout.interface, layout.branch),
                layout.version.to_string(),
                in_force.clone(),
                line.feed.to_string(),
                line.receiver.to_string(),
                span(line.window, lang),
                acknowledged,
                note,
            ]);
        }
    }
    console.table(&table);
}

/// A span of days in words.
fn span(window: ReceiverWindow, lang: Lang) -> String {
    let to = lang.pick("〜", "to");
    match (window.from, window.until) {
        (None, None) => lang.pick("常に", "always").to_owned(),
        (from, until) => {
            let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
            format!("{} {to} {}", day(from), day(until)).trim().to_owned()
        }
    }
}
