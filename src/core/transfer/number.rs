//! The number of a case: the hub's own, so that it may stand in file names, logs and the audit.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::ids::IdError;

/// A case's number, from 1, written `T000012`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNo(pub u32);

impl FromStr for CaseNo {
    type Err = IdError;

    /// Reads `T000012`, and what people type of it: `t12`, `12`.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix(['T', 't']).unwrap_or(text);
        let is_plain = (1..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let number = if is_plain { digits.parse().ok().filter(|no| *no > 0) } else { None };
        number.map(Self).ok_or_else(|| IdError {
            what: "case number",
            expected: "T and a number from 1, such as T000012",
            // Somebody may have typed a resident's number.
            found: "(not shown)".to_owned(),
        })
    }
}

impl fmt::Display for CaseNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T{:06}", self.0)
    }
}

impl Serialize for CaseNo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_as_it_is_written_and_as_it_is_typed() {
        for text in ["T000012", "t12", "12"] {
            assert_eq!(text.parse::<CaseNo>().unwrap(), CaseNo(12), "{text}");
        }
        assert_eq!(CaseNo(12).to_string(), "T000012");
        for wrong in ["", "T", "0", "T-1", "1.0", "123456789012", "4294967296", "１２"] {
            let error = wrong.parse::<CaseNo>().unwrap_err().to_string();
            assert!(wrong.len() < 3 || !error.contains(wrong), "{error}");
        }
    }
}
