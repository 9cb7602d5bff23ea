//! Brings a database to the newest schema: numbered SQL files, each applied once, in one transaction.
//!
//! An applied file never changes again; its SHA-256 is kept beside its number and checked at every open.

use renkei_core::Digest;
use renkei_core::port::StoreError;
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};

use crate::errors::{SqliteError, corrupt};

struct Migration {
    no: u32,
    name: &'static str,
    sql: &'static str,
}

impl Migration {
    fn sha256(&self) -> String {
        Digest(Sha256::digest(self.sql).into()).to_string()
    }
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
];

/// Applies what is missing. Takes the writer's place only when something is.
pub(crate) fn migrate(connection: &Connection) -> Result<(), SqliteError> {
    if check(&applied(connection)?)?.is_empty() {
        return Ok(());
    }
    loop {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        match apply_next(connection) {
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
fn apply_next(connection: &Connection) -> Result<bool, SqliteError> {
    let applied = applied(connection)?;
    let Some(next) = check(&applied)?.first() else { return Ok(true) };
    if applied.is_empty() {
        connection.execute_batch(
            "CREATE TABLE schema_migration (no INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT",
        )?;
    }
    connection.execute_batch(next.sql)?;
    connection.execute(
        "INSERT INTO schema_migration (no, name, sha256) VALUES (?1, ?2, ?3)",
        (next.no, next.name, next.sha256()),
    )?;
    tracing::info!(migration.no = next.no, migration.name = next.name, "brought the database up to date");
    Ok(false)
}

/// Number and checksum of each migration the database has, ascending.
fn applied(connection: &Connection) -> Result<Vec<(u32, String)>, SqliteError> {
    let first_table = "SELECT max(name = 'schema_migration') FROM sqlite_schema";
    match connection.query_row(first_table, [], |row| row.get::<_, Option<bool>>(0)).optional()?.flatten() {
        None => return Ok(Vec::new()),
        Some(false) => {
            let detail = "it is another program's".to_owned();
            return Err(StoreError::Unavailable { detail }.into());
        }
        Some(true) => {}
    }
    let mut statement = connection.prepare("SELECT no, sha256 FROM schema_migration ORDER BY no")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What of [`MIGRATIONS`] is still to apply after `applied`.
fn check(applied: &[(u32, String)]) -> Result<&'static [Migration], SqliteError> {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if let Some(&(found, _)) = applied.last().filter(|(no, _)| *no > known) {
        return Err(StoreError::TooNew { found, known }.into());
    }
    for ((no, sha256), migration) in applied.iter().zip(MIGRATIONS) {
        if *no != migration.no || *sha256 != migration.sha256() {
            return Err(corrupt(format!("migration {} is not the one this program knows", migration.no)));
        }
    }
    Ok(MIGRATIONS.get(applied.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_core::Fault as _;

    fn all() -> Vec<(u32, String)> {
        MIGRATIONS.iter().map(|migration| (migration.no, migration.sha256())).collect()
    }

    #[test]
    fn what_is_missing_follows_from_what_is_there() {
        let known: Vec<u32> = MIGRATIONS.iter().map(|migration| migration.no).collect();
        assert_eq!(known, (1..).take(known.len()).collect::<Vec<u32>>());
        for n_applied in 0..=known.len() {
            let missing = check(&all()[..n_applied]).unwrap_or_default();
            assert_eq!(missing.iter().map(|migration| migration.no).collect::<Vec<_>>(), known[n_applied..]);
        }
    }

    #[test]
    fn a_later_a_changed_and_a_skipped_migration_are_refused() {
        let code = |applied: &[(u32, String)]| StoreError::from(check(applied).err().unwrap()).code();
        let mut later = all();
        later.push((99, String::new()));
        assert_eq!(code(&later), "store.too-new");
        let mut changed = all();
        changed[0].1 = "0".repeat(64);
        assert_eq!(code(&changed), "store.corrupt");
        assert_eq!(code(&all()[1..]), "store.corrupt");
    }
}
