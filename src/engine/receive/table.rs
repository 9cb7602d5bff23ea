//! The table that the rows of a layout go into.

use renkei_core::IntakeId;
use renkei_core::Version;
use renkei_core::layout::Layout;
use renkei_core::port::TableSpec;

/// The table of an intake's version where none is declared: `<intake>_v<major>_<minor>`, so that the rows of
/// two versions of an interface never share one.
pub fn table_name(intake: &IntakeId, version: Version) -> String {
    format!("{intake}_v{version}").replace(['-', '.'], "_")
}

/// Columns are named by their romaji headers in lower case: the spelling of the standard's item ids.
pub(super) fn table_spec(layout: &Layout, table: Option<String>) -> TableSpec {
    TableSpec {
        table,
        columns: layout.columns.iter().map(|column| column.header_romaji.to_ascii_lowercase()).collect(),
        key_columns: layout.key_columns.clone(),
    }
}
