//! A value of a declaration and the types it can be read as. Each reader reports what does not fit.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{Duration, NaiveDate};
use toml::de::DeValue;

use super::duration;
use super::problem::{Problems, Spot};
use super::source::Source;
use super::suggestion::did_you_mean;
use super::table::Table;

/// A value that remembers where it stands, for checks that come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub spot: Spot,
}

/// A value taken out of a [`Table`], not yet read as anything.
#[derive(Debug)]
#[must_use]
pub struct Value<'t> {
    source: Source<'t>,
    problems: &'t Problems,
    spot: Spot,
    raw: DeValue<'t>,
}

impl<'t> Value<'t> {
    pub(super) fn new(source: Source<'t>, problems: &'t Problems, spot: Spot, raw: DeValue<'t>) -> Self {
        Self { source, problems, spot, raw }
    }

    /// Where it stands.
    pub fn spot(&self) -> &Spot {
        &self.spot
    }

    /// True for a text; for keys that take a word or something else.
    pub fn is_text(&self) -> bool {
        matches!(self.raw, DeValue::String(_))
    }

    /// True for a table; for lists of texts or tables.
    pub fn is_table(&self) -> bool {
        matches!(self.raw, DeValue::Table(_))
    }

    /// Any text, the empty one included.
    pub fn text(self) -> Option<String> {
        match self.raw {
            DeValue::String(text) => Some(text.into_owned()),
            ref other => self.refuse("a text in quotes", other),
        }
    }

    /// Any text, with its place.
    pub fn located_text(self) -> Option<Located<String>> {
        let spot = self.spot.clone();
        self.text().map(|value| Located { value, spot })
    }

    /// A text that is an id, a number or whatever else `T` parses.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(self) -> Option<T> {
        let (problems, spot) = (self.problems, self.spot.clone());
        self.text()?.parse().map_err(|error: T::Err| problems.report(&spot, error.to_string())).ok()
    }

    /// What [`Value::parsed`] gives, with its place.
    pub fn located<T: FromStr<Err: fmt::Display>>(self) -> Option<Located<T>> {
        let spot = self.spot.clone();
        self.parsed().map(|value| Located { value, spot })
    }

    /// One of a set of words, each with its meaning.
    pub fn one_of<T: Clone>(self, words: &[(&str, T)]) -> Option<T> {
        let (problems, spot) = (self.problems, self.spot.clone());
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone());
        if found.is_none() {
            let hint = did_you_mean(&text, words.iter().map(|(word, _)| *word));
            problems.report_with(&spot, format!("unknown word {text:?}"), hint);
        }
        found
    }

    /// A whole number within `range`.
    pub fn integer_in(self, range: RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(integer) = &self.raw else { return self.refuse("an integer", &self.raw) };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let within = number.filter(|number| range.contains(number));
        if within.is_none() {
            let message = format!("must be {} to {}, not {integer}", range.start(), range.end());
            self.problems.report(&self.spot, message);
        }
        within
    }

    /// `true` or `false`.
    pub fn boolean(self) -> Option<bool> {
        match self.raw {
            DeValue::Boolean(value) => Some(value),
            ref other => self.refuse("true or false", other),
        }
    }

    /// A day of the calendar, `2026-04-01` without quotes.
    pub fn date(self) -> Option<NaiveDate> {
        let day = match &self.raw {
            DeValue::Datetime(value) if value.time.is_none() => value.date,
            _ => None,
        };
        day.and_then(|day| NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into()))
            .or_else(|| self.refuse("a date without quotes, such as 2026-04-01", &self.raw))
    }

    /// A length of time within `range`: a whole number and `s`, `m`, `h` or `d`, such as `"90s"` or `"2h"`.
    pub fn duration_in(self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let (problems, spot) = (self.problems, self.spot.clone());
        let text = self.text()?;
        let Some(read) = duration::parse(&text) else {
            let message =
                format!("must be a length of time, such as \"90s\", \"5m\", \"2h\" or \"3d\", not {text:?}");
            problems.report(&spot, message);
            return None;
        };
        if !range.contains(&read) {
            let (from, to) = (duration::text(*range.start()), duration::text(*range.end()));
            problems.report(&spot, format!("must be {from} to {to}, not {text:?}"));
            return None;
        }
        Some(read)
    }

    /// One value or a list of them, as single values.
    pub fn one_or_more(self) -> Option<Vec<Self>> {
        match self.raw {
            DeValue::Array(_) => self.list("a list"),
            _ => Some(vec![self]),
        }
    }

    /// A list of values, each still to be read; `expected` says what they are to be.
    pub fn values(self, expected: &str) -> Option<Vec<Self>> {
        self.list(expected)
    }

    /// A list of texts, each with its place.
    pub fn list_of_text(self) -> Option<Vec<Located<String>>> {
        // Collected twice: the first error must not hide the others.
        let read: Vec<_> = self.list("a list of texts")?.into_iter().map(Value::located_text).collect();
        read.into_iter().collect()
    }

    /// A list of texts that are each an id; every one that is not is reported.
    pub fn list_of<T: FromStr<Err: fmt::Display>>(self) -> Option<Vec<Located<T>>> {
        let read: Vec<_> = self.list("a list of texts")?.into_iter().map(Value::located).collect();
        read.into_iter().collect()
    }

    /// A table, `[key]` or `{ … }`.
    pub fn table(self) -> Option<Table<'t>> {
        match self.raw {
            DeValue::Table(table) => Some(Table::new(self.source, self.problems, self.spot, table)),
            ref other => self.refuse("a table", other),
        }
    }

    /// A list of tables, `[[key]]`; those that are none are reported and left out.
    pub fn tables(self) -> Option<Vec<Table<'t>>> {
        Some(self.list("a list of tables, [[…]]")?.into_iter().filter_map(Value::table).collect())
    }

    fn list(self, expected: &str) -> Option<Vec<Self>> {
        let DeValue::Array(list) = self.raw else { return self.refuse(expected, &self.raw) };
        let values = list.into_iter().enumerate().map(|(index, value)| {
            let path = format!("{}[{index}]", self.spot.path);
            let spot = self.source.spot(value.span().start, path);
            Self::new(self.source.clone(), self.problems, spot, value.into_inner())
        });
        Some(values.collect())
    }

    fn refuse<T>(&self, expected: &str, found: &DeValue<'_>) -> Option<T> {
        let found = match found {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.problems.report(&self.spot, format!("must be {expected}, not {found}"));
        None
    }
}
