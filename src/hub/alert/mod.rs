//! Telling people: an alert is worded, and goes out by mail and through a program of the municipality's own.
//!
//! What waits stands in the store's outbox; [`deliver_waiting`] brings out what is due, within the limit of
//! messages an hour, and may be cut off anywhere. Everything here blocks, so it belongs on a thread of its own.

mod argument;
pub(crate) mod bounded;
mod hook;
mod letter;
mod mail;
mod outbox;
mod sender;

pub use argument::Argument;
pub(crate) use bounded::{Ended, Limits, run_bounded, run_watched};
pub use letter::{HubName, Letter};
pub use outbox::{Delivered, deliver_waiting};
pub(crate) use outbox::{Outbox, empty};
pub use sender::AlertSender;
