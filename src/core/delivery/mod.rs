//! Delivery (引渡し): handing publications over to destinations beyond the hub's own folders.
//!
//! What is due, what is tried again and what waits for a person is decided here, from what is on record and the
//! time. How a file travels is an adapter's business, behind [`crate::port::Transport`].

mod argument;
mod codes;
mod due;
mod fault;
mod line;
mod pace;
mod parcel;
mod request_argument;
mod target;
#[cfg(test)]
mod tests;
mod window;

pub use argument::{ARGUMENT_FIELDS, ArgumentValues, DeliveryArgument};
pub use codes::{CodeRange, CodeTable, Verdict};
pub use due::{Waiting, begun, deliverable, ended, standing, stopped_by_window, worn_out};
pub use fault::DeliveryError;
pub use line::{DeliveryAttempt, DeliveryLine, DeliveryState, TrustedKey};
pub use pace::Pace;
pub use parcel::{Parcel, ParcelFile, ParcelPart};
pub use request_argument::{REQUEST_FIELDS, RequestArgument, RequestValues};
pub use target::DeliveryTerms;
pub use window::{DeliveryWindow, DeliveryWindows};
