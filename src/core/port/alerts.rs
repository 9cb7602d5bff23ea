//! What the store keeps of alerts: which stand open, what waits to be told, and what came of each try.

use serde::Serialize;

use crate::alert::{Alert, AlertKey, Channel, Delivery};
use crate::moment::Moment;

/// One alert, open or over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertRecord {
    /// Its number, in the order of opening.
    pub alert_no: u64,
    /// The condition it is about.
    pub key: AlertKey,
    /// As it was worded last.
    pub alert: Alert,
    /// How often the condition was found.
    pub n_found: u64,
    /// When it was opened.
    pub opened_at: String,
    /// When it was over.
    pub cleared_at: Option<String>,
    /// Its messages, in order.
    pub messages: Vec<MessageRecord>,
}

/// How a message of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// To be told, now or again.
    Waiting,
    /// People were told, by itself or in a summary.
    Told,
    /// Refused for good, or tried too often.
    Lost,
}

impl MessageState {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Told => "told",
            Self::Lost => "lost",
        }
    }

    /// Reads [`MessageState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Told, Self::Lost].into_iter().find(|state| state.as_str() == text)
    }

    /// What a delivery leaves its messages in.
    pub fn after(delivery: &Delivery) -> Self {
        match () {
            () if delivery.is_done() => Self::Told,
            () if delivery.is_retryable() => Self::Waiting,
            () => Self::Lost,
        }
    }
}

/// A message of an alert, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageRecord {
    /// Its number.
    pub message_no: u64,
    /// For which channel.
    pub channel: Channel,
    /// How it stands.
    pub state: MessageState,
    /// What came of the last try.
    pub last: Option<DeliveryRecord>,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMessage {
    /// Its number, in the order of asking.
    pub message_no: u64,
    /// What is to be told.
    pub alert: Alert,
    /// How many tries failed.
    pub n_failed: u32,
    /// When the last of them was.
    pub last_try: Option<Moment>,
}

/// One try and when it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// When.
    pub at: String,
    /// What came of it.
    #[serde(flatten)]
    pub delivery: Delivery,
}

/// What opening an alert came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It is new.
    New,
    /// The condition was open and is graver now.
    Worsened,
    /// The condition was open: nothing is told again.
    Known,
}
