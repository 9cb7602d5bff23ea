//! One event of the ledger.

use crate::ids::{BusinessId, Digest, FeedId, Sequence};
use crate::moment::Moment;
use crate::notice::StateWords;
use crate::port::Outcome;

/// What became of a publication at a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// 引渡済: it was put where the receiver takes it from, beyond the hub's own folder.
    Delivered,
    /// 取得済: the receiver fetched it.
    Fetched,
    /// 取込済: its rows are in.
    Taken,
    /// 再受信: it was taken in before, with the same content.
    Repeated,
    /// 対象外: it moves no state there.
    Passed,
    /// 待ち: it waits for others before it.
    Waiting,
    /// 拒否: the receiver does not take it.
    Refused,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Fetched,
        Self::Taken,
        Self::Repeated,
        Self::Passed,
        Self::Waiting,
        Self::Refused,
    ];

    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Fetched => "fetched",
            Self::Taken => "taken",
            Self::Repeated => "repeated",
            Self::Passed => "passed",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }

    /// Reads [`EventKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What a receipt's outcome is.
    pub const fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Taken => Self::Taken,
            Outcome::Repeated => Self::Repeated,
            Outcome::Passed => Self::Passed,
            Outcome::Waiting => Self::Waiting,
            Outcome::Refused => Self::Refused,
        }
    }

    /// True when the receiver has said that it is done with the publication.
    pub const fn is_acknowledged(self) -> bool {
        matches!(self, Self::Taken | Self::Repeated | Self::Passed)
    }

    /// True when it is the receiver's own answer.
    pub const fn is_answer(self) -> bool {
        !matches!(self, Self::Delivered | Self::Fetched)
    }
}

/// One event. It holds codes, never a value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEvent {
    /// The feed.
    pub feed: FeedId,
    /// The publication.
    pub sequence: Sequence,
    /// The receiver.
    pub receiver: BusinessId,
    /// What happened.
    pub kind: EventKind,
    /// When, by the receiver's clock.
    pub at: Moment,
    /// SHA-256 of what it came from: a receipt's bytes. One event for each.
    pub source: Digest,
    /// Codes of reasons: words of [`crate::receive::ReasonCode`] and a few more; see [`super::reason_words`].
    pub reasons: Vec<String>,
    /// The last set of the feed that the receiver held then.
    pub holds: Option<Sequence>,
    /// What it held then.
    pub state: Option<StateWords>,
    /// When it came into the ledger, by the hub's clock.
    pub recorded_at: Moment,
}
