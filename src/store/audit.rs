//! The audit: numbered lines, each chained to the one before as `core::audit` says, and the base they begin at.

use renkei_core::audit::{AuditLink, chain};
use renkei_core::port::AuditEntry;
use rusqlite::{Connection, OptionalExtension as _};

use crate::columns::{digest, number, sql_int};
use crate::errors::SqliteError;

/// Appends a line under the next number.
pub(crate) fn append(connection: &Connection, entry: &AuditEntry) -> Result<(), SqliteError> {
    let last = head(connection)?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO audit (audit_no, at, operator, action, reason, result, chain_sha256)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    statement.execute((
        sql_int(last.audit_no + 1),
        &entry.at,
        &entry.operator,
        &entry.action,
        &entry.reason,
        &entry.result,
        chain(last.chain_sha256, entry).0,
    ))?;
    Ok(())
}

/// The last line; the base where there is none.
pub(crate) fn head(connection: &Connection) -> Result<AuditLink, SqliteError> {
    let last = link(connection, "SELECT audit_no, chain_sha256 FROM audit ORDER BY audit_no DESC LIMIT 1")?;
    last.map_or_else(|| base(connection), Ok)
}

/// Where the audit is proven from.
pub(crate) fn base(connection: &Connection) -> Result<AuditLink, SqliteError> {
    Ok(link(connection, "SELECT audit_no, chain_sha256 FROM audit_base")?.unwrap_or(AuditLink::START))
}

fn link(connection: &Connection, sql: &str) -> Result<Option<AuditLink>, SqliteError> {
    let mut statement = connection.prepare_cached(sql)?;
    let read =
        |row: &rusqlite::Row<'_>| Ok(AuditLink { audit_no: number(row, 0)?, chain_sha256: digest(row, 1)? });
    Ok(statement.query_row([], read).optional()?)
}

/// Sets where the audit is proven from.
pub(crate) fn set_base(connection: &Connection, base: AuditLink) -> Result<(), SqliteError> {
    let sql = "INSERT INTO audit_base (one, audit_no, chain_sha256) VALUES (1, ?1, ?2)
               ON CONFLICT (one) DO UPDATE SET audit_no = ?1, chain_sha256 = ?2";
    connection.prepare_cached(sql)?.execute((sql_int(base.audit_no), base.chain_sha256.0))?;
    Ok(())
}

/// Removes the lines up to the base.
pub(crate) fn remove_before_base(connection: &Connection) -> Result<u64, SqliteError> {
    let sql = "DELETE FROM audit WHERE audit_no <= (SELECT audit_no FROM audit_base)";
    Ok(connection.prepare_cached(sql)?.execute([])? as u64)
}

/// `limit` lines after number `after`.
pub(crate) fn list(connection: &Connection, after: u64, limit: u32) -> Result<Vec<AuditEntry>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT audit_no, at, operator, action, reason, result, chain_sha256
         FROM audit WHERE audit_no > ?1 ORDER BY audit_no LIMIT ?2",
    )?;
    let entries = statement.query_map((sql_int(after), limit), |row| {
        Ok(AuditEntry {
            audit_no: number(row, 0)?,
            at: row.get(1)?,
            operator: row.get(2)?,
            action: row.get(3)?,
            reason: row.get(4)?,
            result: row.get(5)?,
            chain_sha256: digest(row, 6)?,
        })
    })?;
    Ok(entries.collect::<Result<_, _>>()?)
}
