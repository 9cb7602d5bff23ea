//! What one field of a file must be, whether it is an item of the dictionary or a column that only one
//! layout has: the rule as declared, and the check compiled from it.

use crate::check_digit;
use crate::code_set::CodeSet;
use crate::codes::CodeTable;
use crate::date;
use crate::dictionary::{CheckDigit, Item, ItemType, Presence};
use crate::validate::{Rule, Severity, may_be_unknown};

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Digits only.
    Digits,
    /// An unsigned integer of up to nine digits without leading zeros.
    Integer,
    /// Free text.
    Text,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYYMMDD`.
    CompactDate,
    /// `YYYYMMDDhhmmss`.
    Timestamp,
    /// `HH:MM:SS`.
    Time,
    /// `0` or `1`.
    Flag,
    /// A code.
    Code,
}

impl FieldKind {
    /// The word in layouts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Integer => "int",
            Self::Text => "text",
            Self::Date => "date",
            Self::CompactDate => "date8",
            Self::Timestamp => "timestamp14",
            Self::Time => "time",
            Self::Flag => "flag",
            Self::Code => "code",
        }
    }

    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Digits,
        Self::Integer,
        Self::Text,
        Self::Date,
        Self::CompactDate,
        Self::Timestamp,
        Self::Time,
        Self::Flag,
        Self::Code,
    ];
}

/// What a field must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRule {
    /// How it is written.
    pub kind: FieldKind,
    /// The most characters it may have.
    pub max_chars: Option<u16>,
    /// The characters it has exactly.
    pub exact_chars: Option<u16>,
    /// True when it may not be empty.
    pub is_required: bool,
    /// The code table its values come from.
    pub codes: Option<&'static CodeTable>,
    /// The values it may have, where no table has them; empty for any.
    pub one_of: Vec<String>,
    /// Values that pass as they stand, whatever else holds: `99999999` for a day without end.
    pub also: Vec<String>,
    /// Its check digit rule.
    pub check_digit: Option<CheckDigit>,
    /// What each issue weighs. Where this does not say, codes of an incomplete table, 住民票コード and
    /// 全国地方公共団体コード warn (`facts.md` 5.5), and everything else is an error.
    pub severity: Option<Severity>,
}

impl FieldRule {
    /// A rule that asks nothing but the way of writing.
    pub fn of_kind(kind: FieldKind) -> Self {
        Self {
            kind,
            max_chars: None,
            exact_chars: None,
            is_required: false,
            codes: None,
            one_of: Vec::new(),
            also: Vec::new(),
            check_digit: None,
            severity: None,
        }
    }

    /// The rule of an item that stands alone. A date that another item may say is unknown may be empty.
    pub fn of_item(item: &Item) -> Self {
        let kind = match item.kind {
            ItemType::Digits => FieldKind::Digits,
            ItemType::Text => FieldKind::Text,
            ItemType::Integer => FieldKind::Integer,
            ItemType::Code => FieldKind::Code,
            ItemType::Date => FieldKind::Date,
            ItemType::Time => FieldKind::Time,
            ItemType::Flag => FieldKind::Flag,
        };
        Self {
            max_chars: item.max_chars,
            is_required: matches!(item.presence, Presence::Key | Presence::Required)
                && !may_be_unknown(item.no),
            codes: item.codes,
            check_digit: item.check_digit,
            ..Self::of_kind(kind)
        }
    }
}

/// A [`FieldRule`], looked up once and asked often.
#[derive(Debug, Clone)]
pub struct FieldCheck {
    kind: FieldKind,
    max_chars: usize,
    exact_chars: Option<usize>,
    is_required: bool,
    /// The values that may be there today; `None` where any may.
    codes: Option<CodeSet>,
    /// Values of the table that may not be there today.
    other_days: CodeSet,
    is_complete: bool,
    also: CodeSet,
    check_digit: Option<CheckDigit>,
    severity: Option<Severity>,
}

impl FieldCheck {
    /// Compiles a rule for a day, written `YYYY-MM-DD`; without one, codes are valid on every day.
    pub fn new(rule: &FieldRule, day: Option<&str>) -> Self {
        let table = |wants_valid: bool| {
            let entries = rule.codes.into_iter().flat_map(CodeTable::entries);
            CodeSet::new(entries.filter_map(move |(code, entry)| {
                (day.is_none_or(|day| entry.is_valid_on(day)) == wants_valid).then_some(code)
            }))
        };
        let codes = match (rule.codes, rule.one_of.as_slice()) {
            (Some(_), _) => Some(table(true)),
            (None, []) => None,
            (None, values) => Some(CodeSet::new(values.iter().map(String::as_str))),
        };
        Self {
            kind: rule.kind,
            max_chars: rule.max_chars.map_or(usize::MAX, usize::from),
            exact_chars: rule.exact_chars.map(usize::from),
            is_required: rule.is_required,
            codes,
            other_days: table(false),
            is_complete: rule.codes.is_none_or(|table| table.is_complete),
            also: CodeSet::new(rule.also.iter().map(String::as_str)),
            check_digit: rule.check_digit,
            severity: rule.severity,
        }
    }

    /// The first rule a field breaks, the empty field included.
    pub fn issue(&self, text: &str) -> Option<(Rule, Severity)> {
        self.issue_within(text, false)
    }

    /// [`FieldCheck::issue`] of a field in which control characters were ruled out before.
    pub fn issue_of_clean(&self, text: &str) -> Option<(Rule, Severity)> {
        self.issue_within(text, true)
    }

    /// True when `text` is one of the values that pass as they stand: it says nothing else.
    pub fn passes_as_it_stands(&self, text: &str) -> bool {
        !self.also.is_empty() && self.also.has(text)
    }

    #[inline]
    fn issue_within(&self, text: &str, is_clean: bool) -> Option<(Rule, Severity)> {
        if text.is_empty() {
            return self.is_required.then(|| self.weighed(Rule::Missing, Severity::Error));
        }
        if !is_clean && has_control(text.as_bytes()) {
            return Some(self.weighed(Rule::ControlCharacter, Severity::Error));
        }
        self.test_clean(text)
    }

    /// The first rule a text that is not empty breaks.
    pub(crate) fn test(&self, text: &str) -> Option<(Rule, Severity)> {
        if has_control(text.as_bytes()) {
            return Some(self.weighed(Rule::ControlCharacter, Severity::Error));
        }
        self.test_clean(text)
    }

    #[inline]
    fn test_clean(&self, text: &str) -> Option<(Rule, Severity)> {
        let broken = self.broken(text)?;
        (!self.passes_as_it_stands(text)).then(|| self.weighed(broken.0, broken.1))
    }

    #[inline]
    fn broken(&self, text: &str) -> Option<(Rule, Severity)> {
        let bytes = text.as_bytes();
        let error = |rule| Some((rule, Severity::Error));
        // Characters are counted only where there are bytes enough for too many of them.
        if bytes.len() > self.max_chars && text.chars().count() > self.max_chars {
            return error(Rule::TooLong);
        }
        match self.kind {
            FieldKind::Digits if !is_digits(bytes) => return error(Rule::NotDigits),
            FieldKind::Integer if !is_integer(bytes) => return error(Rule::NotInteger),
            FieldKind::Date if !date::is_date(bytes) => return error(Rule::NotDate),
            FieldKind::CompactDate if !date::is_compact_date(bytes) => return error(Rule::NotDate),
            FieldKind::Timestamp if !date::is_timestamp(bytes) => return error(Rule::NotTimestamp),
            FieldKind::Time if !date::is_time(bytes) => return error(Rule::NotTime),
            FieldKind::Flag if !matches!(bytes, b"0" | b"1") => return error(Rule::NotFlag),
            _ => {}
        }
        if let Some(exact) = self.exact_chars
            && text.chars().count() != exact
        {
            return error(Rule::WrongLength);
        }
        if let Some(codes) = &self.codes
            && !codes.has(text)
        {
            if self.other_days.has(text) {
                return error(Rule::CodeNotValid);
            }
            let severity = if self.is_complete { Severity::Error } else { Severity::Warning };
            return Some((Rule::UnknownCode, severity));
        }
        let (is_right, severity) = match self.check_digit? {
            CheckDigit::IndividualNumber => (check_digit::individual_number_is_valid(text), Severity::Error),
            CheckDigit::ResidentCode => (check_digit::resident_code_is_valid(text), Severity::Warning),
            CheckDigit::Municipality => (check_digit::municipality_code_is_valid(text), Severity::Warning),
        };
        (!is_right).then_some((Rule::WrongCheckDigit, severity))
    }

    fn weighed(&self, rule: Rule, severity: Severity) -> (Rule, Severity) {
        (rule, self.severity.unwrap_or(severity))
    }
}

/// C0, DEL, or C1 (in UTF-8 the bytes C2 80 to C2 9F).
fn has_control(bytes: &[u8]) -> bool {
    let is_c1 = |place: usize| bytes.get(place + 1).is_some_and(|next| (0x80..=0x9f).contains(next));
    bytes.iter().any(|&b| b < 0x20 || b == 0x7f) || memchr::memchr_iter(0xc2, bytes).any(is_c1)
}

/// Without a way out in the middle, so that it becomes vector instructions.
#[inline]
fn is_digits(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & byte.is_ascii_digit())
}

fn is_integer(bytes: &[u8]) -> bool {
    bytes.len() <= 9 && is_digits(bytes) && (bytes == b"0" || !bytes.starts_with(b"0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &FieldRule, text: &str, expect: Option<(Rule, Severity)>) {
        let compiled = FieldCheck::new(rule, Some("2010-04-01"));
        assert_eq!(compiled.issue(text), expect, "{text:?}");
        if !matches!(expect, Some((Rule::ControlCharacter, _))) {
            assert_eq!(compiled.issue_of_clean(text), expect, "{text:?}");
        }
    }

    #[test]
    fn each_kind_has_its_way_of_writing() {
        use Severity::Error;
        for (kind, right, wrong, rule) in [
            (FieldKind::Digits, "0012", "1x", Rule::NotDigits),
            (FieldKind::Integer, "12", "012", Rule::NotInteger),
            (FieldKind::Date, "2024-02-29", "20240229", Rule::NotDate),
            (FieldKind::CompactDate, "20240229", "20230229", Rule::NotDate),
            (FieldKind::Timestamp, "20240229235959", "20240229", Rule::NotTimestamp),
            (FieldKind::Time, "23:59:59", "24:00:00", Rule::NotTime),
            (FieldKind::Flag, "1", "2", Rule::NotFlag),
            (FieldKind::Text, "§ 𠮷", "a\nb", Rule::ControlCharacter),
        ] {
            let field = FieldRule::of_kind(kind);
            check(&field, "", None);
            check(&field, right, None);
            check(&field, wrong, Some((rule, Error)));
        }
    }

    #[test]
    fn lengths_count_characters() {
        let mut field = FieldRule::of_kind(FieldKind::Text);
        field.exact_chars = Some(2);
        check(&field, "𠮷髙", None);
        check(&field, "𠮷", Some((Rule::WrongLength, Severity::Error)));
        field.exact_chars = None;
        field.max_chars = Some(2);
        check(&field, "𠮷髙", None);
        check(&field, "𠮷髙a", Some((Rule::TooLong, Severity::Error)));
    }

    #[test]
    fn codes_come_from_a_list_or_a_table_on_its_days() {
        let mut field = FieldRule::of_kind(FieldKind::Code);
        field.one_of = vec!["1".to_owned(), "A".to_owned()];
        check(&field, "A", None);
        check(&field, "2", Some((Rule::UnknownCode, Severity::Error)));
        field.one_of = Vec::new();
        field.codes = CodeTable::find("care_level");
        check(&field, "12", None);
        check(&field, "06", Some((Rule::CodeNotValid, Severity::Error)));
        check(&field, "99", Some((Rule::UnknownCode, Severity::Error)));
        assert_eq!(FieldCheck::new(&field, None).issue("06"), None);
        field.codes = CodeTable::find("move_reason");
        check(&field, "35", Some((Rule::UnknownCode, Severity::Warning)));
    }

    #[test]
    fn what_is_declared_to_pass_passes_and_severities_are_as_declared() {
        let mut field = FieldRule::of_kind(FieldKind::CompactDate);
        field.is_required = true;
        field.also = vec!["99999999".to_owned()];
        check(&field, "99999999", None);
        check(&field, "00000000", Some((Rule::NotDate, Severity::Error)));
        field.severity = Some(Severity::Warning);
        check(&field, "00000000", Some((Rule::NotDate, Severity::Warning)));
        check(&field, "", Some((Rule::Missing, Severity::Warning)));
        field.also.push("\u{1}".to_owned());
        check(&field, "\u{1}", Some((Rule::ControlCharacter, Severity::Warning)));
    }

    #[test]
    fn check_digits_weigh_as_the_number_does() {
        for (check_digit, right, wrong, severity) in [
            (CheckDigit::IndividualNumber, "123456789018", "123456789012", Severity::Error),
            (CheckDigit::ResidentCode, "12345678903", "12345678901", Severity::Warning),
            (CheckDigit::Municipality, "082201", "082200", Severity::Warning),
        ] {
            let mut field = FieldRule::of_kind(FieldKind::Digits);
            field.check_digit = Some(check_digit);
            check(&field, right, None);
            check(&field, wrong, Some((Rule::WrongCheckDigit, severity)));
        }
    }
}
