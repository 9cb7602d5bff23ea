//! The header row of an input file: which column is which item.

use renkei_core::csv_file::Record;
use renkei_registry::{Dictionary, ItemNo};

use crate::error::EngineError;

/// What a column of an input file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// An item, named by id or Japanese name.
    Item(ItemNo),
    /// The row a move is about.
    TargetRirekiNo,
}

/// Names of the column that says which row a move cancels or corrects.
const TARGET: [&str; 2] = ["target_rireki_no", "対象履歴番号"];

/// Reads a header row; every problem with it is in the error.
pub(super) fn read_header(
    file: &str,
    record: &Record<'_>,
    has_target: bool,
) -> Result<Vec<Column>, EngineError> {
    let mut columns = Vec::new();
    let mut problems = Vec::new();
    for (index, field) in record.fields().enumerate() {
        let name = String::from_utf8_lossy(&field).into_owned();
        let column = if has_target && TARGET.contains(&name.as_str()) {
            Some(Column::TargetRirekiNo)
        } else {
            Dictionary::standard().find(&name).map(|item| Column::Item(item.no))
        };
        match column {
            // A header is a name, not a person's datum, but a file without header would show one here.
            None => problems.push(format!("column {} has no name of an item", index + 1)),
            Some(column) if columns.contains(&column) => {
                problems.push(format!("column {} has the same name as a column before it", index + 1));
            }
            Some(column) => columns.push(column),
        }
    }
    if problems.is_empty() {
        return Ok(columns);
    }
    let hint = "the first row must hold item ids or Japanese item names";
    Err(EngineError::Header { file: file.to_owned(), problem: format!("{}; {hint}", problems.join(", ")) })
}

/// Fails unless a column is there.
pub(super) fn require(file: &str, columns: &[Column], needed: &[ItemNo]) -> Result<(), EngineError> {
    let missing: Vec<&str> = needed
        .iter()
        .filter(|item| !columns.contains(&Column::Item(**item)))
        .filter_map(|item| Dictionary::standard().item(*item).map(|item| item.id))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(EngineError::Header { file: file.to_owned(), problem: format!("no column {}", missing.join(", ")) })
}
