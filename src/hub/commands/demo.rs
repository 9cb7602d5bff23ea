//! `renkei demo`.

use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveTime};
use clap::Args;
use renkei_core::Moment;
use renkei_core::notice::Notice;
use renkei_core::port::PublicationRecord;
use renkei_engine::{
    ApplyOptions, Beside as _, ChainReport, Content, Given, Strictness, apply_moves, generate, load_residents,
};
use renkei_town::TownSpec;
use serde_json::json;

use super::input_file::{open, rejected};
use super::town::write_town;
use super::verify::Folder;
use crate::board::{self, BoardLine, grouped};
use crate::clock::HubClock;
use crate::config::{Config, HOST_KEYS};
use crate::failure::HubError;
use crate::init::{NewHub, init};
use crate::visitors::HostKeys;
use crate::workplace::Workplace;
use crate::{Exit, Failure, Session};

/// Moves of the demo's day in a town of 30,000 and more.
const MOST_MOVES: u32 = 150;

/// Moves of an ordinary day, half a percent of a smaller town: more would be a mass change, and held.
fn n_moves(n_residents: u32) -> u32 {
    (n_residents / 200).clamp(10, MOST_MOVES)
}

/// Walk the main job through a synthetic town, in an empty folder.
///
/// Makes a hub and a town, loads the registry, publishes the first full of every feed, applies a day of
/// moves, publishes the diffs, and proves from the files alone that full and diff give what a fresh full
/// gives. The clock stands at the demo's days, so two demos of the same size give the same files.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder; made where it does not exist, and empty.
    #[arg(default_value = "renkei-demo")]
    dir: PathBuf,
    /// Registered residents of the town.
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    residents: u32,
    /// Which of all towns.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl Demo {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let console = session.console();
        let (first_day, second_day) = days();
        let hub = NewHub {
            municipality: "082201".parse().map_err(|_| HubError::Panic { place: "demo".to_owned() })?,
            name: "つくば市".to_owned(),
            keeps_existing: false,
        };
        init(&self.dir, &hub)?;
        HostKeys::at(&self.dir.join(HOST_KEYS)).make_at_first()?;
        let town = self.dir.join("town");
        console.say(
            format_args!("架空の町をつくります（住民 {} 人）…", grouped(self.residents.into())),
            format_args!("Making a synthetic town of {} residents …", grouped(self.residents.into())),
        );
        let spec = TownSpec {
            n_residents: self.residents,
            seed: self.seed,
            day: first_day.format("%Y-%m-%d").to_string(),
            with_past: true,
        };
        let made = write_town(&town, spec, n_moves(self.residents))?;

        console.say("住民記録に取り込みます…", "Loading the registry …");
        let evening = open_hub(session, &self.dir, first_day)?;
        let residents = open(&town.join("residents.csv"))?;
        load_residents(evening.house(), "residents.csv", residents, made.n_rows)
            .map_err(|found| rejected(console, *found))?;
        console.say("全件を配信します…", "Publishing the first full of every feed …");
        publish_all(&evening, Content::Full, first_day)?;
        drop(evening);

        console
            .say("1日分の異動を適用し、差分を配信します…", "Applying a day of moves, publishing the diffs …");
        let night = open_hub(session, &self.dir, second_day)?;
        let options = ApplyOptions { file: "moves.csv", strictness: Strictness::Set, again_because: None };
        let applied = apply_moves(night.house(), open(&town.join("moves.csv"))?, &options)
            .map_err(|found| rejected(console, *found))?;
        publish_all(&night, Content::Diff, second_day)?;
        let records = night.snapshot()?.publications(None, None)?;
        let lines: Vec<BoardLine> = records.iter().filter_map(BoardLine::of).collect();

        console
            .say("全件をもう一度つくり、証明します…", "Making a fresh full of every feed, for the proof …");
        publish_all(&night, Content::Full, second_day)?;
        night.end_progress();
        let records = night.snapshot()?.publications(None, None)?;
        let proofs = prove(&night.config, &records)?;
        let is_proven = proofs.iter().all(|(_, report)| report.is_sound());
        if console.is_json() {
            let proofs: Vec<_> =
                proofs.iter().map(|(feed, report)| json!({ "feed": feed, "report": report })).collect();
            console.json(&json!({
                "folder": self.dir, "residents": self.residents, "rows": made.n_rows,
                "moves": applied.n_applied, "board": lines, "is_proven": is_proven, "proofs": proofs,
            }));
        } else {
            board::print(console, &lines);
            self.tell(session, &night.config, &proofs, is_proven, applied.n_applied);
        }
        Ok(if is_proven { Exit::Ok } else { Exit::Issues })
    }

    fn tell(
        &self,
        session: &Session,
        config: &Config,
        proofs: &[(String, ChainReport)],
        is_proven: bool,
        n_moves: u64,
    ) {
        let console = session.console();
        let lang = console.lang();
        console.data("");
        for (feed, report) in proofs {
            let verdict = if report.is_sound() {
                lang.pick("一致", "equal")
            } else {
                lang.pick("不一致", "NOT EQUAL")
            };
            let digest = report.proven_state.map(|state| state.digest.to_string()).unwrap_or_default();
            console.data(format_args!("{verdict}  {feed}  {digest}"));
            for issue in &report.chain_issues {
                console.data(format_args!("  {}: {}", issue.rule, issue.detail));
            }
        }
        let n_feeds = proofs.len();
        console.data("");
        match (is_proven, lang) {
            (true, crate::console::Lang::Ja) => console.data(format_args!(
                "証明しました: {n_feeds} 系列すべてで、異動 {n_moves} 件のあと「全件＋差分」は新しい全件と一致します（ファイルだけから計算）。"
            )),
            (true, crate::console::Lang::En) => console.data(format_args!(
                "Proven: after {n_moves} moves, full + diff equals a fresh full in all {n_feeds} feeds, from the files alone."
            )),
            (false, _) => console.data(lang.pick("証明できませんでした。", "NOT PROVEN.")),
        }
        let dir = self.dir.display();
        let feed = config.feeds.first().map_or("", |declared| declared.feed.id.as_str());
        let folder = config.feeds.first().map_or("", |declared| declared.feed.folder.as_str());
        console.data(lang.pick("\n次に試すなら:", "\nTry next:"));
        console.data(format_args!("  renkei --hub {dir} feeds"));
        console.data(format_args!("  renkei --hub {dir} verify {dir}/share/{folder}/*.done"));
        console.data(format_args!("  renkei --hub {dir} generate {feed} --as-of 2026-04-01"));
    }
}

/// The day of the first full, and the day of the diffs.
fn days() -> (NaiveDate, NaiveDate) {
    let first = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap_or_default();
    (first, first.succ_opt().unwrap_or_default())
}

/// The hub on the night of a business date: 01:30 on the day after.
fn open_hub<'s>(session: &'s Session, dir: &Path, day: NaiveDate) -> Result<Workplace<'s>, Failure> {
    let at = NaiveTime::from_hms_opt(1, 30, 0).unwrap_or_default();
    let night = day.succ_opt().unwrap_or_default().and_time(at);
    let clock = HubClock::Fixed(Moment::at(night));
    Workplace::for_writing_at(session, Config::load(dir)?, "renkei demo", clock)
}

fn publish_all(workplace: &Workplace<'_>, content: Content, date: NaiveDate) -> Result<(), Failure> {
    for declared in &workplace.config.feeds {
        generate(workplace.house(), &declared.feed, content, date)?;
    }
    workplace.end_progress();
    Ok(())
}

/// Verifies, for each feed, full, diff and fresh full from their files.
fn prove(config: &Config, records: &[PublicationRecord]) -> Result<Vec<(String, ChainReport)>, Failure> {
    let mut proofs = Vec::new();
    for declared in &config.feeds {
        let feed = &declared.feed;
        let folder = Folder::open(&config.root.join(feed.folder.as_str()))?;
        let of_feed = records.iter().filter(|record| record.feed == feed.id);
        let mut given = Vec::new();
        for record in of_feed {
            let name = renkei_core::naming::notice_name(
                &record.stem.parse().map_err(renkei_engine::EngineError::from)?,
            );
            let name = name.map_err(renkei_engine::EngineError::from)?;
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut folder.read(&name)?, &mut bytes)
                .map_err(|source| renkei_engine::EngineError::Input { file: name.to_string(), source })?;
            given.push(Given {
                label: name.to_string(),
                name: Some(name.clone()),
                notice: Notice::parse(&bytes),
                beside: &folder,
                layout: Some(&feed.layout),
            });
        }
        proofs.push((feed.id.to_string(), renkei_engine::verify(given)));
    }
    Ok(proofs)
}
