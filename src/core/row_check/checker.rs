//! The compiled check.

use chrono::NaiveDate;
use renkei_registry::{FieldCheck, FieldKind, Rule, Severity};

use crate::layout::{Column, Content, CrossCheck, CrossRule, Layout, Removal};
use crate::state::bucket_of;
use crate::text;

/// The rule of a constant that a row has otherwise.
pub const WRONG_TEXT: &str = "wrong-text";

/// One thing wrong with one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowIssue<'l> {
    /// The column: an index into the layout's columns.
    pub column: usize,
    /// The rule's word: one of [`Rule`], [`WRONG_TEXT`], or the name of a rule of the layout.
    pub rule: &'l str,
    /// What it weighs.
    pub severity: Severity,
}

/// Whether a row is there or gone, by its removal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowMark {
    /// The row is part of the state.
    Present,
    /// The row leaves the state.
    Removed,
    /// The mark is neither of the two: what the row means can only be guessed at.
    Unknown {
        /// The column of the mark.
        column: usize,
    },
}

/// Checks rows of one layout on one business date.
#[derive(Debug, Clone)]
pub struct RowChecker<'l> {
    layout: &'l Layout,
    columns: Vec<ColumnCheck<'l>>,
    kinds: Vec<Option<FieldKind>>,
}

#[derive(Debug, Clone)]
enum ColumnCheck<'l> {
    Field(FieldCheck),
    Text(&'l str),
    /// The removal mark, which [`RowChecker::mark`] reads.
    Mark,
}

impl<'l> RowChecker<'l> {
    /// Compiles a layout; code tables are those of `business_date`.
    pub fn new(layout: &'l Layout, business_date: NaiveDate) -> Self {
        let day = business_date.to_string();
        let mark_at = layout.removal.as_ref().map(|removal| removal.column);
        let columns = layout.columns.iter().enumerate().map(|(index, column)| {
            let rule = column.rule().filter(|_| Some(index) != mark_at);
            match (rule, &column.content) {
                (Some(rule), _) => ColumnCheck::Field(FieldCheck::new(&rule, Some(&day))),
                (None, Content::Text(text)) if Some(index) != mark_at => ColumnCheck::Text(text),
                (None, _) => ColumnCheck::Mark,
            }
        });
        let kinds = layout.columns.iter().map(|column| column.rule().map(|rule| rule.kind));
        Self { layout, columns: columns.collect(), kinds: kinds.collect() }
    }

    /// The layout.
    pub fn layout(&self) -> &'l Layout {
        self.layout
    }

    /// Appends what is wrong with a row: fields in the order of columns, then rules between them.
    ///
    /// `fields` has as many fields as the layout has columns; what is missing counts as empty.
    pub fn check(&self, fields: &[impl AsRef<str>], issues: &mut Vec<RowIssue<'l>>) {
        let is_clean = !fields.iter().any(|field| text::has_control(field.as_ref()));
        self.check_within(fields, is_clean, issues);
    }

    /// [`RowChecker::check`] of a row in which control characters were ruled out before.
    pub fn check_clean(&self, fields: &[impl AsRef<str>], issues: &mut Vec<RowIssue<'l>>) {
        self.check_within(fields, true, issues);
    }

    fn check_within(&self, fields: &[impl AsRef<str>], is_clean: bool, issues: &mut Vec<RowIssue<'l>>) {
        let n_before = issues.len();
        for (column, (check, field)) in self.columns.iter().zip(fields).enumerate() {
            let field = field.as_ref();
            match check {
                ColumnCheck::Field(check) => {
                    let found = if is_clean { check.issue_of_clean(field) } else { check.issue(field) };
                    if let Some((rule, severity)) = found {
                        issues.push(RowIssue { column, rule: rule.as_str(), severity });
                    }
                }
                ColumnCheck::Text(text) if field != *text => {
                    issues.push(RowIssue { column, rule: WRONG_TEXT, severity: Severity::Error });
                }
                ColumnCheck::Text(_) | ColumnCheck::Mark => {}
            }
        }
        for (column, check) in self.columns.iter().enumerate().skip(fields.len()) {
            if let ColumnCheck::Field(check) = check
                && let Some((rule, severity)) = check.issue("")
            {
                issues.push(RowIssue { column, rule: rule.as_str(), severity });
            }
        }
        for rule in &self.layout.rules {
            self.check_rule(rule, fields, n_before, issues);
        }
    }

    fn check_rule(
        &self,
        rule: &'l CrossRule,
        fields: &[impl AsRef<str>],
        n_before: usize,
        issues: &mut Vec<RowIssue<'l>>,
    ) {
        let (column, holds) = match &rule.check {
            CrossCheck::When { column, is, then, must_be } => {
                (*then, !is.holds(field(fields, *column)) || must_be.holds(field(fields, *then)))
            }
            CrossCheck::Order { earlier, later, is_strict } => {
                let holds = match (self.statement(fields, *earlier), self.statement(fields, *later)) {
                    (Some(first), Some(second)) if *is_strict => first < second,
                    (Some(first), Some(second)) => first <= second,
                    _ => true,
                };
                // What is no day has no place in an order, and was said already.
                let is_said = |issue: &RowIssue<'_>| {
                    (issue.column == *earlier || issue.column == *later) && is_of_field(issue.rule)
                };
                (*later, holds || issues.iter().skip(n_before).any(is_said))
            }
        };
        if !holds {
            issues.push(RowIssue { column, rule: &rule.name, severity: rule.severity });
        }
    }

    /// What a field says in an order: days and times order as their texts do, numbers by length first.
    fn statement<'f>(&self, fields: &'f [impl AsRef<str>], column: usize) -> Option<(usize, &'f str)> {
        let text = field(fields, column);
        let is_silent = match self.columns.get(column) {
            Some(ColumnCheck::Field(check)) => check.passes_as_it_stands(text),
            _ => false,
        };
        let is_number = self.kinds.get(column) == Some(&Some(FieldKind::Integer));
        (!text.is_empty() && !is_silent).then_some((if is_number { text.len() } else { 0 }, text))
    }

    /// Whether the row is there or gone. Without removal marks every row is there.
    pub fn mark(&self, fields: &[impl AsRef<str>]) -> RowMark {
        let Some(Removal { column, present, removed }) = &self.layout.removal else {
            return RowMark::Present;
        };
        match field(fields, *column) {
            mark if mark == removed => RowMark::Removed,
            mark if mark == present => RowMark::Present,
            _ => RowMark::Unknown { column: *column },
        }
    }

    /// The key's fields in the layout's order.
    pub fn key<'f>(&'f self, fields: &'f [impl AsRef<str>]) -> impl Iterator<Item = &'f str> {
        self.layout.key_columns.iter().map(|column| field(fields, *column))
    }

    /// The bucket of the row's key.
    pub fn bucket(&self, fields: &[impl AsRef<str>]) -> usize {
        bucket_of(self.key(fields).map(str::as_bytes))
    }

    /// The name of a column in reports: an item's or a field's id, else the romaji header.
    pub fn column_name(&self, column: usize) -> &'l str {
        crate::projection::column_name(self.layout, column)
    }

    /// The columns, in order.
    pub fn columns(&self) -> &'l [Column] {
        &self.layout.columns
    }
}

fn field(fields: &[impl AsRef<str>], column: usize) -> &str {
    fields.get(column).map(AsRef::as_ref).unwrap_or_default()
}

/// True for rules that say a field is not written as it must be.
fn is_of_field(rule: &str) -> bool {
    [
        Rule::NotDate,
        Rule::NotTimestamp,
        Rule::NotTime,
        Rule::NotInteger,
        Rule::ControlCharacter,
        Rule::TooLong,
    ]
    .iter()
    .any(|known| known.as_str() == rule)
}
