//! The numbers and codes by which a row is found. Each parses strictly and prints one way.

use std::fmt;
use std::str::FromStr;

use crate::check_digit;

/// Why a text is not the id it should be. Carries no value: ids of residents are personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not the digits the id consists of.
    #[error("{what} must be {expected}")]
    Malformed {
        /// Which id.
        what: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// The check digit is wrong.
    #[error("{what} has a wrong check digit")]
    CheckDigit {
        /// Which id.
        what: &'static str,
    },
}

/// 宛名番号: 1 to 15 digits, 0 excluded; written with 15 digits, zeros on the left (`facts.md` 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtenaNo(u64);

impl AtenaNo {
    /// The largest number that fits 15 digits.
    pub const MAX: u64 = 999_999_999_999_999;

    /// Takes a number from 1 to [`AtenaNo::MAX`].
    pub fn new(number: u64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// The number itself, 1 to [`AtenaNo::MAX`].
    pub fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for AtenaNo {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = IdError::Malformed { what: "宛名番号", expected: "1 to 15 digits, not all zero" };
        if text.is_empty() || text.len() > 15 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong);
        }
        text.parse().ok().and_then(Self::new).ok_or(wrong)
    }
}

impl fmt::Display for AtenaNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:015}", self.0)
    }
}

/// The key of one history row of one resident within a municipality: 宛名番号 + 個人履歴番号 + 枝番.
///
/// 個人履歴番号 counts up from 1 in the order in which moves were recorded, not in the order of their
/// dates (WT資料 1.2.10); 枝番 counts corrected versions of that row from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// 宛名番号.
    pub atena_no: AtenaNo,
    /// 個人履歴番号, from 1.
    pub rireki_no: u32,
    /// 枝番, from 0.
    pub eda_no: u32,
}

/// 全国地方公共団体コード: five digits and a check digit (`facts.md` 5.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityCode([u8; 6]);

impl MunicipalityCode {
    /// The six digits.
    pub fn as_str(&self) -> &str {
        // The constructor admits digits only.
        std::str::from_utf8(&self.0).unwrap_or("000000")
    }
}

impl FromStr for MunicipalityCode {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let what = "市区町村コード";
        let digits: [u8; 6] = text
            .as_bytes()
            .try_into()
            .ok()
            .filter(|d: &[u8; 6]| d.iter().all(u8::is_ascii_digit))
            .ok_or(IdError::Malformed { what, expected: "6 digits (with check digit)" })?;
        if check_digit::municipality_code_is_valid(text) {
            Ok(Self(digits))
        } else {
            Err(IdError::CheckDigit { what })
        }
    }
}

impl fmt::Display for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MunicipalityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atena_no_takes_1_to_15_digits_and_prints_15() {
        assert_eq!("42".parse::<AtenaNo>().unwrap().to_string(), "000000000000042");
        assert_eq!("000000000000042".parse::<AtenaNo>().unwrap().get(), 42);
        for wrong in ["", "0", "000", "1234567890123456", "12a", "+1", " 1", "１２"] {
            assert!(wrong.parse::<AtenaNo>().is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn municipality_code_needs_its_check_digit() {
        assert_eq!("082201".parse::<MunicipalityCode>().unwrap().to_string(), "082201");
        assert_eq!("082200".parse::<MunicipalityCode>(), Err(IdError::CheckDigit { what: "市区町村コード" }));
        assert!("08220".parse::<MunicipalityCode>().is_err());
        assert!("08220あ".parse::<MunicipalityCode>().is_err());
    }
}
