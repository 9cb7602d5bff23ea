//! A connection to PostgreSQL for synchronous code: each call runs the connection until its answer is there.
//!
//! Errors become the port's here. PostgreSQL's own words name tables and rules but may repeat a value, so they pass
//! only where they are about rights, objects, the server or its resources.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt as _;
use renkei_core::port::StoreError;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement, ToStatement};

/// How long a server that does not answer is waited for where the connection text does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the end of a connection waits for the farewell to be sent.
const FAREWELL: Duration = Duration::from_millis(200);

/// Parameters of a statement.
pub(crate) type Parameters<'p> = &'p [&'p (dyn ToSql + Sync)];

/// One connection.
pub(crate) struct Session {
    runtime: Runtime,
    /// `None` only while it ends.
    client: Option<Client>,
    work: Option<JoinHandle<()>>,
}

impl Session {
    /// Connects. Whoever needs a lock waits `wait` for it.
    pub(crate) fn open(config: &Config, wait: Duration) -> Result<Self, StoreError> {
        let mut config = config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable { detail: error.to_string() })?;
        let (client, connection) = runtime.block_on(config.connect(NoTls)).map_err(|error| fault(&error))?;
        let work = runtime.spawn(async move {
            // Its error is also that of whatever was asked last.
            let _ = connection.await;
        });
        let session = Self { runtime, client: Some(client), work: Some(work) };
        // Zero would be to wait for ever.
        let wait_ms = wait.as_millis().clamp(1, i32::MAX.unsigned_abs().into());
        session.batch(&format!(
            "SET lock_timeout = {wait_ms};
             SET standard_conforming_strings = on;
             SET client_min_messages = warning;
             SELECT set_config('synchronous_commit', 'on', false)
              WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        ))?;
        Ok(session)
    }

    fn client(&self) -> Result<&Client, StoreError> {
        self.client.as_ref().ok_or_else(|| lost("the connection has ended"))
    }

    fn run<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
        self.runtime.block_on(answer).map_err(|error| fault(&error))
    }

    /// Runs statements without parameters.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.run(self.client()?.batch_execute(sql))
    }

    /// Runs a statement and gives the rows that come back.
    pub(crate) fn query<S>(&self, sql: &S, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError>
    where
        S: ?Sized + ToStatement,
    {
        self.run(self.client()?.query(sql, parameters))
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, StoreError> {
        self.run(self.client()?.execute(sql, parameters))
    }

    /// Prepares a statement that is run many times.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement, StoreError> {
        self.run(self.client()?.prepare(sql))
    }

    /// Sends rows to a `COPY … FROM STDIN`. `Ok(false)` where a key was there already, and then none came in.
    pub(crate) fn copy(&self, sql: &str, rows: Bytes) -> Result<bool, StoreError> {
        let client = self.client()?;
        let copied = self.runtime.block_on(async {
            let mut sink = Box::pin(client.copy_in(sql).await?);
            sink.send(rows).await?;
            sink.as_mut().finish().await
        });
        match copied {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => Ok(false),
            Err(error) => Err(fault(&error)),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.client = None;
        if let Some(work) = self.work.take() {
            // Else the server notes a client that went without a word.
            let _ = self.runtime.block_on(async { tokio::time::timeout(FAREWELL, work).await });
        }
    }
}

/// A value of a row read; what does not fit is damage.
pub(crate) fn column<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r Row,
    column: usize,
) -> Result<T, StoreError> {
    let damage = |_| StoreError::Corrupt { detail: format!("unexpected value in result column {column}") };
    row.try_get(column).map_err(damage)
}

fn lost(detail: impl Into<String>) -> StoreError {
    StoreError::ConnectionLost { detail: detail.into() }
}

/// The port's error for one of PostgreSQL's.
pub(crate) fn fault(error: &Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        return match io {
            Some(io) => lost(io.to_string()),
            None if error.is_closed() => lost("the server closed the connection"),
            None => StoreError::Unavailable { detail: error.to_string() },
        };
    };
    let code = db.code().code();
    // Classes whose words are about rights, objects, the server and its resources, never about a value.
    let is_safe = ["08", "25", "28", "3D", "3F", "42", "53", "55", "57", "58"]
        .iter()
        .any(|class| code.starts_with(class));
    let detail = if is_safe {
        format!("{} ({code})", db.message())
    } else {
        format!("PostgreSQL refused it ({code})")
    };
    of_state(code, detail)
}

/// What a SQLSTATE asks for.
fn of_state(code: &str, detail: String) -> StoreError {
    match code {
        // Serialization, deadlock, a lock not had in time, a statement called off while it waited.
        "40001" | "40P01" | "55P03" => StoreError::Busy,
        "53100" => StoreError::Full { detail },
        // Too many clients; shut down, crashed, starting up.
        "53300" | "57P01" | "57P02" | "57P03" => lost(detail),
        "XX001" | "XX002" => StoreError::Corrupt { detail },
        _ if code.starts_with("08") => lost(detail),
        _ => StoreError::Unavailable { detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_core::{Class, Fault as _};

    #[test]
    fn each_state_becomes_what_can_be_done() {
        for (state, code, class) in [
            ("40001", "store.busy", Class::Retry),
            ("40P01", "store.busy", Class::Retry),
            ("55P03", "store.busy", Class::Retry),
            ("57P01", "store.connection-lost", Class::Retry),
            ("57P03", "store.connection-lost", Class::Retry),
            ("53300", "store.connection-lost", Class::Retry),
            ("08006", "store.connection-lost", Class::Retry),
            ("53100", "store.full", Class::Operator),
            ("XX001", "store.corrupt", Class::Operator),
            ("42501", "store.unavailable", Class::Operator),
            ("28P01", "store.unavailable", Class::Operator),
            ("22021", "store.unavailable", Class::Operator),
        ] {
            let error = of_state(state, String::new());
            assert_eq!((error.code(), error.class()), (code, class), "{state}");
        }
    }

    #[test]
    fn a_server_that_is_not_there_may_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let config: Config = format!("host={} user=nobody", folder.path().display()).parse().unwrap();
        let error = Session::open(&config, Duration::ZERO).err().unwrap();
        assert_eq!((error.code(), error.class()), ("store.connection-lost", Class::Retry));
    }
}
