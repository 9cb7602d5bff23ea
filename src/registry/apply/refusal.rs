//! Why a move is refused. Nothing in a refusal is personal.

use crate::dictionary::{Dictionary, ItemNo};
use crate::validate::Issue;

/// A move that does not fit the history or would leave a row that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 記載 of somebody who is registered on that day.
    #[error("the resident is already registered on that date")]
    AlreadyRegistered,
    /// 消除 or 修正 of somebody who is not registered on that day.
    #[error("the resident is not registered on that date")]
    NotRegistered,
    /// No row on that day.
    #[error("the registry has no row of this resident on that date")]
    UnknownResident,
    /// No 異動年月日, or one that is no day.
    #[error("異動年月日 is missing or not a date (YYYY-MM-DD)")]
    NoDate,
    /// A cancellation or 誤記修正 without the number of its row.
    #[error("target_rireki_no is missing: a cancellation or correction names the row it is about")]
    NoTarget,
    /// A target on a move that has none.
    #[error("target_rireki_no is given, but this reason has no target")]
    NeedlessTarget,
    /// The row named is not there or holds no more.
    #[error("history row {rireki_no} does not exist or is already cancelled")]
    TargetNotEffective {
        /// 個人履歴番号.
        rireki_no: u32,
    },
    /// A cancellation of how the resident came in, with later rows that would be left without a beginning.
    #[error("history row {rireki_no} is the first that holds: cancel the rows after it first")]
    LaterRows {
        /// 個人履歴番号.
        rireki_no: u32,
    },
    /// The wrong one of the three cancellation reasons.
    #[error("a move of reason {cancelled} is cancelled by reason {expected}, not {found}")]
    WrongCancellation {
        /// The target's reason.
        cancelled: String,
        /// What would be right.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// The row named is itself a cancellation.
    #[error("history row {rireki_no} is a cancellation, which cannot be cancelled; record the move again")]
    CancelsCancellation {
        /// 個人履歴番号.
        rireki_no: u32,
    },
    /// A modification that modifies nothing.
    #[error("the move changes nothing")]
    NothingChanges,
    /// An item the registry gives itself.
    #[error("{} is given by the registry and cannot be set by a move", item_id(*item))]
    ManagedItem {
        /// The item.
        item: ItemNo,
    },
    /// A row would be wrong.
    #[error("the row would be wrong: {}", list(issues))]
    Invalid {
        /// What is wrong, errors only.
        issues: Vec<Issue>,
    },
}

impl Refusal {
    /// The rule's word in reports and JSON.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "already-registered",
            Self::NotRegistered => "not-registered",
            Self::UnknownResident => "unknown-resident",
            Self::NoDate => "no-date",
            Self::NoTarget => "no-target",
            Self::NeedlessTarget => "needless-target",
            Self::TargetNotEffective { .. } => "target-not-effective",
            Self::LaterRows { .. } => "later-rows",
            Self::WrongCancellation { .. } => "wrong-cancellation",
            Self::CancelsCancellation { .. } => "cancels-cancellation",
            Self::NothingChanges => "nothing-changes",
            Self::ManagedItem { .. } => "managed-item",
            Self::Invalid { .. } => "invalid-row",
        }
    }
}

fn item_id(item: ItemNo) -> &'static str {
    Dictionary::standard().item(item).map_or("?", |item| item.id)
}

fn list(issues: &[Issue]) -> String {
    issues.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
