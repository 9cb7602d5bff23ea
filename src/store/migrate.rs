//! Brings a database to the newest schema: numbered SQL files, each applied once, in one transaction.
//!
//! An applied file never changes again; its SHA-256 is kept beside its number and checked at every open. Each
//! schema keeps that list in a table of its own, so that the hub's and an intake's can stand in one file.

use renkei_core::Digest;
use renkei_core::port::StoreError;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::errors::{SqliteError, corrupt};

/// One step of a schema.
pub(crate) struct Migration {
    /// From 1, without gaps.
    pub(crate) no: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    pub(crate) fn sha256(&self) -> String {
        Digest(Sha256::digest(self.sql).into()).to_string()
    }
}

/// A set of tables that grows by numbered steps.
pub(crate) struct Schema {
    /// The table that lists the steps applied.
    pub(crate) table: &'static str,
    /// Whether it may come into a database that has others' tables.
    pub(crate) is_guest: bool,
    pub(crate) migrations: &'static [Migration],
}

const MIGRATIONS: &[Migration] = &[
    Migration { no: 1, name: "registry", sql: include_str!("migrations/0001_registry.sql") },
    Migration {
        no: 2,
        name: "publications_runs_audit",
        sql: include_str!("migrations/0002_publications_runs_audit.sql"),
    },
    Migration { no: 3, name: "night", sql: include_str!("migrations/0003_night.sql") },
    Migration {
        no: 4,
        name: "held_publications",
        sql: include_str!("migrations/0004_held_publications.sql"),
    },
    Migration { no: 5, name: "alerts", sql: include_str!("migrations/0005_alerts.sql") },
    Migration {
        no: 6,
        name: "change_keeps_before",
        sql: include_str!("migrations/0006_change_keeps_before.sql"),
    },
    Migration { no: 7, name: "retention", sql: include_str!("migrations/0007_retention.sql") },
    Migration { no: 8, name: "transfer", sql: include_str!("migrations/0008_transfer.sql") },
    Migration { no: 9, name: "ledger", sql: include_str!("migrations/0009_ledger.sql") },
    Migration { no: 10, name: "access", sql: include_str!("migrations/0010_access.sql") },
    Migration { no: 11, name: "delivery", sql: include_str!("migrations/0011_delivery.sql") },
    Migration { no: 12, name: "mending", sql: include_str!("migrations/0012_mending.sql") },
    Migration { no: 13, name: "delivery_bounds", sql: include_str!("migrations/0013_delivery_bounds.sql") },
    Migration { no: 14, name: "pull", sql: include_str!("migrations/0014_pull.sql") },
    Migration { no: 15, name: "pull_unfinished", sql: include_str!("migrations/0015_pull_unfinished.sql") },
];

/// The hub's tables.
pub(crate) const HUB: Schema = Schema { table: "schema_migration", is_guest: false, migrations: MIGRATIONS };

/// Applies what is missing. Takes the writer's place only when something is.
pub(crate) fn migrate(connection: &Connection, schema: &Schema) -> Result<(), SqliteError> {
    if schema.missing(&applied(connection, schema)?)?.is_empty() {
        return Ok(());
    }
    loop {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        match apply_next(connection, schema) {
            Ok(is_done) => {
                connection.execute_batch("COMMIT")?;
                if is_done {
                    return Ok(());
                }
            }
            Err(error) => {
                // The first error is the one to report; an open transaction ends with the connection.
                let _ = connection.execute_batch("ROLLBACK");
                return Err(error);
            }
        }
    }
}

/// Applies the first that is missing, if any still is: another process may have been faster.
fn apply_next(connection: &Connection, schema: &Schema) -> Result<bool, SqliteError> {
    let table = schema.table;
    let applied = applied(connection, schema)?;
    let Some(next) = schema.missing(&applied)?.first() else { return Ok(true) };
    if applied.is_empty() {
        connection.execute_batch(&format!(
            "CREATE TABLE {table} (no INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT",
        ))?;
    }
    connection.execute_batch(next.sql)?;
    connection.execute(
        &format!("INSERT INTO {table} (no, name, sha256) VALUES (?1, ?2, ?3)"),
        (next.no, next.name, next.sha256()),
    )?;
    tracing::info!(migration.no = next.no, migration.name = next.name, "brought the database up to date");
    Ok(false)
}

/// Number and checksum of each migration the database has, ascending.
fn applied(connection: &Connection, schema: &Schema) -> Result<Vec<(u32, String)>, SqliteError> {
    let tables =
        "SELECT coalesce(max(name = ?1), 0), coalesce(max(name IN ('schema_migration', 'intake_schema')), 0),
                         count(*) FROM sqlite_schema";
    let (is_there, is_ours, n_tables): (bool, bool, u32) =
        connection.query_row(tables, [schema.table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if !is_there {
        if n_tables == 0 || is_ours || schema.is_guest {
            return Ok(Vec::new());
        }
        return Err(StoreError::Unavailable { detail: "it is another program's".to_owned() }.into());
    }
    let mut statement =
        connection.prepare(&format!("SELECT no, sha256 FROM {} ORDER BY no", schema.table))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Schema {
    /// What of the migrations is still to apply after `applied`.
    pub(crate) fn missing(&self, applied: &[(u32, String)]) -> Result<&'static [Migration], SqliteError> {
        let known = u32::try_from(self.migrations.len()).unwrap_or(u32::MAX);
        if let Some(&(found, _)) = applied.last().filter(|(no, _)| *no > known) {
            return Err(StoreError::TooNew { found, known }.into());
        }
        for ((no, sha256), migration) in applied.iter().zip(self.migrations) {
            if *no != migration.no || *sha256 != migration.sha256() {
                return Err(corrupt(format!("migration {} is not the one this program knows", migration.no)));
            }
        }
        Ok(self.migrations.get(applied.len()..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_core::Fault as _;

    fn all() -> Vec<(u32, String)> {
        HUB.migrations.iter().map(|migration| (migration.no, migration.sha256())).collect()
    }

    #[test]
    fn what_is_missing_follows_from_what_is_there() {
        let known: Vec<u32> = HUB.migrations.iter().map(|migration| migration.no).collect();
        assert_eq!(known, (1..).take(known.len()).collect::<Vec<u32>>());
        for n_applied in 0..=known.len() {
            let missing = HUB.missing(&all()[..n_applied]).unwrap_or_default();
            assert_eq!(missing.iter().map(|migration| migration.no).collect::<Vec<_>>(), known[n_applied..]);
        }
    }

    #[test]
    fn a_later_a_changed_and_a_skipped_migration_are_refused() {
        let code = |applied: &[(u32, String)]| StoreError::from(HUB.missing(applied).err().unwrap()).code();
        let mut later = all();
        later.push((99, String::new()));
        assert_eq!(code(&later), "store.too-new");
        let mut changed = all();
        changed[0].1 = "0".repeat(64);
        assert_eq!(code(&changed), "store.corrupt");
        assert_eq!(code(&all()[1..]), "store.corrupt");
    }
}
