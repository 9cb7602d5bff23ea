//! Takers in schemas of their own of the test program's PostgreSQL server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use renkei_core::port::StoreError;
use renkei_store::intake::{PostgresIntake, PostgresOptions};
use tokio_postgres::{NoTls, Row};

use crate::intake::Fixture;
use server::{Server, server};

pub(crate) mod server;

/// Runs a statement as the server's master, in a schema, and gives what comes back.
pub(crate) fn sql(schema: &str, statement: &str) -> Vec<Row> {
    let Server { folder, port, .. } = server();
    let server =
        format!("host={} port={port} user=postgres options='-c search_path={schema}'", folder.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server, NoTls).await.unwrap();
        let work = tokio::spawn(connection);
        let rows = client.query(statement, &[]).await.unwrap();
        drop(client);
        work.await.unwrap().unwrap();
        rows
    })
}

/// A schema of its own in the test program's server.
pub(crate) struct Postgres {
    pub(crate) schema: String,
}

impl Postgres {
    pub(crate) fn options(&self, wait: Duration) -> PostgresOptions {
        let (Server { folder, port, .. }, schema) = (server(), &self.schema);
        PostgresOptions {
            server: format!(
                "host={} port={port} user=postgres application_name={schema} options='-c search_path={schema}'",
                folder.display()
            ),
            password: None,
            wait,
        }
    }

    pub(crate) fn try_open(&self, wait: Duration) -> Result<PostgresIntake, StoreError> {
        PostgresIntake::open(self.options(wait))
    }

    pub(crate) fn sql(&self, statement: &str) -> Vec<Row> {
        sql(&self.schema, statement)
    }
}

impl Fixture for Postgres {
    fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let schema = format!("test_{}", LAST.fetch_add(1, Ordering::Relaxed));
        sql("public", &format!("CREATE SCHEMA {schema}"));
        Self { schema }
    }

    fn open(&self, wait: Duration) -> Box<dyn renkei_core::port::IntakeStore> {
        Box::new(self.try_open(wait).unwrap())
    }

    fn values(&self, table: &str) -> Vec<Vec<String>> {
        let is_there: bool = self.sql(&format!("SELECT to_regclass('\"{table}\"') IS NOT NULL"))[0].get(0);
        if !is_there {
            return Vec::new();
        }
        let rows = self.sql(&format!("SELECT * FROM \"{table}\""));
        let mut rows: Vec<Vec<String>> =
            rows.iter().map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect();
        rows.sort();
        rows
    }

    fn make_table(&self, table: &str, columns: &[&str]) {
        let columns: Vec<String> = columns.iter().map(|name| format!("\"{name}\" text")).collect();
        let columns = columns.join(", ").replacen("text", "text PRIMARY KEY", 1);
        self.sql(&format!("CREATE TABLE \"{table}\" ({columns})"));
    }
}
