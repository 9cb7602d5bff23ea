//! The audit: numbered lines, each chained to the one before by a SHA-256, so that a line changed or
//! taken out later shows.

use renkei_core::Digest;
use renkei_core::port::AuditEntry;
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};

use crate::columns::{digest, number, sql_int};
use crate::errors::SqliteError;

/// A line that does not follow from the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainBreak {
    /// The number the line has.
    pub audit_no: u64,
}

/// Checks lines that follow `last` (number and chain value of the line before the first; 0 and zeros at
/// the start of the audit). Returns number and chain value of the last line, to go on with.
pub fn verify_audit_chain(last: (u64, Digest), entries: &[AuditEntry]) -> Result<(u64, Digest), ChainBreak> {
    entries.iter().try_fold(last, |(last_no, last_chain), entry| {
        let follows = entry.audit_no == last_no + 1 && entry.chain_sha256 == chain(last_chain, entry);
        if follows {
            Ok((entry.audit_no, entry.chain_sha256))
        } else {
            Err(ChainBreak { audit_no: entry.audit_no })
        }
    })
}

/// SHA-256 over the chain value before and each field, its length in 8 bytes (big-endian) ahead of it.
fn chain(last: Digest, entry: &AuditEntry) -> Digest {
    let mut hash = Sha256::new_with_prefix(last.0);
    for field in [&entry.at, &entry.operator, &entry.action, &entry.reason, &entry.result] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    Digest(hash.finalize().into())
}

/// Appends a line under the next number.
pub(crate) fn append(connection: &Connection, entry: &AuditEntry) -> Result<(), SqliteError> {
    let sql = "SELECT audit_no, chain_sha256 FROM audit ORDER BY audit_no DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let last = statement.query_row([], |row| Ok((number::<u64>(row, 0)?, digest(row, 1)?))).optional()?;
    let (last_no, last_chain) = last.unwrap_or((0, Digest([0; 32])));
    let mut statement = connection.prepare_cached(
        "INSERT INTO audit (audit_no, at, operator, action, reason, result, chain_sha256)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    statement.execute((
        sql_int(last_no + 1),
        &entry.at,
        &entry.operator,
        &entry.action,
        &entry.reason,
        &entry.result,
        chain(last_chain, entry).0,
    ))?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    const START: (u64, Digest) = (0, Digest([0; 32]));

    fn lines() -> Vec<AuditEntry> {
        let mut last = START;
        let line = |(audit_no, action): (u64, &str)| {
            let mut entry = AuditEntry {
                audit_no,
                at: "2026-10-02T01:30:00+09:00".to_owned(),
                operator: "night".to_owned(),
                action: action.to_owned(),
                reason: String::new(),
                result: "ok".to_owned(),
                chain_sha256: Digest([0; 32]),
            };
            entry.chain_sha256 = chain(last.1, &entry);
            last = (audit_no, entry.chain_sha256);
            entry
        };
        [(1, "apply"), (2, "generate"), (3, "publish")].map(line).into()
    }

    #[test]
    fn a_whole_audit_is_accepted_at_once_or_in_pieces() {
        let lines = lines();
        let whole = verify_audit_chain(START, &lines).unwrap();
        let first = verify_audit_chain(START, &lines[..1]).unwrap();
        assert_eq!(verify_audit_chain(first, &lines[1..]), Ok(whole));
        assert_eq!(verify_audit_chain(START, &[]), Ok(START));
    }

    #[test]
    fn every_change_of_a_line_shows() {
        let check = |change: fn(&mut Vec<AuditEntry>), audit_no| {
            let mut lines = lines();
            change(&mut lines);
            assert_eq!(verify_audit_chain(START, &lines), Err(ChainBreak { audit_no }));
        };
        check(|lines| lines[1].operator.push('x'), 2);
        check(|lines| lines[1].at.push('x'), 2);
        check(|lines| lines[1].reason.push('x'), 2);
        check(|lines| lines[1].result.clear(), 2);
        check(|lines| drop(lines.remove(1)), 3);
        check(|lines| lines.swap(0, 1), 2);
        // The same characters, moved over the border of two fields.
        check(|lines| (lines[0].action, lines[0].reason) = ("appl".to_owned(), "y".to_owned()), 1);
    }
}
