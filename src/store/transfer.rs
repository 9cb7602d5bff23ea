//! Cases of online move-outs and transfer certificate information: records in the open, content sealed as a whole.

use renkei_core::port::{
    Content as FileContent, HandoverRecord, StoreError, TransferContent, TransferEvent, TransferRecord,
    TransferSource, WhichCases,
};
use renkei_core::transfer::{
    CaseKind, CaseNo, CaseState, Certificate, Comparison, Content, HandoverState, Outcome, Purpose, Standing,
};
use renkei_core::{CommitNo, Digest};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};

use crate::columns::{digest, misfit, number, optional_word, sql_int, word};
use crate::errors::{SqliteError, corrupt};
use crate::seal::NumberSeal;

/// What the sealed content is before it is sealed.
#[derive(Serialize, Deserialize)]
struct Stored {
    raw: Content,
    verified: Option<Content>,
    comparison: Option<Comparison>,
}

const CASE: &str = "SELECT case_no, kind, state, outcome, source_sha256, row_no, is_protected, commit_no,
           received_at, changed_at, counts_from,
           (SELECT h.state FROM transfer_handover AS h WHERE h.case_no = c.case_no AND receiver = 'cs')
    FROM transfer_case AS c";

fn case_of(row: &Row<'_>) -> rusqlite::Result<TransferRecord> {
    let outcome = optional_word(row, 3, Outcome::parse)?;
    let certificate = match optional_word(row, 11, HandoverState::parse)? {
        None => Certificate::None,
        Some(HandoverState::Due) => Certificate::Due,
        Some(HandoverState::Sending) => Certificate::Sending,
        Some(HandoverState::Sent) => Certificate::Sent,
    };
    Ok(TransferRecord {
        case_no: CaseNo(number(row, 0)?),
        standing: Standing {
            kind: word(row, 1, CaseKind::parse)?,
            state: word(row, 2, |text| CaseState::parse(text, outcome))?,
            certificate,
        },
        source_sha256: digest(row, 4)?,
        row_no: number(row, 5)?,
        is_protected: row.get(6)?,
        commit_no: row.get::<_, Option<i64>>(7)?.map(|_| number(row, 7)).transpose()?.map(CommitNo),
        received_at: row.get(8)?,
        changed_at: row.get(9)?,
        counts_from: row.get(10)?,
    })
}

/// Cases in the order of their numbers.
pub(crate) fn cases(connection: &Connection, which: WhichCases) -> Result<Vec<TransferRecord>, SqliteError> {
    let of = match which {
        WhichCases::All => "",
        WhichCases::Undecided => "WHERE state IN ('received', 'compared', 'verified')",
        WhichCases::Unerased => "WHERE state <> 'erased'",
    };
    let mut statement = connection.prepare_cached(&format!("{CASE} {of} ORDER BY case_no"))?;
    let cases = statement.query_map([], case_of)?;
    Ok(cases.collect::<Result<_, _>>()?)
}

/// One case.
pub(crate) fn case(connection: &Connection, case_no: CaseNo) -> Result<Option<TransferRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!("{CASE} WHERE case_no = ?1"))?;
    Ok(statement.query_row([case_no.0], case_of).optional()?)
}

/// What a case holds of the person.
pub(crate) fn content(
    connection: &Connection,
    seal: &NumberSeal,
    case_no: CaseNo,
) -> Result<Option<TransferContent>, SqliteError> {
    let mut statement =
        connection.prepare_cached("SELECT sealed FROM transfer_content WHERE case_no = ?1")?;
    let sealed = statement.query_row([case_no.0], |row| row.get::<_, Option<Vec<u8>>>(0)).optional()?;
    let Some(mut bytes) = sealed.flatten() else { return Ok(None) };
    seal.open_case(case_no.0, &mut bytes)?;
    // What does not read back is not repeated: it may hold anything.
    let stored: Stored =
        serde_json::from_slice(&bytes).map_err(|_| corrupt("the content of a transfer case is damaged"))?;
    let Stored { raw, verified, comparison } = stored;
    Ok(Some(TransferContent { raw, verified, comparison }))
}

/// What happened to a case.
pub(crate) fn events(connection: &Connection, case_no: CaseNo) -> Result<Vec<TransferEvent>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, operator, event, reason, result FROM transfer_event WHERE case_no = ?1 ORDER BY event_no",
    )?;
    let events = statement.query_map([case_no.0], |row| {
        Ok(TransferEvent {
            case_no,
            at: row.get(0)?,
            operator: row.get(1)?,
            event: row.get(2)?,
            reason: row.get(3)?,
            result: row.get(4)?,
        })
    })?;
    Ok(events.collect::<Result<_, _>>()?)
}

/// The file with this digest.
pub(crate) fn source(
    connection: &Connection,
    sha256: &Digest,
) -> Result<Option<TransferSource>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT sha256, file, first_case, n_cases, operator, taken_in_at FROM transfer_source WHERE sha256 = ?1",
    )?;
    let source = statement.query_row([sha256.0], |row| {
        Ok(TransferSource {
            sha256: digest(row, 0)?,
            file: row.get(1)?,
            first_case: CaseNo(number(row, 2)?),
            n_cases: number(row, 3)?,
            operator: row.get(4)?,
            taken_in_at: row.get(5)?,
        })
    });
    Ok(source.optional()?)
}

/// The files of a case, or all that are not with their receivers yet.
pub(crate) fn handovers(
    connection: &Connection,
    of: Option<CaseNo>,
) -> Result<Vec<HandoverRecord>, SqliteError> {
    let filter = if of.is_some() { "case_no = ?1" } else { "state <> 'sent' AND ?1 IS NULL" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT case_no, receiver, folder, stem, with_number, state, file_bytes, file_sha256, notice_bytes,
                notice_sha256, changed_at
         FROM transfer_handover WHERE {filter} ORDER BY case_no, receiver"
    ))?;
    let handovers = statement.query_map([of.map(|case_no| case_no.0)], |row| {
        let state = word(row, 5, HandoverState::parse)?;
        let known = |at: usize| {
            Ok::<_, rusqlite::Error>(FileContent { n_bytes: number(row, at)?, sha256: digest(row, at + 1)? })
        };
        let content = if state == HandoverState::Due { None } else { Some((known(6)?, known(8)?)) };
        Ok(HandoverRecord {
            case_no: CaseNo(number(row, 0)?),
            purpose: word(row, 1, |text| Purpose::of_receiver(text).ok())?,
            folder: word(row, 2, |text| text.parse().ok())?,
            stem: word(row, 3, |text| text.parse().ok())?,
            with_number: row.get(4)?,
            state,
            content,
            changed_at: row.get(10)?,
        })
    })?;
    Ok(handovers.collect::<Result<_, _>>()?)
}

/// Records a file.
pub(crate) fn add_source(connection: &Connection, source: &TransferSource) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO transfer_source (sha256, file, first_case, n_cases, operator, taken_in_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let TransferSource { sha256, file, first_case, n_cases, operator, taken_in_at } = source;
    let added = statement.execute((sha256.0, file, first_case.0, n_cases, operator, taken_in_at));
    match added {
        Err(error) if crate::errors::is_constraint(&error) => {
            Err(StoreError::Missing { what: "a place for a file that was taken in before".to_owned() }.into())
        }
        added => Ok(added.map(drop)?),
    }
}

/// Adds a case with what it holds.
pub(crate) fn add_case(
    connection: &Connection,
    seal: &NumberSeal,
    case: &TransferRecord,
    content: &TransferContent,
) -> Result<CaseNo, SqliteError> {
    // A case may come before the record of its file, whose first number it gives.
    connection.pragma_update(None, "defer_foreign_keys", true)?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO transfer_case (kind, state, outcome, source_sha256, row_no, is_protected, commit_no,
                                    received_at, changed_at, counts_from)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    statement.execute((
        case.standing.kind.as_str(),
        case.standing.state.as_str(),
        case.standing.state.outcome().map(Outcome::as_str),
        case.source_sha256.0,
        sql_int(case.row_no),
        case.is_protected,
        case.commit_no.map(|commit_no| sql_int(commit_no.0)),
        &case.received_at,
        &case.changed_at,
        &case.counts_from,
    ))?;
    let case_no =
        u32::try_from(connection.last_insert_rowid()).map_err(|_| corrupt("case numbers ran out"))?;
    let sealed = seal_content(seal, CaseNo(case_no), content)?;
    connection
        .prepare_cached("INSERT INTO transfer_content (case_no, sealed) VALUES (?1, ?2)")?
        .execute((case_no, sealed))?;
    Ok(CaseNo(case_no))
}

/// Writes how a case stands.
pub(crate) fn put_case(connection: &Connection, case: &TransferRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "UPDATE transfer_case SET state = ?2, outcome = ?3, is_protected = ?4, commit_no = ?5, changed_at = ?6,
                counts_from = ?7 WHERE case_no = ?1",
    )?;
    let n_written = statement.execute((
        case.case_no.0,
        case.standing.state.as_str(),
        case.standing.state.outcome().map(Outcome::as_str),
        case.is_protected,
        case.commit_no.map(|commit_no| sql_int(commit_no.0)),
        &case.changed_at,
        &case.counts_from,
    ))?;
    if n_written == 1 { Ok(()) } else { Err(missing(case.case_no)) }
}

/// Writes what a case holds.
pub(crate) fn put_content(
    connection: &Connection,
    seal: &NumberSeal,
    case_no: CaseNo,
    content: &TransferContent,
) -> Result<(), SqliteError> {
    let sealed = seal_content(seal, case_no, content)?;
    let sql = "UPDATE transfer_content SET sealed = ?2 WHERE case_no = ?1 AND sealed IS NOT NULL";
    match connection.prepare_cached(sql)?.execute((case_no.0, sealed))? {
        1 => Ok(()),
        _ => Err(missing(case_no)),
    }
}

/// Erases what a case holds; again is the same.
pub(crate) fn erase_content(connection: &Connection, case_no: CaseNo) -> Result<(), SqliteError> {
    let sql = "UPDATE transfer_content SET sealed = NULL WHERE case_no = ?1";
    match connection.prepare_cached(sql)?.execute([case_no.0])? {
        1 => Ok(()),
        _ => Err(missing(case_no)),
    }
}

/// Notes what happened to a case.
pub(crate) fn add_event(connection: &Connection, event: &TransferEvent) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO transfer_event (case_no, event_no, at, operator, event, reason, result)
         VALUES (?1, (SELECT coalesce(max(event_no), 0) + 1 FROM transfer_event WHERE case_no = ?1),
                 ?2, ?3, ?4, ?5, ?6)",
    )?;
    let TransferEvent { case_no, at, operator, event, reason, result } = event;
    statement.execute((case_no.0, at, operator, event, reason, result))?;
    Ok(())
}

/// Writes a file's way.
pub(crate) fn put_handover(connection: &Connection, handover: &HandoverRecord) -> Result<(), SqliteError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO transfer_handover (case_no, receiver, folder, stem, with_number, state,
             file_bytes, file_sha256, notice_bytes, notice_sha256, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let (file, notice) = (handover.content.map(|both| both.0), handover.content.map(|both| both.1));
    statement.execute((
        handover.case_no.0,
        handover.purpose.receiver(),
        handover.folder.as_str(),
        handover.stem.as_str(),
        handover.with_number,
        handover.state.as_str(),
        file.map(|file| sql_int(file.n_bytes)),
        file.map(|file| file.sha256.0),
        notice.map(|notice| sql_int(notice.n_bytes)),
        notice.map(|notice| notice.sha256.0),
        &handover.changed_at,
    ))?;
    Ok(())
}

fn seal_content(
    seal: &NumberSeal,
    case_no: CaseNo,
    content: &TransferContent,
) -> Result<Vec<u8>, SqliteError> {
    let TransferContent { raw, verified, comparison } = content.clone();
    let mut bytes = serde_json::to_vec(&Stored { raw, verified, comparison })
        .map_err(|_| corrupt("the content of a transfer case cannot be written"))?;
    seal.seal_case(case_no.0, &mut bytes)?;
    Ok(bytes)
}

fn missing(case_no: CaseNo) -> SqliteError {
    StoreError::Missing { what: format!("what transfer case {case_no} holds") }.into()
}

/// Empties the write-ahead log: what was erased is in older pages of it. False while a reader from before is at
/// work, who must still see what was there.
pub(crate) fn empty_log(connection: &Connection) -> Result<bool, SqliteError> {
    let is_busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(is_busy == 0)
}

/// Lets what is written over from here on be overwritten with zeros, not left in the page.
pub(crate) fn delete_securely(connection: &Connection) -> Result<(), SqliteError> {
    // Answers with the setting, hence not an update.
    let is_on: i64 = connection.query_row("PRAGMA secure_delete = ON", [], |row| row.get(0))?;
    if is_on == 1 { Ok(()) } else { Err(misfit(0, rusqlite::types::Type::Integer).into()) }
}
