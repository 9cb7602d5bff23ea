//! The content of a move's row: what its reason sets by itself, then what the move sets.

use super::Work;
use crate::dictionary::ItemNo;
use crate::moves::{Effect, MoveReason};
use crate::row::{Row, Values};

/// 現住所 and where 転居 puts it: 転居前住所.
pub(super) const ADDRESS: [(ItemNo, ItemNo); 10] = [
    (ItemNo::JUSHO_SHIKUCHOSON_CD, ItemNo::TENKYOMAE_SHIKUCHOSON_CD),
    (ItemNo::JUSHO_MACHIAZA_CD, ItemNo::TENKYOMAE_MACHIAZA_CD),
    (ItemNo::JUSHO_TODOFUKEN, ItemNo::TENKYOMAE_TODOFUKEN),
    (ItemNo::JUSHO_SHIKUGUNCHOSON, ItemNo::TENKYOMAE_SHIKUGUNCHOSON),
    (ItemNo::JUSHO_MACHIAZA, ItemNo::TENKYOMAE_MACHIAZA),
    (ItemNo::JUSHO_BANCHIGO, ItemNo::TENKYOMAE_BANCHIGO),
    (ItemNo::JUSHO_KATAGAKI_CD, ItemNo::TENKYOMAE_KATAGAKI_CD),
    (ItemNo::JUSHO_KATAGAKI, ItemNo::TENKYOMAE_KATAGAKI),
    (ItemNo::JUSHO_KATAGAKI_KANA, ItemNo::TENKYOMAE_KATAGAKI_KANA),
    (ItemNo::JUSHO_YUBIN_NO, ItemNo::TENKYOMAE_YUBIN_NO),
];

/// Items of 消除 and 転出 (項番 95–122, with the 転入通知 that the other municipality answers a 転出 with): a
/// resident who comes back has none of them.
fn is_about_removal(item: ItemNo) -> bool {
    (95..=122).contains(&(item.index() + 1))
}

/// Items of where a resident came from (項番 65–84: 転入前住所, 最終登録住所).
fn is_about_arrival(item: ItemNo) -> bool {
    (65..=84).contains(&(item.index() + 1))
}

/// 記載: registered, with nothing left of an earlier removal or move. Who arrives (転入, 出生) brings where
/// they came from; a 職権記載, 改製 or 再製 goes on with what is known.
fn compose_addition(row: &mut Row, reason: MoveReason) {
    let is_arrival = matches!(reason.code(), "01" | "02" | "03");
    let items = crate::Dictionary::standard().items().iter().map(|item| item.no);
    for item in items.filter(|item| is_about_removal(*item) || is_arrival && is_about_arrival(*item)) {
        row.set(item, "");
    }
    for (_, before) in ADDRESS {
        row.set(before, "");
    }
    row.set(ItemNo::JUMIN_JOTAI, super::REGISTERED);
}

impl Work<'_> {
    /// Turns a copy of the row before into the move's row, apart from its number and flags.
    pub(super) fn compose(&self, row: &mut Row, base: Option<&Row>) {
        self.begin_event(row);
        match self.mv.reason.effect() {
            Effect::Add => compose_addition(row, self.mv.reason),
            Effect::Remove => self.compose_removal(row),
            Effect::Modify => {}
        }
        self.set_items(row);
        if self.mv.reason.code() == "41"
            && let Some(base) = base
        {
            self.compose_move_within(row, base);
        }
    }

    /// Makes a row begin an event: nothing of the one before, the reason, who processed it and when.
    pub(super) fn begin_event(&self, row: &mut Row) {
        for item in super::EVENT {
            row.set(item, "");
        }
        row.set(ItemNo::IDO_YMD_FUSHO_FLG, "0");
        row.set(ItemNo::IDO_JIYU, self.mv.reason.code());
        row.set(ItemNo::SHORI_YMD, &self.stamp.date);
        row.set(ItemNo::SOSASHA_ID, &self.stamp.operator_id);
    }

    /// Sets what the move gives.
    pub(super) fn set_items(&self, row: &mut Row) {
        for (item, text) in &self.mv.items {
            row.set(*item, text);
        }
    }

    /// 転出 with only a planned date leaves the resident registered; any other removal ends it
    /// (`facts.md` 3.11: a planned move-out shows by its date, not by 住民状態).
    fn compose_removal(&self, row: &mut Row) {
        let reason = self.mv.reason;
        let is_planned = reason.is_move_out()
            && self.mv.item(ItemNo::TENSHUTSU_YOTEI_YMD).is_some_and(|text| !text.is_empty())
            && self.mv.item(ItemNo::TENSHUTSU_YMD).is_none_or(str::is_empty);
        if is_planned {
            row.set(ItemNo::TENSHUTSU_TODOKE_YMD, self.mv.item(ItemNo::IDO_TODOKE_YMD).unwrap_or_default());
            return;
        }
        let status = match reason.code() {
            "21" | "22" => "2",
            "23" => "3",
            _ => "9",
        };
        row.set(ItemNo::JUMIN_JOTAI, status);
        let given = |item| self.mv.item(item).unwrap_or_default();
        row.set(ItemNo::SHOJO_JIYU, reason.code());
        row.set(ItemNo::SHOJO_IDO_YMD, given(ItemNo::IDO_YMD));
        row.set(ItemNo::SHOJO_TODOKE_YMD, given(ItemNo::IDO_TODOKE_YMD));
        row.set(ItemNo::SHOJO_IDO_FUSHO_FLG, self.mv.item(ItemNo::IDO_YMD_FUSHO_FLG).unwrap_or("0"));
        row.set(ItemNo::SHOJO_IDO_FUSHO, given(ItemNo::IDO_YMD_FUSHO));
        if reason.is_move_out() {
            row.set(ItemNo::TENSHUTSU_YMD, given(ItemNo::IDO_YMD));
        }
    }

    /// 転居: the address before goes to 転居前住所, 住所を定めた年月日 is the day of the move, unless the move
    /// says otherwise.
    fn compose_move_within(&self, row: &mut Row, base: &Row) {
        if ADDRESS.iter().all(|(now, _)| row.get(*now) == base.get(*now)) {
            return;
        }
        let is_given = |item| self.mv.item(item).is_some();
        if !ADDRESS.iter().any(|(_, before)| is_given(*before)) {
            for (now, before) in ADDRESS {
                row.set(before, base.get(now));
            }
        }
        if !is_given(ItemNo::JUTEI_YMD) {
            let day = self.mv.item(ItemNo::IDO_YMD).unwrap_or_default();
            row.set(ItemNo::JUTEI_YMD, day);
        }
    }
}
