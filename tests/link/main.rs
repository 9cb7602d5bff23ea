//! Hub and agent as two processes over one shared folder, for many nights.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may end so"
)]

mod agent;
mod nights;
mod postgres;
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[path = "../../src/store/tests/postgres/server.rs"]
mod server;
mod taking;
