//! A move (異動): one event of a resident, with its reason.

use std::fmt;

use crate::codes::CodeTable;
use crate::dictionary::ItemNo;
use crate::ids::AtenaNo;

/// What a reason does to a resident's registration (`codes/move_reason.csv`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// 記載: the resident comes in.
    Add,
    /// 消除: the resident goes.
    Remove,
    /// 修正: something about the resident changes.
    Modify,
}

/// 異動事由: a code of the table `move_reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoveReason {
    code: &'static str,
    effect: Effect,
}

impl MoveReason {
    /// The reason of this two-digit code; `None` for one the table does not have.
    pub fn find(code: &str) -> Option<Self> {
        let table = CodeTable::find("move_reason")?;
        let (code, entry) = table.entries().find(|(known, _)| *known == code)?;
        let effect = match entry.effect? {
            "add" => Effect::Add,
            "remove" => Effect::Remove,
            "modify" => Effect::Modify,
            _ => return None,
        };
        Some(Self { code, effect })
    }

    /// The two digits.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// What the reason does.
    pub fn effect(self) -> Effect {
        self.effect
    }

    /// True for 国内転出 and 国外転出.
    pub fn is_move_out(self) -> bool {
        matches!(self.code, "21" | "22")
    }

    /// True for 異動の取消し (増, 減, 修正).
    pub fn is_cancellation(self) -> bool {
        matches!(self.code, "09" | "28" | "59")
    }

    /// The reason that cancels a move of this one: 取消し（減） undoes an addition, （増） a removal,
    /// （修正） a modification.
    pub fn cancelled_by(self) -> &'static str {
        match self.effect {
            Effect::Add => "28",
            Effect::Remove => "09",
            Effect::Modify => "59",
        }
    }

    /// True for 誤記修正: a corrected version (枝番) of a row instead of a new row.
    pub fn corrects_a_row(self) -> bool {
        self.code == "44"
    }
}

impl fmt::Display for MoveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// One move, as recorded by a clerk or taken in.
#[derive(Clone)]
pub struct Move {
    /// Whose.
    pub atena_no: AtenaNo,
    /// Why.
    pub reason: MoveReason,
    /// The 個人履歴番号 it cancels or corrects; only for cancellations and 誤記修正, and needed there.
    pub target_rireki_no: Option<u32>,
    /// The items it sets, in any order; an empty text clears an item. 異動年月日 is one of them.
    pub items: Vec<(ItemNo, Box<str>)>,
}

impl Move {
    /// The text it sets an item to, if it does.
    pub fn item(&self, item: ItemNo) -> Option<&str> {
        self.items.iter().rev().find(|(no, _)| *no == item).map(|(_, text)| &**text)
    }
}

/// Shows the reason only: the rest is personal.
impl fmt::Debug for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Move({}, {} items)", self.reason, self.items.len())
    }
}

/// Who recorded the moves of a commit and when (WT資料 1.2.8: 更新年月日 is the day of the database's change).
#[derive(Debug, Clone)]
pub struct Stamp {
    /// 更新年月日, `YYYY-MM-DD`.
    pub date: String,
    /// 更新時刻, `HH:MM:SS`.
    pub time: String,
    /// 操作者ID, at most 10 characters.
    pub operator_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table_is_a_reason_with_its_canceller() {
        let table = CodeTable::find("move_reason").unwrap();
        for (code, _) in table.entries() {
            let reason = MoveReason::find(code).unwrap();
            let canceller = MoveReason::find(reason.cancelled_by()).unwrap();
            assert!(canceller.is_cancellation(), "{code}");
        }
        assert!(MoveReason::find("10").is_none());
        assert_eq!(MoveReason::find("23").unwrap().effect(), Effect::Remove);
    }
}
