//! One `[[rule]]` between columns as it is written.

use renkei_registry::Severity;

use super::raw_column::{SEVERITIES, word};
use super::types::Test;
use crate::declared::{Located, Problems, Spot, Table, Value};

/// One `[[rule]]`.
#[derive(Debug)]
pub struct RawRule {
    /// Where it is declared.
    pub spot: Spot,
    /// `name`.
    pub name: Option<Located<String>>,
    /// What it says; `None` where unreadable and so reported.
    pub condition: Option<RawCondition>,
    /// `severity`.
    pub severity: Option<Located<Severity>>,
}

/// What a `[[rule]]` says.
#[derive(Debug)]
pub enum RawCondition {
    /// `when` and `then`.
    When(RawWhen, RawThen),
    /// `order`.
    Order(RawOrder),
}

/// `when = { column = …, is = […] }` or `when = { column = …, is_set = … }`.
#[derive(Debug)]
pub struct RawWhen {
    /// `column`.
    pub column: Located<String>,
    /// What it is to be.
    pub is: Test,
    /// The values of `is`, with their places.
    pub values: Vec<Located<String>>,
}

/// `then = { column = …, must_be = … }`.
#[derive(Debug)]
pub struct RawThen {
    /// `column`.
    pub column: Located<String>,
    /// What it must be.
    pub must_be: Test,
    /// The values of `must_be`, with their places.
    pub values: Vec<Located<String>>,
}

/// `order = ["…", "<=", "…"]`.
#[derive(Debug)]
pub struct RawOrder {
    /// The first column.
    pub earlier: Located<String>,
    /// True for `<`.
    pub is_strict: bool,
    /// The second column.
    pub later: Located<String>,
}

pub(super) fn rules(root: &mut Table<'_>, problems: &Problems) -> Vec<RawRule> {
    let tables = root.optional("rule").and_then(Value::tables).unwrap_or_default();
    tables.into_iter().map(|table| rule(table, problems)).collect()
}

fn rule(mut table: Table<'_>, problems: &Problems) -> RawRule {
    let spot = table.spot().clone();
    let name = table.required("name").and_then(Value::located_text);
    let severity = table.optional("severity").and_then(|value| word(value, &SEVERITIES));
    let said = (table.has("when"), table.has("then"), table.has("order"));
    let when = table.optional("when").and_then(Value::table).and_then(|table| when(table, problems));
    let then = table.optional("then").and_then(Value::table).and_then(|table| then(table, problems));
    let order = table.optional("order").and_then(|value| order(value, problems));
    table.finish();
    let condition = match said {
        (true, true, false) => when.zip(then).map(|(when, then)| RawCondition::When(when, then)),
        (false, false, true) => order.map(RawCondition::Order),
        _ => {
            let hint = "when = { … } and then = { … }, or order = [\"…\", \"<=\", \"…\"]".to_owned();
            problems.report_with(&spot, "a rule says exactly one thing", hint);
            None
        }
    };
    RawRule { spot, name, condition, severity }
}

fn when(mut table: Table<'_>, problems: &Problems) -> Option<RawWhen> {
    let spot = table.spot().clone();
    let column = table.required("column").and_then(Value::located_text);
    let (has_is, has_is_set) = (table.has("is"), table.has("is_set"));
    let values = table.optional("is").and_then(Value::list_of_text);
    let is_set = table.optional("is_set").and_then(Value::boolean);
    table.finish();
    if has_is == has_is_set {
        let hint = "is = [\"…\"] or is_set = true".to_owned();
        problems.report_with(&spot, "a condition says exactly one thing", hint);
        return None;
    }
    if has_is_set {
        let is = if is_set? { Test::Set } else { Test::Empty };
        return Some(RawWhen { column: column?, is, values: Vec::new() });
    }
    let values = values?;
    Some(RawWhen { column: column?, is: one_of(&values), values })
}

fn then(mut table: Table<'_>, problems: &Problems) -> Option<RawThen> {
    let column = table.required("column").and_then(Value::located_text);
    let must_be = table.required("must_be");
    table.finish();
    let must_be = must_be?;
    let spot = must_be.spot().clone();
    if must_be.is_text() {
        let must_be = must_be.one_of(&[("set", Test::Set), ("empty", Test::Empty)])?;
        return Some(RawThen { column: column?, must_be, values: Vec::new() });
    }
    let values = must_be.list_of_text()?;
    if values.is_empty() {
        problems.report(&spot, "no field could be one of an empty list");
        return None;
    }
    Some(RawThen { column: column?, must_be: one_of(&values), values })
}

fn one_of(values: &[Located<String>]) -> Test {
    Test::OneOf(values.iter().map(|value| value.value.clone()).collect())
}

fn order(value: Value<'_>, problems: &Problems) -> Option<RawOrder> {
    let spot = value.spot().clone();
    let parts: Result<[Located<String>; 3], _> = value.list_of_text()?.try_into();
    let Ok([earlier, sign, later]) = parts else {
        let hint = "order = [\"…\", \"<=\", \"…\"]".to_owned();
        problems.report_with(&spot, "an order is a column, a sign and a column", hint);
        return None;
    };
    let is_strict = match sign.value.as_str() {
        "<=" => false,
        "<" => true,
        _ => {
            let hint = "\"<=\" or \"<\"".to_owned();
            problems.report_with(&sign.spot, format!("unknown sign {:?}", sign.value), hint);
            return None;
        }
    };
    Some(RawOrder { earlier, is_strict, later })
}
