//! Delivery: publications that stand in the hub's folders go on to destinations.
//!
//! What was published and is not on record for a destination becomes due at the next look, whoever published it and
//! however the process ended; so nothing has to remember to hand it over. A try is on record before it begins and
//! with its end, the ledger's event and the audit's line in one transaction.

mod due;
mod one;
mod verbs;

pub use due::note_due;
pub use one::{Delivered, Way, deliver_due, deliver_one};
pub use verbs::{deliver_again, give_up, resume, trust_key};

/// Every point of a delivery at which a process may be cut off.
pub const DELIVERY_POINTS: [&str; 4] =
    ["deliver.due-noted", "deliver.begun", "deliver.handed-over", "deliver.recorded"];
