//! One column of a mapping, and how a value is turned over.

use renkei_registry::Rule;

use super::date::DateForm;

/// A column of the source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SourceColumn {
    /// By its header.
    Header(String),
    /// By its number, from 1.
    Number(usize),
}

/// Where a column of the layout comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappedColumn {
    /// A column of the source, turned over.
    From {
        /// The column.
        source: SourceColumn,
        /// What is done with its values.
        conversion: Conversion,
        /// What becomes of values for which that cannot be done.
        otherwise: Otherwise,
    },
    /// The same text in every row; the empty text for a column to which nothing is mapped.
    Text(String),
}

/// What is done with a value. An empty one stays empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conversion {
    /// Nothing.
    AsItIs,
    /// Digits are filled up with zeros on the left.
    PadLeft(usize),
    /// A day is written as the layout writes days.
    Date {
        /// How the source writes it.
        form: DateForm,
        /// True where the layout writes `YYYYMMDD`, false for `YYYY-MM-DD`.
        is_compact: bool,
    },
    /// A code becomes another.
    Codes(Vec<CodeWord>),
}

/// One line of a table of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeWord {
    /// What the source has.
    pub from: String,
    /// What the layout gets.
    pub to: String,
}

/// What becomes of a value that cannot be turned over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Otherwise {
    /// It is an error of its row.
    #[default]
    Refuse,
    /// It stays as it is, and the layout judges it.
    Keep,
    /// The field stays empty, and the row gets a warning.
    Empty,
}

impl Otherwise {
    /// The word in mappings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Keep => "keep",
            Self::Empty => "empty",
        }
    }

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::Keep, Self::Empty];
}

/// The rule of a code that the mapping does not have.
const UNMAPPED_CODE: &str = "unmapped-code";

impl Conversion {
    /// Turns a value over; the rule it breaks where that cannot be done.
    pub(super) fn turn(&self, text: &str) -> Result<String, &'static str> {
        match self {
            _ if text.is_empty() => Ok(String::new()),
            Self::AsItIs => Ok(text.to_owned()),
            Self::PadLeft(_) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(Rule::NotDigits.as_str())
            }
            Self::PadLeft(length) if text.len() > *length => Err(Rule::TooLong.as_str()),
            Self::PadLeft(length) => Ok(format!("{text:0>length$}")),
            Self::Date { form, is_compact } => {
                let day = form.read(text).map_err(super::date::NoDate::as_str)?;
                Ok(if *is_compact { day.format("%Y%m%d").to_string() } else { day.to_string() })
            }
            Self::Codes(codes) => {
                codes.iter().find(|code| code.from == text).map(|code| code.to.clone()).ok_or(UNMAPPED_CODE)
            }
        }
    }
}
