//! Why a day is closed, in words.

use std::fmt;

use chrono::Weekday;

use super::holidays::Holiday;
use super::weekday::{weekday_en, weekday_ja};

/// Why an office is closed on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// A weekday on which it is always closed.
    Weekly(Weekday),
    /// A national holiday or a day off by its law.
    Holiday(Holiday),
    /// A day closed every year, such as 29 December to 3 January (閉庁日).
    Yearly,
    /// A day of its own list.
    Listed,
}

impl Closed {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Weekly(_) => "weekly",
            Self::Holiday(_) => "holiday",
            Self::Yearly => "yearly",
            Self::Listed => "listed",
        }
    }

    /// The same in Japanese.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::Weekly(weekday) => format!("{}曜日", weekday_ja(*weekday)),
            Self::Holiday(holiday) => holiday.in_japanese(),
            Self::Yearly => "閉庁日".to_owned(),
            Self::Listed => "閉庁日（一覧）".to_owned(),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekly(weekday) => f.write_str(weekday_en(*weekday)),
            Self::Holiday(holiday) => holiday.fmt(f),
            Self::Yearly => f.write_str("closed every year"),
            Self::Listed => f.write_str("listed as closed"),
        }
    }
}
