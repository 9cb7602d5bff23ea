//! The agent on a real PostgreSQL.

use std::collections::BTreeSet;
use std::process::Command;

use crate::agent::{RECEIVER, V1_0, last_full, receipts};
use crate::sandbox::moves::fields;
use crate::sandbox::{PLAIN, Sandbox};
use crate::server::server;

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

#[test]
fn a_full_and_diffs_go_into_postgresql_and_a_cut_off_one_goes_in_once() {
    let sandbox = Sandbox::loaded(120, 12);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    for moves in sandbox.cut_moves(2) {
        sandbox.run(&["apply", &moves]).expect(0);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    psql("postgres", "CREATE DATABASE link");
    let (folder, port) = (server().folder.display(), server().port);
    sandbox.write(
        "receive.toml",
        &format!(
            r#"municipality = "082201"
receiver = "{RECEIVER}"
share = "hub/share"
folder = "agent"
[target]
postgres = "host={folder} port={port} user=postgres dbname=link"
[[intake]]
id = "jumin"
from = "001"
folders = ["001/001o005-00/v1.0"]
accept = [{V1_0}]
table = "order"
[intake.guard]
max_share = "none"
max_deleted_share = "none"
"#
        ),
    );
    for point in ["receive.staged", "receive.proven", "receive.taken", "receive.answered"] {
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["receive"]).expect_killed();
    }
    sandbox.receive(&[]).expect(0);
    let held = sandbox.copy();
    held.generate(&[PLAIN], &["--full"]).expect(0);
    let rows = psql("link", "SELECT * FROM order_v1_0");
    let rows: BTreeSet<Vec<String>> = rows.lines().map(fields).collect();
    assert_eq!(rows, last_full(&held, PLAIN));
    let outcomes: Vec<_> = receipts(&sandbox).into_values().flatten().collect();
    assert_eq!(outcomes, ["taken", "taken", "taken"]);
    sandbox.replace("receive.toml", "user=postgres", "user=nobody_here");
    sandbox.receive(&[]).expect(10);
}
