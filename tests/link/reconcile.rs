//! Reconciling: what the agent holds is damaged by hand, found row by row, and put right by a diff for it alone.

use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::agent::{RECEIVER, V1_0, declare, expected, line, table};
use crate::sandbox::{Outcome, PLAIN, Sandbox, files};

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
const MUCH_LATER: &str = "1930000000";

/// A hub with a full and two diffs that the agent has taken in; the moves of a third are not applied yet.
fn linked() -> (Sandbox, String) {
    let sandbox = Sandbox::loaded(120, 12);
    // Somebody is to be in the registry and not in the feed.
    sandbox.replace("hub/layouts/001o005-1.0.toml", "[select]", "[select]\njumin_shubetsu = [\"1\"]");
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let mut moves = sandbox.cut_moves(3);
    let last = moves.pop().unwrap();
    for moves in moves {
        sandbox.run(&["apply", &moves]).expect(0);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    declare(&sandbox, V1_0, "");
    std::fs::create_dir(sandbox.path("layouts")).unwrap();
    std::fs::copy(sandbox.path("hub/layouts/001o005-1.0.toml"), sandbox.path("layouts/001o005-1.0.toml"))
        .unwrap();
    later(&sandbox, &["receive"]).expect(0);
    (sandbox, last)
}

fn later(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], args)
}

/// Damages what the agent holds: one row is gone, one has another name, and one was never given it.
fn damage(sandbox: &Sandbox) -> [String; 3] {
    let database = Connection::open(sandbox.path("agent/receive.db")).unwrap();
    let keys = |sql: &str| {
        let mut rows = database.prepare(sql).unwrap();
        let read = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        read.map(|key| String::from_utf8(key.unwrap()).unwrap()).collect::<Vec<_>>()
    };
    let held = keys("SELECT key FROM intake_row ORDER BY key");
    let (gone, other) = (held[3].clone(), held[7].clone());
    let run = |sql: &str, key: &str| {
        assert_eq!(database.execute(sql, [key.as_bytes()]).unwrap(), 1, "{sql}");
    };
    run("DELETE FROM intake_row WHERE key = ?1", &gone);
    run(
        "UPDATE intake_row SET sha256 = CAST('0123456789abcdef0123456789abcdef' AS BLOB) WHERE key = ?1",
        &other,
    );
    database.execute("DELETE FROM jumin_v1_0 WHERE atena_no = ?1", [&gone]).unwrap();
    database.execute("UPDATE jumin_v1_0 SET shimei = '誤' WHERE atena_no = ?1", [&other]).unwrap();
    // A resident whom the feed does not show: the registry knows him.
    let all = sandbox.registry_numbers();
    let hidden = all.into_iter().find(|number| !held.contains(number)).expect("somebody is not shown");
    let bucket = renkei_core::state::bucket_of([hidden.as_bytes()]);
    database
        .execute(
            "INSERT INTO intake_row (intake_no, key, bucket, sha256, is_parked)
             SELECT intake_no, ?1, ?2, CAST('0123456789abcdef0123456789abcdef' AS BLOB), 0 FROM intake",
            (hidden.as_bytes(), u32::try_from(bucket).unwrap()),
        )
        .unwrap();
    [gone, other, hidden]
}

/// The one report there is, read; it is its owner's alone.
fn report(sandbox: &Sandbox) -> String {
    let folder = sandbox.path("hub/data/reports");
    let names = files::names(&folder);
    assert_eq!(names.len(), 1, "{names:?}");
    let path = folder.join(&names[0]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    std::fs::read_to_string(path).unwrap()
}

fn buckets(found: &Value) -> String {
    let numbers = found["buckets"].as_array().unwrap().iter();
    numbers.map(|number| number.as_u64().unwrap().to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn what_is_the_same_is_proven_to_be() {
    let (sandbox, _) = linked();
    later(&sandbox, &["receive", "--intake", "jumin", "--state"]).expect(0);
    let found = later(&sandbox, &["reconcile", "--json"]).expect(0).json();
    let one = &found["compared"][0];
    assert_eq!((&one["same"], &one["buckets"], &one["sequence"]), (&true.into(), &json!([]), &3.into()));
    // It is done with, and does not come again.
    assert_eq!(later(&sandbox, &["reconcile", "--json"]).expect(0).json()["compared"], json!([]));
    assert_eq!(line(&sandbox)["proven_equal"]["sequence"], 3);
    let archive = files::read_tree(&sandbox.path("hub/share/.archive/receipts"), |_| true);
    assert!(archive.keys().any(|name| name.contains(".holding.json")), "{:?}", archive.keys());
}

#[test]
fn damage_is_found_by_key_and_put_right_by_a_diff() {
    let (sandbox, last) = linked();
    let [gone, other, hidden] = damage(&sandbox);
    later(&sandbox, &["receive", "--intake", "jumin", "--state", "sums.json"]).expect(0);
    let args = ["reconcile", PLAIN, "--receiver", RECEIVER];
    let found = later(&sandbox, &[&args[..], &["--with", "sums.json", "--json"]].concat()).expect(1).json();
    assert_eq!((&found["same"], &found["behind"]), (&false.into(), &0.into()));
    let opened = buckets(&found);
    let state = ["receive", "--intake", "jumin", "--state", "rows", "--buckets"];
    later(&sandbox, &[&state[..], &["0"]].concat()).expect(0);
    later(&sandbox, &[&args[..], &["--rows", "rows"]].concat()).expect_fault(11, "holding.unusable");
    later(&sandbox, &[&state[..], &[&opened]].concat()).expect(0);
    let mode = std::fs::metadata(sandbox.path("rows")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let outcome = later(&sandbox, &[&args[..], &["--rows", "rows"]].concat()).expect(1);
    outcome.says("missing 1, surplus 1, different 1").says_not(&gone).says_not(&other).says_not(&hidden);
    let report = report(&sandbox);
    for (kind, key) in [("missing", &gone), ("different", &other), ("surplus", &hidden)] {
        assert!(report.contains(&format!("\"{kind}\",\"{key}\"")), "{kind}");
    }
    assert_eq!(report.lines().count(), 4);
    assert_eq!(line(&sandbox)["compared"]["same"], false);
    let correct = ["--rows", "rows", "--correct", "--reason", "restored from a backup", "--json"];
    let corrected = later(&sandbox, &[&args[..], &correct].concat()).expect(0).json();
    assert_eq!(
        (&corrected["published"]["rows"], &corrected["obstacles"]),
        (&3.into(), &json!([])),
        "{corrected:#}"
    );
    later(&sandbox, &["receive"]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
    later(&sandbox, &["receive", "--intake", "jumin", "--state"]).expect(0);
    let found = sandbox.run_with(&[("RENKEI_NOW", "1930000600")], &["reconcile", "--json"]).expect(0).json();
    assert_eq!(found["compared"][0]["same"], true, "{found:#}");
    // The next diff of the feed goes on from there.
    sandbox.run(&["apply", &last]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    sandbox.run_with(&[("RENKEI_NOW", "1930000900")], &["receive"]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
    let line = line(&sandbox);
    assert_eq!((&line["acknowledged"], &line["behind"]), (&4.into(), &0.into()), "{line:#}");
    assert_eq!((&line["state_equal"], &line["proven_equal"]["sequence"]), (&true.into(), &3.into()));
}

#[test]
fn a_row_the_registry_never_had_needs_a_full() {
    let (sandbox, _) = linked();
    let database = Connection::open(sandbox.path("agent/receive.db")).unwrap();
    let stranger = "999999999999999";
    let bucket = u32::try_from(renkei_core::state::bucket_of([stranger.as_bytes()])).unwrap();
    let sql = "INSERT INTO intake_row SELECT intake_no, ?1, ?2, CAST('0123456789abcdef0123456789abcdef' AS BLOB), 0 FROM intake";
    database.execute(sql, (stranger.as_bytes(), bucket)).unwrap();
    let bucket = bucket.to_string();
    later(&sandbox, &["receive", "--intake", "jumin", "--state", "rows", "--buckets", &bucket]).expect(0);
    let args = ["reconcile", PLAIN, "--receiver", RECEIVER, "--rows", "rows"];
    later(&sandbox, &args).expect(1).says("holds a row that no diff can take out").says_not(stranger);
    let correct = ["--correct", "--reason", "x"];
    later(&sandbox, &[&args[..], &correct].concat()).expect_fault(10, "feed.mend-refused");
}

#[test]
fn a_receiver_without_an_agent_is_compared_by_its_full() {
    let (sandbox, _) = linked();
    let copy = sandbox.copy();
    copy.generate(&[PLAIN], &["--full"]).expect(0);
    let notice = copy.notices(PLAIN).pop().unwrap();
    let text = std::fs::read_to_string(notice.with_extension("csv")).unwrap();
    // Without its first row, with a change in the second, and the rest from the end to the start.
    let mut rows: Vec<String> = text.lines().skip(3).map(str::to_owned).collect();
    let second = text.lines().nth(2).unwrap();
    rows.push(second.replacen("\",\"", "\",\"9", 1));
    rows.reverse();
    let header = text.lines().next().unwrap();
    sandbox.write("theirs.csv", &format!("{header}\r\n{}\r\n", rows.join("\r\n")));
    let args = ["reconcile", PLAIN, "--receiver", RECEIVER, "--full", "theirs.csv"];
    let found = later(&sandbox, &[&args[..], &["--json"]].concat()).expect(1).json();
    assert_eq!(
        (&found["missing"], &found["surplus"], &found["different"]),
        (&1.into(), &0.into(), &1.into()),
        "{found:#}"
    );
    assert_eq!(found["columns"].as_object().unwrap().len(), 1);
    assert_eq!((&found["sequence"], &found["correction"]["n_rows"]), (&3.into(), &2.into()));
    let report = report(&sandbox);
    assert!(report.contains("\"missing\"") && report.contains("\"different\""));
    let made = later(&sandbox, &[&args[..], &["--correct", "--reason", "own system", "--json"]].concat());
    assert_eq!(made.expect(0).json()["published"]["rows"], 2);
    // As of the full, other rows differ; of a date before it there is nothing.
    later(&sandbox, &[&args[..], &["--as-of", "1", "--json"]].concat()).expect(1);
    later(&sandbox, &[&args[..], &["--as-of", "2020-01-01"]].concat()).expect_fault(10, "engine.no-base");
    // The very full is the same as the registry's rows of then.
    let whole = copy.path("whole.csv");
    std::fs::write(&whole, text).unwrap();
    let whole = whole.to_str().unwrap();
    let same = later(&sandbox, &["reconcile", PLAIN, "--full", whole, "--json"]).expect(0).json();
    assert_eq!((&same["same"], &same["report"]), (&true.into(), &Value::Null));
}

#[test]
fn killed_at_every_point_a_comparison_is_on_record() {
    for point in renkei_engine::reconcile::RECONCILE_POINTS {
        let (sandbox, _) = linked();
        let sandbox = sandbox.noted(point);
        later(&sandbox, &["receive", "--intake", "jumin", "--state"]).expect(0);
        let env = [("RENKEI_NOW", MUCH_LATER), ("RENKEI_STOP_AT", point)];
        sandbox.run_with(&env, &["reconcile"]).expect_killed();
        later(&sandbox, &["reconcile"]).expect(0);
        assert_eq!(line(&sandbox)["proven_equal"]["sequence"], 3, "{point}");
        let folder = sandbox.path(&format!("hub/share/{RECEIVER}/receipt"));
        assert!(!files::names(&folder).iter().any(|name| name.contains("holding")), "{point}");
    }
}

#[test]
fn what_cannot_be_used_is_quarantined() {
    let (sandbox, _) = linked();
    later(&sandbox, &["receive", "--intake", "jumin", "--state"]).expect(0);
    let folder = sandbox.path(&format!("hub/share/{RECEIVER}/receipt"));
    let name = files::names(&folder).into_iter().find(|name| name.ends_with(".holding.json")).unwrap();
    let text = std::fs::read_to_string(folder.join(&name)).unwrap();
    std::fs::write(folder.join(&name), text.replacen("\"sequence\": 3", "\"sequence\": 77", 1)).unwrap();
    std::fs::write(folder.join("x.holding-rows"), "{}\n").unwrap();
    let found = later(&sandbox, &["reconcile", "--json"]).expect(1).json();
    assert_eq!(found["compared"], json!([]));
    let places = found["quarantined"].as_array().unwrap();
    assert_eq!(places.len(), 2, "{found:#}");
    for place in places {
        let place = sandbox.path("hub/share").join(place["path"].as_str().unwrap());
        assert!(std::fs::read_to_string(place.join("reason.json")).unwrap().contains("holding.unusable"));
    }
}

/// Everything there is in the receiver's receipt folder of what it says it holds.
fn letters(sandbox: &Sandbox) -> Vec<String> {
    let names = files::names(&sandbox.path(&format!("hub/share/{RECEIVER}/receipt")));
    names.into_iter().filter(|name| name.contains(".holding")).collect()
}

#[test]
fn files_of_other_feeds_are_left_as_they_stand() {
    let (sandbox, _) = linked();
    later(&sandbox, &["receive", "--intake", "jumin", "--state"]).expect(0);
    later(&sandbox, &["receive", "--intake", "jumin", "--state", "--buckets", "0"]).expect(0);
    let before = letters(&sandbox);
    assert_eq!(before.len(), 2);
    let other = "001o005-v1.1";
    sandbox.replace("hub/hub.toml", r#"["014", "017"]"#, &format!(r#"["014", "{RECEIVER}", "017"]"#));
    let found = later(&sandbox, &["reconcile", other, "--json"]).expect(0).json();
    assert_eq!(found, json!({ "compared": [], "quarantined": [] }), "{other}");
    assert_eq!(letters(&sandbox), before);
    let found = later(&sandbox, &["reconcile", PLAIN, "--json"]).expect(0).json();
    assert_eq!(found["compared"].as_array().unwrap().len(), 2, "{found:#}");
    assert_eq!(letters(&sandbox), [""; 0]);
}

/// Damages what is held and lets the receiver send the rows of the buckets that differ.
fn sent_rows(sandbox: &Sandbox) {
    damage(sandbox);
    later(sandbox, &["receive", "--intake", "jumin", "--state", "--buckets", "all"]).expect(0);
}

#[test]
fn rows_that_came_are_private_gone_from_the_folders_and_put_right() {
    let (sandbox, _) = linked();
    let args = ["reconcile", PLAIN, "--receiver", RECEIVER, "--correct", "--reason", "訂正"];
    later(&sandbox, &args).expect_fault(10, "feed.mend-refused").says("no rows of its have come in");
    sent_rows(&sandbox);
    let point = [("RENKEI_NOW", MUCH_LATER), ("RENKEI_STOP_AT", "reconcile.recorded")];
    sandbox.run_with(&point, &["reconcile"]).expect_killed();
    let taken = sandbox.path(&format!("hub/share/{RECEIVER}/receipt")).join(&letters(&sandbox)[0]);
    assert_eq!(std::fs::metadata(taken).unwrap().permissions().mode() & 0o777, 0o600);
    let outcome = later(&sandbox, &["reconcile", PLAIN, "--reason", "compared by hand"]).expect(1);
    outcome.says("Rows that differ 3");
    assert_eq!(letters(&sandbox), [""; 0]);
    let archive = files::read_tree(&sandbox.path("hub/share/.archive"), |_| true);
    assert!(!archive.keys().any(|name| name.contains("holding-rows")), "{:?}", archive.keys());
    // One report, however often it was written, and the rows beside it.
    let kept = files::names(&sandbox.path("hub/data/reports"));
    assert_eq!(kept.len(), 2, "{kept:?}");
    for name in &kept {
        let mode = std::fs::metadata(sandbox.path("hub/data/reports").join(name)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
    let is_it = |line: &renkei_core::port::AuditEntry| {
        line.action.starts_with("reconcile") && line.reason == "compared by hand"
    };
    assert!(sandbox.audit().iter().any(is_it));
    let made = later(&sandbox, &[&args[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(made["published"]["rows"], 3, "{made:#}");
    later(&sandbox, &["receive"]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
    // What is put right is not put right by the same rows again.
    later(&sandbox, &["receive", "--intake", "jumin", "--state"]).expect(0);
    later(&sandbox, &["reconcile"]).expect(0);
    later(&sandbox, &args).expect_fault(10, "feed.mend-refused").says("by the last comparison");
}

#[test]
fn rows_that_can_never_be_compared_do_not_block_their_receiver() {
    let (sandbox, _) = linked();
    sent_rows(&sandbox);
    sandbox.replace(
        "hub/layouts/001o005-1.0.toml",
        "jumin_shubetsu = [\"1\"]",
        "jumin_shubetsu = [\"1\", \"2\"]",
    );
    let changed = later(&sandbox, &["reconcile", "--json"]);
    let found = changed.expect(1).json();
    let place = found["quarantined"][0]["path"].as_str().unwrap();
    let why = std::fs::read_to_string(sandbox.path("hub/share").join(place).join("reason.json")).unwrap();
    assert!(why.contains("engine.rendering-changed"), "{why}");
    assert_eq!(letters(&sandbox), [""; 0]);
    // So it is with a full.
    sandbox.write("theirs.csv", "x\r\n");
    let args = ["reconcile", PLAIN, "--full", "theirs.csv", "--layout", "001o005-1.0"];
    later(&sandbox, &args).expect_fault(10, "engine.rendering-changed");
    assert_eq!(files::names(&sandbox.path("hub/data/reports")), [""; 0]);
}

#[test]
fn a_comparison_with_nobodys_file_is_in_the_audit() {
    let (sandbox, _) = linked();
    let notice = sandbox.notices(PLAIN)[0].clone();
    let full = notice.to_str().unwrap();
    later(&sandbox, &["reconcile", PLAIN, "--full", full, "--as-of", "1", "--reason", "a look"]).expect(0);
    let last = sandbox.audit().pop().unwrap();
    assert_eq!(
        (last.action.as_str(), last.reason.as_str()),
        (&*format!("reconcile {PLAIN} 1 with a file"), "a look")
    );
}
