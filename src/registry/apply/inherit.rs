//! What later rows inherit: a change of an earlier row passes on to those after it, as far as each had the
//! earlier row's text and had not set it itself.

use std::ops::RangeInclusive;

use super::compose::ADDRESS;
use super::{Work, is_about_the_resident};
use crate::dictionary::{Dictionary, ItemNo};
use crate::row::{Row, Values};

/// An item that passes from one text to another.
pub(super) struct Change {
    item: ItemNo,
    from: Box<str>,
    to: Box<str>,
}

/// Items that are one thing (by 項番): a row that sets one of them sets all, the empty ones too. 現住所,
/// 転入前住所, 最終登録住所, 転居前住所, 転出先住所（予定）, 転出先住所（確定）, 本籍.
const WHOLES: [RangeInclusive<usize>; 7] =
    [48..=58, 65..=76, 77..=84, 85..=94, 104..=114, 115..=122, 123..=129];

/// What differs between two rows about the resident, from `from` to `to`.
pub(super) fn differences(from: &Row, to: &Row) -> Vec<Change> {
    differing_items(from, to)
        .into_iter()
        .map(|item| Change { item, from: from.get(item).into(), to: to.get(item).into() })
        .collect()
}

pub(super) fn differing_items(one: &Row, other: &Row) -> Vec<ItemNo> {
    let items = Dictionary::standard().items().iter().map(|item| item.no);
    items.filter(|item| is_about_the_resident(*item) && one.get(*item) != other.get(*item)).collect()
}

impl Work<'_> {
    /// Passes what a row changed on to the effective rows after it, in a new version of each. `inherited` is
    /// the row they had come after, before the change.
    pub(super) fn pass_on(&mut self, rireki_no: u32, inherited: &Row, mut changes: Vec<Change>) {
        let places = self.history.effective();
        let after =
            places.iter().position(|place| place.rireki_no == rireki_no).map_or(places.len(), |p| p + 1);
        let mut versions = Vec::new();
        let mut before = inherited;
        for place in places.iter().skip(after) {
            let Some(row) = self.history.row(place.index) else { continue };
            let of_address_before = changes_of_address_before(before, row, &changes);
            // What a later move set itself stays, and so does what follows from it.
            changes.retain(|change| row.get(change.item) == &*change.from && !sets(row, before, change.item));
            changes.extend(of_address_before);
            if changes.is_empty() {
                break;
            }
            let mut version = row.clone();
            for change in &changes {
                version.set(change.item, &change.to);
            }
            version.set(ItemNo::RIREKI_EDA_NO, &super::next_eda_no(row));
            self.stamp_time(&mut version);
            versions.push(version);
            before = row;
        }
        for version in versions {
            self.history.insert(version);
        }
    }
}

/// True where a row has another text than the row before it in something the item is part of.
fn sets(row: &Row, before: &Row, item: ItemNo) -> bool {
    let is_set = |no: usize| {
        ItemNo::from_index(no.saturating_sub(1)).is_some_and(|item| row.get(item) != before.get(item))
    };
    WHOLES.iter().filter(|whole| whole.contains(&(item.index() + 1))).any(|whole| whole.clone().any(is_set))
}

/// Where a row moved the resident from the row before's address, a change of that address is one of its
/// 転居前住所.
fn changes_of_address_before(before: &Row, row: &Row, changes: &[Change]) -> Vec<Change> {
    let has_moved = ADDRESS.iter().any(|(now, _)| row.get(*now) != before.get(*now))
        && ADDRESS.iter().all(|(now, earlier)| row.get(*earlier) == before.get(*now));
    if !has_moved {
        return Vec::new();
    }
    let of = |change: &Change| {
        let (_, earlier) = ADDRESS.iter().find(|(now, _)| *now == change.item)?;
        Some(Change { item: *earlier, from: change.from.clone(), to: change.to.clone() })
    };
    changes.iter().filter_map(of).collect()
}
