//! One history row of one resident, in the open: a text for each item.

use std::ops::Range;

use crate::dictionary::{Dictionary, ItemNo};
use crate::ids::{AtenaNo, RowKey};
use crate::packed::{PackedError, PackedRow, pack_parts};

/// Anything that has a text for each item.
pub trait Values {
    /// The item's text; empty where there is none.
    fn get(&self, item: ItemNo) -> &str;
}

/// One history row (レコード). Every item is text, as the standard's files carry it; empty means none.
///
/// All texts stand in one string, one after the other, so that a copy of a row costs two allocations and not
/// one for each item: a move copies its resident's rows several times.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    text: String,
    /// End of item i within `text`; the start is the end of item i-1.
    ends: Vec<usize>,
}

impl Row {
    /// A row with every item empty.
    pub fn new() -> Self {
        Self { text: String::new(), ends: vec![0; Dictionary::standard().len()] }
    }

    /// A row with the items of `values`.
    pub fn from_values(values: &(impl Values + ?Sized)) -> Self {
        let items = Dictionary::standard().items();
        let mut row = Self { text: String::with_capacity(1_024), ends: Vec::with_capacity(items.len()) };
        for item in items {
            row.text.push_str(values.get(item.no));
            row.ends.push(row.text.len());
        }
        row
    }

    /// The row of a packed one; an item whose bytes are no text (a sealed number) is empty.
    pub fn from_packed(packed: &PackedRow<'_>) -> Self {
        let (bytes, ends) = packed.parts();
        // Both keep the items the same way, so a row that is all text is copied as it stands.
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::from_values(packed) };
        let is_cut = |end: usize| !text.is_char_boundary(end);
        let mut ends: Vec<usize> = ends.iter().map(|end| *end as usize).collect();
        if ends.iter().copied().any(is_cut) {
            return Self::from_values(packed);
        }
        ends.resize(Dictionary::standard().len(), text.len());
        Self { text: text.to_owned(), ends }
    }

    /// Sets an item; an empty text clears it.
    pub fn set(&mut self, item: ItemNo, text: &str) {
        let range = self.range(item);
        if range.end > self.text.len() || item.index() >= self.ends.len() {
            return;
        }
        // A move sets many items to what they are.
        if self.text.get(range.clone()) == Some(text) {
            return;
        }
        let (n_old, n_new) = (range.len(), text.len());
        self.text.replace_range(range, text);
        for end in self.ends.iter_mut().skip(item.index()) {
            *end = *end - n_old + n_new;
        }
    }

    /// Appends to `out` what [`crate::packed::pack_row`] makes of this row.
    pub fn pack(&self, out: &mut Vec<u8>) -> Result<(), PackedError> {
        pack_parts(&self.ends, self.text.as_bytes(), out)
    }

    fn range(&self, item: ItemNo) -> Range<usize> {
        let end = self.ends.get(item.index()).copied().unwrap_or(0);
        let before = item.index().checked_sub(1).and_then(|before| self.ends.get(before));
        before.copied().unwrap_or(0).min(end)..end
    }

    /// The row's key, if its three items are well-formed.
    pub fn key(&self) -> Option<RowKey> {
        Some(RowKey {
            atena_no: self.get(ItemNo::ATENA_NO).parse::<AtenaNo>().ok()?,
            rireki_no: self.get(ItemNo::RIREKI_NO).parse().ok()?,
            eda_no: self.get(ItemNo::RIREKI_EDA_NO).parse().ok()?,
        })
    }

    /// True when 最新フラグ is `1`: the row that holds today for this resident.
    pub fn is_latest(&self) -> bool {
        self.get(ItemNo::SAISHIN_FLG) == "1"
    }

    /// True when 削除フラグ is `1`: the row was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.get(ItemNo::DEL_FLG) == "1"
    }
}

impl Default for Row {
    fn default() -> Self {
        Self::new()
    }
}

impl Values for Row {
    fn get(&self, item: ItemNo) -> &str {
        self.text.get(self.range(item)).unwrap_or_default()
    }
}

/// Shows the key only: the rest is personal.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({}-{})", self.get(ItemNo::RIREKI_NO), self.get(ItemNo::RIREKI_EDA_NO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_an_item_leaves_the_others() {
        let mut row = Row::new();
        for (item, text) in
            [(ItemNo::DEL_FLG, "0"), (ItemNo::SHIKUCHOSON_CD, "082201"), (ItemNo::IDO_YMD, "𠮷")]
        {
            row.set(item, text);
        }
        row.set(ItemNo::SHIKUCHOSON_CD, "1");
        row.set(ItemNo::IDO_YMD, "");
        row.set(ItemNo::KOSHIN_TIME, "09:00:00");
        let texts = [ItemNo::SHIKUCHOSON_CD, ItemNo::IDO_YMD, ItemNo::KOSHIN_TIME, ItemNo::DEL_FLG]
            .map(|i| row.get(i));
        assert_eq!(texts, ["1", "", "09:00:00", "0"]);
        let filled = Dictionary::standard().items().iter().filter(|item| !row.get(item.no).is_empty());
        assert_eq!(filled.count(), 3);
        assert_eq!(Row::from_values(&row), row);
    }

    #[test]
    fn a_packed_row_comes_out_as_it_went_in() {
        let mut row = Row::new();
        row.set(ItemNo::SHIKUCHOSON_CD, "082201");
        row.set(ItemNo::KOJIN_BANGO, "123456789018");
        row.set(ItemNo::DEL_FLG, "𠮷");
        let (mut clear, mut sealed) = (Vec::new(), Vec::new());
        crate::packed::pack_row(&row, &mut clear).unwrap();
        row.pack(&mut sealed).unwrap();
        assert_eq!(std::mem::take(&mut sealed), clear);
        let mut reader = crate::PackedReader::new();
        assert_eq!(Row::from_packed(&reader.read(&clear).unwrap()), row);
        reader.read(&clear).unwrap().with_number(&[0xff; 28], true, &mut sealed).unwrap();
        let from_sealed = Row::from_packed(&reader.read(&sealed).unwrap());
        row.set(ItemNo::KOJIN_BANGO, "");
        assert_eq!(from_sealed, row);
    }

    #[test]
    fn an_item_of_no_dictionary_is_empty_and_cannot_be_set() {
        let mut row = Row::new();
        let beyond = ItemNo::from_index(Dictionary::standard().len()).unwrap();
        row.set(beyond, "x");
        assert_eq!((row.get(beyond), row == Row::new()), ("", true));
    }
}
