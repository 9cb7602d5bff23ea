//! Hub and agent as two processes over one shared folder, for many nights.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may end so")]

mod agent;
mod ledger;
mod nights;
#[path = "../sandbox/mod.rs"]
mod sandbox;
mod taking;
