//! Problems (不備) of declarations, and the places they are at.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// A place in a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file, as the reader was told its name.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The dotted path, `feed[2].layout`; list places count from 0. Empty for the file as a whole.
    pub path: String,
}

impl Spot {
    /// The start of a file.
    pub fn of_file(file: &str) -> Self {
        Self { file: file.into(), line: 1, column: 1, path: String::new() }
    }
}

/// One thing wrong in a declaration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The dotted path; empty where none applies.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What would be right, where that is known.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, " ({hint})"))
    }
}

/// All problems found so far. Shared by reference among the readers of one or many files.
#[derive(Debug, Default)]
pub struct Problems {
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a problem.
    pub fn report(&self, spot: &Spot, message: impl Into<String>) {
        self.note(spot, message.into(), None);
    }

    /// Notes a problem with a hint, if there is one.
    pub fn report_with(&self, spot: &Spot, message: impl Into<String>, hint: impl Into<Option<String>>) {
        self.note(spot, message.into(), hint.into());
    }

    fn note(&self, spot: &Spot, message: String, hint: Option<String>) {
        self.found.borrow_mut().push(Problem {
            file: spot.file.to_string(),
            line: spot.line,
            column: spot.column,
            path: spot.path.clone(),
            message,
            hint,
        });
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.found.borrow().len()
    }

    /// True when none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them by file, line and column.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort();
        found.dedup();
        found
    }
}
