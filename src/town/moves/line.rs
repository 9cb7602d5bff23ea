//! One line of the moves file: what a move sets, found by comparing the rows before and after it.

use std::collections::BTreeMap;

use renkei_registry::{Dictionary, ItemNo, MoveReason, Values};

use super::CLEAR;
use crate::calendar::Day;
use crate::numbers::FIRST_ATENA_NO;
use crate::person::Person;
use crate::rows::row;

/// A move.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) atena_no: String,
    /// 異動事由.
    pub(crate) reason: &'static str,
    /// The 個人履歴番号 a cancellation or 誤記修正 is about.
    pub(crate) target: Option<u32>,
    pub(crate) items: BTreeMap<ItemNo, String>,
}

/// Moves that belong together, in order; `later` ones come at the end of the file.
#[derive(Clone, Default)]
pub(crate) struct Story {
    pub(crate) lines: Vec<Line>,
    pub(crate) later: Vec<Line>,
}

impl Story {
    pub(crate) fn of(lines: Vec<Line>) -> Option<Self> {
        (!lines.is_empty()).then_some(Self { lines, later: Vec::new() })
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len() + self.later.len()
    }
}

/// Items the registry keeps itself, and those that are columns of their own.
const KEPT: [ItemNo; 11] = [
    ItemNo::SHIKUCHOSON_CD,
    ItemNo::ATENA_NO,
    ItemNo::RIREKI_NO,
    ItemNo::RIREKI_EDA_NO,
    ItemNo::SAISHIN_FLG,
    ItemNo::JUMIN_JOTAI,
    ItemNo::IDO_JIYU,
    ItemNo::SOSASHA_ID,
    ItemNo::KOSHIN_YMD,
    ItemNo::KOSHIN_TIME,
    ItemNo::DEL_FLG,
];

/// What 転居 and removals fill by themselves.
fn is_kept(item: ItemNo, id: &str, reason: &str) -> bool {
    KEPT.contains(&item)
        || id.starts_with("shojo_")
        || reason == "41" && (id.starts_with("tenkyomae_") || id.starts_with("jutei_"))
}

/// Items every move says, whether or not they change.
const SAID: [ItemNo; 3] = [ItemNo::IDO_YMD, ItemNo::IDO_TODOKE_YMD, ItemNo::SHORI_YMD];

impl Line {
    /// A new person: every item there is.
    pub(crate) fn add(person: &Person, seed: u64) -> Self {
        let new = row(person, seed, true);
        let mut items = BTreeMap::new();
        for item in Dictionary::standard().items() {
            let text = new.get(item.no);
            if !text.is_empty() && !is_kept(item.no, item.id, person.entry.reason) {
                items.insert(item.no, text.to_owned());
            }
        }
        Self { atena_no: atena_no(person), reason: person.entry.reason, target: None, items }
    }

    /// What has changed from one state to the next.
    pub(crate) fn change(before: &Person, after: &Person, seed: u64) -> Self {
        let (old, new) = (row(before, seed, true), row(after, seed, true));
        let reason = after.entry.reason;
        let mut items = BTreeMap::new();
        for item in Dictionary::standard().items() {
            let (from, to) = (old.get(item.no), new.get(item.no));
            if is_kept(item.no, item.id, reason) || from == to && !SAID.contains(&item.no) {
                continue;
            }
            items.insert(item.no, if to.is_empty() { CLEAR.to_owned() } else { to.to_owned() });
        }
        Self { atena_no: atena_no(after), reason, target: None, items }
    }

    /// 誤記修正 of the state a person is in: no date, no number of its own.
    pub(crate) fn corrected(wrong: &Person, right: &Person, day: Day, seed: u64) -> Self {
        let mut line = Self::change(wrong, right, seed);
        line.reason = "44";
        line.target = Some(wrong.rireki_no);
        line.items.retain(|item, _| !SAID.contains(item));
        line.items.insert(ItemNo::SHORI_YMD, day.to_string());
        line
    }

    /// 異動の取消し of the move that brought a person into this state.
    pub(crate) fn cancellation(state: &Person, day: Day) -> Self {
        let items = SAID.iter().map(|item| (*item, day.to_string())).collect();
        let reason = MoveReason::find(state.entry.reason).map_or("59", MoveReason::cancelled_by);
        Self { atena_no: atena_no(state), reason, target: Some(state.rireki_no), items }
    }
}

fn atena_no(person: &Person) -> String {
    format!("{:015}", FIRST_ATENA_NO + person.index)
}
