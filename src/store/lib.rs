//! Everything durable, in one database: rows, change log, commits, publications, slots, runs, audit.
//!
//! SQLite stands behind the store port of `core`. Its types stay in this room, its file on a local disk,
//! its numbers (個人番号) encrypted. `tests/behaviour` says what any database behind the port must do.

mod access;
mod access_port;
mod alerts;
mod audit;
mod changes;
mod columns;
mod commits;
mod connection;
mod delivery;
mod delivery_port;
mod errors;
pub mod intake;
mod key;
mod ledger;
mod ledger_port;
mod load;
mod mending;
mod migrate;
mod outbox;
mod owner;
mod publications;
mod pull;
mod pull_port;
mod residents;
mod retention;
mod rows;
mod runs;
mod seal;
mod slots;
mod snapshot;
mod store;
mod transaction;
mod transfer;
mod transfer_port;
mod volume;

pub use key::NumberKey;
pub use store::{OpenOptions, SqliteStore};
