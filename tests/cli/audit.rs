//! The audit: every change has its line, tampering shows, and an outsider can prove what he was given.

use rusqlite::Connection;
use serde_json::Value;

use crate::sandbox::{PLAIN, Sandbox, files};

/// Changes the audit behind the program's back.
pub(crate) fn tamper(sandbox: &Sandbox, sql: &str) {
    Connection::open(sandbox.path("hub/data/renkei.db")).unwrap().execute_batch(sql).unwrap();
}

/// A hub with a few lines in its audit.
pub(crate) fn audited() -> Sandbox {
    let sandbox = Sandbox::loaded(30, 8);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.run(&["hold", "nightly", "--reason", "a look first"]).expect(0);
    sandbox.run(&["release", "nightly", "--reason", "looked"]).expect(0);
    sandbox
}

fn lines(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let listed = sandbox.run(&[&["audit", "list", "--json"], args].concat()).expect(0).json();
    listed.as_array().unwrap().clone()
}

/// What a command came to, and that the audit has a line on it.
fn check(sandbox: &Sandbox, args: &[&str], code: i32, action: &str, result: &str) {
    let last = lines(sandbox, &["--last", "1"]);
    let before = last.first().map_or(0, |line| line["audit_no"].as_u64().unwrap());
    sandbox.run(&[args, &["--operator", "tanaka"]].concat()).expect(code);
    let new = lines(sandbox, &["--by", "tanaka", "--last", "1000"]);
    let new: Vec<_> = new.iter().filter(|line| line["audit_no"].as_u64().unwrap() > before).collect();
    let is_it = |line: &&&Value| {
        line["action"].as_str().unwrap().contains(action) && line["result"].as_str().unwrap().contains(result)
    };
    assert_eq!(
        new.iter().filter(is_it).count(),
        1,
        "{args:?}: not one {action:?} with {result:?} in {new:#?}"
    );
    assert!(new.iter().all(|line| !line["reason"].as_str().unwrap().contains(' ')));
}

#[test]
fn whatever_changes_something_or_is_refused_has_a_line() {
    let sandbox = Sandbox::loaded(30, 8);
    let check = |args: &[&str], code, action: &str, result: &str| check(&sandbox, args, code, action, result);
    assert!(lines(&sandbox, &[])[0]["action"].as_str().unwrap() == "load registry");
    check(&["load", "town/residents.csv"], 10, "load registry", "refused (store.not-empty)");
    check(&["generate", PLAIN, "--diff"], 10, "generate 001o005-v1.0 --diff", "failed (engine.no-base)");
    check(&["generate", PLAIN, "--full"], 0, "publish 001o005-v1.0 full 1", "rows, 1 files");
    check(&["apply", "town/moves.csv"], 0, "apply moves", "commit 2");
    check(&["apply", "town/moves.csv"], 10, "apply moves", "refused (engine.same-file)");
    sandbox.write("wrong.csv", "atena_no,ido_jiyu\r\n1,99\r\n");
    check(&["apply", "wrong.csv"], 11, "apply moves", "refused (engine.refused)");
    check(&["hold", "nightly", "--reason", "x"], 0, "hold job nightly", "done");
    check(&["release", "nightly", "--reason", "x"], 0, "release job nightly", "done");
    check(&["disable", "nightly", "--reason", "x"], 0, "disable job nightly", "done");
    check(&["enable", "nightly", "--reason", "x"], 0, "enable job nightly", "done");
    check(&["run", "nightly", "--reason", "x"], 10, "job nightly", "failed (engine.no-base)");
    check(&["retention", "execute", "--reason", "x"], 0, "remove by retention", "nothing");
    sandbox.run(&["audit", "verify"]).expect(0);
}

#[test]
fn a_refusal_of_every_changing_command_has_a_line() {
    let sandbox = Sandbox::loaded(30, 8);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.replace("hub/hub.toml", "# [sftp]", "[sftp]");
    // Everything that must say why, with what it says and what keeps it from being done.
    let table: [(&[&str], i32, &str, &str); 33] = [
        (&["mend", PLAIN, "--receiver", "015"], 10, "mend 001o005-v1.0 for 015", "feed.mend-refused"),
        (&["mend", PLAIN, "--receiver", "999"], 10, "mend 001o005-v1.0 for 999", "feed.mend-refused"),
        (
            &["reconcile", PLAIN, "--receiver", "015", "--correct"],
            10,
            "reconcile 001o005-v1.0 for 015",
            "feed.mend-refused",
        ),
        (&["redeliver", PLAIN, "99"], 10, "redeliver 001o005-v1.0 99", "feed.no-such-publication"),
        (&["redeliver", "f", "1"], 2, "redeliver f 1", "usage.unknown-feed"),
        (&["remake", PLAIN, "99"], 10, "remake 001o005-v1.0 99", "feed.no-such-publication"),
        (&["held", "release", PLAIN], 10, "held release 001o005-v1.0", "feed.not-held"),
        (&["held", "discard", PLAIN], 10, "held discard 001o005-v1.0", "feed.not-held"),
        (&["account", "add", "a", "--system", "999"], 2, "account add a", "usage.unknown-system"),
        (&["account", "disable", "a"], 2, "account disable a", "usage.unknown-account"),
        (&["account", "enable", "a"], 2, "account enable a", "usage.unknown-account"),
        (&["account", "password", "a", "--generate"], 2, "account password a", "usage.unknown-account"),
        (&["account", "key", "remove", "a", KEY], 2, "account key remove a SHA256:", "usage.unknown-account"),
        (
            &["account", "address", "add", "a", "10.0.0.0/8"],
            2,
            "account address add a 10.0.0.0/8",
            "usage.unknown-account",
        ),
        (
            &["acl", "grant", "001", "read", "--system", "015"],
            10,
            "acl grant 001 read",
            "access.not-grantable",
        ),
        (&["acl", "revoke", "7"], 2, "acl revoke 7", "usage.unknown-grant"),
        (&["destination", "trust", "x", KEY], 2, "destination trust x", "usage.unknown-destination"),
        (&["deliver", "x"], 2, "deliver x", "usage.unknown-destination"),
        (&["cancel", "zzzz"], 2, "cancel zzzz", "usage.unknown-run"),
        (&["reread", "nowhere"], 2, "reread nowhere", "usage.unknown-set"),
        (&["intake", "allow", "x", "1"], 2, "intake allow x 1", "usage.unknown-intake"),
        (&["intake", "allow", "kaigo", "1"], 10, "intake allow kaigo 1", "intake.nothing-held"),
        (&["alert", "clear", "x"], 2, "alert clear x", "usage."),
        (&["hold", "x"], 2, "hold x", "usage.unknown-job"),
        (&["release", "x"], 2, "release x", "usage.unknown-job"),
        (&["enable", "x"], 2, "enable x", "usage.unknown-job"),
        (&["disable", "x"], 2, "disable x", "usage.unknown-job"),
        (&["run", "mend"], 2, "run mend", "usage.disabled-job"),
        (&["transfer", "verify", "9"], 10, "transfer verify 9", "transfer.no-such-case"),
        (&["transfer", "reject", "9"], 10, "transfer reject 9", "transfer.no-such-case"),
        (&["transfer", "apply", "9"], 10, "transfer apply 9", "transfer.no-such-case"),
        (&["transfer", "confirm", "9"], 10, "transfer confirm 9", "transfer.no-such-case"),
        (&["generate", "f", "--full"], 2, "generate f", "usage.unknown-feed"),
    ];
    for (args, code, action, fault) in table {
        let reason: &[&str] = if args[0] == "generate" { &[] } else { &["--reason", "why"] };
        let args = [args, reason].concat();
        let result = format!("refused ({fault}");
        check(&sandbox, &args, code, action, &result);
        if action == "cancel zzzz" {
            // Again, and under a clock that stands, it is another refusal.
            check(&sandbox, &args, code, action, &result);
        }
    }
    sandbox.run(&["audit", "verify"]).expect(0);
}

/// A fingerprint of nobody's.
const KEY: &str = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn what_is_changed_besides_files_has_a_line() {
    let sandbox = Sandbox::loaded(30, 8);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.replace("hub/hub.toml", "# [sftp]", "[sftp]");
    let check = |args: &[&str], action: &str, result: &str| {
        check(&sandbox, &[args, &["--reason", "why"]].concat(), 0, action, result);
    };
    check(&["account", "add", "office", "--system", "015"], "account add office", "made for system 015");
    check(&["account", "password", "office", "--generate"], "account password office", "");
    check(
        &["account", "address", "add", "office", "10.0.0.0/8"],
        "account address add office 10.0.0.0/8",
        "",
    );
    check(&["account", "disable", "office"], "account disable office", "");
    check(&["account", "enable", "office"], "account enable office", "");
    check(&["acl", "grant", "015/work", "all", "--system", "015"], "acl grant 015/work", "");
    check(&["acl", "revoke", "1"], "acl revoke 1", "revoked");
    check(&["hostkey", "make", "ed25519"], "hostkey make ed25519", "SHA256:");
    check(&["redeliver", PLAIN, "1"], "redeliver 001o005-v1.0 1", "");
    check(&["mend", PLAIN, "--receiver", "015", "--as", "full"], "mend 001o005-v1.0 for 015 as full", "");
    sandbox.run(&["audit", "verify"]).expect(0);
}

#[test]
fn lines_are_chosen_by_day_operator_and_action() {
    let sandbox = audited();
    let all = lines(&sandbox, &[]);
    assert_eq!(lines(&sandbox, &["--last", "2"]), all[all.len() - 2..]);
    assert_eq!(lines(&sandbox, &["--action", "job nightly"]).len(), 2);
    assert_eq!(lines(&sandbox, &["--by", "tester"]).len(), all.len());
    assert!(lines(&sandbox, &["--by", "test"]).is_empty());
    assert_eq!(lines(&sandbox, &["--since", "2026-10-02"]).len(), all.len());
    assert!(lines(&sandbox, &["--since", "2026-10-03"]).is_empty());
    assert!(lines(&sandbox, &["--until", "2026-10-01"]).is_empty());
    sandbox.run(&["audit", "list"]).expect(0).says("a look first").says("hold job nightly");
}

#[test]
fn tampering_shows_by_line() {
    let whole = audited();
    whole.run(&["audit", "verify"]).expect(0).says("holds").says("No end is kept");
    let check = |what: &str, sql: &str, broken: &[u64]| {
        let sandbox = whole.copy().noted(what);
        tamper(&sandbox, sql);
        let outcome = sandbox.run(&["audit", "verify", "--json"]).expect_fault(10, "audit.broken");
        let report = outcome.json();
        let found: Vec<&str> =
            report["faults"].as_array().unwrap().iter().map(|f| f["message"].as_str().unwrap()).collect();
        let expected: Vec<String> = broken
            .iter()
            .map(|no| format!("line {no} of the audit does not follow from the line before it"))
            .collect();
        assert_eq!(found, expected, "{what}");
        // The accepted audit is proven from there, and says so.
        sandbox.run(&["audit", "accept", "--reason", "known"]).expect(0);
        sandbox.run(&["audit", "verify"]).expect(0).says("accepted");
        sandbox.run(&["audit", "list"]).expect(0).says("accepted as it stands: audit.broken").says("known");
    };
    check("changed", "UPDATE audit SET operator = 'suzuki' WHERE audit_no = 2", &[2]);
    check("a reason changed", "UPDATE audit SET reason = 'other' WHERE audit_no = 3", &[3]);
    check("removed", "DELETE FROM audit WHERE audit_no = 2", &[3]);
    check("the first removed", "DELETE FROM audit WHERE audit_no = 1", &[2]);
    check(
        "swapped",
        "UPDATE audit SET audit_no = 99 WHERE audit_no = 2; UPDATE audit SET audit_no = 2 WHERE audit_no = 3;
         UPDATE audit SET audit_no = 3 WHERE audit_no = 99",
        &[2, 3, 4],
    );
    let hidden = whole.copy().noted("a base without a line");
    tamper(
        &hidden,
        "INSERT INTO audit_base SELECT 1, audit_no, chain_sha256 FROM audit WHERE audit_no = 2;
         DELETE FROM audit WHERE audit_no <= 2",
    );
    hidden.run(&["audit", "verify"]).expect_fault(10, "audit.broken").says("no line says why");
    whole.run(&["audit", "accept", "--reason", "x"]).expect(0).says("nothing wrong");
}

/// As the help says: SHA-256 of the value before and each field with its length.
fn chained(line: &Value) -> String {
    let previous = line["previous_sha256"].as_str().unwrap();
    let bytes = (0..32).map(|at| u8::from_str_radix(&previous[2 * at..2 * at + 2], 16).unwrap());
    let mut all: Vec<u8> = bytes.collect();
    for field in ["at", "operator", "action", "reason", "result"] {
        let text = line[field].as_str().unwrap();
        all.extend((text.len() as u64).to_be_bytes());
        all.extend(text.as_bytes());
    }
    files::sha256(&all)
}

#[test]
fn an_export_can_be_proven_by_anybody() {
    let sandbox = audited();
    sandbox.run(&["hold", "nightly", "--reason", "=1+1, \"x\""]).expect(0);
    let outcome = sandbox.run(&["audit", "export", "-", "--format", "jsonl"]).expect(0);
    let exported: Vec<Value> =
        outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(exported.len(), lines(&sandbox, &[]).len());
    assert_eq!(exported[0]["previous_sha256"], "0".repeat(64));
    for pair in exported.windows(2) {
        assert_eq!(pair[1]["previous_sha256"], pair[0]["chain_sha256"]);
    }
    for line in &exported {
        assert_eq!(line["chain_sha256"], chained(line), "{line}");
    }
    sandbox.run(&["audit", "export", "audit.csv", "--bom"]).expect(0).says("audit.csv");
    let csv = std::fs::read_to_string(sandbox.path("audit.csv")).unwrap();
    assert!(csv.starts_with("\u{feff}\"audit_no\",\"at\""), "{csv}");
    assert!(csv.contains("\"'=1+1, \"\"x\"\"\""), "{csv}");
    assert_eq!(csv.lines().count(), exported.len() + 1);
    sandbox.run(&["audit", "export", "audit.csv"]).expect_fault(10, "hub.write");
    let none = sandbox.run(&["audit", "export", "-", "--since", "2026-10-03", "--format", "jsonl"]).expect(0);
    assert_eq!(none.stdout, "");
}
