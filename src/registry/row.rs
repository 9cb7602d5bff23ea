//! One history row of one resident, in the open: a text for each item.

use crate::dictionary::{Dictionary, ItemNo};
use crate::ids::{AtenaNo, RowKey};

/// Anything that has a text for each item.
pub trait Values {
    /// The item's text; empty where there is none.
    fn get(&self, item: ItemNo) -> &str;
}

/// One history row (レコード). Every item is text, as the standard's files carry it; empty means none.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    values: Vec<Box<str>>,
}

impl Row {
    /// A row with every item empty.
    pub fn new() -> Self {
        Self { values: vec![Box::default(); Dictionary::standard().len()] }
    }

    /// A row with the items of `values`.
    pub fn from_values(values: &(impl Values + ?Sized)) -> Self {
        let values = Dictionary::standard().items().iter().map(|item| values.get(item.no).into()).collect();
        Self { values }
    }

    /// Sets an item; an empty text clears it.
    pub fn set(&mut self, item: ItemNo, text: &str) {
        if let Some(value) = self.values.get_mut(item.index()) {
            *value = text.into();
        }
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
        self.values.get(item.index()).map_or("", |text| text)
    }
}

/// Shows the key only: the rest is personal.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({}-{})", self.get(ItemNo::RIREKI_NO), self.get(ItemNo::RIREKI_EDA_NO))
    }
}
