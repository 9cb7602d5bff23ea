//! Random schedules, calendars, downtimes and clock jumps against an oracle that walks minute by minute and
//! shares nothing with the code but the declaration: no slot is lost and none doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{Datelike as _, Days, Duration, NaiveDate, NaiveDateTime, Weekday};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::keeper::{Reach, look};
use super::*;
use crate::Moment;
use crate::calendar::{CalendarFile, Calendars, weekday_named};
use crate::declared::{Declaration, Problems};

/// Around a New Year into a leap year, 29 February included.
const FIRST: (i32, u32, u32) = (2027, 12, 10);
const LAST: (i32, u32, u32) = (2028, 3, 20);
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn day((year, month, day): (i32, u32, u32)) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

#[derive(Debug, Clone)]
struct Office {
    weekly: BTreeSet<&'static str>,
    is_closed_at_new_year: bool,
    closed: BTreeSet<NaiveDate>,
    open: BTreeSet<NaiveDate>,
}

impl Office {
    fn text(&self) -> String {
        let list =
            |days: &BTreeSet<NaiveDate>| days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let yearly = if self.is_closed_at_new_year { "\"12-29..01-03\"" } else { "" };
        let closed: BTreeSet<NaiveDate> = self.closed.difference(&self.open).copied().collect();
        format!(
            "kind = \"calendar\"\nname = \"x\"\nclosed_weekdays = {:?}\nclosed_every_year = [{yearly}]\nclosed = [{}]\nopen = [{}]\n",
            self.weekly.iter().collect::<Vec<_>>(),
            list(&closed),
            list(&self.open)
        )
    }

    fn is_open(&self, date: NaiveDate) -> bool {
        let is_new_year = (date.month(), date.day()) >= (12, 29) || (date.month(), date.day()) <= (1, 3);
        let weekday = WEEKDAYS[date.weekday().num_days_from_monday() as usize];
        self.open.contains(&date)
            || !(self.closed.contains(&date)
                || self.weekly.contains(weekday)
                || (self.is_closed_at_new_year && is_new_year))
    }
}

#[derive(Debug, Clone)]
enum DaySpec {
    All,
    Open,
    Closed,
    Weekday(&'static str),
    Yearly(u32, u32),
    NthDay(i32),
    NthOpen(i32),
    NthWeekday(&'static str, i32),
}

impl DaySpec {
    fn text(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Open => "open".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Weekday(weekday) => (*weekday).to_owned(),
            Self::Yearly(month, day) => format!("{month:02}-{day:02}"),
            Self::NthDay(nth) => format!("day {nth} of month"),
            Self::NthOpen(nth) => format!("open day {nth} of month"),
            Self::NthWeekday(weekday, nth) => format!("{weekday} {nth} of month"),
        }
    }

    /// By listing the month's days that count and looking which place the date has.
    fn has(&self, date: NaiveDate, office: &Office) -> bool {
        let is_weekday = |day: NaiveDate, name| weekday_named(name) == Some(day.weekday());
        let nth_of = |nth: i32, counts: &dyn Fn(NaiveDate) -> bool| {
            let mut days: Vec<NaiveDate> =
                (1..=31).filter_map(|number| date.with_day(number)).filter(|day| counts(*day)).collect();
            if nth < 0 {
                days.reverse();
            }
            days.get(nth.unsigned_abs() as usize - 1) == Some(&date)
        };
        match self {
            Self::All => true,
            Self::Open => office.is_open(date),
            Self::Closed => !office.is_open(date),
            Self::Weekday(weekday) => is_weekday(date, weekday),
            Self::Yearly(month, day) => (date.month(), date.day()) == (*month, *day),
            Self::NthDay(nth) => nth_of(*nth, &|_| true),
            Self::NthOpen(nth) => nth_of(*nth, &|day| office.is_open(day)),
            Self::NthWeekday(weekday, nth) => nth_of(*nth, &|day| is_weekday(day, weekday)),
        }
    }
}

#[derive(Debug, Clone)]
struct CronSpec {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: Option<BTreeSet<u32>>,
    months: Option<BTreeSet<u32>>,
    week: Option<BTreeSet<u32>>,
}

#[derive(Debug, Clone)]
enum Spec {
    At { minutes: BTreeSet<u32>, days: Vec<DaySpec> },
    Every { step: u32, from: u32, length: u32, days: Vec<DaySpec> },
    Cron(CronSpec),
    On { minutes: BTreeSet<u32>, dates: BTreeSet<NaiveDate> },
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

impl Spec {
    fn text(&self) -> String {
        let times = |minutes: &BTreeSet<u32>| minutes.iter().map(|m| clock(*m)).collect::<Vec<_>>();
        let days =
            |days: &[DaySpec]| format!("days = {:?}\n", days.iter().map(DaySpec::text).collect::<Vec<_>>());
        match self {
            Self::At { minutes, days: rules } => format!("at = {:?}\n{}", times(minutes), days(rules)),
            Self::Every { step, from, length, days: rules } => {
                format!(
                    "every = \"{step}m\"\nbetween = \"{}-{}\"\n{}",
                    clock(*from),
                    clock(from + length),
                    days(rules)
                )
            }
            Self::On { minutes, dates } => {
                let dates: Vec<String> = dates.iter().map(ToString::to_string).collect();
                format!("at = {:?}\non = [{}]\n", times(minutes), dates.join(", "))
            }
            Self::Cron(cron) => {
                let list = |values: &BTreeSet<u32>| {
                    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                };
                let free =
                    |values: &Option<BTreeSet<u32>>| values.as_ref().map_or_else(|| "*".to_owned(), list);
                let mut text = format!("cron = \"{} {}", list(&cron.minutes), list(&cron.hours));
                writeln!(text, " {} {} {}\"", free(&cron.days), free(&cron.months), free(&cron.week))
                    .unwrap();
                text
            }
        }
    }

    fn names(&self, date: NaiveDate, office: &Office) -> bool {
        match self {
            Self::At { days, .. } | Self::Every { days, .. } => {
                days.iter().any(|rule| rule.has(date, office))
            }
            Self::On { dates, .. } => dates.contains(&date),
            Self::Cron(cron) => {
                let number = date.weekday().num_days_from_sunday();
                let week = cron
                    .week
                    .as_ref()
                    .map(|week| week.contains(&number) || (number == 0 && week.contains(&7)));
                let day = cron.days.as_ref().map(|days| days.contains(&date.day()));
                let month = cron.months.as_ref().is_none_or(|months| months.contains(&date.month()));
                month
                    && match (day, week) {
                        (Some(day), Some(week)) => day || week,
                        (one, other) => one.unwrap_or(true) && other.unwrap_or(true),
                    }
            }
        }
    }

    fn has_time(&self, minute: u32) -> bool {
        match self {
            Self::At { minutes, .. } | Self::On { minutes, .. } => minutes.contains(&minute),
            Self::Every { step, from, length, .. } => {
                minute >= *from && minute < from + length && (minute - from).is_multiple_of(*step)
            }
            Self::Cron(cron) => cron.hours.contains(&(minute / 60)) && cron.minutes.contains(&(minute % 60)),
        }
    }
}

/// Everything about one job.
#[derive(Debug, Clone)]
struct World {
    office: Office,
    spec: Spec,
    shift: &'static str,
}

impl World {
    fn schedule(&self) -> Schedule {
        let problems = Problems::new();
        let office = self.office.text();
        let calendars =
            Calendars::read(&[CalendarFile { name: "office.toml", id: "office", text: &office }], &problems);
        let text = format!("{}shift = \"{}\"\n", self.spec.text(), self.shift);
        let schedule = Declaration::parse("a.toml", &text, &problems)
            .and_then(|table| Schedule::read(table, &calendars, &problems));
        schedule.unwrap_or_else(|| panic!("{office}{text}{:#?}", problems.into_sorted()))
    }

    /// Where a day of the rule goes: walks until an open day.
    fn goes_to(&self, named: NaiveDate) -> Option<NaiveDate> {
        let mut date = named;
        for _ in 0..=31 {
            if self.office.is_open(date) || self.shift == "none" {
                return Some(date);
            }
            date = match self.shift {
                "before" => date.pred_opt().unwrap(),
                "after" => date.succ_opt().unwrap(),
                _ => return None,
            };
        }
        None
    }

    fn runs_on(&self, date: NaiveDate) -> bool {
        let first = date.checked_sub_days(Days::new(35)).unwrap();
        first
            .iter_days()
            .take(71)
            .any(|named| self.spec.names(named, &self.office) && self.goes_to(named) == Some(date))
    }

    /// All slots in (after, through], found by asking every minute whether it is one.
    fn slots(&self, after: NaiveDateTime, through: NaiveDateTime) -> Vec<Due> {
        let mut runs: BTreeMap<NaiveDate, bool> = BTreeMap::new();
        let mut found = Vec::new();
        for today in after.date().iter_days().take_while(|date| *date <= through.date()) {
            let midnight = today.and_hms_opt(0, 0, 0).unwrap();
            for of_day in 0..1440 {
                for days_before in [1, 0] {
                    if !self.spec.has_time(of_day + days_before * 1440) {
                        continue;
                    }
                    let date = today - Days::new(days_before.into());
                    let now = midnight + Duration::minutes(of_day.into());
                    let is_asked = after < now && now <= through;
                    if is_asked && *runs.entry(date).or_insert_with(|| self.runs_on(date)) {
                        found.push(Due { business_date: date, planned: Moment::at(now) });
                    }
                }
            }
        }
        found
    }
}

fn dates(n: std::ops::Range<usize>) -> impl Strategy<Value = BTreeSet<NaiveDate>> {
    let n_days = u64::try_from((day(LAST) - day(FIRST)).num_days()).unwrap();
    btree_set((0..n_days).prop_map(|n| day(FIRST) + Days::new(n)), n)
}

fn offices() -> impl Strategy<Value = Office> {
    let weekly = prop_oneof![
        3 => Just(BTreeSet::from(["saturday", "sunday"])),
        1 => btree_set(select(WEEKDAYS.to_vec()), 0..5),
    ];
    (weekly, any::<bool>(), dates(0..15), dates(0..8)).prop_map(
        |(weekly, is_closed_at_new_year, closed, open)| Office {
            weekly,
            is_closed_at_new_year,
            closed,
            open,
        },
    )
}

fn nth(limit: i32) -> impl Strategy<Value = i32> {
    (1..=limit, any::<bool>()).prop_map(|(nth, is_last)| if is_last { -nth } else { nth })
}

fn day_specs(with_closed: bool) -> impl Strategy<Value = Vec<DaySpec>> {
    let months = select(vec![(12, 29), (12, 31), (1, 1), (1, 3), (2, 28), (2, 29), (3, 1)]);
    let one = prop_oneof![
        Just(DaySpec::All),
        Just(DaySpec::Open),
        Just(if with_closed { DaySpec::Closed } else { DaySpec::Open }),
        select(WEEKDAYS.to_vec()).prop_map(DaySpec::Weekday),
        months.prop_map(|(month, day)| DaySpec::Yearly(month, day)),
        nth(31).prop_map(DaySpec::NthDay),
        nth(23).prop_map(DaySpec::NthOpen),
        (select(WEEKDAYS.to_vec()), nth(5)).prop_map(|(weekday, nth)| DaySpec::NthWeekday(weekday, nth)),
    ];
    vec(one, 1..4)
}

fn minutes_of_day() -> impl Strategy<Value = BTreeSet<u32>> {
    let minute = prop_oneof![4 => 0_u32..2880, 1 => select(vec![0, 1439, 1440, 1470, 1620, 2879])];
    btree_set(minute, 1..4)
}

fn specs(with_closed: bool) -> impl Strategy<Value = Spec> {
    let cron = (
        btree_set(0_u32..60, 1..4),
        btree_set(0_u32..48, 1..4),
        option::of(btree_set(select(vec![1_u32, 2, 15, 28, 29, 30, 31]), 1..4)),
        option::of(btree_set(select(vec![1_u32, 2, 3, 12]), 1..4)),
        option::of(btree_set(0_u32..8, 1..4)),
    )
        .prop_filter("some day", |(_, _, days, months, _)| {
            days.as_ref().is_none_or(|days| days.iter().any(|day| *day <= 29))
                || months.as_ref().is_none_or(|months| months.contains(&1))
        })
        .prop_map(|(minutes, hours, days, months, week)| {
            Spec::Cron(CronSpec { minutes, hours, days, months, week })
        });
    prop_oneof![
        (minutes_of_day(), day_specs(with_closed)).prop_map(|(minutes, days)| Spec::At { minutes, days }),
        (select(vec![1_u32, 5, 7, 15, 60, 90, 1440]), 0_u32..1439, 1_u32..=1440, day_specs(with_closed))
            .prop_map(|(step, from, length, days)| Spec::Every { step, from, length, days }),
        cron,
        (minutes_of_day(), dates(1..10)).prop_map(|(minutes, dates)| Spec::On { minutes, dates }),
    ]
}

fn worlds() -> impl Strategy<Value = World> {
    select(vec!["none", "before", "after", "skip"]).prop_flat_map(|shift| {
        (offices(), specs(shift == "none")).prop_map(move |(office, spec)| World { office, spec, shift })
    })
}

/// What happens to the daemon and its clock.
#[derive(Debug, Clone)]
enum Event {
    /// It runs so many minutes and looks at the clock every so many.
    Up { minutes: i64, every: i64 },
    /// It is down, or the machine sleeps.
    Down { minutes: i64 },
    /// The clock is set.
    Jump { minutes: i64 },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (1_i64..3000, 1_i64..90).prop_map(|(minutes, every)| Event::Up { minutes, every }),
        2 => (1_i64..9000).prop_map(|minutes| Event::Down { minutes }),
        1 => (1_i64..5000).prop_map(|minutes| Event::Jump { minutes }),
        2 => (-5000_i64..0).prop_map(|minutes| Event::Jump { minutes }),
        1 => (-10_i64..10).prop_map(|minutes| Event::Jump { minutes }),
    ];
    vec(event, 1..8)
}

/// A keeper as the documentation of [`keeper`] has it, and what it must have done by the oracle's slots.
struct Keeper {
    watermark: Moment,
    lowest: Moment,
    /// True for slots that ran.
    records: BTreeMap<Due, bool>,
    started: Vec<Due>,
}

impl Keeper {
    fn look(&mut self, schedule: &Schedule, rule: &CatchUpRule, now: Moment, slots: &[Due]) {
        let previous = self.watermark;
        let look = look(schedule, rule, previous, now);
        assert_eq!(look.reach, Reach::Now);
        if let Some(after) = look.forgets_skipped_after {
            self.records.retain(|due, ran| *ran || due.planned <= after);
        }
        let owed: Vec<Due> =
            slots.iter().filter(|due| previous < due.planned && due.planned <= now).copied().collect();
        assert_eq!(look.slots.iter().map(|slot| slot.due).collect::<Vec<_>>(), owed);
        for slot in look.slots {
            check_verdict(&slot, owed.last().unwrap(), rule, now);
            let runs = !matches!(slot.verdict, Verdict::Skipped(_));
            if let std::collections::btree_map::Entry::Vacant(entry) = self.records.entry(slot.due) {
                entry.insert(runs);
                if runs {
                    self.started.push(slot.due);
                }
            }
        }
        self.watermark = look.through;
        self.lowest = self.lowest.min(now);
    }
}

fn check_verdict(slot: &Accounted, latest: &Due, rule: &CatchUpRule, now: Moment) {
    let late = now.since(slot.due.planned).num_minutes();
    let is_latest = slot.due == *latest;
    let expected = match rule.rule {
        _ if late <= 5 => "on time",
        CatchUp::None => "no-catch-up",
        CatchUp::Latest if !is_latest => "later",
        _ if late > rule.within.num_minutes() => "too-late",
        _ => "caught up",
    };
    let found = match slot.verdict {
        Verdict::OnTime => "on time",
        Verdict::CaughtUp => "caught up",
        // A slot that is too late and not the last may be told as either.
        Verdict::Skipped(Missed::Superseded { .. } | Missed::TooLate { .. }) if expected == "later" => {
            "later"
        }
        Verdict::Skipped(missed) => missed.code(),
    };
    assert_eq!(found, expected, "{} at {now}", slot.due);
}

fn check_keeper(world: &World, rule: CatchUpRule, start: u32, events: &[Event]) {
    let schedule = world.schedule();
    let begin =
        day(FIRST).and_hms_opt(0, 0, 0).unwrap() + Duration::days(20) + Duration::minutes(start.into());
    // All the moments at which it looks, and how far the clock gets.
    let mut now = begin;
    let mut looks = vec![now];
    for event in events {
        match event {
            Event::Up { minutes, every } => {
                for _ in 0..minutes / every {
                    now += Duration::minutes(*every);
                    looks.push(now);
                }
            }
            Event::Down { minutes } | Event::Jump { minutes } => now += Duration::minutes(*minutes),
        }
    }
    looks.push(now);
    let (low, high) = (*looks.iter().min().unwrap(), *looks.iter().max().unwrap());
    let slots = world.slots(low - Duration::days(1), high);
    let begin = Moment::at(begin);
    let mut keeper =
        Keeper { watermark: begin, lowest: begin, records: BTreeMap::new(), started: Vec::new() };
    let n_looks = looks.len();
    for (number, now) in looks.into_iter().enumerate() {
        keeper.look(&schedule, &rule, Moment::at(now), &slots);
        // Looking at everything is slow, and what is lost stays lost.
        if number % 97 != 0 && number + 1 != n_looks {
            continue;
        }
        let (lowest, through) = (keeper.lowest, keeper.watermark);
        let owed = slots.iter().filter(|due| lowest < due.planned && due.planned <= through);
        let lost: Vec<&Due> = owed.filter(|due| !keeper.records.contains_key(due)).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
        let early = keeper.records.iter().find(|(due, ran)| !**ran && due.planned > through);
        assert_eq!(early, None, "skipped before its time");
    }
    let n_started = keeper.started.len();
    assert_eq!(keeper.started.into_iter().collect::<BTreeSet<_>>().len(), n_started, "a slot ran twice");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn slots_are_those_of_the_oracle(world in worlds(), start in 0_i64..130_000, length in 1_i64..30_000) {
        let after = day(FIRST).and_hms_opt(0, 0, 0).unwrap() + Duration::minutes(start);
        let through = after + Duration::minutes(length);
        let expected = world.slots(after, through);
        let schedule = world.schedule();
        prop_assert_eq!(&schedule.between(Moment::at(after), Moment::at(through)), &expected);
        let few = expected.len().min(20);
        prop_assert_eq!(&schedule.next_after(Moment::at(after), few), &expected[..few]);
        // A day by itself has the same slots, and one without any says why.
        {
            let date = after.date();
            let midnight = date.and_hms_opt(0, 0, 0).unwrap();
            let of_date: Vec<Due> = world
                .slots(midnight - Duration::minutes(1), midnight + Duration::minutes(2880))
                .into_iter()
                .filter(|due| due.business_date == date)
                .collect();
            match schedule.on(date) {
                DayPlan::Runs { dues, .. } => prop_assert_eq!(dues, of_date),
                DayPlan::Nothing(why) => {
                    prop_assert!(of_date.is_empty(), "{} on {}", why, date);
                    let is_named = world.spec.names(date, &world.office);
                    match why {
                        WhyNot::NotItsDay => prop_assert!(!is_named),
                        WhyNot::Shifted { to, .. } => prop_assert_eq!(Some(to), world.goes_to(date)),
                        WhyNot::Skipped(_) if !is_named => prop_assert!(!world.office.is_open(date)),
                        WhyNot::Skipped(_) | WhyNot::NoOpenDay(_) => {
                            prop_assert_eq!(world.goes_to(date), None);
                        }
                        WhyNot::CalendarRunsOut { .. } => prop_assert!(false, "this calendar has no end"),
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_slot_is_lost_or_doubled(
        world in worlds(),
        rule in select(vec![CatchUp::None, CatchUp::Latest, CatchUp::All]),
        within in 10_i64..6000,
        start in 0_u32..20_000,
        events in events(),
    ) {
        let rule = CatchUpRule { rule, within: Duration::minutes(within) };
        check_keeper(&world, rule, start, &events);
    }
}

#[test]
fn the_oracle_sees_what_a_person_would() {
    let office = Office {
        weekly: BTreeSet::from(["saturday", "sunday"]),
        is_closed_at_new_year: true,
        closed: BTreeSet::new(),
        open: BTreeSet::new(),
    };
    let spec = Spec::At { minutes: BTreeSet::from([1530]), days: vec![DaySpec::NthDay(1)] };
    let world = World { office, spec, shift: "after" };
    let slots = world.slots(
        day((2027, 12, 10)).and_hms_opt(0, 0, 0).unwrap(),
        day((2028, 2, 10)).and_hms_opt(0, 0, 0).unwrap(),
    );
    let shown: Vec<String> = slots.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["2028-01-04 at 2028-01-05T01:30:00+09:00", "2028-02-01 at 2028-02-02T01:30:00+09:00"]);
    assert_eq!(day((2028, 1, 4)).weekday(), Weekday::Tue);
}
