//! The checked layout.

use chrono::NaiveDate;
use renkei_registry::{CheckDigit, Dictionary, FieldRule, ItemNo, Severity};

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
    /// Which rows it is about.
    pub rows: Rows,
    /// Where the key stands: indices into `columns`, never empty. For rows of the registry in the order
    /// 宛名番号, 個人履歴番号, 枝番号, for received rows as declared.
    pub key_columns: Vec<usize>,
    /// What a row must fulfil to be in the file: all of them.
    pub select: Vec<Condition>,
    /// How a diff shows that a row is gone. Only a layout of received rows may lack it; then every row is
    /// one that is there.
    pub removal: Option<Removal>,
    /// What must hold between the fields of a row.
    pub rules: Vec<CrossRule>,
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

    /// True when rows of the registry can be written by it: it selects rows and every column is an item, a
    /// constant or the removal mark. Only such a layout can be a feed's.
    pub fn is_for_feeds(&self) -> bool {
        self.rows != Rows::Received
            && self.removal.is_some()
            && !self.columns.iter().any(|column| matches!(column.content, Content::Field(_)))
    }

    /// The place of the column with this name: a field or item id, or a header.
    pub fn find_column(&self, name: &str) -> Option<usize> {
        super::columns::find_column(&self.columns, name)
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

/// Which rows a layout is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rows {
    /// The row with 最新フラグ of each resident of the registry.
    Latest,
    /// Every row of the registry.
    History,
    /// Rows that another system hands in.
    Received,
}

impl Rows {
    /// The word in layouts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::History => "history",
            Self::Received => "received",
        }
    }

    /// What a scan of the registry gives for it; `None` for received rows.
    pub const fn row_set(self) -> Option<RowSet> {
        match self {
            Self::Latest => Some(RowSet::Latest),
            Self::History => Some(RowSet::History),
            Self::Received => None,
        }
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
    /// What the layout says of an item otherwise than the dictionary; nothing for other columns.
    pub overrides: ItemOverrides,
}

impl Column {
    /// What its fields must be; `None` for constants and the layout's own removal mark.
    pub fn rule(&self) -> Option<FieldRule> {
        match &self.content {
            Content::Field(rule) => Some(rule.clone()),
            Content::Item(no) => {
                let mut rule = FieldRule::of_item(Dictionary::standard().item(*no)?);
                rule.severity = self.overrides.severity;
                rule.exact_chars = self.overrides.exact_chars;
                rule.is_required = self.overrides.is_required.unwrap_or(rule.is_required);
                rule.also.clone_from(&self.overrides.also);
                Some(rule)
            }
            Content::Text(_) | Content::Removal => None,
        }
    }

    /// True when its fields hold a 個人番号.
    pub fn holds_individual_number(&self) -> bool {
        match &self.content {
            Content::Item(item) => *item == ItemNo::KOJIN_BANGO,
            Content::Field(rule) => rule.check_digit == Some(CheckDigit::IndividualNumber),
            Content::Text(_) | Content::Removal => false,
        }
    }
}

/// What a layout says of an item otherwise than the dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemOverrides {
    /// What each issue weighs.
    pub severity: Option<Severity>,
    /// The characters it has exactly, where the dictionary only has the most: 宛名番号 filled up with zeros.
    pub exact_chars: Option<u16>,
    /// Whether the field may be empty.
    pub is_required: Option<bool>,
    /// Values that pass as they stand.
    pub also: Vec<String>,
}

/// What a column's fields hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An item of the dictionary.
    Item(ItemNo),
    /// A field that only this layout has; its name is the column's romaji header.
    Field(FieldRule),
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

/// What must hold between the fields of a row (項目間検査).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossRule {
    /// Its word in reports: `a-z`, `0-9` and `-`.
    pub name: String,
    /// What must hold.
    pub check: CrossCheck,
    /// What an issue weighs.
    pub severity: Severity,
}

/// What a [`CrossRule`] compares. Columns are indices into the layout's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrossCheck {
    /// Where one column is so, another must be so.
    When {
        /// The column asked first.
        column: usize,
        /// What it must be for the rule to apply.
        is: Test,
        /// The column that must then be so.
        then: usize,
        /// What it must be.
        must_be: Test,
    },
    /// Two days, moments or numbers stand in order. An empty field, and a value that passes as it stands,
    /// makes no statement.
    Order {
        /// The column of the smaller one.
        earlier: usize,
        /// The column of the greater one.
        later: usize,
        /// True when they may not be equal.
        is_strict: bool,
    },
}

/// What a field is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is not empty.
    Set,
    /// It is empty.
    Empty,
    /// It is one of these.
    OneOf(Vec<String>),
}

impl Test {
    /// True when `text` is so.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Set => !text.is_empty(),
            Self::Empty => text.is_empty(),
            Self::OneOf(values) => values.iter().any(|value| value == text),
        }
    }
}
