//! What systems hand in to the hub: taken in, refused, put away and answered, by command and by the daemon.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may end so")]

mod crash;
mod daemon;
mod partner;
mod refused;
#[path = "../sandbox/mod.rs"]
mod sandbox;
mod taken;
#[path = "../night/up.rs"]
#[allow(dead_code, reason = "each test program uses its own part")]
mod up;
