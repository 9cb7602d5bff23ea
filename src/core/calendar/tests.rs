//! The shipped calendars day by day, and exactly what is said about wrong ones.

use chrono::{Datelike as _, NaiveDate};

use super::*;
use crate::declared::Problems;

const HOLIDAYS: &str = include_str!("../../../jobs/calendars/holidays.toml");
const OFFICE: &str = include_str!("../../../jobs/calendars/office.toml");

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn read(holidays: &str, office: &str) -> (Calendars, Vec<String>) {
    let problems = Problems::new();
    let files = [
        CalendarFile { name: "holidays.toml", id: "holidays", text: holidays },
        CalendarFile { name: "office.toml", id: "office", text: office },
    ];
    let calendars = Calendars::read(&files, &problems);
    (calendars, problems.into_sorted().iter().map(ToString::to_string).collect())
}

/// The shipped office, with lists put in.
fn office(closed: &str, open: &str) -> Calendar {
    let text = OFFICE
        .replace("closed = []", &format!("closed = {closed}"))
        .replace("open = []", &format!("open = {open}"));
    let (calendars, problems) = read(HOLIDAYS, &text);
    assert!(problems.is_empty(), "{problems:#?}");
    calendars.get("office").unwrap().as_ref().clone()
}

#[track_caller]
fn check_holidays(year: i32, expected: &[&str]) {
    let (calendars, problems) = read(HOLIDAYS, OFFICE);
    assert!(problems.is_empty(), "{problems:#?}");
    let holidays = calendars.holidays("holidays").unwrap();
    let found: Vec<String> = holidays
        .between(NaiveDate::from_ymd_opt(year, 1, 1).unwrap(), NaiveDate::from_ymd_opt(year, 12, 31).unwrap())
        .map(|(day, holiday)| format!("{} {}", MonthDay::of(day), holiday.in_japanese()))
        .collect();
    assert_eq!(found, expected, "{year}");
}

#[test]
fn years_with_moves_and_days_between_are_right() {
    check_holidays(
        2019,
        &[
            "01-01 元日",
            "01-14 成人の日",
            "02-11 建国記念の日",
            "03-21 春分の日",
            "04-29 昭和の日",
            "04-30 国民の休日",
            "05-01 即位の日",
            "05-02 国民の休日",
            "05-03 憲法記念日",
            "05-04 みどりの日",
            "05-05 こどもの日",
            "05-06 振替休日（こどもの日）",
            "07-15 海の日",
            "08-11 山の日",
            "08-12 振替休日（山の日）",
            "09-16 敬老の日",
            "09-23 秋分の日",
            "10-14 体育の日",
            "10-22 即位礼正殿の儀",
            "11-03 文化の日",
            "11-04 振替休日（文化の日）",
            "11-23 勤労感謝の日",
        ],
    );
    check_holidays(
        2020,
        &[
            "01-01 元日",
            "01-13 成人の日",
            "02-11 建国記念の日",
            "02-23 天皇誕生日",
            "02-24 振替休日（天皇誕生日）",
            "03-20 春分の日",
            "04-29 昭和の日",
            "05-03 憲法記念日",
            "05-04 みどりの日",
            "05-05 こどもの日",
            "05-06 振替休日（憲法記念日）",
            "07-23 海の日",
            "07-24 スポーツの日",
            "08-10 山の日",
            "09-21 敬老の日",
            "09-22 秋分の日",
            "11-03 文化の日",
            "11-23 勤労感謝の日",
        ],
    );
    check_holidays(
        2021,
        &[
            "01-01 元日",
            "01-11 成人の日",
            "02-11 建国記念の日",
            "02-23 天皇誕生日",
            "03-20 春分の日",
            "04-29 昭和の日",
            "05-03 憲法記念日",
            "05-04 みどりの日",
            "05-05 こどもの日",
            "07-22 海の日",
            "07-23 スポーツの日",
            "08-08 山の日",
            "08-09 振替休日（山の日）",
            "09-20 敬老の日",
            "09-23 秋分の日",
            "11-03 文化の日",
            "11-23 勤労感謝の日",
        ],
    );
    // 敬老の日 on the 21st and 秋分の日 on the 23rd: the day between is off too.
    check_holidays(
        2026,
        &[
            "01-01 元日",
            "01-12 成人の日",
            "02-11 建国記念の日",
            "02-23 天皇誕生日",
            "03-20 春分の日",
            "04-29 昭和の日",
            "05-03 憲法記念日",
            "05-04 みどりの日",
            "05-05 こどもの日",
            "05-06 振替休日（憲法記念日）",
            "07-20 海の日",
            "08-11 山の日",
            "09-21 敬老の日",
            "09-22 国民の休日",
            "09-23 秋分の日",
            "10-12 スポーツの日",
            "11-03 文化の日",
            "11-23 勤労感謝の日",
        ],
    );
}

#[track_caller]
fn check_closed(day: &str, expected: Option<&str>) {
    let office = office("[2027-02-12, \"2027-05-06..2027-05-07\"]", "[2027-03-28, 2026-12-29]");
    assert_eq!(office.why_closed(date(day)).map(|closed| closed.to_string()).as_deref(), expected, "{day}");
    assert_eq!(office.is_open(date(day)), expected.is_none());
}

#[test]
fn days_are_closed_for_a_reason() {
    for (day, expected) in [
        ("2026-12-28", None),
        ("2026-12-29", None),
        ("2026-12-30", Some("closed every year")),
        ("2027-01-01", Some("New Year's Day")),
        ("2027-01-02", Some("closed every year")),
        ("2027-01-04", None),
        ("2027-02-12", Some("listed as closed")),
        ("2027-02-13", Some("Saturday")),
        ("2027-03-22", Some("substitute holiday (Vernal Equinox Day)")),
        ("2027-03-28", None),
        ("2027-05-06", Some("listed as closed")),
        ("2027-05-07", Some("listed as closed")),
        ("2028-02-29", None),
        ("2026-09-22", Some("citizens' holiday")),
    ] {
        check_closed(day, expected);
    }
}

#[test]
fn open_days_are_counted_and_slots_shifted() {
    let office = office("[]", "[]");
    let nth = |year, month, nth| office.nth_open_of_month(year, month, nth).map(|day| day.to_string());
    assert_eq!(nth(2027, 1, 1).as_deref(), Some("2027-01-04"));
    assert_eq!(nth(2026, 12, -1).as_deref(), Some("2026-12-28"));
    assert_eq!(nth(2028, 2, -1).as_deref(), Some("2028-02-29"));
    assert_eq!(nth(2026, 5, 3).as_deref(), Some("2026-05-08"));
    assert_eq!((nth(2026, 5, 0), nth(2026, 5, 31), nth(2026, 13, 1)), (None, None, None));
    for (day, shift, expected) in [
        ("2027-01-01", Shift::Before, Some("2026-12-28")),
        ("2027-01-01", Shift::After, Some("2027-01-04")),
        ("2027-01-01", Shift::None, Some("2027-01-01")),
        ("2027-01-01", Shift::Skip, None),
        ("2027-01-04", Shift::Skip, Some("2027-01-04")),
        ("2026-05-31", Shift::After, Some("2026-06-01")),
    ] {
        assert_eq!(office.shift(date(day), shift).map(|day| day.to_string()).as_deref(), expected, "{day}");
    }
    let add = |day: &str, n| office.add_open_days(date(day), n).map(|day| day.to_string());
    assert_eq!(add("2026-12-28", 1).as_deref(), Some("2027-01-04"));
    assert_eq!(add("2027-01-04", -2).as_deref(), Some("2026-12-25"));
    assert_eq!(add("2027-01-01", 0).as_deref(), Some("2027-01-01"));
    assert_eq!(add("2040-12-28", 1), None, "beyond what is known");
}

#[test]
fn a_calendar_knows_where_its_data_end() {
    let own = office("[]", "[]");
    assert_eq!((own.known_from(), own.known_through()), (date("2019-01-01"), date("2040-12-31")));
    let text = OFFICE.replace("# known_through", "known_through");
    let (calendars, _) = read(HOLIDAYS, &text);
    assert_eq!(calendars.get("office").unwrap().known_through(), date("2027-03-31"));
    let (calendars, _) = read(HOLIDAYS, &OFFICE.replace("holidays = \"holidays\"\n", ""));
    assert_eq!(calendars.get("office").unwrap().known_through(), NaiveDate::MAX);
}

/// Two other ways to the equinoxes: the formula of the almanacs, against the shipped table.
#[test]
fn equinoxes_are_as_reckoned() {
    let (calendars, _) = read(HOLIDAYS, OFFICE);
    let holidays = calendars.holidays("holidays").unwrap();
    for year in 2019..=2040 {
        let day = |base: f64| {
            let years = f64::from(year - 1980);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a day of a month")]
            let day = (base + 0.242_194 * years - (years / 4.0).floor()).floor() as u32;
            day
        };
        for (month, base, name) in [(3, 20.8431, "春分の日"), (9, 23.2488, "秋分の日")] {
            let date = NaiveDate::from_ymd_opt(year, month, day(base)).unwrap();
            assert_eq!(holidays.on(date).map(|holiday| holiday.name.as_str()), Some(name), "{date}");
        }
        assert!(holidays.between(date("2019-01-01"), date("2040-12-31")).any(|(day, _)| day.year() == year));
    }
}

#[track_caller]
fn check_problems(change: (&str, &str, &str), expected: &[&str]) {
    let (file, from, to) = change;
    let of = |name: &str, text: &str| {
        assert!(name != file || text.contains(from), "{from:?} is not in {name}");
        if name == file { text.replacen(from, to, 1) } else { text.to_owned() }
    };
    let (_, problems) = read(&of("holidays.toml", HOLIDAYS), &of("office.toml", OFFICE));
    let line_no = |text: &str| text[..text.find(from).unwrap()].matches('\n').count() + 1;
    let line_no = if file == "office.toml" { line_no(OFFICE) } else { line_no(HOLIDAYS) };
    let expected: Vec<String> =
        expected.iter().map(|line| line.replacen(":L:", &format!(":{line_no}:"), 1)).collect();
    assert_eq!(problems, expected);
}

#[test]
fn wrong_data_are_shown_at_their_place() {
    for (change, expected) in [
        (
            ("holidays.toml", "last_year = 2040", "last_year = 2041"),
            vec![
                "holidays.toml:41:8: holiday[4].days: no day for 2041 (add it, or end the data before it by last_year)",
                "holidays.toml:89:8: holiday[12].days: no day for 2041 (add it, or end the data before it by last_year)",
            ],
        ),
        (
            ("holidays.toml", "on = \"monday 2 of 01\"", "on = \"monday 6 of 01\""),
            vec![
                "holidays.toml:L:6: holiday[1].on: \"monday 6 of 01\" is no day of the year (such as \"05-03\", or \"monday 2 of 01\" for the second Monday of January)",
            ],
        ),
        (
            ("holidays.toml", "on = \"05-03\"", "ob = \"05-03\""),
            vec![
                "holidays.toml:53:1: holiday[6]: on or days is missing",
                "holidays.toml:L:1: holiday[6].ob: unknown key (did you mean \"on\"?)",
            ],
        ),
        (
            ("holidays.toml", "kind = \"holidays\"", "kind = \"holiday\""),
            vec!["holidays.toml:L:8: kind: unknown word \"holiday\" (did you mean \"holidays\"?)"],
        ),
        (
            ("office.toml", "\"saturday\", \"sunday\"", "\"saturday\", \"sundey\""),
            vec!["office.toml:L:32: closed_weekdays[1]: unknown word \"sundey\" (did you mean \"sunday\"?)"],
        ),
        (
            ("office.toml", "12-29..01-03", "12-29-01-03"),
            vec![
                "office.toml:L:22: closed_every_year[0]: must be a day or days of every year, such as \"12-29..01-03\", not \"12-29-01-03\"",
            ],
        ),
        (
            (
                "office.toml",
                "closed = []",
                "closed = [2027-01-05, \"2027-02-30\", \"2027-03-02..2027-03-01\"]",
            ),
            vec![
                "office.toml:L:23: closed[1]: must be dates without quotes, or a range of at most 366 days such as \"2027-05-06..2027-05-07\", not \"2027-02-30\"",
                "office.toml:L:37: closed[2]: must be dates without quotes, or a range of at most 366 days such as \"2027-05-06..2027-05-07\", not \"2027-03-02..2027-03-01\"",
            ],
        ),
        (
            ("office.toml", "open = []", "open = [2027-01-09, 2027-01-09]"),
            vec!["office.toml:L:21: open[1]: 2027-01-09 is named twice"],
        ),
        (
            ("office.toml", "holidays = \"holidays\"", "holidays = \"hollidays\""),
            vec![
                "office.toml:L:12: holidays: no file jobs/calendars/hollidays.toml of kind \"holidays\" (did you mean \"holidays\"?)",
            ],
        ),
    ] {
        check_problems(change, &expected);
    }
}
