//! Alerts (警報): which conditions stand open, and what was told of them.

use renkei_core::Moment;
use renkei_core::alert::{Alert, AlertKey, Channel, News};
use renkei_core::port::{AlertRecord, Opened};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::columns::{misfit, number, sql_int};
use crate::errors::{SqliteError, corrupt};
use crate::outbox;

/// Opens an alert, or counts that its condition was found again.
pub(crate) fn open(
    connection: &Connection,
    alert: &Alert,
    channels: &[Channel],
) -> Result<Opened, SqliteError> {
    let alert = alert.clone().with_news(News::Opened, alert.at);
    let key = alert.key();
    let Some((alert_no, known)) = find_open(connection, &key)? else {
        let over_at = alert.is_passing().then(|| alert.at.to_string());
        let mut statement = connection.prepare_cached(
            "INSERT INTO alert (key, content, n_found, opened_at, cleared_at) VALUES (?1, ?2, 1, ?3, ?4)",
        )?;
        statement.execute((key.as_str(), as_json(&alert)?, alert.at.to_string(), over_at))?;
        let alert_no = u64::try_from(connection.last_insert_rowid()).unwrap_or_default();
        outbox::add(connection, alert_no, &alert, channels)?;
        return Ok(Opened::New);
    };
    let is_graver = alert.severity() > known.severity();
    // What stands is the gravest that was found: a lighter finding does not make it look lighter.
    let content = if is_graver { as_json(&alert)? } else { as_json(&known)? };
    connection
        .prepare_cached("UPDATE alert SET n_found = n_found + 1, content = ?2 WHERE alert_no = ?1")?
        .execute((sql_int(alert_no), content))?;
    if !is_graver {
        return Ok(Opened::Known);
    }
    let at = alert.at;
    outbox::add(connection, alert_no, &alert.with_news(News::Worsened, at), channels)?;
    Ok(Opened::Worsened)
}

/// Ends the open alert of a condition; false where there is none.
pub(crate) fn clear(connection: &Connection, key: &AlertKey, at: Moment) -> Result<bool, SqliteError> {
    let Some((alert_no, alert)) = find_open(connection, key)? else { return Ok(false) };
    connection
        .prepare_cached("UPDATE alert SET cleared_at = ?2 WHERE alert_no = ?1")?
        .execute((sql_int(alert_no), at.to_string()))?;
    // Whoever was told of it is told that it is over, and nobody else.
    let channels = outbox::channels_of(connection, alert_no)?;
    outbox::add(connection, alert_no, &alert.with_news(News::Cleared, at), &channels)?;
    Ok(true)
}

/// The last `limit` alerts, newest first.
pub(crate) fn last(
    connection: &Connection,
    only_open: bool,
    limit: u32,
) -> Result<Vec<AlertRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT alert_no, key, content, n_found, opened_at, cleared_at FROM alert
         WHERE cleared_at IS NULL OR NOT ?1 ORDER BY alert_no DESC LIMIT ?2",
    )?;
    let alerts = statement.query_map((only_open, limit), |row| {
        Ok(AlertRecord {
            alert_no: number(row, 0)?,
            key: AlertKey::stored(row.get(1)?),
            alert: alert(row, 2)?,
            n_found: number(row, 3)?,
            opened_at: row.get(4)?,
            cleared_at: row.get(5)?,
            messages: Vec::new(),
        })
    })?;
    let mut alerts = alerts.collect::<Result<Vec<_>, _>>()?;
    for alert in &mut alerts {
        alert.messages = outbox::of_alert(connection, alert.alert_no)?;
    }
    Ok(alerts)
}

fn find_open(connection: &Connection, key: &AlertKey) -> Result<Option<(u64, Alert)>, SqliteError> {
    let mut statement = connection
        .prepare_cached("SELECT alert_no, content FROM alert WHERE key = ?1 AND cleared_at IS NULL")?;
    let found = statement.query_row([key.as_str()], |row| Ok((number(row, 0)?, alert(row, 1)?)));
    Ok(found.optional()?)
}

/// An alert as a column holds it.
pub(crate) fn as_json(alert: &Alert) -> Result<String, SqliteError> {
    serde_json::to_string(alert).map_err(|_| corrupt("an alert cannot be written"))
}

/// An alert out of a column.
pub(crate) fn alert(row: &Row<'_>, column: usize) -> rusqlite::Result<Alert> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|_| misfit(column, Type::Text))
}
