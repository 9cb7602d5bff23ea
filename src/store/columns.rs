//! Between columns and the types of `core`: what does not read back is damage.

use chrono::NaiveDate;
use renkei_core::{Class, Digest};
use rusqlite::{Result, Row, types::Type};

/// As a column holds it. Counts beyond 2^63 do not occur.
pub(crate) fn sql_int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that must fit its type.
pub(crate) fn number<T: TryFrom<i64>>(row: &Row<'_>, column: usize) -> Result<T> {
    T::try_from(row.get(column)?).map_err(|_| misfit(column, Type::Integer))
}

/// A text that `read` must know: an id or one of the words of an enum.
pub(crate) fn word<T>(row: &Row<'_>, column: usize, read: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    read(text).ok_or_else(|| misfit(column, Type::Text))
}

/// As [`word`], where the column may be NULL.
pub(crate) fn optional_word<T>(
    row: &Row<'_>,
    column: usize,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    match row.get_ref(column)?.as_str_or_null()? {
        Some(text) => read(text).map(Some).ok_or_else(|| misfit(column, Type::Text)),
        None => Ok(None),
    }
}

/// A date as `YYYY-MM-DD`.
pub(crate) fn date(row: &Row<'_>, column: usize) -> Result<NaiveDate> {
    word(row, column, |text| text.parse().ok())
}

/// 32 bytes of SHA-256.
pub(crate) fn digest(row: &Row<'_>, column: usize) -> Result<Digest> {
    let bytes = row.get_ref(column)?.as_blob()?;
    bytes.try_into().map(Digest).map_err(|_| misfit(column, Type::Blob))
}

/// The class of a fault by its word.
pub(crate) fn class(word: &str) -> Option<Class> {
    [Class::Retry, Class::Partner, Class::Operator, Class::Bug]
        .into_iter()
        .find(|class| class.as_str() == word)
}

/// What a column holds is not what this program writes there.
pub(crate) fn misfit(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, String::new(), kind)
}
