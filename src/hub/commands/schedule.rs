//! `renkei schedule`.

use chrono::{Datelike as _, NaiveDate, Weekday};
use clap::Args;
use renkei_core::Moment;
use renkei_core::order::Order;
use renkei_core::schedule::{DayPlan, Due};
use renkei_engine::Clock as _;
use serde::Serialize;
use serde_json::json;

use crate::clock::HubClock;
use crate::config::{Config, Job};
use crate::console::{Console, Lang, TextTable};
use crate::{Exit, Failure, Session};

/// Show what will run and when, and why something will not.
#[derive(Debug, Args)]
pub(crate) struct Schedule {
    /// Only this job.
    job: Option<String>,
    /// How many slots to come.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        conflicts_with = "on",
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    next: u16,
    /// The slots of this business date, and why the other jobs have none.
    #[arg(long, value_name = "YYYY-MM-DD")]
    on: Option<NaiveDate>,
}

/// A slot that will be.
#[derive(Debug, Serialize)]
struct Slot<'c> {
    job: &'c str,
    name: &'c str,
    business_date: String,
    planned: String,
    /// The earliest moment it may start: later than planned where a stop window holds it.
    starts: String,
    stop_window: Option<&'c str>,
    /// The days it is for, where it was shifted.
    of_days: Vec<String>,
    #[serde(skip)]
    due: Due,
    #[serde(skip)]
    start: Moment,
}

/// A job without a slot, and why.
#[derive(Debug, Serialize)]
struct Silent<'c> {
    job: &'c str,
    name: &'c str,
    code: &'static str,
    reason: String,
}

impl Schedule {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let config = session.config()?;
        let lang = session.console().lang();
        let jobs: Vec<&Job> = match &self.job {
            Some(id) => vec![session.job(&config, id)?],
            None => config.jobs.iter().collect(),
        };
        let (mut slots, mut silent) = (Vec::new(), Vec::new());
        for job in jobs {
            match self.of_job(&config, job, lang) {
                Ok(found) => slots.extend(found),
                Err((code, reason)) => {
                    silent.push(Silent { job: job.id.as_str(), name: &job.name, code, reason });
                }
            }
        }
        slots.sort_by_key(|slot| slot.due);
        if self.on.is_none() {
            slots.truncate(self.next.into());
        }
        show(session.console(), &slots, &silent);
        Ok(Exit::Ok)
    }

    /// The job's slots, or a stable word and a text saying why it has none.
    fn of_job<'c>(
        &self,
        config: &'c Config,
        job: &'c Job,
        lang: Lang,
    ) -> Result<Vec<Slot<'c>>, (&'static str, String)> {
        let because = |code, ja: &str, en: &str| Err((code, lang.pick(ja, en).to_owned()));
        if !job.is_enabled {
            return because("disabled", "無効（enabled = false）", "disabled (enabled = false)");
        }
        let Some(declared) = &job.schedule else {
            if matches!(job.order, Order::Receive { .. }) {
                let ja = "予定がない（[schedule] なし）。届けばデーモンが動かす";
                return because("no-schedule", ja, "no [schedule]; it runs when something was handed in");
            }
            let ja = "予定がない（[schedule] なし）。`renkei run` で動かす";
            return because("no-schedule", ja, "no [schedule]; it runs by `renkei run` only");
        };
        let schedule = &declared.schedule;
        let dues = match self.on {
            None => schedule.next_after(HubClock::system().now(), self.next.into()),
            Some(date) => match schedule.on(date) {
                DayPlan::Runs { dues, .. } => dues,
                DayPlan::Nothing(why) => {
                    let reason = if lang == Lang::Ja { why.in_japanese() } else { why.to_string() };
                    return Err((why.code(), reason));
                }
            },
        };
        if dues.is_empty() {
            return match schedule.calendar() {
                Some(calendar) => {
                    let (id, known) = (calendar.id(), calendar.known_through());
                    let ja = format!("カレンダー {id} の終わり（{known}）までに予定がない");
                    let en = format!("no slot before the calendar {id} ends ({known})");
                    because("no-slot", &ja, &en)
                }
                None => because("no-slot", "この先の予定がない", "no slot to come"),
            };
        }
        Ok(dues.into_iter().map(|due| slot(config, job, due)).collect())
    }
}

fn slot<'c>(config: &'c Config, job: &'c Job, due: Due) -> Slot<'c> {
    let windows = &config.stop_windows;
    let start = windows.until(&job.id, due.planned).unwrap_or(due.planned);
    let plan = job.schedule.as_ref().map(|declared| declared.schedule.on(due.business_date));
    let of_days = match plan {
        Some(DayPlan::Runs { of_days, .. }) if of_days != [due.business_date] => of_days,
        _ => Vec::new(),
    };
    Slot {
        job: job.id.as_str(),
        name: &job.name,
        business_date: due.business_date.to_string(),
        planned: due.planned.to_string(),
        starts: start.to_string(),
        stop_window: windows.holding(&job.id, due.planned).map(|window| window.name.as_str()),
        of_days: of_days.iter().map(ToString::to_string).collect(),
        due,
        start,
    }
}

fn show(console: &Console, slots: &[Slot<'_>], silent: &[Silent<'_>]) {
    if console.is_json() {
        console.json(&json!({ "slots": slots, "silent": silent }));
        return;
    }
    let lang = console.lang();
    if !slots.is_empty() {
        let mut table = TextTable::new([
            lang.pick("予定", "planned"),
            lang.pick("業務日", "business date"),
            lang.pick("ジョブ", "job"),
            lang.pick("名称", "name"),
            lang.pick("備考", "note"),
        ]);
        for slot in slots {
            table.row([
                wall_clock(lang, slot.due.planned),
                slot.business_date.clone(),
                slot.job.to_owned(),
                slot.name.to_owned(),
                note(lang, slot),
            ]);
        }
        console.table(&table);
    }
    if !silent.is_empty() {
        if !slots.is_empty() {
            console.data("");
        }
        let mut table = TextTable::new([
            lang.pick("動かないジョブ", "job that will not run"),
            lang.pick("名称", "name"),
            lang.pick("理由", "reason"),
        ]);
        for job in silent {
            table.row([job.job, job.name, &job.reason]);
        }
        console.table(&table);
    }
}

fn note(lang: Lang, slot: &Slot<'_>) -> String {
    let mut notes = Vec::new();
    if let Some(window) = slot.stop_window {
        let until = wall_clock(lang, slot.start);
        notes.push(match lang {
            Lang::Ja => format!("停止時間帯「{window}」のため {until} まで待つ"),
            Lang::En => format!("waits until {until} (stop window {window:?})"),
        });
    }
    if !slot.of_days.is_empty() {
        let days = slot.of_days.join(" ");
        notes.push(match lang {
            Lang::Ja => format!("閉庁日から移した: {days}"),
            Lang::En => format!("for {days}, by the calendar"),
        });
    }
    notes.join(lang.pick("。", "; "))
}

/// `2026-11-24 (火) 21:30`, with seconds where there are some.
fn wall_clock(lang: Lang, moment: Moment) -> String {
    let weekday = match moment.date().weekday() {
        Weekday::Mon => lang.pick("月", "Mon"),
        Weekday::Tue => lang.pick("火", "Tue"),
        Weekday::Wed => lang.pick("水", "Wed"),
        Weekday::Thu => lang.pick("木", "Thu"),
        Weekday::Fri => lang.pick("金", "Fri"),
        Weekday::Sat => lang.pick("土", "Sat"),
        Weekday::Sun => lang.pick("日", "Sun"),
    };
    let time = moment.time_text();
    let time = time.strip_suffix(":00").unwrap_or(&time);
    format!("{} ({weekday}) {time}", moment.date_text())
}
