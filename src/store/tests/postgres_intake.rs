//! PostgreSQL against the behaviour suite of the intake port, and what is its own: a server that goes away,
//! passwords, rights, languages.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may end so"
)]

mod intake;
mod postgres;

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use intake::rows::{check_held, code, intake as jumin_intake, jumin, row, stage, state_after, take, taken};
use intake::{Fixture as _, PATIENT};
use postgres::Postgres;
use postgres::server::{Server, server};
use renkei_core::port::{IntakeStore as _, StoreError, TakeMode};
use renkei_secret::SecretSource;
use renkei_store::intake::{Password, PostgresIntake, PostgresOptions};

intake_suite!(Postgres);

#[test]
fn sets_do_what_a_plain_map_does() {
    intake::oracle::sets_do_what_a_plain_map_does::<Postgres>(12);
}

#[test]
fn a_server_that_goes_away_leaves_nothing_and_may_come_back() {
    let fixture = Postgres::new();
    let store = fixture.try_open(PATIENT).unwrap();
    let rows = [row("1", &["a"])];
    let state = state_after(&store, &rows, TakeMode::Replace);
    let mut taking = store.begin_taking(&jumin_intake(), &jumin()).unwrap();
    stage(&mut *taking, &rows).unwrap();
    fixture.sql(&format!(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = '{}'",
        fixture.schema
    ));
    let lost = taking.finish(TakeMode::Replace, &taken(1, state)).unwrap_err();
    assert_eq!(renkei_core::Fault::code(&lost), "store.connection-lost", "{lost}");
    // The store's own connection was lost as well; it takes another.
    assert_eq!(store.head(&jumin_intake()).unwrap(), None);
    take(&store, &jumin(), 1, TakeMode::Replace, &rows).unwrap();
    check_held(&store, &rows);
}

#[test]
fn a_password_opens_it_and_a_wrong_one_is_told_without_it() {
    let fixture = Postgres::new();
    let Server { port, .. } = server();
    let role = format!("role_{}", fixture.schema);
    fixture.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'himitsu 秘密'"));
    fixture.sql(&format!("GRANT ALL ON SCHEMA {} TO {role}", fixture.schema));
    let folder = tempfile::tempdir().unwrap();
    let open = |password: Option<&str>| {
        let password = password.map(|text| {
            let path = folder.path().join("password");
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            Password::read(&SecretSource::File(path)).unwrap()
        });
        PostgresIntake::open(PostgresOptions {
            server: format!(
                "host=127.0.0.1 port={port} user={role} dbname=postgres options='-c search_path={}'",
                fixture.schema
            ),
            password,
            wait: PATIENT,
        })
    };
    let store = open(Some("himitsu 秘密\n")).unwrap();
    take(&store, &jumin(), 1, TakeMode::Replace, &[row("1", &["a"])]).unwrap();
    for wrong in [None, Some("himitsu 違う")] {
        let error = open(wrong).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("himitsu"), "{error}");
    }
}

#[test]
fn one_that_holds_the_intake_is_waited_for_and_no_longer() {
    let fixture = Postgres::new();
    let patient = fixture.try_open(PATIENT).unwrap();
    let rows = [row("1", &["a"])];
    take(&patient, &jumin(), 1, TakeMode::Replace, &rows).unwrap();
    let hasty = fixture.try_open(Duration::ZERO).unwrap();
    let intake_no: i64 = fixture.sql("SELECT intake_no FROM intake")[0].get(0);
    let Server { folder, port, .. } = server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (holder, connection) = runtime
        .block_on(tokio_postgres::connect(
            &format!("host={} port={port} user=postgres", folder.display()),
            tokio_postgres::NoTls,
        ))
        .unwrap();
    runtime.spawn(connection);
    let lock = format!("BEGIN; SELECT pg_advisory_xact_lock({}, {intake_no})", 0x7265_6e6b);
    runtime.block_on(holder.batch_execute(&lock)).unwrap();
    assert_eq!(code(take(&hasty, &jumin(), 2, TakeMode::Diff, &[row("2", &["b"])])), "store.busy");
    runtime.block_on(holder.batch_execute("COMMIT")).unwrap();
    take(&patient, &jumin(), 2, TakeMode::Diff, &[row("2", &["b"])]).unwrap();
}

#[test]
fn columns_that_are_no_text_are_refused() {
    let fixture = Postgres::new();
    let store = fixture.try_open(PATIENT).unwrap();
    fixture.sql("CREATE TABLE jumin (atena_no text PRIMARY KEY, shimei integer)");
    let refused = store.begin_taking(&jumin_intake(), &jumin()).err().unwrap().to_string();
    assert!(refused.contains("shimei") && refused.contains("text"), "{refused}");
}

#[test]
fn a_database_that_cannot_hold_every_name_is_refused() {
    let fixture = Postgres::new();
    fixture.sql("SELECT 1");
    let database = format!("latin_{}", fixture.schema);
    fixture.sql(&format!("CREATE DATABASE {database} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"));
    let mut options = fixture.options(PATIENT);
    options.server = format!("{} dbname={database}", options.server);
    let error = PostgresIntake::open(options).unwrap_err().to_string();
    assert!(error.contains("LATIN1") && error.contains("UTF8"), "{error}");
}

#[test]
fn rights_that_lack_are_told() {
    let fixture = Postgres::new();
    let role = format!("role_{}", fixture.schema);
    fixture.sql(&format!("CREATE ROLE {role} LOGIN"));
    fixture.sql(&format!("GRANT USAGE ON SCHEMA {} TO {role}", fixture.schema));
    let mut options = fixture.options(PATIENT);
    options.server = options.server.replace("user=postgres", &format!("user={role} dbname=postgres"));
    let error = PostgresIntake::open(options).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("permission denied"), "{error}");
}
