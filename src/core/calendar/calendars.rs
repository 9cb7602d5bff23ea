//! All calendars of a hub, read together from the files of `jobs/calendars/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::days::Calendar;
use super::holidays::Holidays;
use super::{calendar_file, holiday_file};
use crate::declared::{Declaration, Problems, Table, Value, did_you_mean};

/// One file of `jobs/calendars/`.
#[derive(Debug, Clone, Copy)]
pub struct CalendarFile<'t> {
    /// Its name in problems, `jobs/calendars/office.toml`.
    pub name: &'t str,
    /// Its file name without `.toml`; what schedules call the calendar.
    pub id: &'t str,
    /// Its text.
    pub text: &'t str,
}

/// The calendars by name, and the tables of holidays they keep.
#[derive(Debug, Clone, Default)]
pub struct Calendars {
    calendars: BTreeMap<String, Option<Arc<Calendar>>>,
    holidays: BTreeMap<String, Option<Arc<Holidays>>>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Holidays,
    Calendar,
}

impl Calendars {
    /// The calendar that a schedule keeps which names none.
    pub const DEFAULT: &'static str = "office";

    /// Reads all files. A file with problems still has its name taken, so that whoever uses it is not told
    /// that it is missing.
    pub fn read(files: &[CalendarFile<'_>], problems: &Problems) -> Self {
        let mut holidays = BTreeMap::new();
        let mut of_offices: Vec<(&str, Option<Table<'_>>)> = Vec::new();
        for file in files {
            let mut table = Declaration::parse(file.name, file.text, problems);
            let kind = table
                .as_mut()
                .and_then(|table| table.required("kind"))
                .and_then(|kind| kind.one_of(&[("holidays", Kind::Holidays), ("calendar", Kind::Calendar)]));
            match (kind, table) {
                (Some(Kind::Holidays), Some(table)) => {
                    let read = holiday_file::read(table, problems).map(Arc::new);
                    holidays.insert(file.id.to_owned(), read);
                }
                (Some(Kind::Calendar), table) => of_offices.push((file.id, table)),
                // What it was meant to be is not known, so it counts as both.
                (_, _) => {
                    holidays.insert(file.id.to_owned(), None);
                    of_offices.push((file.id, None));
                }
            }
        }
        let calendars = of_offices
            .into_iter()
            .map(|(id, table)| {
                let read = table.and_then(|table| calendar_file::read(id, table, &holidays, problems));
                (id.to_owned(), read.map(Arc::new))
            })
            .collect();
        Self { calendars, holidays }
    }

    /// The calendar with this name.
    pub fn get(&self, id: &str) -> Option<&Arc<Calendar>> {
        self.calendars.get(id)?.as_ref()
    }

    /// The holidays with this name.
    pub fn holidays(&self, id: &str) -> Option<&Arc<Holidays>> {
        self.holidays.get(id)?.as_ref()
    }

    /// The calendars by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Calendar>> {
        self.calendars.values().flatten()
    }

    /// Takes the calendar a key names, or reports that there is none; [`Calendars::DEFAULT`] without a key.
    /// `None` too where the calendar's own file has problems, which have been reported.
    pub(crate) fn take(
        &self,
        table: &mut Table<'_>,
        key: &str,
        problems: &Problems,
    ) -> Option<Arc<Calendar>> {
        let spot = table.spot_of(key);
        let id = table.optional(key).map_or_else(|| Some(Self::DEFAULT.to_owned()), Value::text)?;
        if let Some(found) = self.calendars.get(&id) {
            return found.clone();
        }
        let hint = did_you_mean(&id, self.calendars.keys().map(String::as_str));
        problems.report_with(&spot, format!("no calendar {id:?}, jobs/calendars/{id}.toml"), hint);
        None
    }
}
