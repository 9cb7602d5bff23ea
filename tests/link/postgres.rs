//! The agent on a real PostgreSQL.

use std::collections::BTreeSet;
use std::process::Command;

use crate::agent::{RECEIVER, V1_0, expected, last_full, receipts};
use crate::running::Running;
use crate::sandbox::moves::fields;
use crate::sandbox::{BOM, PLAIN, Sandbox};
use crate::server::server;
use crate::taking::MUCH_LATER;

/// Runs a statement with PostgreSQL's own program and gives what it prints as CSV.
fn psql(database: &str, statement: &str) -> String {
    let output = Command::new("psql")
        .arg("--host")
        .arg(&server().folder)
        .args(["--port", &server().port.to_string(), "--username", "postgres", "--dbname", database])
        .args(["--csv", "--tuples-only", "--no-psqlrc", "--quiet"])
        .args(["--set", "ON_ERROR_STOP=1", "--command", statement])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An agent whose rows go into a new database of the server.
fn declare(sandbox: &Sandbox, database: &str, accept: &str) {
    psql("postgres", &format!("CREATE DATABASE {database}"));
    let (folder, port) = (server().folder.display(), server().port);
    sandbox.write(
        "receive.toml",
        &format!(
            r#"municipality = "082201"
receiver = "{RECEIVER}"
share = "hub/share"
folder = "agent"
[target]
postgres = "host={folder} port={port} user=postgres dbname={database}"
[[intake]]
id = "jumin"
from = "001"
folders = ["001/001o005-00/v1.0", "001/001o005-00/v1.1"]
accept = [{accept}]
table = "order"
[intake.guard]
max_share = "none"
max_deleted_share = "none"
max_shrink = "none"
max_growth = "none"
"#
        ),
    );
}

/// The rows of a table.
fn rows(database: &str, table: &str) -> BTreeSet<Vec<String>> {
    psql(database, &format!("SELECT * FROM {table}")).lines().map(fields).collect()
}

#[test]
fn a_full_and_diffs_go_into_postgresql_and_a_cut_off_one_goes_in_once() {
    let sandbox = Sandbox::loaded(120, 12);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    for moves in sandbox.cut_moves(2) {
        sandbox.run(&["apply", &moves]).expect(0);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    declare(&sandbox, "link", V1_0);
    for point in ["receive.staged", "receive.proven", "receive.taken", "receive.answered"] {
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["receive"]).expect_killed();
    }
    sandbox.receive(&[]).expect(0);
    let held = sandbox.copy();
    held.generate(&[PLAIN], &["--full"]).expect(0);
    assert_eq!(rows("link", "order_v1_0"), last_full(&held, PLAIN));
    let outcomes: Vec<_> = receipts(&sandbox).into_values().flatten().collect();
    assert_eq!(outcomes, ["taken", "taken", "taken"]);
    sandbox.replace("receive.toml", "user=postgres", "user=nobody_here");
    sandbox.receive(&[]).expect(10);
}

#[test]
fn a_merged_diff_a_correction_and_a_switch_of_versions_go_into_postgresql() {
    let sandbox = Sandbox::loaded(120, 12);
    sandbox.replace(
        "hub/hub.toml",
        "receivers = [\"014\", \"017\"]",
        "receivers = [\"014\", \"015\", \"017\"]",
    );
    let later = |args: &[&str]| sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], args);
    let database = "mended";
    declare(&sandbox, database, V1_0);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    later(&["receive"]).expect(0);
    for moves in sandbox.cut_moves(3) {
        sandbox.run(&["apply", &moves]).expect(0);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    // The first diff is lost: one for all three comes for this receiver alone.
    let lost = sandbox.notices(PLAIN)[1].clone();
    std::fs::remove_file(lost.with_extension("csv")).unwrap();
    std::fs::remove_file(lost).unwrap();
    later(&["receive"]).expect(10).says("set 2 is missing");
    let mend = ["mend", PLAIN, "--receiver", RECEIVER, "--reason", "lost", "--as", "merged"];
    later(&mend).expect(0);
    later(&["receive"]).expect(0);
    assert_eq!(rows(database, "order_v1_0"), expected(&sandbox));
    // One row is gone and another is not what it was: found, and put right by a diff on the very state.
    let keys = psql(database, "SELECT convert_from(key, 'UTF8') FROM intake_row ORDER BY key LIMIT 2");
    let keys: Vec<&str> = keys.lines().collect();
    for statement in [
        format!("DELETE FROM intake_row WHERE key = convert_to('{}', 'UTF8')", keys[0]),
        format!("DELETE FROM order_v1_0 WHERE atena_no = '{}'", keys[0]),
        format!(
            "UPDATE intake_row SET sha256 = decode(repeat('5a', 32), 'hex') WHERE key = convert_to('{}', 'UTF8')",
            keys[1]
        ),
        format!("UPDATE order_v1_0 SET shimei = '誤' WHERE atena_no = '{}'", keys[1]),
    ] {
        psql(database, &statement);
    }
    assert_ne!(rows(database, "order_v1_0"), expected(&sandbox));
    later(&["receive", "--intake", "jumin", "--state", "rows", "--buckets", "all"]).expect(0);
    let reconcile =
        ["reconcile", PLAIN, "--receiver", RECEIVER, "--rows", "rows", "--correct", "--reason", "x"];
    later(&reconcile).expect(0).says("missing 1, surplus 0, different 1");
    later(&["receive"]).expect(0);
    assert_eq!(rows(database, "order_v1_0"), expected(&sandbox));
    // The next version begins with its full, in a table of its own.
    sandbox.replace(
        "receive.toml",
        V1_0,
        "{ layout = \"001o005-1.0\", until = 2030-12-31 }, { layout = \"001o005-1.1\", from = 2031-01-01 }",
    );
    later(&["generate", BOM, "--full"]).expect(0);
    later(&["receive"]).expect(0);
    assert_eq!(rows(database, "order_v1_1"), last_full(&sandbox, BOM));
}

#[test]
fn the_agent_that_stays_goes_on_after_its_database_was_away() {
    let sandbox = Sandbox::loaded(60, 6);
    declare(&sandbox, "away", V1_0);
    sandbox.replace("receive.toml", "folder = \"agent\"", "folder = \"agent\"\nevery = \"1s\"");
    let mut agent = Running::spawn(&sandbox, &["receive", "--daemon"], &[]);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    agent.until("the full", || !receipts(&sandbox).is_empty());
    psql("postgres", "ALTER DATABASE away ALLOW_CONNECTIONS false");
    psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'away'");
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    agent.wait_for("[store.");
    assert_eq!(receipts(&sandbox).len(), 1);
    psql("postgres", "ALTER DATABASE away ALLOW_CONNECTIONS true");
    agent.until("the diff", || receipts(&sandbox).len() == 2);
    let (status, said) = agent.end();
    assert_eq!(status.code(), Some(0), "{said:#?}");
    let held = sandbox.copy();
    held.generate(&[PLAIN], &["--full"]).expect(0);
    assert_eq!(rows("away", "order_v1_0"), last_full(&held, PLAIN));
}
