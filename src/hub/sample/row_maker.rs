//! Rows made by the rules of their fields: what each may hold, then whatever the rules between fields ask for.

use chrono::{Days, NaiveDate};
use renkei_core::layout::{Column, Content, CrossCheck, Layout, Test};
use renkei_core::row_check::RowChecker;
use renkei_registry::check_digit::mod_11_digit;
use renkei_registry::{CheckDigit, CodeTable, FieldKind, FieldRule};

use super::draft::Fields;

/// Mending one rule may break another, but not this often.
const MOST_ROUNDS: usize = 12;

/// Makes rows of a layout.
pub(super) struct RowMaker<'l> {
    layout: &'l Layout,
    checker: RowChecker<'l>,
    rules: Vec<Option<FieldRule>>,
    day: NaiveDate,
    municipality: &'l str,
    seed: u64,
}

impl<'l> RowMaker<'l> {
    pub(super) fn new(layout: &'l Layout, day: NaiveDate, municipality: &'l str, seed: u64) -> Self {
        let rules = layout.columns.iter().map(Column::rule).collect();
        Self { layout, checker: RowChecker::new(layout, day), rules, day, municipality, seed }
    }

    /// The row of a number, from 1: numbers are in the order of keys.
    pub(super) fn row(&self, number: u64) -> Fields {
        let row = self.mended(number, self.filled(number, true));
        // Where the rules do not come to rest, less says less.
        row.unwrap_or_else(|row| self.mended(number, self.filled(number, false)).unwrap_or(row))
    }

    fn filled(&self, number: u64, with_optional: bool) -> Fields {
        let mark = self.layout.removal.as_ref();
        let columns = self.layout.columns.iter().zip(&self.rules).enumerate();
        columns
            .map(|(index, (column, rule))| match (&column.content, rule, mark) {
                (_, _, Some(mark)) if mark.column == index => mark.present.clone(),
                (Content::Text(text), ..) => text.clone(),
                (_, Some(rule), _) => {
                    let is_key = self.layout.key_columns.contains(&index);
                    let chance = self.chance(number, index);
                    if is_key || rule.is_required || with_optional && !chance.is_multiple_of(3) {
                        self.value(number, index, rule)
                    } else {
                        String::new()
                    }
                }
                _ => String::new(),
            })
            .collect()
    }

    /// The row with nothing wrong between its fields; as it is where that cannot be had.
    fn mended(&self, number: u64, mut row: Fields) -> Result<Fields, Fields> {
        for _ in 0..MOST_ROUNDS {
            let mut issues = Vec::new();
            self.checker.check(&row, &mut issues);
            let Some(issue) = issues.first() else { return Ok(row) };
            let rule = self.layout.rules.iter().find(|rule| rule.name == issue.rule);
            let (at, text) = match rule.map(|rule| &rule.check) {
                Some(CrossCheck::When { then, must_be: Test::Empty, .. }) => (*then, String::new()),
                Some(CrossCheck::When { then, must_be: Test::OneOf(values), .. }) => {
                    (*then, values.first().cloned().unwrap_or_default())
                }
                Some(CrossCheck::When { then, must_be: Test::Set, .. }) => {
                    let rule = self.rules.get(*then).and_then(Option::as_ref);
                    (*then, rule.map(|rule| self.value(number, *then, rule)).unwrap_or_default())
                }
                Some(CrossCheck::Order { earlier, later, is_strict: false }) => {
                    (*later, row.get(*earlier).cloned().unwrap_or_default())
                }
                Some(CrossCheck::Order { later, is_strict: true, .. }) => (*later, String::new()),
                None => (issue.column, String::new()),
            };
            match row.get_mut(at) {
                Some(field) => *field = text,
                None => return Err(row),
            }
        }
        Err(row)
    }

    fn value(&self, number: u64, index: usize, rule: &FieldRule) -> String {
        let name = self.layout.columns.get(index).map_or("", |column| column.header_romaji.as_str());
        let chance = self.chance(number, index);
        let is_key = self.layout.key_columns.contains(&index);
        let day = self.day.checked_sub_days(Days::new(chance % 900)).unwrap_or(self.day);
        match (rule.kind, rule.codes, rule.one_of.as_slice()) {
            (_, Some(table), _) => self.code(table, chance),
            (_, None, [_, ..]) => {
                rule.one_of.get(below(chance, rule.one_of.len())).cloned().unwrap_or_default()
            }
            (FieldKind::Digits, ..) => self.digits(number, name, rule, is_key, day),
            (FieldKind::Integer, ..) => {
                if is_key {
                    number.to_string()
                } else {
                    (1 + chance % 5).to_string()
                }
            }
            (FieldKind::Text, ..) => text(number, name, rule, is_key),
            (FieldKind::Date, ..) => day.format("%Y-%m-%d").to_string(),
            (FieldKind::CompactDate, ..) => day.format("%Y%m%d").to_string(),
            (FieldKind::Timestamp, ..) => day.format("%Y%m%d093000").to_string(),
            (FieldKind::Time, ..) => "09:30:00".to_owned(),
            (FieldKind::Flag, ..) => (chance % 2).to_string(),
            // A code of which nothing is said.
            (FieldKind::Code, ..) => rule.exact_chars.map_or("1".to_owned(), |n| "1".repeat(usize::from(n))),
        }
    }

    fn code(&self, table: &CodeTable, chance: u64) -> String {
        let day = self.day.to_string();
        let codes: Vec<&str> =
            table.entries().filter(|(_, entry)| entry.is_valid_on(&day)).map(|(code, _)| code).collect();
        codes.get(below(chance, codes.len())).map(|code| (*code).to_owned()).unwrap_or_default()
    }

    fn digits(&self, number: u64, name: &str, rule: &FieldRule, is_key: bool, day: NaiveDate) -> String {
        let most = rule.exact_chars.or(rule.max_chars).map_or(6, usize::from);
        match rule.check_digit {
            Some(CheckDigit::Municipality) => return self.municipality.to_owned(),
            Some(CheckDigit::IndividualNumber) => {
                return with_digit(&format!("{:011}", 90_000_000_000 + number));
            }
            Some(CheckDigit::ResidentCode) => return with_digit(&format!("{:010}", 9_000_000_000 + number)),
            None => {}
        }
        if name.ends_with("_ym") && most == 6 {
            return day.format("%Y%m").to_string();
        }
        // Numbers are the row's own everywhere, so that they are different where they must be.
        let digits = format!("{:0most$}", if is_key { number } else { number % 10_u64.pow(6) });
        digits.get(digits.len().saturating_sub(most)..).unwrap_or_default().to_owned()
    }

    /// Different for each row and column, and the same every time.
    fn chance(&self, number: u64, index: usize) -> u64 {
        let mut mixed = self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (index as u64) << 48;
        for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
            mixed = (mixed ^ mixed >> 30).wrapping_mul(factor);
        }
        mixed ^ mixed >> 31
    }
}

fn below(chance: u64, n: usize) -> usize {
    usize::try_from(chance % (n as u64).max(1)).unwrap_or(0)
}

/// With its check digit.
fn with_digit(body: &str) -> String {
    format!("{body}{}", mod_11_digit(body).unwrap_or(0))
}

fn text(number: u64, name: &str, rule: &FieldRule, is_key: bool) -> String {
    let chars = |text: &str, n: usize| text.chars().take(n).collect::<String>();
    let most = rule.max_chars.map_or(200, usize::from);
    match rule.exact_chars {
        Some(n) => return chars(&format!("{number:0>width$}", width = usize::from(n)), usize::from(n)),
        None if is_key => return chars(&format!("M{number:09}"), most),
        None => {}
    }
    let word = match name {
        _ if name.contains("kana") => "ミホン　タロウ",
        _ if name.contains("shimei") || name.contains("hittosha") => "見本　太郎",
        _ if name.contains("jusho") || name.contains("honseki") => "見本県見本市見本町１丁目１番地",
        _ if name.contains("denwa") => "0000000000",
        _ => "見本",
    };
    chars(word, most)
}
