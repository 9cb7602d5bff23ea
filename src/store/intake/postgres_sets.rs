//! The tables of intakes and of the sets on record, in PostgreSQL.

use std::collections::BTreeSet;

use renkei_core::port::{IntakeHead, SetRecord, StoreError};
use renkei_core::{Digest, FeedId, IntakeId, Sequence};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::postgres_session::{Parameters, Session, column};
use super::set_line::{COLUMNS, STATES_KEPT, SetLine, head_after};

/// An intake as it stands.
pub(crate) struct Intake {
    pub(crate) no: i64,
    /// Where the values of the rows held are.
    pub(crate) table: Option<String>,
    /// The last set taken in.
    pub(crate) head_set: Option<i64>,
}

/// The intake of a name, if it was ever heard of.
pub(crate) fn intake(session: &Session, name: &IntakeId) -> Result<Option<Intake>, StoreError> {
    let sql = "SELECT intake_no, table_name, head_set FROM intake WHERE name = $1";
    let rows = session.query(sql, &[&name.as_str()])?;
    let read = |row| Ok(Intake { no: column(row, 0)?, table: column(row, 1)?, head_set: column(row, 2)? });
    rows.first().map(read).transpose()
}

/// The intake of a name; a new one where it was never heard of.
pub(crate) fn intake_or_new(session: &Session, name: &IntakeId) -> Result<Intake, StoreError> {
    if let Some(found) = intake(session, name)? {
        return Ok(found);
    }
    let sql = "INSERT INTO intake (name) VALUES ($1) ON CONFLICT DO NOTHING";
    session.execute(sql, &[&name.as_str()])?;
    intake(session, name)?.ok_or_else(|| StoreError::Missing { what: format!("intake {name}") })
}

/// What an intake stands at.
pub(crate) fn head(session: &Session, intake: &Intake) -> Result<Option<IntakeHead>, StoreError> {
    let Some(set_no) = intake.head_set else { return Ok(None) };
    let found = query(session, "WHERE set_no = $1", &[&set_no])?.pop();
    let head = found.as_ref().and_then(|record| head_after(record).ok());
    let detail = || format!("set {set_no} on record, which an intake stands at");
    head.map(Some).ok_or_else(|| StoreError::Corrupt { detail: detail() })
}

/// The last set of a feed taken in under a sequence.
pub(crate) fn taken(
    session: &Session,
    intake_no: i64,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<Option<SetRecord>, StoreError> {
    let sql = "WHERE intake_no = $1 AND feed = $2 AND sequence = $3 AND outcome = 'taken'
               ORDER BY set_no DESC LIMIT 1";
    Ok(query(session, sql, &[&intake_no, &feed.as_str(), &i64::from(sequence.0)])?.pop())
}

/// The last sets, newest first.
pub(crate) fn last(
    session: &Session,
    intake: Option<&IntakeId>,
    limit: u32,
) -> Result<Vec<SetRecord>, StoreError> {
    let limit = i64::from(limit);
    match intake {
        None => query(session, "ORDER BY set_no DESC LIMIT $1", &[&limit]),
        Some(intake) => {
            let sql = "WHERE intake_no = (SELECT intake_no FROM intake WHERE name = $1)
                       ORDER BY set_no DESC LIMIT $2";
            query(session, sql, &[&intake.as_str(), &limit])
        }
    }
}

/// Writes a line under the next number, which it gives.
pub(crate) fn insert(session: &Session, intake_no: i64, line: &SetLine) -> Result<i64, StoreError> {
    let marks: Vec<String> = (1..=COLUMNS.len() + 1).map(|place| format!("${place}")).collect();
    let sql = format!(
        "INSERT INTO intake_set (intake_no, {}) VALUES ({}) RETURNING set_no",
        COLUMNS.join(", "),
        marks.join(", ")
    );
    let mut values: Vec<&(dyn ToSql + Sync)> =
        vec![&intake_no, &line.notice_name, &line.notice_sha256, &line.content_sha256];
    values.extend(line.words.iter().map(|word| word as &(dyn ToSql + Sync)));
    values.extend([&line.sequence as &(dyn ToSql + Sync), &line.business_date, &line.outcome]);
    values.extend(line.numbers.iter().map(|number| number as &(dyn ToSql + Sync)));
    values.extend([&line.receipt as &(dyn ToSql + Sync), &line.run_id, &line.noted_at]);
    let rows = session.query(&sql, &values)?;
    let missing = || StoreError::Corrupt { detail: "no number came back for a set".to_owned() };
    let set_no: i64 = column(rows.first().ok_or_else(missing)?, 0)?;
    if let Some((n_rows, state)) = &line.state {
        let sql = "INSERT INTO intake_state (set_no, intake_no, n_rows, state) VALUES ($1, $2, $3, $4)";
        session.execute(sql, &[&set_no, &intake_no, n_rows, state])?;
        session.execute(
            "DELETE FROM intake_state WHERE intake_no = $1 AND set_no < (
                 SELECT min(set_no) FROM (SELECT set_no FROM intake_state WHERE intake_no = $1
                                          ORDER BY set_no DESC LIMIT $2) AS kept)",
            &[&intake_no, &STATES_KEPT],
        )?;
    }
    Ok(set_no)
}

/// Lets an intake stand at a set, with the values of its rows in a table.
pub(crate) fn set_head(
    session: &Session,
    intake_no: i64,
    set_no: i64,
    table: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "UPDATE intake SET head_set = $2, table_name = $3 WHERE intake_no = $1";
    session.execute(sql, &[&intake_no, &set_no, &table])?;
    Ok(())
}

/// The last set of an intake whose notice had these bytes.
pub(crate) fn last_of_notice(
    session: &Session,
    intake: &IntakeId,
    notice_sha256: &Digest,
) -> Result<Option<SetRecord>, StoreError> {
    let sql = "WHERE intake_no = (SELECT intake_no FROM intake WHERE name = $1) AND notice_sha256 = $2
               ORDER BY set_no DESC LIMIT 1";
    Ok(query(session, sql, &[&intake.as_str(), &notice_sha256.0.as_slice()])?.pop())
}

/// The notices of an intake that need no second judgement.
pub(crate) fn settled(session: &Session, intake: &IntakeId) -> Result<BTreeSet<Digest>, StoreError> {
    let sql = "SELECT notice_sha256 FROM intake_set
               WHERE intake_no = (SELECT intake_no FROM intake WHERE name = $1)
                 AND outcome IN ('taken', 'repeated', 'passed')";
    let rows = session.query(sql, &[&intake.as_str()])?;
    let digest = |bytes: Vec<u8>| {
        let bytes = <[u8; 32]>::try_from(bytes);
        bytes
            .map(Digest)
            .map_err(|_| StoreError::Corrupt { detail: "a digest of a set on record".to_owned() })
    };
    rows.iter().map(|row| digest(column(row, 0)?)).collect()
}

/// The sets whose receipt was not handed out, oldest first.
pub(crate) fn unanswered(session: &Session, limit: u32) -> Result<Vec<SetRecord>, StoreError> {
    query(session, "WHERE NOT is_answered ORDER BY set_no LIMIT $1", &[&i64::from(limit)])
}

/// Marks a set's receipt as handed out.
pub(crate) fn mark_answered(session: &Session, set_no: u64) -> Result<(), StoreError> {
    let set_no = i64::try_from(set_no).unwrap_or(i64::MAX);
    session.execute("UPDATE intake_set SET is_answered = true WHERE set_no = $1", &[&set_no])?;
    Ok(())
}

fn query(session: &Session, rest: &str, wanted: Parameters<'_>) -> Result<Vec<SetRecord>, StoreError> {
    let sql = format!(
        "SELECT set_no, (SELECT name FROM intake WHERE intake.intake_no = intake_set.intake_no), {},
                (SELECT n_rows FROM intake_state WHERE intake_state.set_no = intake_set.set_no),
                (SELECT state FROM intake_state WHERE intake_state.set_no = intake_set.set_no)
         FROM intake_set {rest}",
        COLUMNS.join(", ")
    );
    session.query(&sql, wanted)?.iter().map(|row| line(row)?.record()).collect()
}

fn line(row: &Row) -> Result<SetLine, StoreError> {
    let numbers = [13, 14, 15, 16, 17, 18, 19, 20].map(|index| column(row, index));
    let [n_rows, added, changed, removed, unchanged, absent, n_warned, n_parked] = numbers;
    let state: Option<i64> = column(row, 24)?;
    Ok(SetLine {
        set_no: column(row, 0)?,
        intake: column(row, 1)?,
        notice_name: column(row, 2)?,
        notice_sha256: column(row, 3)?,
        content_sha256: column(row, 4)?,
        words: [column(row, 5)?, column(row, 6)?, column(row, 7)?, column(row, 8)?, column(row, 9)?],
        sequence: column(row, 10)?,
        business_date: column(row, 11)?,
        outcome: column(row, 12)?,
        numbers: [n_rows?, added?, changed?, removed?, unchanged?, absent?, n_warned?, n_parked?],
        receipt: column(row, 21)?,
        run_id: column(row, 22)?,
        noted_at: column(row, 23)?,
        state: state.map(|n_rows| Ok::<_, StoreError>((n_rows, column(row, 25)?))).transpose()?,
    })
}
