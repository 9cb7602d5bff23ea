//! The values of a staged row: checked against its key, packed for the way, and the names they go under.

use std::borrow::Cow;

use renkei_core::port::{StagedRow, StoreError, TableSpec};

/// What joins the fields of a key.
pub(crate) const KEY_JOINT: u8 = 0x1f;

/// The fields of a key.
pub(crate) fn key_fields(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    key.split(|byte| *byte == KEY_JOINT)
}

/// Fails unless the row has a value for each column and its key is that of its values: a row is later found, changed
/// and removed by its key alone.
pub(crate) fn require_fit(table: &TableSpec, row: &StagedRow<'_>, row_no: u64) -> Result<(), StoreError> {
    let value_of = |column: &usize| row.values.get(*column).map(|value| value.as_bytes());
    if row.values.len() == table.columns.len()
        && key_fields(row.key).map(Some).eq(table.key_columns.iter().map(value_of))
    {
        return Ok(());
    }
    Err(StoreError::Missing {
        what: format!("a value for each column and key field of row {row_no} of the set"),
    })
}

/// Fails unless the names are of the kind a [`TableSpec`] has, and the table not one of the store's own.
pub(crate) fn require_names(spec: &TableSpec) -> Result<(), StoreError> {
    let is_plain = |name: &str| {
        (1..=63).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let refuse = |detail: String| Err(StoreError::Unavailable { detail });
    let Some(table) = &spec.table else { return Ok(()) };
    if !is_plain(table) || ["intake", "ledger_", "sqlite_", "pg_"].iter().any(|own| table.starts_with(own)) {
        return refuse(format!(
            "the table {table:?} needs another name: 1 to 63 of a-z, 0-9 and _, not starting with intake, ledger_, \
             sqlite_ or pg_"
        ));
    }
    if let Some(column) = spec.columns.iter().find(|column| !is_plain(column)) {
        return refuse(format!("the column {column:?} of table {table} needs another name"));
    }
    if spec.key_columns.is_empty() || spec.key_columns.iter().any(|column| *column >= spec.columns.len()) {
        return refuse(format!("the table {table} needs key columns of its own"));
    }
    Ok(())
}

/// In quotes, so that a name may be a word of SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Names in quotes, with commas between.
pub(crate) fn quoted_list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// The names of the key columns, in the key's order.
pub(crate) fn key_names(spec: &TableSpec) -> impl Iterator<Item = &str> {
    spec.key_columns.iter().filter_map(|column| spec.columns.get(*column)).map(String::as_str)
}

/// The names of the other columns.
pub(crate) fn other_names(spec: &TableSpec) -> impl Iterator<Item = &str> {
    let others = spec.columns.iter().enumerate().filter(|(index, _)| !spec.key_columns.contains(index));
    others.map(|(_, name)| name.as_str())
}

/// Says what a table that is there has other than a [`TableSpec`]: its columns and key columns, in order.
pub(crate) fn difference(spec: &TableSpec, columns: &[String], key: &[String]) -> Option<String> {
    let table = spec.table.as_deref().unwrap_or_default();
    let without = |names: &[String], others: &[String]| {
        let left: Vec<&str> =
            names.iter().filter(|name| !others.contains(name)).map(String::as_str).collect();
        left.join(", ")
    };
    if columns != spec.columns {
        let (lacks, surplus) = (without(&spec.columns, columns), without(columns, &spec.columns));
        return Some(match (lacks.as_str(), surplus.as_str()) {
            ("", "") => format!("the table {table} has its columns in another order"),
            (lacks, "") => format!("the table {table} lacks the columns {lacks}"),
            ("", surplus) => format!("the table {table} also has the columns {surplus}"),
            (lacks, surplus) => format!("the table {table} lacks the columns {lacks} and has {surplus}"),
        });
    }
    let expected: Vec<&str> = key_names(spec).collect();
    (key != expected).then(|| {
        format!("the table {table} has the primary key ({}), not ({})", key.join(", "), expected.join(", "))
    })
}

/// Writes values one after the other, each after its length.
pub(crate) fn pack(values: &[Cow<'_, str>], packed: &mut Vec<u8>) {
    packed.clear();
    for value in values {
        // A value is a field of a file; four GiB of one do not come so far.
        packed.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
        packed.extend_from_slice(value.as_bytes());
    }
}

/// Reads back what [`pack`] wrote; `None` in place of what is not that.
pub(crate) fn unpack(mut packed: &[u8]) -> impl Iterator<Item = Option<&str>> {
    std::iter::from_fn(move || {
        if packed.is_empty() {
            return None;
        }
        let value = packed.split_first_chunk::<4>().and_then(|(length, rest)| {
            let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            packed = rest;
            std::str::from_utf8(value).ok()
        });
        if value.is_none() {
            packed = &[];
        }
        Some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_core::state::RowDigest;

    fn spec(columns: &[&str], key_columns: &[usize]) -> TableSpec {
        TableSpec {
            table: Some("jumin".to_owned()),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            key_columns: key_columns.to_vec(),
        }
    }

    #[test]
    fn values_read_back_as_packed() {
        let values: Vec<Cow<'_, str>> = vec!["".into(), "𠮷田\u{e0100}".into(), "\u{1f}\t\\.".into()];
        let mut packed = vec![9];
        pack(&values, &mut packed);
        assert_eq!(unpack(&packed).collect::<Option<Vec<_>>>().unwrap(), values);
        for length in 1..packed.len() {
            let cut: Vec<_> = unpack(&packed[..length]).collect();
            assert!(cut.contains(&None) || cut.len() < values.len(), "cut at {length}");
        }
    }

    #[test]
    fn a_row_must_fit_its_key() {
        let spec = spec(&["a", "b", "c"], &[2, 0]);
        let check = |key: &[u8], values: &[&str], fits: bool| {
            let values: Vec<Cow<'_, str>> = values.iter().map(|value| Cow::Borrowed(*value)).collect();
            let row = StagedRow {
                key,
                bucket: 0,
                digest: RowDigest([0; 32]),
                is_removed: false,
                is_parked: false,
                values: &values,
            };
            assert_eq!(require_fit(&spec, &row, 1).is_ok(), fits, "{key:?} {values:?}");
        };
        check(b"3\x1f1", &["1", "2", "3"], true);
        check(b"1\x1f3", &["1", "2", "3"], false);
        check(b"3\x1f1", &["1", "2"], false);
        check(b"3\x1f1\x1f", &["1", "2", "3"], false);
        check(b"3\x1f3\x1f1", &["1", "2", "3\u{1f}3"], false);
    }

    #[test]
    fn a_table_is_told_apart_by_columns_order_and_key() {
        let spec = spec(&["a", "b", "c"], &[1, 0]);
        let check = |columns: &[&str], key: &[&str], expected: Option<&str>| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            assert_eq!(difference(&spec, &owned(columns), &owned(key)).as_deref(), expected);
        };
        check(&["a", "b", "c"], &["b", "a"], None);
        check(&["a", "b"], &["b", "a"], Some("the table jumin lacks the columns c"));
        check(&["a", "b", "c", "d"], &["b", "a"], Some("the table jumin also has the columns d"));
        check(&["a", "b", "x"], &["b", "a"], Some("the table jumin lacks the columns c and has x"));
        check(&["b", "a", "c"], &["b", "a"], Some("the table jumin has its columns in another order"));
        check(&["a", "b", "c"], &["a", "b"], Some("the table jumin has the primary key (a, b), not (b, a)"));
    }

    #[test]
    fn names_that_are_not_plain_or_the_stores_own_are_refused() {
        for (table, is_good) in [
            ("order", true),
            ("j_1", true),
            ("", false),
            ("a\"b", false),
            ("Jumin", false),
            ("intake_row", false),
        ] {
            let spec = TableSpec { table: Some(table.to_owned()), ..spec(&["end"], &[0]) };
            assert_eq!(require_names(&spec).is_ok(), is_good, "{table}");
        }
        assert!(require_names(&spec(&["a b"], &[0])).is_err());
        assert!(require_names(&spec(&["a"], &[])).is_err());
        assert!(require_names(&spec(&["a"], &[1])).is_err());
    }
}
