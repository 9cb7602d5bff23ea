//! The outbox of alerts: messages that wait, and what came of each try to tell them.

use renkei_core::Moment;
use renkei_core::alert::{Alert, Channel, Delivery, Outcome};
use renkei_core::port::{DeliveryRecord, MessageRecord, MessageState, StoreError, WaitingMessage};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use crate::alerts::{alert, as_json};
use crate::columns::{misfit, number, sql_int, word};
use crate::errors::{SqliteError, is_constraint};

/// Puts a message of an alert into the outbox of each channel.
pub(crate) fn add(
    connection: &Connection,
    alert_no: u64,
    alert: &Alert,
    channels: &[Channel],
) -> Result<(), SqliteError> {
    let content = as_json(alert)?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO alert_message (alert_no, channel, content, state) VALUES (?1, ?2, ?3, 'waiting')",
    )?;
    for channel in channels {
        statement.execute((sql_int(alert_no), channel.as_str(), &content))?;
    }
    Ok(())
}

/// The channels an alert was put into the outbox of.
pub(crate) fn channels_of(connection: &Connection, alert_no: u64) -> Result<Vec<Channel>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT channel FROM alert_message WHERE alert_no = ?1 GROUP BY channel ORDER BY min(message_no)",
    )?;
    let channels = statement.query_map([sql_int(alert_no)], |row| word(row, 0, Channel::parse))?;
    Ok(channels.collect::<Result<_, _>>()?)
}

/// The messages of a channel that wait, oldest first.
pub(crate) fn waiting(connection: &Connection, channel: Channel) -> Result<Vec<WaitingMessage>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT message_no, content, n_tries, at
         FROM alert_message
         LEFT JOIN (SELECT message_no, count(*) AS n_tries, max(delivery_no) AS last_no
                    FROM alert_delivered JOIN alert_message USING (message_no)
                    WHERE state = 'waiting' GROUP BY message_no) USING (message_no)
         LEFT JOIN alert_delivery ON delivery_no = last_no
         WHERE state = 'waiting' AND alert_message.channel = ?1 ORDER BY message_no",
    )?;
    let messages = statement.query_map([channel.as_str()], |row| {
        let at: Option<String> = row.get(3)?;
        Ok(WaitingMessage {
            message_no: number(row, 0)?,
            alert: alert(row, 1)?,
            n_failed: row.get::<_, Option<u32>>(2)?.unwrap_or(0),
            last_try: at.map(|at| moment(&at).ok_or_else(|| misfit(3, Type::Text))).transpose()?,
        })
    })?;
    Ok(messages.collect::<Result<_, _>>()?)
}

/// When messages of a channel went out, newest first.
pub(crate) fn sent_at(
    connection: &Connection,
    channel: Channel,
    limit: u32,
) -> Result<Vec<Moment>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT at FROM alert_delivery WHERE channel = ?1 AND outcome IN ('sent', 'exited')
         ORDER BY delivery_no DESC LIMIT ?2",
    )?;
    let moments = statement.query_map((channel.as_str(), limit), |row| word(row, 0, moment))?;
    Ok(moments.collect::<Result<_, _>>()?)
}

/// Records a try, and how it leaves its messages.
pub(crate) fn put_delivery(
    connection: &Connection,
    message_nos: &[u64],
    record: &DeliveryRecord,
) -> Result<(), SqliteError> {
    let Delivery { channel, outcome, duration_ms } = &record.delivery;
    let (kind, exit_code, is_final, words) = match outcome {
        Outcome::Sent { words } => ("sent", None, None, words.as_str()),
        Outcome::Exited { exit_code, words } => ("exited", Some(*exit_code), None, words.as_str()),
        Outcome::Refused { words, is_final } => ("refused", None, Some(*is_final), words.as_str()),
        Outcome::Unreachable { words } => ("unreachable", None, None, words.as_str()),
        Outcome::TimedOut => ("timed-out", None, None, ""),
        Outcome::GivenUp => ("given-up", None, None, ""),
    };
    connection
        .prepare_cached(
            "INSERT INTO alert_delivery (channel, at, outcome, exit_code, is_final, words, duration_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((channel.as_str(), &record.at, kind, exit_code, is_final, words, sql_int(*duration_ms)))?;
    let delivery_no = connection.last_insert_rowid();
    let state = MessageState::after(&record.delivery);
    let mut link =
        connection.prepare_cached("INSERT INTO alert_delivered (message_no, delivery_no) VALUES (?1, ?2)")?;
    let mut leave = connection.prepare_cached("UPDATE alert_message SET state = ?2 WHERE message_no = ?1")?;
    for message_no in message_nos {
        match link.execute((sql_int(*message_no), delivery_no)) {
            Err(error) if is_constraint(&error) => {
                return Err(StoreError::Missing { what: format!("message {message_no}") }.into());
            }
            linked => linked?,
        };
        leave.execute((sql_int(*message_no), state.as_str()))?;
    }
    Ok(())
}

/// The messages of an alert, each with its last try.
pub(crate) fn of_alert(connection: &Connection, alert_no: u64) -> Result<Vec<MessageRecord>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT message_no, alert_message.channel, state, at, outcome, exit_code, is_final, words, duration_ms
         FROM alert_message
         LEFT JOIN alert_delivery ON delivery_no =
             (SELECT max(delivery_no) FROM alert_delivered AS of WHERE of.message_no = alert_message.message_no)
         WHERE alert_no = ?1 ORDER BY message_no",
    )?;
    let messages = statement.query_map([sql_int(alert_no)], |row| {
        let channel = word(row, 1, Channel::parse)?;
        let at: Option<String> = row.get(3)?;
        let last = match at {
            Some(at) => Some(DeliveryRecord { at, delivery: delivery(row, channel)? }),
            None => None,
        };
        let state = word(row, 2, MessageState::parse)?;
        Ok(MessageRecord { message_no: number(row, 0)?, channel, state, last })
    })?;
    Ok(messages.collect::<Result<_, _>>()?)
}

fn delivery(row: &Row<'_>, channel: Channel) -> rusqlite::Result<Delivery> {
    let kind = row.get_ref(4)?.as_str()?;
    let outcome = match kind {
        "sent" => Outcome::Sent { words: row.get(7)? },
        "exited" => Outcome::Exited { exit_code: row.get(5)?, words: row.get(7)? },
        "refused" => Outcome::Refused { words: row.get(7)?, is_final: row.get(6)? },
        "unreachable" => Outcome::Unreachable { words: row.get(7)? },
        "timed-out" => Outcome::TimedOut,
        "given-up" => Outcome::GivenUp,
        _ => return Err(misfit(4, Type::Text)),
    };
    Ok(Delivery { channel, outcome, duration_ms: number(row, 8)? })
}

fn moment(text: &str) -> Option<Moment> {
    Moment::from_unix(chrono::DateTime::parse_from_rfc3339(text).ok()?.timestamp())
}
