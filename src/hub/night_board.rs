//! Tonight's board in words: one line for each job.

use chrono::NaiveDate;
use renkei_core::deadline::Standing;
use renkei_core::dispatch::WaitsFor;
use renkei_core::port::{RunRecord, RunState};
use renkei_core::{JobId, Moment};
use renkei_engine::night::{JobLine, JobStanding};
use serde_json::{Value, json};

use crate::Session;
use crate::console::{Lang, TextTable};
use crate::daemon::LiveRun;
use crate::feed_board::FeedLine;

/// The board as of one moment.
pub(crate) struct NightBoard {
    now: Moment,
    date: NaiveDate,
    daemon: Option<String>,
    lines: Vec<JobLine>,
    earlier: Vec<RunRecord>,
    live: Vec<LiveRun>,
}

/// How urgent a line is, for exit codes and colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    /// Nothing to do.
    Quiet,
    /// At work.
    Busy,
    /// Done.
    Good,
    /// It waits, or may be late.
    Warning,
    /// A person must look.
    Bad,
}

/// A line in words.
pub(crate) struct Words {
    /// What tells it from the other lines: its job, or its run where that is of an earlier date.
    pub(crate) key: String,
    pub(crate) job: String,
    /// What people call the job.
    pub(crate) name: String,
    pub(crate) feeds: String,
    pub(crate) planned: String,
    pub(crate) standing: String,
    /// How far its run is, in hundredths, while it is at work and tells.
    pub(crate) percent: Option<u64>,
    pub(crate) forecast: String,
    pub(crate) deadline: String,
    /// The time of the deadline alone, and how the job stands against it.
    pub(crate) against: Option<(String, Standing)>,
    pub(crate) run: String,
    pub(crate) tone: Tone,
}

impl NightBoard {
    pub(crate) fn new(
        now: Moment,
        date: NaiveDate,
        daemon: Option<String>,
        lines: Vec<JobLine>,
        earlier: Vec<RunRecord>,
        live: Vec<LiveRun>,
    ) -> Self {
        Self { now, date, daemon, lines, earlier, live }
    }

    /// True when a job failed, is held for release or missed its deadline.
    pub(crate) fn needs_somebody(&self) -> bool {
        self.lines.iter().any(|line| tone(line) == Tone::Bad)
    }

    /// The business date.
    pub(crate) fn date(&self) -> NaiveDate {
        self.date
    }

    /// The moment it shows.
    pub(crate) fn now(&self) -> Moment {
        self.now
    }

    /// The daemon that is up: process, command, since when.
    pub(crate) fn daemon(&self) -> Option<&str> {
        self.daemon.as_deref()
    }

    /// The heading: date, time and whether the scheduler is up.
    pub(crate) fn heading(&self, lang: Lang) -> String {
        let (date, now) = (self.date, self.now.time_text());
        match (&self.daemon, lang) {
            (Some(holder), Lang::Ja) => format!("業務日 {date}（{now} 現在）  デーモン稼働中: {holder}"),
            (Some(holder), Lang::En) => format!("Business date {date}, at {now}. The daemon is up: {holder}"),
            (None, Lang::Ja) => {
                format!("業務日 {date}（{now} 現在）  デーモンは動いていません: renkei daemon")
            }
            (None, Lang::En) => {
                format!("Business date {date}, at {now}. The daemon is not up: renkei daemon")
            }
        }
    }

    /// All lines in words.
    pub(crate) fn words(&self, lang: Lang) -> Vec<Words> {
        let mut words: Vec<Words> = self.lines.iter().map(|line| self.line_words(line, lang)).collect();
        words.extend(self.earlier.iter().map(|run| earlier_words(run, lang)));
        words
    }

    /// Prints it as a table.
    pub(crate) fn print(&self, session: &Session) {
        let (console, lang) = (session.console(), session.console().lang());
        console.data(self.heading(lang));
        let mut table = TextTable::new(headers(lang));
        for line in self.words(lang) {
            table.row([
                line.job,
                line.feeds,
                line.planned,
                line.standing,
                line.forecast,
                line.deadline,
                line.run,
            ]);
        }
        console.table(&table);
    }

    fn line_words(&self, line: &JobLine, lang: Lang) -> Words {
        let feeds = match line.feeds.as_slice() {
            [] => String::new(),
            [feed] => feed.to_string(),
            [feed, others @ ..] => format!("{feed} +{}", others.len()),
        };
        Words {
            key: line.job.to_string(),
            job: line.job.to_string(),
            name: line.name.clone(),
            feeds,
            planned: line.planned.map(|planned| clock(planned, self.date)).unwrap_or_default(),
            standing: standing_words(line, &self.live, lang),
            percent: live_of(line, &self.live).map(percent),
            forecast: line.forecast.map(|at| clock(at, self.date)).unwrap_or_default(),
            deadline: deadline_words(line, self.date, lang),
            against: line.deadline.map(|(at, standing)| (clock(at, self.date), standing)),
            run: line.run.as_ref().map(|run| run.run_id.clone()).unwrap_or_default(),
            tone: tone(line),
        }
    }

    /// All of it as one object, with the board by feed.
    pub(crate) fn as_json(&self, feeds: &[FeedLine]) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                let words = standing_code(&line.standing);
                json!({
                    "job": line.job, "name": line.name, "feeds": line.feeds,
                    "planned": line.planned.map(|at| at.to_string()),
                    "standing": words, "detail": standing_words(line, &self.live, Lang::En),
                    "waits_for": if let JobStanding::Waiting(reason) = &line.standing { json!(reason) } else { Value::Null },
                    "forecast": line.forecast.map(|at| at.to_string()),
                    "deadline": line.deadline.map(|(at, _)| at.to_string()),
                    "against_deadline": line.deadline.map(|(_, standing)| standing),
                    "run": line.run,
                })
            })
            .collect();
        json!({
            "now": self.now.to_string(), "business_date": self.date, "daemon": self.daemon,
            "jobs": lines, "feeds": feeds, "earlier": self.earlier, "live": self.live,
        })
    }
}

/// The columns of the board.
pub(crate) fn headers(lang: Lang) -> [&'static str; 7] {
    [
        lang.pick("ジョブ", "job"),
        lang.pick("配信系列", "feeds"),
        lang.pick("予定", "planned"),
        lang.pick("状況", "standing"),
        lang.pick("見込み", "forecast"),
        lang.pick("期限", "deadline"),
        lang.pick("実行", "run"),
    ]
}

/// A time on the clock of the business date: 25:30 for half past one of the day after.
fn clock(at: Moment, date: NaiveDate) -> String {
    let days = (at.date() - date).num_days();
    let time = at.time_text();
    let hour: i64 = time.get(..2).and_then(|hour| hour.parse().ok()).unwrap_or(0);
    let minute = time.get(3..5).unwrap_or("00");
    match days {
        0 | 1 => format!("{:02}:{minute}", hour + 24 * days),
        _ => format!("{} {hour:02}:{minute}", at.date().format("%m-%d")),
    }
}

fn tone(line: &JobLine) -> Tone {
    let is_late = matches!(line.deadline, Some((_, Standing::Passed)));
    let is_done = matches!(line.standing, JobStanding::Run(RunState::Succeeded));
    if is_late && !is_done {
        return Tone::Bad;
    }
    match &line.standing {
        JobStanding::Run(RunState::Failed | RunState::Held) => Tone::Bad,
        JobStanding::Run(RunState::Succeeded) => Tone::Good,
        JobStanding::Run(RunState::Running) | JobStanding::Starting => {
            if matches!(line.deadline, Some((_, Standing::Near { .. }))) { Tone::Warning } else { Tone::Busy }
        }
        JobStanding::Waiting(_) | JobStanding::Skipped(_) | JobStanding::Run(_) => Tone::Warning,
        JobStanding::Planned if matches!(line.deadline, Some((_, Standing::Near { .. }))) => Tone::Warning,
        _ => Tone::Quiet,
    }
}

fn standing_code(standing: &JobStanding) -> &'static str {
    match standing {
        JobStanding::Disabled => "disabled",
        JobStanding::OnDemand => "on-demand",
        JobStanding::NotThatDay(_) => "not-that-day",
        JobStanding::Planned => "planned",
        JobStanding::Skipped(_) => "skipped",
        JobStanding::Waiting(_) => "waiting",
        JobStanding::Starting => "starting",
        JobStanding::Run(state) => state.as_str(),
    }
}

fn standing_words(line: &JobLine, at_work: &[LiveRun], lang: Lang) -> String {
    let fault = |run: &Option<RunRecord>| {
        run.as_ref()
            .and_then(|run| run.fault_code.clone())
            .map(|code| format!(" ({code})"))
            .unwrap_or_default()
    };
    match &line.standing {
        JobStanding::Disabled => lang.pick("無効", "disabled").to_owned(),
        JobStanding::OnDemand => lang.pick("随時", "on demand").to_owned(),
        JobStanding::NotThatDay(why) => match lang {
            Lang::Ja => format!("なし: {}", why.in_japanese()),
            Lang::En => format!("nothing: {why}"),
        },
        JobStanding::Planned => lang.pick("予定", "planned").to_owned(),
        JobStanding::Skipped(reason) => format!("{}: {reason}", lang.pick("見送り", "skipped")),
        JobStanding::Waiting(reason) => match lang {
            Lang::Ja => format!("待ち: {}", waits_in_japanese(reason)),
            Lang::En => format!("waiting: {reason}"),
        },
        JobStanding::Starting => lang.pick("開始", "starting").to_owned(),
        JobStanding::Run(RunState::Running) => {
            let running = lang.pick("実行中", "running");
            live_of(line, at_work).map_or_else(
                || running.to_owned(),
                |found| format!("{running} {} {} %", found.subject, percent(found)),
            )
        }
        JobStanding::Run(state) => {
            let word = match state {
                RunState::Succeeded => lang.pick("正常", "done"),
                RunState::Failed => lang.pick("失敗", "failed"),
                RunState::Held => lang.pick("保留（renkei held）", "held (renkei held)"),
                RunState::Cancelled => lang.pick("取消", "cancelled"),
                RunState::Interrupted => lang.pick("中断", "interrupted"),
                other => other.as_str(),
            };
            format!("{word}{}", if *state == RunState::Succeeded { String::new() } else { fault(&line.run) })
        }
    }
}

/// The line's run as the daemon tells of it, once it knows how much there is to do.
fn live_of<'l>(line: &JobLine, at_work: &'l [LiveRun]) -> Option<&'l LiveRun> {
    let run = line.run.as_ref()?;
    at_work.iter().find(|live| live.run_id == run.run_id && live.total > 0)
}

fn percent(live: &LiveRun) -> u64 {
    (live.done.saturating_mul(100) / live.total.max(1)).min(100)
}

fn deadline_words(line: &JobLine, date: NaiveDate, lang: Lang) -> String {
    let Some((at, standing)) = line.deadline else { return String::new() };
    let at = clock(at, date);
    match standing {
        Standing::InTime => at,
        Standing::Near { .. } => format!("{at} {}", lang.pick("間に合わないおそれ", "may be late")),
        Standing::Passed => format!("{at} {}", lang.pick("超過", "late")),
    }
}

fn waits_in_japanese(reason: &WaitsFor) -> String {
    match reason {
        WaitsFor::Retry { until } => format!("{} に再試行", until.time_text()),
        WaitsFor::StopWindow { until } => format!("停止時間帯（{} まで）", until.time_text()),
        WaitsFor::Release { held_by, reason } => format!("{held_by} が保留（{reason}）"),
        WaitsFor::Jobs { jobs } => {
            let names: Vec<&str> = jobs.iter().map(JobId::as_str).collect();
            format!("{} の完了", names.join("、"))
        }
        WaitsFor::Feed { feed } => format!("系列 {feed} に書いている実行"),
        WaitsFor::Resource { name } => format!("資源 {name} の空き"),
        WaitsFor::Place { n_runs } => format!("同時実行数 {n_runs} の空き"),
        WaitsFor::Command { holder } => format!("コマンドの終了（{holder}）"),
    }
}

fn earlier_words(run: &RunRecord, lang: Lang) -> Words {
    Words {
        key: run.run_id.clone(),
        job: run.job.as_ref().map(ToString::to_string).unwrap_or_default(),
        name: String::new(),
        feeds: String::new(),
        planned: run.business_date.to_string(),
        standing: format!("{}: {}", lang.pick("前日以前", "earlier"), run.state.as_str()),
        percent: None,
        forecast: String::new(),
        deadline: String::new(),
        against: None,
        run: run.run_id.clone(),
        tone: Tone::Warning,
    }
}
