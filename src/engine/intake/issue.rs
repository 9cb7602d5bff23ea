//! Issues (不備) of an input file: by row, column and rule, never by value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use renkei_registry::{Dictionary, Issue, Severity};
use serde::Serialize;

use crate::error::EngineError;

/// How many issues of a file are listed one by one; beyond that they are counted by rule and column.
pub const MAX_LISTED: usize = 1_000;

/// One thing wrong in an input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputIssue {
    /// The line of the file, from 1; the header is line 1.
    pub row: u64,
    /// The column's name as the dictionary has it, or its number, or empty for the whole row.
    pub column: String,
    /// The rule, as a word.
    pub rule: String,
    /// What it means, where the word does not say enough.
    pub detail: String,
    /// True when it only warns.
    pub is_warning: bool,
}

impl InputIssue {
    /// An error about a whole row.
    pub fn of_row(row: u64, rule: &str, detail: String) -> Self {
        Self { row, column: String::new(), rule: rule.to_owned(), detail, is_warning: false }
    }

    /// An issue of a row's item.
    pub fn of_item(row: u64, issue: &Issue) -> Self {
        let column = Dictionary::standard().item(issue.item).map_or("?", |item| item.id);
        Self {
            row,
            column: column.to_owned(),
            rule: issue.rule.as_str().to_owned(),
            detail: String::new(),
            is_warning: issue.severity == Severity::Warning,
        }
    }
}

impl fmt::Display for InputIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column {}", self.column)?;
        }
        write!(f, ": {}", self.rule)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

/// The issues of one file: the first [`MAX_LISTED`] one by one, all of them counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IssueList {
    /// The issues listed.
    pub listed: Vec<InputIssue>,
    /// Errors in all.
    pub n_errors: usize,
    /// Warnings in all.
    pub n_warnings: usize,
    /// All issues by column and rule.
    pub by_rule: BTreeMap<String, usize>,
    /// Lines with an error.
    #[serde(skip)]
    refused_rows: BTreeSet<u64>,
}

impl IssueList {
    /// Counts an issue, and lists it while there is room.
    pub fn push(&mut self, issue: InputIssue) {
        if issue.is_warning {
            self.n_warnings += 1;
        } else {
            self.n_errors += 1;
            self.refused_rows.insert(issue.row);
        }
        let place = if issue.column.is_empty() { "row" } else { &issue.column };
        *self.by_rule.entry(format!("{place}: {}", issue.rule)).or_default() += 1;
        if self.listed.len() < MAX_LISTED {
            self.listed.push(issue);
        }
    }

    /// How many lines have an error.
    pub fn n_rows_refused(&self) -> u64 {
        self.refused_rows.len() as u64
    }

    /// How many were counted and not listed.
    pub fn n_unlisted(&self) -> usize {
        self.n_errors + self.n_warnings - self.listed.len()
    }
}

/// Why a file was not taken in, with everything that is wrong with it.
#[derive(Debug)]
pub struct Rejected {
    /// The error.
    pub error: EngineError,
    /// What is wrong with the file; empty when the error has nothing to do with its rows.
    pub issues: IssueList,
}

impl<E: Into<EngineError>> From<E> for Box<Rejected> {
    fn from(error: E) -> Self {
        Self::new(Rejected { error: error.into(), issues: IssueList::default() })
    }
}
