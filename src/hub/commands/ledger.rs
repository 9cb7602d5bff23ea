//! `renkei ledger`.

use clap::{Args, Subcommand};
use renkei_core::ledger::Standing;
use renkei_core::port::StoreError;
use renkei_core::{BusinessId, Sequence};
use renkei_engine::ledger::ReceiptsTaken;
use renkei_engine::{Clock as _, EngineError};
use serde_json::json;

use crate::console::{Lang, TextTable};
use crate::ledger_board::{LedgerLine, event_as_json, lines, reason_word_text};
use crate::receipts::take_in_all;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Take in receipts, and show where each receiver of each feed stands.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    command: Option<LedgerCommand>,
    /// Of this feed only.
    feed: Option<String>,
    /// Of this system only.
    #[arg(long, value_name = "ID")]
    receiver: Option<BusinessId>,
    /// Only take in receipts, and say how many there were.
    #[arg(long, conflicts_with_all = ["feed", "receiver"])]
    refresh: bool,
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Show all events of a publication, or of all publications of a feed.
    Show(Show),
}

#[derive(Debug, Args)]
struct Show {
    /// The feed.
    feed: String,
    /// The publication's sequence.
    #[arg(value_name = "SEQ")]
    sequence: Option<u32>,
}

impl Ledger {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let workplace = Workplace::for_noting(session)?;
        let taken = match take_in_all(workplace.house(), workplace.letters(), &workplace.config) {
            // Beside a long load or apply the ledger is shown as it is.
            Err(EngineError::Store(StoreError::Busy)) if !self.refresh => {
                session.console().say(
                    "ほかの処理が書込み中のため、新しい取込結果はまだ入っていません。",
                    "Another command writes; new receipts are not in yet.",
                );
                ReceiptsTaken::default()
            }
            taken => taken?,
        };
        say_taken(session, &taken, self.refresh);
        match &self.command {
            Some(LedgerCommand::Show(show)) => show.run(session, &workplace)?,
            None if self.refresh => {}
            None => self.board(session, &workplace)?,
        }
        Ok(Exit::Ok)
    }

    fn board(&self, session: &Session, workplace: &Workplace<'_>) -> Result<(), Failure> {
        let config = &workplace.config;
        let feed = self.feed.as_deref().map(|id| session.feed(config, id)).transpose()?;
        let now = workplace.clock().now();
        let mut lines = lines(workplace.snapshot()?.as_ref(), config, now.date())?;
        lines.retain(|line| {
            feed.is_none_or(|feed| feed.id == line.feed)
                && self.receiver.as_ref().is_none_or(|receiver| *receiver == line.receiver)
        });
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            console.json(&lines.iter().map(|line| line.as_json(now, lang)).collect::<Vec<_>>());
            return Ok(());
        }
        let mut table = TextTable::new([
            lang.pick("配信系列", "feed"),
            lang.pick("受け手", "receiver"),
            lang.pick(">配信済み", ">published"),
            lang.pick(">取込済み", ">acknowledged"),
            lang.pick(">遅れ", ">behind"),
            lang.pick("状態一致", "state equal"),
            lang.pick("一致の確認", "proven equal"),
            lang.pick("最後の答え", "last answer"),
            lang.pick("注記", "note"),
        ]);
        for line in &lines {
            let late = line.late_since(now).is_some();
            table.row(row(line, late, lang));
        }
        console.table(&table);
        for line in &lines {
            say_why(session, line);
        }
        Ok(())
    }
}

fn row(line: &LedgerLine, is_late: bool, lang: Lang) -> [String; 9] {
    let Standing { published, acknowledged, n_behind, is_state_equal, last, .. } = &line.standing;
    let number =
        |sequence: &Option<Sequence>| sequence.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let equal = match is_state_equal {
        Some(true) => lang.pick("はい", "yes"),
        Some(false) => lang.pick("いいえ", "NO"),
        None => lang.pick("不明", "unknown"),
    };
    let last = last.as_ref().map_or_else(
        || lang.pick("なし", "none").to_owned(),
        |event| format!("{} {} {}", event.sequence, event_word(event.kind.as_str(), lang), event.at),
    );
    let proven = line.proven_equal.as_ref();
    let proven = proven.map_or_else(|| "-".to_owned(), |one| format!("{} {}", one.sequence, one.at.date()));
    let note = match () {
        () if line.compared.as_ref().is_some_and(|one| !one.is_same) => lang.pick("不一致", "DIFFERS"),
        () if !line.is_within => lang.pick("期間外", "outside its window"),
        () if line.standing.refusal.is_some() => lang.pick("拒否", "refused"),
        () if is_late => lang.pick("遅れ", "late"),
        () if line.standing.waiting.is_some() => lang.pick("待ち", "waits"),
        () => "",
    };
    [
        line.feed.to_string(),
        line.receiver.to_string(),
        number(published),
        number(acknowledged),
        n_behind.to_string(),
        equal.to_owned(),
        proven,
        last,
        note.to_owned(),
    ]
}

/// Why a receiver refused or waits, below the table.
fn say_why(session: &Session, line: &LedgerLine) {
    let (console, lang) = (session.console(), session.console().lang());
    for event in [&line.standing.refusal, &line.standing.waiting].into_iter().flatten() {
        let word = event_word(event.kind.as_str(), lang);
        console.data(match lang {
            Lang::Ja => format!("{} 受け手 {} 連番 {}: {word}", line.feed, line.receiver, event.sequence),
            Lang::En => {
                format!("{} receiver {} sequence {}: {word}", line.feed, line.receiver, event.sequence)
            }
        });
        for reason in &event.reasons {
            console.data(format_args!("  {reason}: {}", reason_word_text(reason, lang)));
        }
        if let (true, Some(open)) = (event.kind.as_str() == "waiting", line.standing.first_open) {
            console.data(match lang {
                Lang::Ja => format!("  待っているもの: 連番 {open}"),
                Lang::En => format!("  it waits for sequence {open}"),
            });
        }
    }
}

fn say_taken(session: &Session, taken: &ReceiptsTaken, is_asked: bool) {
    let console = session.console();
    if is_asked && console.is_json() {
        let refused: Vec<_> = taken
            .refused
            .iter()
            .map(|one| json!({ "of": one.of, "code": one.code, "path": one.path }))
            .collect();
        console
            .json(&json!({ "recorded": taken.n_recorded, "known": taken.n_known, "quarantined": refused }));
        return;
    }
    for one in &taken.refused {
        console.say(
            format_args!("隔離した取込結果: {}（{}） {}", one.of, one.code, one.path),
            format_args!("quarantined a receipt of {} ({}): {}", one.of, one.code, one.path),
        );
    }
    if is_asked {
        let n_recorded = taken.n_recorded;
        console.say(
            format_args!("取込結果を {n_recorded} 件入れました。"),
            format_args!("{n_recorded} receipts came into the ledger."),
        );
    }
}

impl Show {
    fn run(&self, session: &Session, workplace: &Workplace<'_>) -> Result<(), Failure> {
        let feed = &session.feed(&workplace.config, &self.feed)?.id;
        let snapshot = workplace.snapshot()?;
        let sequence = self.sequence.map(Sequence);
        let mut published = snapshot.published_sets(feed)?;
        published.retain(|set| sequence.is_none_or(|sequence| sequence == set.sequence));
        if let (Some(sequence), true) = (sequence, published.is_empty()) {
            return Err(EngineError::NoSuchPublication { feed: feed.clone(), sequence }.into());
        }
        let mut events = snapshot.ledger_events(Some(feed), sequence, None)?;
        events.sort_by_key(|event| event.sequence);
        let (console, lang) = (session.console(), session.console().lang());
        if console.is_json() {
            let sets = published.iter().map(|set| {
                json!({
                    "feed": feed, "sequence": set.sequence, "event": "published", "receiver": null,
                    "at": set.sealed_at.map(|at| at.to_string()), "source": null, "reasons": [],
                })
            });
            let all: Vec<_> = sets.chain(events.iter().map(|event| event_as_json(event, lang))).collect();
            console.json(&all);
            return Ok(());
        }
        let mut table = TextTable::new([
            lang.pick(">連番", ">sequence"),
            lang.pick("受け手", "receiver"),
            lang.pick("内容", "event"),
            lang.pick("日時", "when"),
            lang.pick("理由", "reasons"),
            lang.pick("取込結果", "receipt"),
        ]);
        for set in &published {
            let at = set.sealed_at.map(|at| at.to_string()).unwrap_or_default();
            let word = event_word("published", lang);
            table.row([&set.sequence.to_string(), "-", word, &at, "", ""]);
            for event in events.iter().filter(|event| event.sequence == set.sequence) {
                table.row([
                    &event.sequence.to_string(),
                    event.receiver.as_str(),
                    event_word(event.kind.as_str(), lang),
                    &event.at.to_string(),
                    &event.reasons.join(" "),
                    event.source.to_string().get(..16).unwrap_or_default(),
                ]);
            }
        }
        console.table(&table);
        Ok(())
    }
}

fn event_word(word: &'static str, lang: Lang) -> &'static str {
    let ja = match word {
        "published" => "配信済",
        "delivered" => "引渡済",
        "fetched" => "取得済",
        "taken" => "取込済",
        "repeated" => "再受信（取込済）",
        "passed" => "対象外",
        "waiting" => "待ち",
        "refused" => "拒否",
        other => other,
    };
    lang.pick(ja, word)
}
