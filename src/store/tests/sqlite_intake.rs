//! SQLite against the behaviour suite of the intake port.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may end so")]

mod intake;

use std::time::Duration;

use intake::Fixture;
use renkei_core::port::IntakeStore;
use renkei_store::intake::SqliteIntake;
use rusqlite::Connection;

struct Sqlite(tempfile::TempDir);

impl Sqlite {
    fn connection(&self) -> Connection {
        Connection::open(self.0.path().join("agent.db")).unwrap()
    }
}

impl Fixture for Sqlite {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self, wait: Duration) -> Box<dyn IntakeStore> {
        Box::new(SqliteIntake::open(&self.0.path().join("agent.db"), wait).unwrap())
    }

    fn values(&self, table: &str) -> Vec<Vec<String>> {
        let connection = self.connection();
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?1";
        if connection.query_row(sql, [table], |row| row.get::<_, u32>(0)).unwrap() == 0 {
            return Vec::new();
        }
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let n_columns = statement.column_count();
        let rows = statement
            .query_map([], |row| (0..n_columns).map(|column| row.get(column)).collect::<Result<Vec<_>, _>>())
            .unwrap();
        let mut rows: Vec<Vec<String>> = rows.collect::<Result<_, _>>().unwrap();
        rows.sort();
        rows
    }

    fn make_table(&self, table: &str, columns: &[&str]) {
        let columns: Vec<String> = columns.iter().map(|name| format!("\"{name}\" TEXT")).collect();
        let columns = columns.join(", ").replacen("TEXT", "TEXT PRIMARY KEY", 1);
        self.connection().execute_batch(&format!("CREATE TABLE \"{table}\" ({columns})")).unwrap();
    }
}

intake_suite!(Sqlite);

#[test]
fn sets_do_what_a_plain_map_does() {
    intake::oracle::sets_do_what_a_plain_map_does::<Sqlite>(128);
}

#[test]
fn columns_that_are_no_text_are_refused() {
    let fixture = Sqlite::new();
    let store = fixture.open(intake::PATIENT);
    fixture
        .connection()
        .execute_batch("CREATE TABLE jumin (atena_no TEXT PRIMARY KEY, shimei INTEGER)")
        .unwrap();
    let refused =
        store.begin_taking(&intake::rows::intake(), &intake::rows::jumin()).err().unwrap().to_string();
    assert!(refused.contains("shimei") && refused.contains("text"), "{refused}");
}
