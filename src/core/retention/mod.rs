//! Retention (保存期間): what is kept for how long, and what may go. Pure: listings and the time in, verdicts out.
//!
//! Whatever is not clearly past its time is kept, with the reason: what a receiver may still need (the last full
//! of a feed and the diffs after it), what is not published or belongs to a run under way, what cannot be dated.

mod files;
mod mending;
mod rules;
mod runs;
#[cfg(test)]
mod tests;
mod transfer;

pub use files::{PublicationAge, judge_archived, judge_file, judge_publications};
pub use mending::{MendingAge, judge_mending};
pub use rules::Rules;
pub use runs::{RunAge, judge_runs};
pub use transfer::{TransferAge, judge_transfer};

use chrono::TimeDelta;
use serde::Serialize;

use crate::moment::Moment;

/// Why something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// Its time is not over.
    Young,
    /// The last full of its feed, or a diff after it: a receiver that begins anew needs it.
    Needed,
    /// It is sealed or held: it is not published yet.
    Unsettled,
    /// Its run is not at its end.
    RunOpen,
    /// A slot that is still kept names it.
    Slot,
    /// A clerk has neither applied nor rejected it.
    Undecided,
    /// A destination is still to be given it.
    Undelivered,
    /// It cannot be dated, or the database does not know it.
    Unknown,
}

impl Kept {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Young => "young",
            Self::Needed => "needed",
            Self::Unsettled => "unsettled",
            Self::RunOpen => "runopen",
            Self::Slot => "slot",
            Self::Undecided => "undecided",
            Self::Undelivered => "undelivered",
            Self::Unknown => "unknown",
        }
    }
}

/// `None` when it may go.
pub type Verdict = Option<Kept>;

/// Judges by age alone. What is dated after now is young: the clock was set back.
fn judge_age(since: Option<Moment>, kept_for: TimeDelta, now: Moment) -> Verdict {
    match since {
        None => Some(Kept::Unknown),
        Some(since) if now.since(since) < kept_for => Some(Kept::Young),
        Some(_) => None,
    }
}
