//! From SQLite's errors to the port's. Only SQLite's own words pass: they name tables, never values.

use renkei_core::port::StoreError;
use renkei_registry::PackedError;
use rusqlite::types::FromSqlError;
use rusqlite::{Error, ErrorCode, ffi};

/// A failure inside this room, on its way to becoming a [`StoreError`]; lets `?` take both kinds.
#[derive(Debug)]
pub(crate) struct SqliteError(StoreError);

impl From<SqliteError> for StoreError {
    fn from(error: SqliteError) -> Self {
        error.0
    }
}

impl From<StoreError> for SqliteError {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<PackedError> for SqliteError {
    fn from(error: PackedError) -> Self {
        Self(StoreError::Corrupt { detail: error.to_string() })
    }
}

impl From<Error> for SqliteError {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::SqliteFailure(failure, words) => {
                let detail = words.unwrap_or_else(|| failure.to_string());
                match failure.code {
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy,
                    ErrorCode::DiskFull => StoreError::Full { detail },
                    // The shared memory beside the database could not grow: SQLite says so for a full volume.
                    ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
                        StoreError::Full { detail }
                    }
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt { detail },
                    _ => StoreError::Unavailable { detail },
                }
            }
            Error::SqlInputError { msg, .. } => StoreError::Corrupt { detail: msg },
            // These carry the value that did not fit, so their own text stays here.
            Error::FromSqlConversionFailure(column, ..)
            | Error::IntegralValueOutOfRange(column, _)
            | Error::InvalidColumnType(column, ..) => {
                StoreError::Corrupt { detail: format!("unexpected value in result column {column}") }
            }
            Error::QueryReturnedNoRows => StoreError::Corrupt { detail: "a row is missing".to_owned() },
            other => StoreError::Unavailable { detail: other.to_string() },
        })
    }
}

impl From<FromSqlError> for SqliteError {
    fn from(_: FromSqlError) -> Self {
        // It may carry the value that did not fit.
        corrupt("unexpected kind of value in a result column")
    }
}

/// Something read back is not what this program writes.
pub(crate) fn corrupt(detail: impl Into<String>) -> SqliteError {
    SqliteError(StoreError::Corrupt { detail: detail.into() })
}

/// True when a key was already there, or a reference leads nowhere.
pub(crate) fn is_constraint(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_becomes_what_the_operator_can_act_on() {
        let code_of = |result_code: i32| {
            use renkei_core::Fault as _;
            let failure = Error::SqliteFailure(ffi::Error::new(result_code), Some("words".to_owned()));
            StoreError::from(SqliteError::from(failure)).code()
        };
        for (result_code, expected) in [
            (ffi::SQLITE_BUSY, "store.busy"),
            (ffi::SQLITE_LOCKED, "store.busy"),
            (ffi::SQLITE_FULL, "store.full"),
            (ffi::SQLITE_IOERR_SHMSIZE, "store.full"),
            (ffi::SQLITE_CORRUPT, "store.corrupt"),
            (ffi::SQLITE_NOTADB, "store.corrupt"),
            (ffi::SQLITE_CANTOPEN, "store.unavailable"),
            (ffi::SQLITE_READONLY, "store.unavailable"),
            (ffi::SQLITE_IOERR, "store.unavailable"),
            (ffi::SQLITE_PERM, "store.unavailable"),
        ] {
            assert_eq!(code_of(result_code), expected, "result code {result_code}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_not_repeated() {
        let error = StoreError::from(SqliteError::from(Error::IntegralValueOutOfRange(3, 123_456_789_018)));
        assert!(!error.to_string().contains("123456789018"), "{error}");
    }
}
