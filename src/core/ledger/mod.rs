//! The ledger (配信台帳): what became of each publication at each receiver, and where a receiver stands.
//!
//! That something was published is in the publications' own record and is not kept twice. What receivers answer is
//! kept as events, each known by the digest of what it came from. How a receiver stands is computed from them.

mod check;
mod event;
mod standing;
#[cfg(test)]
mod tests;
mod window;

pub use check::{ReceiptFault, check_receipt, reason_words};
pub use event::{EventKind, LedgerEvent};
pub(crate) use standing::held;
pub use standing::{PublishedSet, Standing, stand};
pub use window::ReceiverWindow;
