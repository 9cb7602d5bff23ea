//! What a taker holds of others' interfaces: the intake port, in a SQLite file or in PostgreSQL.
//!
//! Both stage a set beside what is held, where nobody sees it, and bring it in with its mark in one transaction.
//! While they stage they look up what is held of each row, so that only what differs is kept for the end: a full of
//! a million rows of which three thousand changed writes three thousand. That holds only while nobody else takes in,
//! so the end begins by looking whether the intake still stands where staging found it.

mod deed;
mod postgres;
mod postgres_copy;
mod postgres_schema;
mod postgres_session;
mod postgres_sets;
mod postgres_staging;
mod postgres_taking;
mod set_line;
mod sqlite;
mod sqlite_sets;
mod sqlite_staging;
mod sqlite_table;
mod sqlite_taking;
mod tally;
mod turn;
mod values;

pub use postgres::{Password, PostgresIntake, PostgresOptions};
pub use sqlite::SqliteIntake;
