//! One field of a cron expression as people write it: `*`, numbers, names, lists, ranges and steps.

use std::collections::BTreeSet;

use super::cron_error::CronError;

/// What a field may hold.
#[derive(Debug)]
pub(super) struct FieldKind {
    pub(super) name: &'static str,
    pub(super) from: u32,
    /// The largest number that may be written.
    pub(super) through: u32,
    /// Where `*` ends: hours may be 24 to 47, but every hour is 0 to 23.
    pub(super) star_through: u32,
    /// Names by value; empty where there are none.
    pub(super) names: &'static [&'static str],
    pub(super) expected: &'static str,
}

pub(super) const SECOND: FieldKind = plain("second", 0, 59, 59);
pub(super) const MINUTE: FieldKind = plain("minute", 0, 59, 59);
/// Hours 24 to 47 are of the next morning, as everywhere in this house.
pub(super) const HOUR: FieldKind = plain("hour", 0, 47, 23);
pub(super) const DAY_OF_MONTH: FieldKind = plain("day-of-month", 1, 31, 31);
pub(super) const MONTH: FieldKind = FieldKind {
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    expected: "number or month name, jan to dec",
    ..plain("month", 1, 12, 12)
};
/// POSIX numbers: 0 is Sunday, and so is 7.
pub(super) const DAY_OF_WEEK: FieldKind = FieldKind {
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    expected: "number or weekday name, sun to sat",
    ..plain("day-of-week", 0, 7, 6)
};

const fn plain(name: &'static str, from: u32, through: u32, star_through: u32) -> FieldKind {
    FieldKind { name, from, through, star_through, names: &[], expected: "number" }
}

/// What a field says.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) values: BTreeSet<u32>,
    /// True where the field is `*` and nothing else.
    pub(super) is_star: bool,
    /// The step of a `*` that is not alone: of `*/n`, or 1 for one in a list.
    pub(super) star_step: Option<u32>,
}

impl FieldKind {
    /// Reads a field.
    pub(super) fn read(&self, text: &str) -> Result<Field, CronError> {
        let mut field = Field { values: BTreeSet::new(), is_star: text == "*", star_step: None };
        for part in text.split(',') {
            self.read_part(part, &mut field)?;
        }
        Ok(field)
    }

    fn read_part(&self, part: &str, field: &mut Field) -> Result<(), CronError> {
        let (range, step_text) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let step = match step_text {
            None => 1,
            Some(text) => number(text)
                .filter(|step| *step > 0)
                .ok_or_else(|| CronError::Step { field: self.name, found: part.to_owned() })?,
        };
        let (from, through) = if range == "*" {
            if !field.is_star {
                field.star_step = Some(step);
            }
            (self.from, self.star_through)
        } else if let Some((from, through)) = range.split_once('-') {
            let first = self.value(from, part)?;
            let last = self.value(through, part)?;
            // Weeks that end on Sunday: FRI-SUN.
            let is_sunday = self.name == DAY_OF_WEEK.name && last == 0 && first > 0;
            (first, if is_sunday { 7 } else { last })
        } else if step_text.is_some() {
            return Err(CronError::Step { field: self.name, found: part.to_owned() });
        } else {
            let value = self.value(range, part)?;
            (value, value)
        };
        if from > through {
            return Err(CronError::Backwards { field: self.name, found: part.to_owned() });
        }
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        field.values.extend((from..=through).step_by(step));
        Ok(())
    }

    fn value(&self, text: &str, part: &str) -> Result<u32, CronError> {
        let lowered = text.to_ascii_lowercase();
        if let Some(place) = self.names.iter().position(|name| *name == lowered) {
            return Ok(self.from + u32::try_from(place).unwrap_or(0));
        }
        let Some(value) = number(text) else {
            if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
                return Err(self.out_of_range(text));
            }
            return Err(if is_foreign(text) {
                CronError::Foreign { field: self.name, found: part.to_owned() }
            } else {
                CronError::NotAValue { field: self.name, found: text.to_owned(), expected: self.expected }
            });
        };
        if !(self.from..=self.through).contains(&value) {
            return Err(self.out_of_range(text));
        }
        Ok(value)
    }

    fn out_of_range(&self, text: &str) -> CronError {
        CronError::OutOfRange {
            field: self.name,
            found: text.to_owned(),
            from: self.from,
            through: self.through,
        }
    }
}

/// Up to four digits.
fn number(text: &str) -> Option<u32> {
    let is_plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_plain.then(|| text.parse().ok())?
}

/// `L`, `15W`, `5L`, `mon#2`, `?`.
fn is_foreign(text: &str) -> bool {
    text == "?" || text.contains('#') || {
        let digits = text.trim_end_matches(['L', 'W', 'l', 'w']);
        digits.len() < text.len() && digits.bytes().all(|b| b.is_ascii_digit())
    }
}
