//! Counting issues by rule and column as they come, in memory that does not grow with how many there are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::report::{Place, RuleCount};
use crate::intake::InputIssue;

/// First places kept of each rule and column.
const FIRST_PLACES: usize = 5;

/// What was counted of one set.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rules: BTreeMap<(String, String, bool), (u64, Vec<Place>)>,
    /// Errors and warnings by file.
    files: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    pub(super) fn count(&mut self, file: &str, issue: &InputIssue) {
        let key = (issue.rule.clone(), issue.column.clone(), issue.is_warning);
        let (count, first) = self.rules.entry(key).or_default();
        *count += 1;
        if first.len() < FIRST_PLACES {
            let place = Place { file: file.to_owned(), row: issue.row, detail: issue.detail.clone() };
            first.push(place);
        }
        if !self.files.contains_key(file) {
            self.files.insert(file.to_owned(), (0, 0));
        }
        if let Some((n_errors, n_warnings)) = self.files.get_mut(file) {
            *if issue.is_warning { n_warnings } else { n_errors } += 1;
        }
    }

    /// Errors and warnings of a file.
    pub(super) fn of_file(&self, file: &str) -> (u64, u64) {
        self.files.get(file).copied().unwrap_or_default()
    }

    /// Errors and warnings in all.
    pub(super) fn sums(&self) -> (u64, u64) {
        self.files
            .values()
            .fold((0, 0), |(errors, warnings), (more, milder)| (errors + more, warnings + milder))
    }

    /// By rule and column: errors before warnings, the most frequent first.
    pub(super) fn into_rules(self) -> Vec<RuleCount> {
        let mut rules: Vec<RuleCount> = self
            .rules
            .into_iter()
            .map(|((rule, column, is_warning), (count, first))| RuleCount {
                rule,
                column,
                is_warning,
                count,
                first,
            })
            .collect();
        rules.sort_by_key(|rule| (rule.is_warning, Reverse(rule.count)));
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_before_warnings_and_only_first_places_are_kept() {
        let mut tally = Tally::default();
        let issue = |row, rule: &str, is_warning| InputIssue {
            is_warning,
            ..InputIssue::of_row(row, rule, String::new())
        };
        for row in 2..9 {
            tally.count("a.csv", &issue(row, "often", true));
        }
        for row in 2..4 {
            tally.count("b.csv", &issue(row, "twice", false));
        }
        tally.count("a.csv", &issue(2, "once", false));
        assert_eq!((tally.of_file("a.csv"), tally.of_file("b.csv"), tally.sums()), ((1, 7), (2, 0), (3, 7)));
        let rules = tally.into_rules();
        let seen: Vec<_> =
            rules.iter().map(|rule| (rule.rule.as_str(), rule.count, rule.first.len())).collect();
        assert_eq!(seen, [("twice", 2, 2), ("once", 1, 1), ("often", 7, 5)]);
        assert_eq!(rules[2].first.iter().map(|place| place.row).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    }
}
