//! The ledger's use case: receipts out of the receivers' folders into the ledger.

mod receipts;

pub use receipts::{ReceiptsTaken, Receiving, RefusedReceipt, take_in_receipts};

/// Every point at which taking in receipts may be cut off, in order.
pub const LEDGER_POINTS: [&str; 3] = ["ledger.claimed", "ledger.recorded", "ledger.filed"];
