//! National holidays (国民の祝日), expanded from their rules into days, with the days off the law adds:
//! substitute holidays (振替休日, 国民の祝日に関する法律 3条2項) and citizens' holidays (国民の休日, 3条3項).

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::month_day::MonthDay;

/// How a day off came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolidayKind {
    /// 国民の祝日.
    National,
    /// 振替休日: the first day after a holiday on a Sunday that is no holiday itself.
    Substitute,
    /// 国民の休日: a day between two holidays that is none itself.
    Citizens,
}

/// A day off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// How it came to be.
    pub kind: HolidayKind,
    /// The holiday's name in Japanese; of a substitute, that of the holiday it stands for; else empty.
    pub name: String,
    /// The same in English.
    pub name_en: String,
}

impl Holiday {
    /// What Japanese text says of it.
    pub fn in_japanese(&self) -> String {
        match self.kind {
            HolidayKind::National => self.name.clone(),
            HolidayKind::Substitute => format!("振替休日（{}）", self.name),
            HolidayKind::Citizens => "国民の休日".to_owned(),
        }
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            HolidayKind::National => f.write_str(&self.name_en),
            HolidayKind::Substitute => write!(f, "substitute holiday ({})", self.name_en),
            HolidayKind::Citizens => f.write_str("citizens' holiday"),
        }
    }
}

/// One holiday's rule, as declared.
#[derive(Debug, Clone)]
pub(super) struct HolidayRule {
    pub(super) name: String,
    pub(super) name_en: String,
    pub(super) day: HolidayDay,
    /// The years it is kept in; both ends included.
    pub(super) first_year: i32,
    pub(super) last_year: i32,
    /// Days that stand for the rule's own in their years, as in 2020 and 2021.
    pub(super) instead: Vec<NaiveDate>,
}

/// On which day of a year.
#[derive(Debug, Clone)]
pub(super) enum HolidayDay {
    /// Always the same.
    Fixed(MonthDay),
    /// The nth (1 to 5) weekday of a month.
    NthWeekday { month: u32, weekday: Weekday, nth: u8 },
    /// A list of days, such as the equinoxes that the Cabinet announces.
    Listed(Vec<NaiveDate>),
}

impl HolidayRule {
    fn in_year(&self, year: i32) -> Vec<NaiveDate> {
        if !(self.first_year..=self.last_year).contains(&year) {
            return Vec::new();
        }
        let moved: Vec<NaiveDate> = self.instead.iter().copied().filter(|day| day.year() == year).collect();
        if !moved.is_empty() {
            return moved;
        }
        match &self.day {
            HolidayDay::Fixed(day) => day.in_year(year).into_iter().collect(),
            HolidayDay::NthWeekday { month, weekday, nth } => {
                NaiveDate::from_weekday_of_month_opt(year, *month, *weekday, *nth).into_iter().collect()
            }
            HolidayDay::Listed(days) => days.iter().copied().filter(|day| day.year() == year).collect(),
        }
    }
}

/// All days off of the years the data cover.
#[derive(Debug, Clone)]
pub struct Holidays {
    days: BTreeMap<NaiveDate, Holiday>,
    known_from: NaiveDate,
    known_through: NaiveDate,
}

impl Holidays {
    /// Expands rules for the years from `known_from`'s through `known_through`'s.
    pub(super) fn expand(rules: &[HolidayRule], known_from: NaiveDate, known_through: NaiveDate) -> Self {
        let mut national: BTreeMap<NaiveDate, (&str, &str)> = BTreeMap::new();
        for rule in rules {
            for day in (known_from.year()..=known_through.year()).flat_map(|year| rule.in_year(year)) {
                national.entry(day).or_insert((&rule.name, &rule.name_en));
            }
        }
        let holiday = |kind, (name, name_en): (&str, &str)| Holiday {
            kind,
            name: name.to_owned(),
            name_en: name_en.to_owned(),
        };
        let mut days: BTreeMap<NaiveDate, Holiday> =
            national.iter().map(|(day, names)| (*day, holiday(HolidayKind::National, *names))).collect();
        for (day, names) in national.iter().filter(|(day, _)| day.weekday() == Weekday::Sun) {
            let substitute = day.iter_days().skip(1).find(|next| !national.contains_key(next));
            if let Some(substitute) = substitute {
                days.insert(substitute, holiday(HolidayKind::Substitute, *names));
            }
        }
        for day in national.keys() {
            let between = day.succ_opt().filter(|next| !national.contains_key(next));
            let is_followed =
                between.and_then(|day| day.succ_opt()).is_some_and(|day| national.contains_key(&day));
            if let Some(between) = between.filter(|_| is_followed) {
                days.entry(between).or_insert_with(|| holiday(HolidayKind::Citizens, ("", "")));
            }
        }
        Self { days, known_from, known_through }
    }

    /// The day off that a date is, if it is one.
    pub fn on(&self, date: NaiveDate) -> Option<&Holiday> {
        self.days.get(&date)
    }

    /// The days off from one date through another.
    pub fn between(
        &self,
        from: NaiveDate,
        through: NaiveDate,
    ) -> impl Iterator<Item = (NaiveDate, &Holiday)> {
        // A range that ends before it starts makes BTreeMap::range panic.
        self.days
            .iter()
            .filter(move |(day, _)| (from..=through).contains(day))
            .map(|(day, holiday)| (*day, holiday))
    }

    /// The first day the data know about.
    pub fn known_from(&self) -> NaiveDate {
        self.known_from
    }

    /// The last day the data know about.
    pub fn known_through(&self) -> NaiveDate {
        self.known_through
    }
}
