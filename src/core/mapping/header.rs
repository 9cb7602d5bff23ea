//! The header row of a source: where the mapping finds its columns, and all that does not fit.

use std::collections::HashMap;

use super::Mapping;
use super::column::{MappedColumn, SourceColumn};

/// One thing wrong with a header row. A name that the mapping does not have is not repeated: a file without
/// header row would show a person's datum there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// There is no header row.
    #[error("the file is empty")]
    Empty,
    /// A column the mapping needs or ignores is not there.
    #[error("no column {name:?}")]
    Missing {
        /// Its name in the mapping.
        name: String,
    },
    /// There is no column of this number.
    #[error("no column {number}")]
    NoNumber {
        /// From 1.
        number: usize,
    },
    /// A column is neither mapped nor ignored.
    #[error("column {number} is neither mapped nor ignored")]
    Unmapped {
        /// From 1.
        number: usize,
    },
    /// Two columns have a name that the mapping uses.
    #[error("column {number} has the name of a column before it")]
    Twice {
        /// From 1.
        number: usize,
    },
}

/// Where the mapping's columns stand among a header row's names.
pub(super) fn places_of(
    mapping: &Mapping,
    names: &[String],
) -> Result<Vec<Option<usize>>, Vec<HeaderProblem>> {
    let mut problems = Vec::new();
    let mut is_used = vec![false; names.len()];
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut twice = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if by_name.contains_key(name.as_str()) {
            twice.push((name.as_str(), place));
        } else {
            by_name.insert(name, place);
        }
    }
    let mut find = |source: &SourceColumn| {
        let (place, problem) = match source {
            SourceColumn::Header(name) => {
                (by_name.get(name.as_str()).copied(), HeaderProblem::Missing { name: name.clone() })
            }
            SourceColumn::Number(number) => (
                number.checked_sub(1).filter(|place| *place < names.len()),
                HeaderProblem::NoNumber { number: *number },
            ),
        };
        if let SourceColumn::Header(name) = source {
            for (_, place) in twice.iter().filter(|(other, _)| other == name) {
                let problem = HeaderProblem::Twice { number: place + 1 };
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                is_used.get_mut(*place).into_iter().for_each(|is_used| *is_used = true);
            }
        }
        match place {
            Some(place) => is_used.get_mut(place).into_iter().for_each(|is_used| *is_used = true),
            None if problems.contains(&problem) => {}
            None => problems.push(problem),
        }
        place
    };
    let places: Vec<Option<usize>> = mapping
        .columns
        .iter()
        .map(|mapped| match mapped {
            MappedColumn::From { source, .. } => find(source),
            MappedColumn::Text(_) => None,
        })
        .collect();
    for ignored in &mapping.ignored {
        find(ignored);
    }
    let unused = is_used.iter().enumerate().filter(|(_, is_used)| !**is_used);
    problems.extend(unused.map(|(place, _)| HeaderProblem::Unmapped { number: place + 1 }));
    if problems.is_empty() { Ok(places) } else { Err(problems) }
}
