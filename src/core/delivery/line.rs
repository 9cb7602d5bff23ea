//! What is on record of a delivery.

use serde::Serialize;

use crate::fault::Class;
use crate::ids::{BusinessId, DestinationId, FeedId, Sequence};
use crate::moment::Moment;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// 引渡待ち: to be done, for the first time or again.
    Due,
    /// 引渡済: every file is there, the notice last.
    Delivered,
    /// 停止: a person must look; it is not tried again by itself.
    Stopped,
    /// 見送り: a person decided that it is not given.
    GivenUp,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Due, Self::Delivered, Self::Stopped, Self::GivenUp];

    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Delivered => "delivered",
            Self::Stopped => "stopped",
            Self::GivenUp => "given-up",
        }
    }

    /// Reads [`DeliveryState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// True while somebody or something still has to act.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Due | Self::Stopped)
    }
}

/// One publication for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLine {
    /// The feed.
    pub feed: FeedId,
    /// The publication.
    pub sequence: Sequence,
    /// The destination.
    pub destination: DestinationId,
    /// The system behind it when the line was made.
    pub receiver: BusinessId,
    /// How it stands.
    pub state: DeliveryState,
    /// Tries since it became due, last time.
    pub n_tries: u32,
    /// Tries in all; the next one has this number plus one.
    pub n_attempts: u32,
    /// Not tried again before this.
    pub next_at: Option<Moment>,
    /// The code of the last fault; `None` where the last try had none.
    pub fault_code: Option<String>,
    /// That fault's class.
    pub fault_class: Option<Class>,
    /// The bytes of all its files.
    pub n_bytes: u64,
    /// When it became due, last time.
    pub since: Moment,
    /// When it was delivered.
    pub delivered_at: Option<Moment>,
}

impl DeliveryLine {
    /// A line of something that was never tried.
    pub fn due(
        feed: &FeedId,
        sequence: Sequence,
        destination: &DestinationId,
        receiver: &BusinessId,
        now: Moment,
    ) -> Self {
        Self {
            feed: feed.clone(),
            sequence,
            destination: destination.clone(),
            receiver: receiver.clone(),
            state: DeliveryState::Due,
            n_tries: 0,
            n_attempts: 0,
            next_at: None,
            fault_code: None,
            fault_class: None,
            n_bytes: 0,
            since: now,
            delivered_at: None,
        }
    }

    /// The same line due once more, with all its tries before it.
    #[must_use]
    pub fn again(self, now: Moment) -> Self {
        Self {
            state: DeliveryState::Due,
            n_tries: 0,
            next_at: None,
            fault_code: None,
            fault_class: None,
            since: now,
            ..self
        }
    }
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// The feed.
    pub feed: FeedId,
    /// The publication.
    pub sequence: Sequence,
    /// The destination.
    pub destination: DestinationId,
    /// Which try, from 1.
    pub attempt_no: u32,
    /// Who asked for it; the scheduler by itself.
    pub operator: String,
    /// When it began.
    pub started_at: Moment,
    /// When it ended; `None` while it is under way, or where the process ended in it.
    pub ended_at: Option<Moment>,
    /// How it ended, where it failed.
    pub fault_code: Option<String>,
    /// That fault's class.
    pub fault_class: Option<Class>,
    /// Files sent in it.
    pub n_files_sent: u64,
    /// Files that were there already with the same bytes.
    pub n_files_there: u64,
    /// Bytes sent in it.
    pub n_bytes_sent: u64,
    /// Why it failed, in plain words.
    pub detail: Option<String>,
}

/// A host key that an operator accepted for a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The destination.
    pub destination: DestinationId,
    /// The host and port it was accepted for; empty for one accepted before that was kept, which holds anywhere.
    pub place: String,
    /// `SHA256:` and 43 characters of base64, as OpenSSH prints it.
    pub fingerprint: String,
    /// Who accepted it.
    pub operator: String,
    /// When.
    pub at: Moment,
}
