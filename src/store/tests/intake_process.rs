//! A taker killed at any instant: what is held is what its last set left, and the next taker goes on from there.
//!
//! This program starts itself as its children, so it has no test harness: `main` runs the checks in turn.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may end so"
)]

#[expect(dead_code, reason = "the behaviour suite uses the rest")]
mod intake;
mod postgres;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use intake::rows::{TestRow, check_held, held, intake as jumin_intake, jumin, row, stage, take, values};
use intake::{Fixture as _, PATIENT};
use postgres::Postgres;
use renkei_core::port::{IntakeStore, TakeMode};
use renkei_store::intake::{PostgresIntake, PostgresOptions, SqliteIntake};

const ROLE: &str = "RENKEI_INTAKE_CHILD";
const N_ROWS: u32 = 3_000;
/// After how many sets a child is killed in the middle of the next.
const ROUNDS: [u32; 5] = [1, 2, 1, 3, 2];

fn main() {
    if let Ok(role) = env::var(ROLE) {
        let place = env::args().nth(1).unwrap();
        return child(&role, &*open(&place));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.db").to_str().unwrap().to_owned();
    killed_while_staging(&file);
    killed_while_taking(&file, &|| ());
    assert_eq!(names(folder.path()), ["agent.db"], "nothing staged stays");
    println!("SQLite ... ok");
    let fixture = Postgres::new();
    let place = fixture.options(PATIENT).server;
    // A server goes on for a moment with what a killed client last asked.
    let until_alone = || {
        let start = Instant::now();
        let sql = format!("SELECT FROM pg_stat_activity WHERE application_name = '{}'", fixture.schema);
        while !fixture.sql(&sql).is_empty() {
            assert!(start.elapsed() < PATIENT, "the server did not let go");
        }
    };
    killed_while_staging(&place);
    killed_while_taking(&place, &until_alone);
    let found = open(&place);
    assert_eq!(
        fixture.values("jumin"),
        values(&set(found.head(&jumin_intake()).unwrap().unwrap().sequence.0))
    );
    println!("PostgreSQL ... ok");
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// A file's path, or a server's address.
fn open(place: &str) -> Box<dyn IntakeStore> {
    if place.starts_with('/') {
        return Box::new(SqliteIntake::open(Path::new(place), PATIENT).unwrap());
    }
    let options = PostgresOptions { server: place.to_owned(), password: None, wait: Duration::from_mins(1) };
    Box::new(PostgresIntake::open(options).unwrap())
}

/// The rows of a set: all change from one to the next, and some come and go.
fn set(sequence: u32) -> Vec<TestRow> {
    let text = format!("{sequence} {}", "方書".repeat(50));
    let numbers = (0..N_ROWS).filter(|number| !(number + sequence).is_multiple_of(7));
    numbers.map(|number| row(&format!("{number:05}"), &[&text])).collect()
}

fn say(what: &str) {
    println!("{what}");
    std::io::stdout().flush().unwrap();
}

fn child(role: &str, store: &dyn IntakeStore) {
    if role == "stage" {
        let mut taking = store.begin_taking(&jumin_intake(), &jumin()).unwrap();
        stage(&mut *taking, &set(1)).unwrap();
        say("ready");
        // Until it is killed, or its parent is gone.
        drop(std::io::stdin().read_line(&mut String::new()));
        return;
    }
    let next = store.head(&jumin_intake()).unwrap().map_or(1, |head| head.sequence.0 + 1);
    for sequence in next.. {
        take(store, &jumin(), sequence, TakeMode::Replace, &set(sequence)).unwrap();
        say(&sequence.to_string());
    }
}

fn start(role: &str, place: &str) -> (Child, impl Iterator<Item = String>) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(place).env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    (child, lines)
}

fn killed_while_staging(place: &str) {
    let (mut child, mut lines) = start("stage", place);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    child.kill().unwrap();
    child.wait().unwrap();
    let store = open(place);
    assert!(store.head(&jumin_intake()).unwrap().is_none());
    assert!(held(&*store).is_empty() && store.sets(None, 9).unwrap().is_empty());
}

fn killed_while_taking(place: &str, until_alone: &dyn Fn()) {
    let mut last = 0;
    for n_sets in ROUNDS {
        let (mut child, mut lines) = start("take", place);
        for _ in 0..n_sets {
            last = lines.next().unwrap().parse().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        until_alone();
        // Its own connections end with it, before the next round.
        let store = open(place);
        let sequence = store.head(&jumin_intake()).unwrap().unwrap().sequence.0;
        assert!(sequence == last || sequence == last + 1, "{sequence} after {last} was told");
        check_held(&*store, &set(sequence));
        let taken: Vec<_> = store.sets(None, 99).unwrap().iter().map(|set| set.sequence.unwrap().0).collect();
        assert_eq!(taken, (1..=sequence).rev().collect::<Vec<_>>(), "each once");
    }
}
