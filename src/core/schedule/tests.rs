//! Schedules by table: what runs when, why nothing runs, and exactly what is said about wrong ones.

use super::cron::Cron;
use super::*;
use crate::Moment;
use crate::calendar::{CalendarFile, Calendars};
use crate::declared::{Declaration, Problems, Value};
use crate::ids::JobId;

const HOLIDAYS: &str = include_str!("../../../jobs/calendars/holidays.toml");
const OFFICE: &str = include_str!("../../../jobs/calendars/office.toml");

fn calendars() -> Calendars {
    let problems = Problems::new();
    let short = format!("{OFFICE}\nknown_through = 2027-03-31\n");
    let files = [
        CalendarFile { name: "holidays.toml", id: "holidays", text: HOLIDAYS },
        CalendarFile { name: "office.toml", id: "office", text: OFFICE },
        CalendarFile { name: "short.toml", id: "short", text: &short },
    ];
    let calendars = Calendars::read(&files, &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    calendars
}

fn read(text: &str) -> (Option<Schedule>, Vec<String>) {
    let problems = Problems::new();
    let mut schedule = None;
    if let Some(mut root) = Declaration::parse("a.toml", text, &problems) {
        let catch_up = CatchUpRule::take(&mut root);
        schedule = Schedule::read(root, &calendars(), &problems).filter(|_| catch_up.is_some());
    }
    (schedule, problems.into_sorted().iter().map(ToString::to_string).collect())
}

fn schedule(text: &str) -> Schedule {
    let (schedule, problems) = read(text);
    schedule.unwrap_or_else(|| panic!("{text}: {problems:#?}"))
}

fn at(text: &str) -> Moment {
    let text = if text.len() == 10 { format!("{text}T00:00:00") } else { format!("{text}:00") };
    Moment::parse(&text).unwrap_or_else(|| panic!("{text}"))
}

/// `2026-10-02 2026-10-03T01:30`: business date and planned time.
fn shown(dues: &[Due]) -> Vec<String> {
    dues.iter()
        .map(|due| format!("{} {}", due.business_date, due.planned.local().format("%Y-%m-%dT%H:%M")))
        .collect()
}

#[track_caller]
fn check(text: &str, after: &str, expected: &[&str]) {
    let schedule = schedule(text);
    assert_eq!(shown(&schedule.next_after(at(after), expected.len())), expected, "{text}");
}

#[test]
fn times_of_the_24_to_48_clock() {
    check(
        "at = [\"25:30\", \"8:00\"]",
        "2026-12-31T01:29",
        &[
            "2026-12-30 2026-12-31T01:30",
            "2026-12-31 2026-12-31T08:00",
            "2026-12-31 2027-01-01T01:30",
            "2027-01-01 2027-01-01T08:00",
        ],
    );
    check(
        "at = \"24:30\"\ndays = \"02-29\"",
        "2024-03-01",
        &["2024-02-29 2024-03-01T00:30", "2028-02-29 2028-03-01T00:30"],
    );
    check("at = \"47:59\"\ndays = \"12-31\"", "2026-12-01", &["2026-12-31 2027-01-01T23:59"]);
    // Both ends: after is not included, a slot of the second day before still counts.
    check("at = \"47:59\"\ndays = \"12-30\"", "2026-12-31T23:58", &["2026-12-30 2026-12-31T23:59"]);
    check("at = \"47:59\"\ndays = \"12-30\"", "2026-12-31T23:59", &["2027-12-30 2027-12-31T23:59"]);
}

#[test]
fn days_of_the_month_and_year() {
    check(
        "at = \"21:00\"\ndays = \"first open day of month\"",
        "2026-12-15",
        &["2027-01-04 2027-01-04T21:00", "2027-02-01 2027-02-01T21:00", "2027-03-01 2027-03-01T21:00"],
    );
    check(
        "at = \"21:00\"\ndays = \"last open day of month\"",
        "2026-12-15",
        &["2026-12-28 2026-12-28T21:00", "2027-01-29 2027-01-29T21:00", "2027-02-26 2027-02-26T21:00"],
    );
    check("at = \"21:00\"\ndays = \"open day 3 of 05\"", "2026-01-01", &["2026-05-08 2026-05-08T21:00"]);
    check("at = \"21:00\"\ndays = \"open day -2 of month\"", "2026-12-01", &["2026-12-25 2026-12-25T21:00"]);
    check(
        "at = \"21:00\"\ndays = \"last day of month\"",
        "2028-01-31T21:00",
        &["2028-02-29 2028-02-29T21:00", "2028-03-31 2028-03-31T21:00", "2028-04-30 2028-04-30T21:00"],
    );
    check(
        "at = \"21:00\"\ndays = \"day 31 of month\"",
        "2027-01-31T21:00",
        &["2027-03-31 2027-03-31T21:00", "2027-05-31 2027-05-31T21:00"],
    );
    check(
        "at = \"0:00\"\ndays = [\"04-01\", \"01-01\"]",
        "2026-03-31T23:59",
        &["2026-04-01 2026-04-01T00:00", "2027-01-01 2027-01-01T00:00", "2027-04-01 2027-04-01T00:00"],
    );
    check(
        "at = \"9:00\"\ndays = [\"monday 2 of month\", \"friday -1 of 02\"]",
        "2027-01-12",
        &["2027-02-08 2027-02-08T09:00", "2027-02-26 2027-02-26T09:00", "2027-03-08 2027-03-08T09:00"],
    );
    check(
        "at = \"9:00\"\ndays = \"closed\"",
        "2026-12-25T09:00",
        &["2026-12-26 2026-12-26T09:00", "2026-12-27 2026-12-27T09:00", "2026-12-29 2026-12-29T09:00"],
    );
    check(
        "at = \"9:00\"\non = [2027-06-10, 2027-06-08]",
        "2026-01-01",
        &["2027-06-08 2027-06-08T09:00", "2027-06-10 2027-06-10T09:00"],
    );
    assert_eq!(schedule("at = \"9:00\"\non = [2027-06-10]").next_after(at("2027-06-11"), 1), []);
}

#[test]
fn closed_days_are_shifted_and_slots_that_meet_are_one() {
    check(
        "at = \"21:00\"\ndays = \"day 1 of month\"\nshift = \"after\"",
        "2026-12-15",
        &["2027-01-04 2027-01-04T21:00", "2027-02-01 2027-02-01T21:00"],
    );
    check(
        "at = \"26:00\"\ndays = \"day 1 of month\"\nshift = \"before\"",
        "2026-12-15",
        &["2026-12-28 2026-12-29T02:00", "2027-02-01 2027-02-02T02:00"],
    );
    check(
        "at = \"21:00\"\ndays = \"all\"\nshift = \"after\"",
        "2026-12-28",
        &["2026-12-28 2026-12-28T21:00", "2027-01-04 2027-01-04T21:00", "2027-01-05 2027-01-05T21:00"],
    );
    check(
        "cron = \"0 21 * * sat,sun\"\nshift = \"before\"",
        "2027-01-05",
        &["2027-01-08 2027-01-08T21:00", "2027-01-15 2027-01-15T21:00"],
    );
    check("at = \"21:00\"\nshift = \"skip\"", "2026-12-28T22:00", &["2027-01-04 2027-01-04T21:00"]);
}

#[test]
fn every_counts_from_the_start_of_its_window() {
    check(
        "every = \"25m\"\nbetween = \"23:30-24:45\"\ndays = \"12-31\"",
        "2026-12-31",
        &["2026-12-31 2026-12-31T23:30", "2026-12-31 2026-12-31T23:55", "2026-12-31 2027-01-01T00:20"],
    );
    let quarter = schedule("every = \"15m\"");
    assert_eq!(quarter.between(at("2026-12-30T23:59"), at("2026-12-31T23:59")).len(), 96);
    assert_eq!(quarter.between(at("2026-12-31"), at("2026-12-31")), []);
    assert_eq!(quarter.between(at("2026-12-31"), at("2026-12-30")), []);
}

#[test]
fn other_zones_lose_and_double_nothing() {
    // 02:00 and 02:30 are left out that night, and 03:00 is the first instant after: one slot.
    check(
        "every = \"30m\"\nbetween = \"01:30-04:00\"\ndays = \"03-29\"\nzone = \"Europe/Berlin\"",
        "2026-03-01",
        &["2026-03-29 2026-03-29T09:30", "2026-03-29 2026-03-29T10:00", "2026-03-29 2026-03-29T10:30"],
    );
    check(
        "at = [\"01:30\", \"02:30\", \"03:30\"]\ndays = \"10-25\"\nzone = \"Europe/Berlin\"",
        "2026-10-01",
        &["2026-10-25 2026-10-25T08:30", "2026-10-25 2026-10-25T09:30", "2026-10-25 2026-10-25T11:30"],
    );
    check(
        "at = \"00:00\"\ndays = \"01-01\"\nzone = \"Pacific/Kiritimati\"",
        "2026-06-01",
        &["2027-01-01 2026-12-31T19:00"],
    );
    check(
        "at = \"47:59\"\ndays = \"01-01\"\nzone = \"Etc/GMT+12\"",
        "2027-01-03T20:58",
        &["2027-01-01 2027-01-03T20:59"],
    );
}

#[track_caller]
fn check_plan(text: &str, date: &str, expected: &str) {
    let plan = schedule(text).on(date.parse().unwrap());
    let found = match plan {
        DayPlan::Runs { dues, of_days } => {
            let days: Vec<String> = of_days.iter().map(ToString::to_string).collect();
            format!("{} for {}", shown(&dues).join(" "), days.join(" "))
        }
        DayPlan::Nothing(why) => {
            assert!(!why.in_japanese().is_ascii());
            format!("{}: {why}", why.code())
        }
    };
    assert_eq!(found, expected, "{text} on {date}");
}

#[test]
fn a_day_without_a_slot_says_why() {
    let after = "at = \"21:00\"\ndays = \"day 1 of month\"\nshift = \"after\"";
    check_plan(after, "2027-01-01", "closed-shifted: closed (New Year's Day), shifted to 2027-01-04");
    check_plan(after, "2027-01-02", "not-its-day: not one of its days");
    check_plan(after, "2027-01-04", "2027-01-04 2027-01-04T21:00 for 2027-01-01");
    check_plan(after, "2027-01-05", "not-its-day: not one of its days");
    let all = "at = \"21:00\"\nshift = \"after\"";
    check_plan(
        all,
        "2027-01-04",
        "2027-01-04 2027-01-04T21:00 for 2026-12-29 2026-12-30 2026-12-31 2027-01-01 2027-01-02 2027-01-03 2027-01-04",
    );
    check_plan(
        "at = \"21:00\"\nshift = \"skip\"",
        "2026-09-22",
        "closed-skipped: closed (citizens' holiday), skipped",
    );
    check_plan(
        "at = \"21:00\"\ndays = \"open\"",
        "2026-09-22",
        "closed-skipped: closed (citizens' holiday), skipped",
    );
    check_plan(
        "at = \"21:00\"\ndays = \"open\"",
        "2041-01-07",
        "calendar-runs-out: the calendar knows 2019-01-01 to 2040-12-31 only",
    );
    check_plan(
        "at = \"21:00\"\ndays = \"open\"",
        "2018-12-31",
        "calendar-runs-out: the calendar knows 2019-01-01 to 2040-12-31 only",
    );
    check_plan(
        "at = \"21:00\"\ndays = \"open\"\ncalendar = \"short\"",
        "2027-03-31",
        "2027-03-31 2027-03-31T21:00 for 2027-03-31",
    );
    check_plan(
        "at = \"21:00\"\ndays = \"last open day of month\"\ncalendar = \"short\"",
        "2027-03-31",
        "2027-03-31 2027-03-31T21:00 for 2027-03-31",
    );
    check_plan(
        "at = \"21:00\"\ndays = \"04-01\"",
        "2041-04-01",
        "2041-04-01 2041-04-01T21:00 for 2041-04-01",
    );
    check_plan(
        "at = \"21:00\"\ndays = \"04-01\"\nshift = \"skip\"\ncalendar = \"short\"",
        "2027-04-01",
        "calendar-runs-out: the calendar knows 2019-01-01 to 2027-03-31 only",
    );
}

#[test]
fn a_calendar_that_ran_out_stops_the_watermark_and_not_the_others() {
    let open = schedule("at = \"21:00\"\ndays = \"open\"\ncalendar = \"short\"");
    assert_eq!(open.settled_through(at("2027-03-31T22:00")), at("2027-03-31T22:00"));
    let end = Moment::parse("2027-03-31T23:59:59").unwrap();
    assert_eq!(open.settled_through(at("2027-04-20")), end);
    let look = keeper::look(&open, &CatchUpRule::default(), at("2027-03-30"), at("2027-04-20"));
    assert_eq!((look.through, look.reach, look.slots.len()), (end, keeper::Reach::CalendarEnd, 2));
    let again = keeper::look(&open, &CatchUpRule::default(), look.through, at("2027-04-21"));
    assert_eq!((again.through, again.slots.len()), (end, 0));
    let daily = schedule("at = \"21:00\"\ncalendar = \"short\"");
    assert_eq!(daily.settled_through(at("2027-04-20")), at("2027-04-20"));
    assert_eq!(daily.known_through(), chrono::NaiveDate::MAX);
}

#[track_caller]
fn check_problems(text: &str, expected: &[&str]) {
    let (schedule, problems) = read(text);
    assert!(schedule.is_none(), "{text}");
    assert_eq!(problems, expected, "{text}");
}

#[test]
fn wrong_schedules_are_told_all_at_once() {
    check_problems(
        "days = \"open\"",
        &["a.toml:1:1: says no time (cron = \"30 21 * * *\", every = \"5m\" or at = \"21:30\")"],
    );
    check_problems(
        "at = \"21:30\"\ncron = \"30 21 * * *\"\n",
        &["a.toml:1:6: at: cron and at stand together; a schedule has one of them"],
    );
    check_problems(
        "at = [\"21:30\", \"21:30\", \"9\"]\ndays = \"opne\"\nzone = \"Asia/Tokio\"\nshift = \"forward\"\ncatch_up_within = \"3w\"",
        &[
            "a.toml:1:25: at[2]: time must be 00:00 to 47:59 (24:00 and later are of the next morning), not \"9\"",
            "a.toml:2:8: days: must be a rule of days (\"all\", \"open\", \"closed\", a weekday, \"04-01\", \"day 15 of month\", \"open day -2 of month\", \"first open day of 04\", \"monday 2 of month\"), not \"opne\"; did you mean \"open\"?",
            "a.toml:3:8: zone: unknown zone \"Asia/Tokio\" (did you mean \"Asia/Tokyo\"?)",
            "a.toml:4:9: shift: unknown word \"forward\" (one of \"none\", \"before\", \"after\", \"skip\")",
            "a.toml:5:19: catch_up_within: must be a length of time, such as \"90s\", \"5m\", \"2h\" or \"3d\", not \"3w\"",
        ],
    );
    check_problems(
        "at = \"21:30\"\ndays = \"open\"\ncalendar = \"ofice\"",
        &[
            "a.toml:3:12: calendar: no calendar \"ofice\", jobs/calendars/ofice.toml (did you mean \"office\"?)",
        ],
    );
    check_problems(
        "at = \"21:30\"\ndays = \"closed\"\nshift = \"after\"",
        &["a.toml:3:9: shift: days asks for closed days, and shift takes them away"],
    );
    check_problems(
        "cron = \"* * * *\"\ndays = \"open\"",
        &[
            "a.toml:1:8: cron: a cron expression has 5 fields (minute hour day-of-month month day-of-week), or 6 with seconds first, not 4",
            "a.toml:2:8: days: goes with at and every",
        ],
    );
    check_problems(
        "every = \"30s\"\nbetween = \"20:00-08:00\"",
        &[
            "a.toml:1:9: every: must be 1m to 1d, not \"30s\"",
            "a.toml:2:11: between: must be a window of at most 24 hours, such as \"08:00-20:00\" or \"22:00-26:00\", not \"20:00-08:00\"",
        ],
    );
    check_problems(
        "at = \"9:00\"\non = []\ndays = []",
        &[
            "a.toml:2:6: on: names no day",
            "a.toml:2:6: on: on and days stand together; a schedule has one of them",
            "a.toml:3:8: days: names no day",
        ],
    );
    check_problems("at = \"9:00\"\nbetween = \"8:00-9:00\"", &["a.toml:2:11: between: goes with every"]);
    check_problems("every = \"1h\"\non = [2027-01-01]", &["a.toml:2:6: on: goes with at"]);
    check_problems(
        "at = []\nevry = 1",
        &["a.toml:1:6: at: names no time", "a.toml:2:1: evry: unknown key (did you mean \"every\"?)"],
    );
}

#[test]
fn schedules_that_mean_the_same_have_one_digest() {
    for (one, other, is_same) in [
        (
            "at = [\"9:00\", \"21:00\"]",
            "at = [\"21:00\", \"09:00\"]\ndays = \"all\"\nzone = \"Asia/Tokyo\"",
            true,
        ),
        ("cron = \"0 21 * * mon-fri\"", "cron = \"0  21 * * 1,2,3,4,5\"", true),
        ("cron = \"0 21 1 * mon\"", "cron = \"0 21 * * mon\"", false),
        ("at = \"21:00\"\ndays = \"open\"", "at = \"21:00\"\ndays = \"open\"\ncalendar = \"office\"", true),
        ("at = \"21:00\"\ndays = \"open\"", "at = \"21:00\"\ndays = \"open\"\ncalendar = \"short\"", false),
        ("at = \"21:00\"", "at = \"21:00\"\nshift = \"skip\"", false),
        (
            "at = \"21:00\"\ndays = [\"monday\", \"04-01\"]",
            "at = \"21:00\"\ndays = [\"04-01\", \"monday\"]",
            true,
        ),
    ] {
        assert_eq!(schedule(one).sha256() == schedule(other).sha256(), is_same, "{one} / {other}");
    }
}

#[track_caller]
fn check_cron(text: &str, after: &str, expected: &[&str]) {
    check(&format!("cron = \"{text}\""), after, expected);
}

#[test]
fn cron_is_that_of_posix() {
    check_cron("30 21 * * 1-5", "2026-11-20T22:00", &["2026-11-23 2026-11-23T21:30"]);
    check_cron("30 25 * * sat", "2026-12-30", &["2027-01-02 2027-01-03T01:30"]);
    check_cron(
        "0 22-25 31 12 *",
        "2026-12-31T22:30",
        &["2026-12-31 2026-12-31T23:00", "2026-12-31 2027-01-01T00:00", "2026-12-31 2027-01-01T01:00"],
    );
    // Either day field suffices where both are limited.
    check_cron(
        "0 9 13 * fri",
        "2026-11-01",
        &[
            "2026-11-06 2026-11-06T09:00",
            "2026-11-13 2026-11-13T09:00",
            "2026-11-20 2026-11-20T09:00",
            "2026-11-27 2026-11-27T09:00",
            "2026-12-04 2026-12-04T09:00",
            "2026-12-11 2026-12-11T09:00",
            "2026-12-13 2026-12-13T09:00",
        ],
    );
    check_cron("0 9 * * 0", "2026-11-20", &["2026-11-22 2026-11-22T09:00"]);
    check_cron("0 9 * * 7", "2026-11-20", &["2026-11-22 2026-11-22T09:00"]);
    check_cron(
        "0 9 * * FRI-SUN",
        "2026-11-19",
        &[
            "2026-11-20 2026-11-20T09:00",
            "2026-11-21 2026-11-21T09:00",
            "2026-11-22 2026-11-22T09:00",
            "2026-11-27 2026-11-27T09:00",
        ],
    );
    check_cron("0 9 */1 * *", "2026-12-31", &["2026-12-31 2026-12-31T09:00", "2027-01-01 2027-01-01T09:00"]);
    check_cron("0 9 29 feb *", "2024-03-01", &["2028-02-29 2028-02-29T09:00"]);
    check_cron(
        "0 9 31 * *",
        "2026-12-31T10:00",
        &["2027-01-31 2027-01-31T09:00", "2027-03-31 2027-03-31T09:00"],
    );
    check_cron(
        "*/20 8-9/1 * * *",
        "2026-12-31T09:00",
        &["2026-12-31 2026-12-31T09:20", "2026-12-31 2026-12-31T09:40", "2027-01-01 2027-01-01T08:00"],
    );
    check_cron("15 30 8 * * *", "2026-12-31", &["2026-12-31 2026-12-31T08:30"]);
    assert_eq!("15 30 8 * * *".parse::<Cron>().unwrap().seconds(), [8 * 3600 + 30 * 60 + 15]);
}

#[test]
fn wrong_cron_is_told_clearly() {
    for (text, expected) in [
        (
            "",
            "a cron expression has 5 fields (minute hour day-of-month month day-of-week), or 6 with seconds first, not 0",
        ),
        ("@daily", "\"@daily\" is not read: write the five fields out, such as \"30 21 * * *\""),
        ("60 * * * *", "minute: must be 0 to 59, not 60"),
        ("0 48 * * *", "hour: must be 0 to 47, not 48"),
        ("0 0 0 * *", "day-of-month: must be 1 to 31, not 0"),
        ("0 0 * 13 *", "month: must be 1 to 12, not 13"),
        ("0 0 * * 8", "day-of-week: must be 0 to 7, not 8"),
        ("0 0 * * mn", "day-of-week: \"mn\" is no number or weekday name, sun to sat"),
        (
            "0 0 L * *",
            "day-of-month: \"L\" is not cron of every system; rules such as \"last day of month\" are written with at and days",
        ),
        (
            "0 0 * * 5#2",
            "day-of-week: \"5#2\" is not cron of every system; rules such as \"last day of month\" are written with at and days",
        ),
        (
            "0 0 ? * 1",
            "day-of-month: \"?\" is not cron of every system; rules such as \"last day of month\" are written with at and days",
        ),
        ("0 20-8 * * *", "hour: \"20-8\" runs backwards; write it as two ranges with a comma"),
        (
            "5/15 * * * *",
            "minute: \"5/15\" must be a step of 1 or more through * or a range, such as */5 or 8-20/2",
        ),
        (
            "*/0 * * * *",
            "minute: \"*/0\" must be a step of 1 or more through * or a range, such as */5 or 8-20/2",
        ),
        ("1,,2 * * * *", "minute: \"\" is no number"),
        ("0 0 31 feb,4 *", "no year has such a day"),
        (
            "0 0 */2 * mon",
            "*/2 in one of day-of-month and day-of-week with a limit in the other: some programs run on either day, some only where both agree; write the days out, such as 1-31/2",
        ),
        (
            "0 0 1 * 1,*",
            "*/1 in one of day-of-month and day-of-week with a limit in the other: some programs run on either day, some only where both agree; write the days out, such as 1-31/1",
        ),
        ("* * * * * *", "86400 slots a day; at most one a minute, 1440"),
        ("99999999999 * * * *", "minute: must be 0 to 59, not 99999999999"),
        ("-5 * * * *", "minute: \"\" is no number"),
    ] {
        let found = text.parse::<Cron>().map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(found, Err(expected.to_owned()), "{text}");
    }
}

#[track_caller]
fn check_until(stops: &str, job: &str, from: &str, expected: Option<&str>) {
    let problems = Problems::new();
    let job: JobId = job.parse().unwrap();
    let ids: Vec<JobId> = vec!["nightly".parse().unwrap(), "full".parse().unwrap()];
    let tables = Declaration::parse("hub.toml", stops, &problems)
        .and_then(|mut root| root.optional("stop"))
        .and_then(Value::tables);
    let windows = StopWindows::read(tables.unwrap_or_default(), &calendars(), &ids, &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_sorted());
    assert_eq!(windows.unwrap().until(&job, at(from)), expected.map(at), "{job} at {from}");
}

#[test]
fn a_slot_in_a_stop_window_waits_for_its_end() {
    let night = "[[stop]]\nname = \"a\"\nfrom = \"24:00\"\nto = \"27:00\"\n";
    for (from, expected) in [
        ("2026-12-31T23:59", None),
        ("2027-01-01T00:00", Some("2027-01-01T03:00")),
        ("2027-01-01T02:59", Some("2027-01-01T03:00")),
        ("2027-01-01T03:00", None),
        ("2028-02-29T01:30", Some("2028-02-29T03:00")),
    ] {
        check_until(night, "nightly", from, expected);
    }
    check_until(&format!("{night}enabled = false\n"), "nightly", "2027-01-01T01:00", None);
    let full = format!("{night}jobs = [\"full\"]\n");
    check_until(&full, "nightly", "2027-01-01T01:00", None);
    check_until(&full, "full", "2027-01-01T01:00", Some("2027-01-01T03:00"));
    let joined = format!(
        "{night}[[stop]]\nname = \"b\"\nfrom = \"03:00\"\nto = \"5:00\"\ndays = \"closed\"\n[[stop]]\nname = \"c\"\nfrom = \"04:30\"\nto = \"06:00\"\non = [2027-01-01]\n"
    );
    check_until(&joined, "nightly", "2027-01-01T01:00", Some("2027-01-01T06:00"));
    check_until(&joined, "nightly", "2027-01-02T01:00", Some("2027-01-02T05:00"));
    check_until(&joined, "nightly", "2027-01-05T01:00", Some("2027-01-05T03:00"));
    // Beyond the calendar the window is there.
    check_until(&joined, "nightly", "2041-01-07T04:00", Some("2041-01-07T05:00"));
    let always = "[[stop]]\nname = \"a\"\nfrom = \"00:00\"\nto = \"24:00\"\n";
    check_until(always, "nightly", "2027-01-01T01:00", Some("2029-09-27T00:00"));
}

#[track_caller]
fn check_account(text: &str, rule: CatchUp, after: &str, now: &str, expected: &[&str]) {
    let rule = CatchUpRule { rule, ..CatchUpRule::default() };
    let found: Vec<String> = account(&schedule(text), &rule, at(after), at(now))
        .iter()
        .map(|slot| {
            let verdict = match slot.verdict {
                Verdict::OnTime => "on time".to_owned(),
                Verdict::CaughtUp => "caught up".to_owned(),
                Verdict::Skipped(missed) => {
                    assert!(!missed.in_japanese().is_ascii());
                    format!("{}: {missed}", missed.code())
                }
            };
            format!("{} {verdict}", slot.due.business_date)
        })
        .collect();
    assert_eq!(found, expected, "{text} {now}");
}

#[test]
fn every_slot_has_one_verdict() {
    let nightly = "at = \"25:30\"";
    check_account(nightly, CatchUp::Latest, "2026-12-31T01:29", "2026-12-31T01:35", &["2026-12-30 on time"]);
    check_account(
        nightly,
        CatchUp::Latest,
        "2026-12-31T01:29",
        "2026-12-31T01:36",
        &["2026-12-30 caught up"],
    );
    check_account(nightly, CatchUp::Latest, "2026-12-31T01:30", "2026-12-31T01:36", &[]);
    check_account(
        nightly,
        CatchUp::Latest,
        "2026-12-28T02:00",
        "2027-01-01T08:00",
        &[
            "2026-12-28 superseded: missed, and the slot of 2027-01-01T01:30:00+09:00 does its work",
            "2026-12-29 superseded: missed, and the slot of 2027-01-01T01:30:00+09:00 does its work",
            "2026-12-30 superseded: missed, and the slot of 2027-01-01T01:30:00+09:00 does its work",
            "2026-12-31 caught up",
        ],
    );
    check_account(
        nightly,
        CatchUp::All,
        "2026-12-28T02:00",
        "2027-01-01T01:31",
        &[
            "2026-12-28 too-late: found 3d late, and the job catches up within 2d",
            "2026-12-29 too-late: found 2d late, and the job catches up within 2d",
            "2026-12-30 caught up",
            "2026-12-31 on time",
        ],
    );
    check_account(
        nightly,
        CatchUp::None,
        "2026-12-30T02:00",
        "2027-01-01T01:31",
        &[
            "2026-12-30 no-catch-up: missed, and the job catches nothing up (catch_up = \"none\")",
            "2026-12-31 on time",
        ],
    );
    check_account(
        "at = \"9:00\"\ndays = \"04-01\"",
        CatchUp::Latest,
        "2026-03-01",
        "2026-04-05",
        &["2026-04-01 too-late: found 3d 15h late, and the job catches up within 2d"],
    );
}

#[test]
fn the_watermark_follows_the_clock() {
    let step = keeper::watermark_after(at("2027-01-01"), at("2027-01-02"));
    assert_eq!((step.through, step.forgets_skipped_after), (at("2027-01-02"), None));
    let back = keeper::watermark_after(at("2027-01-02"), at("2027-01-01"));
    assert_eq!((back.through, back.forgets_skipped_after), (at("2027-01-01"), Some(at("2027-01-01"))));
    let long =
        keeper::look(&schedule("at = \"9:00\""), &CatchUpRule::default(), at("2024-01-01"), at("2027-01-01"));
    assert_eq!((long.reach, long.slots.len()), (keeper::Reach::Part, 400));
}
