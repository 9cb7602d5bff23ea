//! What a taker turns values into on their way into its table: its own codes, and characters its system can hold.
//!
//! Nothing is guessed: a code without a line in the table, and a character that neither the set nor the map has,
//! are errors of their row; what went through the degrade map is a warning, listed by row and column.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::text::CharacterSet;

/// Conversions by column.
#[derive(Debug, Default)]
pub struct Conversion {
    /// Code tables by column: an index into the layout's columns.
    pub codes: BTreeMap<usize, CodeConversion>,
    /// The characters that the taker's system has, with its degrade map; `None` for all of them.
    pub characters: Option<CharacterSet>,
}

/// One column's codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeConversion {
    /// The taker's code for each that comes. An empty field is a code like any other, and stays empty without a line.
    pub to: BTreeMap<String, String>,
    /// True where a code without a line is kept; else it is an error.
    pub keeps_others: bool,
}

/// What conversion has to say of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversionIssue {
    /// The column: an index into the layout's columns.
    pub column: usize,
    /// `unmapped-code`, `unmappable-character` or `degraded`.
    pub rule: &'static str,
    /// True for `degraded`.
    pub is_warning: bool,
}

impl Conversion {
    /// Converts the values of a row in place.
    pub fn apply(&self, values: &mut [Cow<'_, str>], issues: &mut Vec<ConversionIssue>) {
        for (column, codes) in &self.codes {
            let Some(value) = values.get_mut(*column) else { continue };
            if let Some(to) = codes.to.get(&**value) {
                *value = Cow::Owned(to.clone());
            } else if !codes.keeps_others && !value.is_empty() {
                issues.push(ConversionIssue { column: *column, rule: "unmapped-code", is_warning: false });
            }
        }
        let Some(characters) = &self.characters else { return };
        for (column, value) in values.iter_mut().enumerate() {
            let Ok(canonical) = characters.canonical(value) else {
                issues.push(ConversionIssue { column, rule: "unmappable-character", is_warning: false });
                continue;
            };
            if canonical.is_degraded {
                issues.push(ConversionIssue { column, rule: "degraded", is_warning: true });
            }
            let changed = (*canonical.text != **value).then(|| canonical.text.into_owned());
            if let Some(text) = changed {
                *value = Cow::Owned(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{DegradeMap, Encoding};

    #[track_caller]
    fn check(conversion: &Conversion, row: &[&str], expected: &[&str], said: &[(usize, &str)]) {
        let mut values: Vec<Cow<'_, str>> = row.iter().map(|value| Cow::Borrowed(*value)).collect();
        let mut issues = Vec::new();
        conversion.apply(&mut values, &mut issues);
        assert_eq!(values, expected, "{row:?}");
        let found: Vec<(usize, &str)> = issues.iter().map(|issue| (issue.column, issue.rule)).collect();
        assert_eq!(found, said, "{row:?}");
        assert!(issues.iter().all(|issue| issue.is_warning == (issue.rule == "degraded")));
    }

    #[test]
    fn codes_become_the_takers_and_others_are_errors_unless_kept() {
        let table = |keeps_others| CodeConversion {
            to: [("1", "001"), ("2", "003")].map(|(from, to)| (from.to_owned(), to.to_owned())).into(),
            keeps_others,
        };
        let strict = Conversion { codes: [(1, table(false))].into(), characters: None };
        check(&strict, &["1", "2"], &["1", "003"], &[]);
        check(&strict, &["1", ""], &["1", ""], &[]);
        check(&strict, &["1", "9"], &["1", "9"], &[(1, "unmapped-code")]);
        let lenient = Conversion { codes: [(1, table(true))].into(), characters: None };
        check(&lenient, &["1", "9"], &["1", "9"], &[]);
    }

    #[test]
    fn characters_are_those_of_the_set_or_said() {
        let map = DegradeMap::parse("m", "from,to,basis\r\n𠮷,吉,test\r\n".as_bytes(), Encoding::Cp932);
        let characters = |map| Conversion {
            codes: BTreeMap::new(),
            characters: Some(CharacterSet::new(Encoding::Cp932, map)),
        };
        check(&characters(map.ok()), &["𠮷田", "髙橋"], &["吉田", "髙橋"], &[(0, "degraded")]);
        check(&characters(None), &["𠮷田", "髙橋"], &["𠮷田", "髙橋"], &[(0, "unmappable-character")]);
    }
}
