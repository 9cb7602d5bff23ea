//! The resident key of the tables: the municipality's number and 宛名番号 in one integer.

use std::ops::RangeInclusive;

use renkei_registry::AtenaNo;

use crate::errors::{SqliteError, corrupt};

const STRIDE: i64 = 1_000_000_000_000_000;

/// The keys of one municipality's residents: `municipality_no * 10^15 + 宛名番号`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Residents {
    base: i64,
}

impl Residents {
    /// `municipality_no` is 1 to 9000, as the table holds it.
    pub(crate) fn of(municipality_no: i64) -> Self {
        Self { base: municipality_no.saturating_mul(STRIDE) }
    }

    pub(crate) fn key(self, atena_no: AtenaNo) -> i64 {
        self.base.saturating_add_unsigned(atena_no.get())
    }

    pub(crate) fn atena_no(self, key: i64) -> Result<AtenaNo, SqliteError> {
        let number = key.checked_sub(self.base).and_then(|number| u64::try_from(number).ok());
        number.and_then(AtenaNo::new).ok_or_else(|| corrupt("a row of an unknown municipality"))
    }

    /// All keys of the municipality.
    pub(crate) fn range(self) -> RangeInclusive<i64> {
        self.base + 1..=self.base + (STRIDE - 1)
    }

    /// The municipality's number.
    pub(crate) fn municipality_no(self) -> i64 {
        self.base / STRIDE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_municipalities_do_not_meet() {
        let (first, last) = (Residents::of(1), Residents::of(9000));
        for number in [1, 42, AtenaNo::MAX] {
            let atena_no = AtenaNo::new(number).unwrap();
            for residents in [first, last] {
                let key = residents.key(atena_no);
                assert!(residents.range().contains(&key));
                assert_eq!(residents.atena_no(key).unwrap(), atena_no);
            }
            assert!(last.atena_no(first.key(atena_no)).is_err());
            assert!(first.atena_no(last.key(atena_no)).is_err());
        }
        assert_eq!(last.municipality_no(), 9000);
    }
}
