//! Is a row what the dictionary says? Every item is checked and every issue (不備) is given, by item.

use std::fmt;
use std::sync::LazyLock;

use crate::dictionary::{Dictionary, ItemNo, Presence};
use crate::field::{FieldCheck, FieldRule};
use crate::row::Values;

/// How much an issue weighs (`facts.md` 3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Passes, and is reported.
    Warning,
    /// Stops the row.
    Error,
}

/// The rule an item breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A required item is empty.
    Missing,
    /// More characters than the item has room for.
    TooLong,
    /// Not exactly as many characters as the field has.
    WrongLength,
    /// Something other than digits.
    NotDigits,
    /// Not an integer, or one with leading zeros.
    NotInteger,
    /// Not a day that exists, as `YYYY-MM-DD` or as `YYYYMMDD`, whichever the field is written as.
    NotDate,
    /// Not a moment, as `YYYYMMDDhhmmss`.
    NotTimestamp,
    /// Not a time of day, as `HH:MM:SS`.
    NotTime,
    /// Neither `0` nor `1`.
    NotFlag,
    /// Not in the code table.
    UnknownCode,
    /// In the code table, but not to be used on that day.
    CodeNotValid,
    /// The check digit is wrong.
    WrongCheckDigit,
    /// A control character, such as a line break inside a field.
    ControlCharacter,
}

impl Rule {
    /// The rule's word in reports and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong => "too-long",
            Self::WrongLength => "wrong-length",
            Self::NotDigits => "not-digits",
            Self::NotInteger => "not-integer",
            Self::NotDate => "not-date",
            Self::NotTimestamp => "not-timestamp",
            Self::NotTime => "not-time",
            Self::NotFlag => "not-flag",
            Self::UnknownCode => "unknown-code",
            Self::CodeNotValid => "code-not-valid",
            Self::WrongCheckDigit => "wrong-check-digit",
            Self::ControlCharacter => "control-character",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing wrong with one item. Carries no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// The item.
    pub item: ItemNo,
    /// The rule it breaks.
    pub rule: Rule,
    /// What that weighs.
    pub severity: Severity,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = Dictionary::standard().item(self.item).map_or("?", |item| item.id);
        write!(f, "{id}: {}", self.rule)
    }
}

/// Checks every item of a row; issues are appended in dictionary order.
pub fn validate(values: &(impl Values + ?Sized), issues: &mut Vec<Issue>) {
    static CHECKS: LazyLock<Vec<ItemCheck>> =
        LazyLock::new(|| Dictionary::standard().items().iter().map(ItemCheck::of).collect());
    for check in CHECKS.iter() {
        let text = values.get(check.item);
        if text.is_empty() {
            if check.is_required && !is_excused(values, check.item) {
                issues.push(Issue { item: check.item, rule: Rule::Missing, severity: Severity::Error });
            }
        } else if let Some((rule, severity)) = check.test(text) {
            issues.push(Issue { item: check.item, rule, severity });
        }
    }
}

/// An unknown date (不詳) may be empty where its flag says so.
fn is_excused(values: &(impl Values + ?Sized), item: ItemNo) -> bool {
    flag_of_unknown(item).is_some_and(|flag| values.get(flag) == "1")
}

/// The flag that says a required date is unknown.
fn flag_of_unknown(item: ItemNo) -> Option<ItemNo> {
    match item {
        ItemNo::IDO_YMD => Some(ItemNo::IDO_YMD_FUSHO_FLG),
        ItemNo::BIRTH_YMD => Some(ItemNo::BIRTH_FUSHO_FLG),
        _ => None,
    }
}

/// What an item must be, looked up once and asked often.
#[derive(Debug, Clone)]
pub struct ItemCheck {
    item: ItemNo,
    is_required: bool,
    check: FieldCheck,
}

impl ItemCheck {
    /// The check of an item.
    pub fn of(item: &crate::dictionary::Item) -> Self {
        let rule = FieldRule::of_item(item);
        let is_required = matches!(item.presence, Presence::Key | Presence::Required);
        Self { item: item.no, is_required, check: FieldCheck::new(&rule, None) }
    }

    /// The issue of a text of this item, where the item stands alone: an unknown date may be empty.
    pub fn issue(&self, text: &str) -> Option<Issue> {
        self.check.issue(text).map(|(rule, severity)| Issue { item: self.item, rule, severity })
    }

    /// The first rule a text that is not empty breaks.
    fn test(&self, text: &str) -> Option<(Rule, Severity)> {
        self.check.test(text)
    }
}

/// An unknown date (不詳) may be empty where its flag says so, which a field alone cannot tell.
pub(crate) fn may_be_unknown(item: ItemNo) -> bool {
    flag_of_unknown(item).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, text: &str, expect: Option<(Rule, Severity)>) {
        let item = Dictionary::standard().find(id).unwrap();
        let found = ItemCheck::of(item).issue(text).map(|issue| (issue.rule, issue.severity));
        assert_eq!(found, expect, "{id} = {text:?}");
    }

    #[test]
    fn each_rule_is_found() {
        use Severity::{Error, Warning};
        check("setai_no", "000000000000001", None);
        check("setai_no", "0000000000000001", Some((Rule::TooLong, Error)));
        check("setai_no", "12x", Some((Rule::NotDigits, Error)));
        check("rireki_no", "12", None);
        check("rireki_no", "012", Some((Rule::NotInteger, Error)));
        check("birth_ymd", "2023-02-29", Some((Rule::NotDate, Error)));
        check("koshin_time", "24:00:00", Some((Rule::NotTime, Error)));
        check("del_flg", "2", Some((Rule::NotFlag, Error)));
        check("seibetsu", "3", Some((Rule::UnknownCode, Error)));
        check("ido_jiyu", "35", Some((Rule::UnknownCode, Warning)));
        check("zokugara_cd1", "2X", None);
        check("kojin_bango", "123456789018", None);
        check("kojin_bango", "123456789012", Some((Rule::WrongCheckDigit, Error)));
        check("juminhyo_cd", "12345678901", Some((Rule::WrongCheckDigit, Warning)));
        check("jusho_shikuchoson_cd", "082200", Some((Rule::WrongCheckDigit, Warning)));
        check("jusho_katagaki", "一行目\r二行目", Some((Rule::ControlCharacter, Error)));
        check("jusho_katagaki", "\u{7f}", Some((Rule::ControlCharacter, Error)));
        check("jusho_katagaki", "コーポ\u{85}", Some((Rule::ControlCharacter, Error)));
        check("jusho_katagaki", "§ 1", None);
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        check("kyuuji", &"𠮷".repeat(50), None);
        check("kyuuji", &"𠮷".repeat(51), Some((Rule::TooLong, Severity::Error)));
    }

    #[test]
    fn an_empty_row_lacks_what_is_required_and_an_unknown_date_is_excused() {
        let mut row = crate::Row::new();
        let missing = |row: &crate::Row| {
            let mut issues = Vec::new();
            validate(row, &mut issues);
            assert!(issues.iter().all(|issue| issue.rule == Rule::Missing));
            issues.iter().map(|issue| issue.item).collect::<Vec<_>>()
        };
        let all = missing(&row);
        assert!(all.contains(&ItemNo::BIRTH_YMD) && all.contains(&ItemNo::IDO_YMD));
        row.set(ItemNo::BIRTH_FUSHO_FLG, "1");
        row.set(ItemNo::IDO_YMD_FUSHO_FLG, "1");
        let excused = missing(&row);
        assert_eq!(excused.len(), all.len() - 4);
        assert!(!excused.contains(&ItemNo::BIRTH_YMD) && !excused.contains(&ItemNo::IDO_YMD));
    }
}
