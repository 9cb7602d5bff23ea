//! Checking rules between columns: columns that are there, values they can have, orders that mean something.

use std::collections::HashMap;

use renkei_registry::{FieldCheck, FieldKind, Severity};

use super::columns::find_or_report;
use super::raw_rule::{RawCondition, RawOrder, RawRule, RawThen, RawWhen};
use super::types::{Column, CrossCheck, CrossRule};
use crate::declared::{Located, Problems};

/// All rules that can be made out.
pub(super) fn check(raw: Vec<RawRule>, columns: &[Column], problems: &Problems) -> Vec<CrossRule> {
    let mut names: HashMap<String, usize> = HashMap::new();
    raw.into_iter().filter_map(|raw| rule(raw, columns, &mut names, problems)).collect()
}

fn rule(
    raw: RawRule,
    columns: &[Column],
    names: &mut HashMap<String, usize>,
    problems: &Problems,
) -> Option<CrossRule> {
    if let Some(name) = &raw.name {
        let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.value.is_empty() || !name.value.bytes().all(is_word) {
            problems.report(&name.spot, "the name of a rule consists of a-z, 0-9 and -");
        }
        if let Some(line) = names.insert(name.value.clone(), name.spot.line) {
            problems.report(&name.spot, format!("rule {:?} is already declared (line {line})", name.value));
        }
    }
    let check = match raw.condition? {
        RawCondition::When(when, then) => when_then(when, then, columns, problems)?,
        RawCondition::Order(order) => in_order(&order, columns, problems)?,
    };
    let severity = raw.severity.map_or(Severity::Error, |severity| severity.value);
    Some(CrossRule { name: raw.name?.value, check, severity })
}

fn when_then(when: RawWhen, then: RawThen, columns: &[Column], problems: &Problems) -> Option<CrossCheck> {
    let (column, must) =
        (find_or_report(columns, &when.column, problems), find_or_report(columns, &then.column, problems));
    let (column, must) = (column?, must?);
    check_values(columns, column, &when.values, problems);
    check_values(columns, must, &then.values, problems);
    if column == must {
        problems.report(&then.column.spot, "the same column as the condition's");
    }
    Some(CrossCheck::When { column, is: when.is, then: must, must_be: then.must_be })
}

/// A value that no field of the column could have would make a rule that never applies or never holds.
fn check_values(columns: &[Column], column: usize, values: &[Located<String>], problems: &Problems) {
    let Some(mut rule) = columns.get(column).and_then(Column::rule) else { return };
    rule.is_required = false;
    let check = FieldCheck::new(&rule, None);
    for value in values {
        if let Some((broken, Severity::Error)) = check.issue(&value.value) {
            problems.report(&value.spot, format!("no field of this column could be this: {broken}"));
        }
    }
}

fn in_order(order: &RawOrder, columns: &[Column], problems: &Problems) -> Option<CrossCheck> {
    let (earlier, later) =
        (find_or_report(columns, &order.earlier, problems), find_or_report(columns, &order.later, problems));
    let (earlier, later) = (earlier?, later?);
    let kind = |column: usize, name: &Located<String>| {
        let kind = columns.get(column).and_then(Column::rule).map(|rule| rule.kind);
        let has_order = kind.is_some_and(|kind| {
            !matches!(kind, FieldKind::Text | FieldKind::Flag | FieldKind::Code | FieldKind::Digits)
        });
        if !has_order {
            let hint = "days, times, moments and integers have one".to_owned();
            problems.report_with(&name.spot, "the fields of this column have no order", hint);
        }
        kind.filter(|_| has_order)
    };
    let (first, second) = (kind(earlier, &order.earlier), kind(later, &order.later));
    let (first, second) = (first?, second?);
    if first != second {
        let message = format!("{:?} cannot be compared with {:?}", first.as_str(), second.as_str());
        problems.report(&order.later.spot, message);
    }
    if earlier == later {
        problems.report(&order.later.spot, "the same column twice");
    }
    Some(CrossCheck::Order { earlier, later, is_strict: order.is_strict })
}
