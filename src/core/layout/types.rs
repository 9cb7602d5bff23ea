//! The checked layout.

use chrono::NaiveDate;
use renkei_registry::ItemNo;

use super::file_format::{FileFormat, HeaderRow};
use crate::ids::{Branch, Digest, InterfaceId, Version};
use crate::port::RowSet;

/// A layout that was checked; only [`Layout::read`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// 連携ID.
    pub interface: InterfaceId,
    /// 枝番 of the interface.
    pub branch: Branch,
    /// 版数 (WT資料 2.2.2).
    pub version: Version,
    /// What the interface is called.
    pub name_ja: String,
    /// The first day on which files of this version may be published.
    pub valid_from: NaiveDate,
    /// The last such day; `None` while no end is known.
    pub valid_until: Option<NaiveDate>,
    /// Latest rows only, or the whole history.
    pub rows: RowSet,
    /// Where the key stands: indices into `columns`, in the order 宛名番号, 個人履歴番号, 枝番号.
    pub key_columns: Vec<usize>,
    /// What a row must fulfil to be in the file: all of them.
    pub select: Vec<Condition>,
    /// How a diff shows that a row is gone.
    pub removal: Removal,
    /// True when a column holds 個人番号; such files are for 番号利用事務 only.
    pub holds_individual_number: bool,
    /// The columns in file order; never empty.
    pub columns: Vec<Column>,
    /// How its files are written unless a feed says otherwise.
    pub file: FileFormat,
    /// SHA-256 of the declaration's text.
    pub sha256: Digest,
}

impl Layout {
    /// True on the days the version may be published.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        day >= self.valid_from && self.valid_until.is_none_or(|last| day <= last)
    }

    /// The header row's texts; `None` for files without one.
    pub fn headers(&self, header: HeaderRow) -> Option<impl Iterator<Item = &str>> {
        let is_romaji = match header {
            HeaderRow::Japanese => false,
            HeaderRow::Romaji => true,
            HeaderRow::None => return None,
        };
        Some(self.columns.iter().map(move |column| {
            if is_romaji { column.header_romaji.as_str() } else { column.header_ja.as_str() }
        }))
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What its fields hold.
    pub content: Content,
    /// Its Japanese header.
    pub header_ja: String,
    /// Its romaji header (WT資料 2.2.8: both spellings are in use).
    pub header_romaji: String,
}

/// What a column's fields hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An item of the row.
    Item(ItemNo),
    /// The same text in every row.
    Text(String),
    /// Whether the row is there or gone: the layout's own removal mark.
    Removal,
}

/// An item's value must be one of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The item.
    pub item: ItemNo,
    /// The values that pass; never empty.
    pub one_of: Vec<String>,
}

/// How a removed row is told from one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The column that tells: an index into the layout's columns.
    pub column: usize,
    /// Its text in a row that is there.
    pub present: String,
    /// Its text in a row that is gone.
    pub removed: String,
}
