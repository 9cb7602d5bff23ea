//! The town as a CSV file: what a registry is first loaded from.

use std::io::Write;

use renkei_registry::{Dictionary, ItemNo, Row, Values};

use crate::error::TownError;
use crate::town::Town;

/// Which items a file has, and in which order.
#[derive(Debug, Clone, Default)]
pub enum Items {
    /// All items of the dictionary.
    #[default]
    All,
    /// These, by romaji id or Japanese name.
    Listed(Vec<String>),
}

impl Items {
    fn resolve(&self) -> Result<Vec<ItemNo>, TownError> {
        let dictionary = Dictionary::standard();
        match self {
            Self::All => Ok(dictionary.items().iter().map(|item| item.no).collect()),
            Self::Listed(names) => names
                .iter()
                .map(|name| {
                    let item = dictionary.find(name).map(|item| item.no);
                    item.ok_or_else(|| TownError::UnknownItem { name: name.clone() })
                })
                .collect(),
        }
    }
}

const FLUSH_AT_BYTES: usize = 1 << 16;

/// Writes every row of the town: a header of romaji ids, every field quoted, CRLF, UTF-8 without BOM.
/// Returns the number of rows without the header.
pub fn write_residents_csv(town: &Town, items: &Items, mut out: impl Write) -> Result<u64, TownError> {
    let items = items.resolve()?;
    let mut buffer = Vec::with_capacity(2 * FLUSH_AT_BYTES);
    let ids = items.iter().filter_map(|no| Dictionary::standard().item(*no)).map(|item| item.id);
    push_line(&mut buffer, ids);
    let mut n_rows = 0;
    town.for_each_row(&mut |row: &Row| {
        push_line(&mut buffer, items.iter().map(|item| row.get(*item)));
        n_rows += 1;
        if buffer.len() >= FLUSH_AT_BYTES {
            out.write_all(&buffer)?;
            buffer.clear();
        }
        Ok::<(), std::io::Error>(())
    })?;
    out.write_all(&buffer)?;
    out.flush()?;
    Ok(n_rows)
}

/// Appends one line, every field quoted.
pub(crate) fn push_line<'t>(buffer: &mut Vec<u8>, fields: impl Iterator<Item = &'t str>) {
    for field in fields {
        if field.is_empty() {
            buffer.extend_from_slice(b"\"\",");
            continue;
        }
        buffer.push(b'"');
        if field.bytes().any(|byte| byte == b'"') {
            buffer.extend_from_slice(field.replace('"', "\"\"").as_bytes());
        } else {
            buffer.extend_from_slice(field.as_bytes());
        }
        buffer.extend_from_slice(b"\",");
    }
    // The comma behind the last field.
    buffer.pop();
    buffer.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TownSpec;

    fn csv(n_residents: u32, seed: u64, items: &Items) -> Vec<u8> {
        let spec = TownSpec { n_residents, seed, day: "2026-11-21".into(), with_past: true };
        let mut out = Vec::new();
        write_residents_csv(&Town::new(spec).unwrap(), items, &mut out).unwrap();
        out
    }

    #[test]
    fn the_same_spec_makes_the_same_bytes_and_another_seed_others() {
        assert!(csv(500, 1, &Items::All) == csv(500, 1, &Items::All));
        assert!(csv(500, 1, &Items::All) != csv(500, 2, &Items::All));
    }

    #[test]
    fn a_csv_reader_reads_back_what_the_rows_say() {
        let bytes = csv(300, 3, &Items::All);
        assert!(bytes.ends_with(b"\"\r\n"));
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let ids: Vec<&str> = Dictionary::standard().items().iter().map(|item| item.id).collect();
        assert_eq!(header, ids);
        let spec = TownSpec { n_residents: 300, seed: 3, day: "2026-11-21".into(), with_past: true };
        let mut records = reader.records();
        let town = Town::new(spec).unwrap();
        let compared = town.for_each_row(&mut |row: &Row| {
            let record = records.next().unwrap().unwrap();
            let texts = Dictionary::standard().items().iter().map(|item| row.get(item.no));
            if texts.eq(record.iter()) { Ok(()) } else { Err(row.key()) }
        });
        assert_eq!(compared, Ok(()));
        assert!(records.next().is_none());
    }

    #[test]
    fn items_can_be_listed_and_must_exist() {
        let listed = |names: &[&str]| Items::Listed(names.iter().map(|&name| name.into()).collect());
        let bytes = csv(10, 1, &listed(&["氏名", "atena_no"]));
        assert!(bytes.starts_with("\"shimei\",\"atena_no\"\r\n".as_bytes()));
        let town =
            Town::new(TownSpec { n_residents: 1, seed: 1, day: "2026-11-21".into(), with_past: false })
                .unwrap();
        let wrong = write_residents_csv(&town, &listed(&["shimeii"]), Vec::new());
        assert!(matches!(wrong, Err(TownError::UnknownItem { .. })));
    }
}
