//! Alerts on their way to people: through a real mail server, and through real programs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may end so")]

mod command;
mod hub;
mod mail;
mod outbox;
mod sink;
