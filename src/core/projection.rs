//! From a packed row to a line of a feed's file: the layout compiled against the dictionary.
//!
//! The line is rendered as UTF-8 text *as a receiver will decode it*: after the degrade map and the
//! encoding's own aliases, before the byte encoding. Of that text the state digest is taken, so a receiver
//! of any encoding can prove it from the files alone.

use renkei_registry::{Dictionary, ItemNo, PackedRow};

use crate::csv_file::{Quote, write_field};
use crate::feed::Feed;
use crate::layout::{Content, Layout, Removal};
use crate::port::RowSet;
use crate::state::bucket_of;
use crate::text::CharacterSet;

/// Whether a line shows a row that is there or one that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The row is part of the state.
    Present,
    /// The row leaves the state; only in diffs.
    Removed,
}

/// A feed's layout, ready to render.
pub struct Projection {
    fields: Vec<Field>,
    key: Vec<ItemNo>,
    rows: RowSet,
    select: Vec<(ItemNo, Vec<String>)>,
    /// The item whose value marks a row as gone, with that value: such rows are not in the state.
    gone: Option<(ItemNo, String)>,
    present: String,
    removed: String,
    quote: Quote,
    characters: CharacterSet,
    holds_number: bool,
}

enum Field {
    Item(ItemNo),
    Text(String),
    Mark,
}

/// A character that went through the degrade map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Degraded {
    /// Index of the column.
    pub column: usize,
    /// The field as it stands in the registry.
    pub from: String,
    /// The field as the file has it.
    pub to: String,
}

/// A row that cannot be rendered. Columns are indices from 0; no value is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A character the encoding and the degrade map lack, or a control character.
    #[error("column {column}: {detail}")]
    Character {
        /// The column.
        column: usize,
        /// The character by code point.
        detail: String,
    },
    /// A field that cannot stand without quotes in a file that has none.
    #[error("column {column}: the field needs quotes, which this feed does not write")]
    NeedsQuotes {
        /// The column.
        column: usize,
    },
    /// The store gave the 個人番号 as ciphertext.
    #[error("column {column}: the individual number is sealed")]
    Sealed {
        /// The column.
        column: usize,
    },
    /// An item's bytes are not UTF-8.
    #[error("column {column}: not UTF-8")]
    NotText {
        /// The column.
        column: usize,
    },
}

impl Projection {
    /// Compiles a feed's layout.
    pub fn new(feed: &Feed) -> Self {
        Self::of_layout(&feed.layout, feed.file.quote, feed.characters())
    }

    /// Compiles a layout for a quoting rule and a character set. The layout is one for feeds
    /// ([`Layout::is_for_feeds`]); of another, what the registry does not have would stay empty.
    pub fn of_layout(layout: &Layout, quote: Quote, characters: CharacterSet) -> Self {
        let removal = layout.removal.as_ref();
        let mark_at = removal.map(|removal| removal.column);
        let text_of = |mark: fn(&Removal) -> &String| removal.map(mark).cloned().unwrap_or_default();
        let fields = layout.columns.iter().enumerate().map(|(index, column)| match &column.content {
            _ if Some(index) == mark_at => Field::Mark,
            Content::Item(item) => Field::Item(*item),
            Content::Field(_) => Field::Text(String::new()),
            Content::Text(text) => Field::Text(text.clone()),
            Content::Removal => Field::Mark,
        });
        let item_at = |index: usize| match layout.columns.get(index).map(|column| &column.content) {
            Some(Content::Item(item)) => Some(*item),
            _ => None,
        };
        Self {
            fields: fields.collect(),
            key: layout.key_columns.iter().filter_map(|index| item_at(*index)).collect(),
            rows: layout.rows.row_set().unwrap_or(RowSet::Latest),
            select: layout.select.iter().map(|c| (c.item, c.one_of.clone())).collect(),
            gone: mark_at.and_then(item_at).map(|item| (item, text_of(|removal| &removal.removed))),
            present: text_of(|removal| &removal.present),
            removed: text_of(|removal| &removal.removed),
            quote,
            characters,
            holds_number: layout.holds_individual_number,
        }
    }

    /// Which rows of the registry the layout is about.
    pub fn rows(&self) -> RowSet {
        self.rows
    }

    /// The character set its lines are encoded with.
    pub fn characters(&self) -> &CharacterSet {
        &self.characters
    }

    /// True when the row is part of a receiver's state.
    pub fn selects(&self, row: &PackedRow<'_>) -> bool {
        (self.rows == RowSet::History || row.bytes(ItemNo::SAISHIN_FLG) == b"1") && self.selects_content(row)
    }

    /// [`Projection::selects`], whatever the row's 最新フラグ: for a view of another day.
    pub fn selects_content(&self, row: &PackedRow<'_>) -> bool {
        !self.is_marked_gone(row)
            && self.select.iter().all(|(item, values)| {
                let value = row.bytes(*item);
                values.iter().any(|allowed| allowed.as_bytes() == value)
            })
    }

    /// True when the row stands in the registry marked as gone (cancelled), under a key of its own.
    pub fn is_cancelled(&self, row: &PackedRow<'_>) -> bool {
        self.rows == RowSet::History && self.is_marked_gone(row)
    }

    fn is_marked_gone(&self, row: &PackedRow<'_>) -> bool {
        self.gone.as_ref().is_some_and(|(item, removed)| row.bytes(*item) == removed.as_bytes())
    }

    /// The row's key within the feed.
    pub fn key<'r>(&self, row: &PackedRow<'r>) -> Vec<&'r [u8]> {
        self.key.iter().map(|item| row.bytes(*item)).collect()
    }

    /// The bucket of the row's key.
    pub fn bucket(&self, row: &PackedRow<'_>) -> usize {
        bucket_of(self.key.iter().map(|item| row.bytes(*item)))
    }

    /// Appends the row's line, without newline, to `out`; fields that went through the degrade map are
    /// appended to `degraded`. On an error `out` is as it was.
    pub fn render(
        &self,
        row: &PackedRow<'_>,
        shown: Shown,
        out: &mut Vec<u8>,
        degraded: &mut Vec<Degraded>,
    ) -> Result<(), RenderError> {
        let start = out.len();
        // Ciphertext stands in the row of every feed; it matters only where the number is a column.
        let is_sealed = self.holds_number && row.number_is_sealed();
        let is_plain = self.quote == Quote::Always && !is_sealed && {
            self.render_plainly(row, shown, out);
            let line = out.get(start..).unwrap_or_default();
            // Two quotes a field and no more: none stands inside a field.
            memchr::memchr_iter(b'"', line).count() == self.fields.len() * 2 && self.characters.is_clean(line)
        };
        if is_plain {
            return Ok(());
        }
        out.truncate(start);
        let n_degraded = degraded.len();
        let result = self.render_carefully(row, shown, out, degraded);
        if result.is_err() {
            out.truncate(start);
            degraded.truncate(n_degraded);
        }
        result
    }

    /// Every field as it stands, in quotes.
    fn render_plainly(&self, row: &PackedRow<'_>, shown: Shown, out: &mut Vec<u8>) {
        let mut before: &[u8] = b"\"";
        for field in &self.fields {
            out.extend_from_slice(before);
            out.extend_from_slice(self.value(field, row, shown));
            before = b"\",\"";
        }
        out.push(b'"');
    }

    fn render_carefully(
        &self,
        row: &PackedRow<'_>,
        shown: Shown,
        out: &mut Vec<u8>,
        degraded: &mut Vec<Degraded>,
    ) -> Result<(), RenderError> {
        for (column, field) in self.fields.iter().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            if row.number_is_sealed() && matches!(field, Field::Item(ItemNo::KOJIN_BANGO)) {
                return Err(RenderError::Sealed { column });
            }
            let text = std::str::from_utf8(self.value(field, row, shown))
                .map_err(|_| RenderError::NotText { column })?;
            let canonical = self
                .characters
                .canonical(text)
                .map_err(|error| RenderError::Character { column, detail: error.to_string() })?;
            if canonical.is_degraded {
                let (from, to) = (text.to_owned(), canonical.text.to_string());
                degraded.push(Degraded { column, from, to });
            }
            write_field(out, canonical.text.as_bytes(), self.quote)
                .map_err(|_| RenderError::NeedsQuotes { column })?;
        }
        Ok(())
    }

    fn value<'r>(&'r self, field: &'r Field, row: &PackedRow<'r>, shown: Shown) -> &'r [u8] {
        match (field, shown) {
            (Field::Item(item), _) => row.bytes(*item),
            (Field::Text(text), _) => text.as_bytes(),
            (Field::Mark, Shown::Present) => self.present.as_bytes(),
            (Field::Mark, Shown::Removed) => self.removed.as_bytes(),
        }
    }
}

/// The id of the item in a layout's column, or its header where it has none: for reports.
pub fn column_name(layout: &Layout, column: usize) -> &str {
    match layout.columns.get(column) {
        Some(column) => match &column.content {
            Content::Item(item) => Dictionary::standard().item(*item).map_or("?", |item| item.id),
            Content::Field(_) | Content::Text(_) | Content::Removal => &column.header_romaji,
        },
        None => "?",
    }
}
