//! The hub's ledger beside the agent: receipts taken in, refusals and gaps shown and mended.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::agent::{RECEIVER, V1_0, declare, expected, line, table};
use crate::sandbox::{BOM, Outcome, PLAIN, Sandbox, files};

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
const MUCH_LATER: &str = "1930000000";

/// A hub with a full and two diffs of the plain feed, and an agent beside it.
fn linked() -> Sandbox {
    let sandbox = Sandbox::loaded(120, 12);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    for moves in sandbox.cut_moves(2) {
        sandbox.run(&["apply", &moves]).expect(0);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    declare(&sandbox, V1_0, "");
    sandbox
}

/// A command when all files have stood for long.
fn later(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], args)
}

/// Asserts that the audit has a line.
#[track_caller]
fn audit_has(sandbox: &Sandbox, action: &str, result: &str) {
    let lines = sandbox.audit();
    let has = lines.iter().any(|line| line.action == action && line.result == result);
    assert!(has, "{action}: {result} is not in {lines:#?}");
}

fn receipt_names(sandbox: &Sandbox) -> Vec<String> {
    let folder = sandbox.path(&format!("hub/share/{RECEIVER}/receipt"));
    let mut names = if folder.is_dir() { files::names(&folder) } else { Vec::new() };
    names.retain(|name| name.contains(".receipt.json"));
    names
}

/// Every receipt that stands in the receiver's folder comes into the ledger, and goes from there.
pub(crate) fn every_receipt_is_in_the_ledger(sandbox: &Sandbox) {
    let folder = sandbox.path(&format!("hub/share/{RECEIVER}/receipt"));
    let digest = |name: &String| files::sha256(&std::fs::read(folder.join(name)).unwrap());
    let standing: BTreeSet<String> = receipt_names(sandbox).iter().map(digest).collect();
    assert!(!standing.is_empty());
    let taken = sandbox.run(&["ledger", "--refresh", "--json"]).expect(0).json();
    assert_eq!(taken["quarantined"], serde_json::json!([]));
    let mut known = BTreeSet::new();
    for feed in [PLAIN, BOM] {
        let events = sandbox.run(&["ledger", "show", feed, "--json"]).expect(0).json();
        known.extend(
            events.as_array().unwrap().iter().filter_map(|event| event["source"].as_str().map(str::to_owned)),
        );
    }
    let missing: Vec<&String> = standing.difference(&known).collect();
    assert!(missing.is_empty(), "{} of {} receipts are missing", missing.len(), standing.len());
    assert_eq!(receipt_names(sandbox), Vec::<String>::new());
}

#[test]
fn receipts_come_into_the_ledger_once() {
    let sandbox = linked();
    sandbox.receive(&[]).expect(0);
    assert_eq!(receipt_names(&sandbox).len(), 3);
    let again = sandbox.copy();
    every_receipt_is_in_the_ledger(&sandbox);
    let line = line(&sandbox);
    assert_eq!(
        (&line["published"], &line["acknowledged"], &line["behind"]),
        (&3.into(), &3.into(), &0.into())
    );
    assert_eq!((&line["state_equal"], &line["last"]["event"]), (&true.into(), &"taken".into()));
    audit_has(&sandbox, "receipt 001o005-v1.0 3 of 015", "taken");
    // The same receipts put there again are known, and change nothing.
    files::copy_folder(&again.path("hub/share/015/receipt"), &sandbox.path("hub/share/015/receipt"));
    let taken = sandbox.run(&["ledger", "--refresh", "--json"]).expect(0).json();
    assert_eq!((&taken["recorded"], &taken["known"]), (&0.into(), &3.into()));
    let archived = files::read_tree(&sandbox.path("hub/share/.archive/receipts"), |_| true);
    assert_eq!(archived.len(), 6);
    let events = sandbox.run(&["ledger", "show", PLAIN, "2", "--json"]).expect(0).json();
    let words: Vec<&str> =
        events.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["published", "taken"]);
    sandbox.run(&["ledger", "show", PLAIN, "9"]).expect_fault(10, "feed.no-such-publication");
    sandbox.run(&["versions"]).expect(0).says("001o005-00").says("015");
}

#[test]
fn a_receipt_that_cannot_be_put_away_keeps_no_other_back() {
    let sandbox = linked();
    sandbox.receive(&[]).expect(0);
    // Its place is taken by what is no folder.
    let shelf = sandbox.path("hub/share/.archive/receipts/001o005-v1.0");
    std::fs::create_dir_all(&shelf).unwrap();
    std::fs::write(shelf.join("1"), "").unwrap();
    sandbox.run(&["ledger", "--refresh"]).expect(10);
    assert!(shelf.join("2").is_dir() && shelf.join("3").is_dir());
    std::fs::remove_file(shelf.join("1")).unwrap();
    sandbox.run(&["ledger", "--refresh"]).expect(0);
    assert_eq!(line(&sandbox)["acknowledged"], 3);
    assert_eq!(receipt_names(&sandbox).len(), 0);
}

#[test]
fn a_refused_diff_shows_and_is_mended_by_the_same_bytes() {
    let sandbox = linked();
    let data = sandbox.notices(PLAIN)[1].with_extension("csv");
    let mut bytes = std::fs::read(&data).unwrap();
    let last = bytes.len() - 4;
    bytes[last] ^= 1;
    std::fs::write(&data, bytes).unwrap();
    later(&sandbox, &["receive"]).expect(11);
    let refused = line(&sandbox);
    assert_eq!((&refused["acknowledged"], &refused["behind"]), (&1.into(), &2.into()), "{refused:#}");
    assert_eq!(
        (&refused["refusal"]["sequence"], &refused["refusal"]["reasons"][0]["code"]),
        (&2.into(), &"wrong-digest".into())
    );
    later(&sandbox, &["ledger"]).expect(0).says("wrong-digest").says("refused");
    let mend = |more: &[&str]| {
        later(
            &sandbox,
            &[&["mend", PLAIN, "--receiver", RECEIVER, "--reason", "damaged file"], more].concat(),
        )
    };
    let plan = mend(&["--dry-run", "--json"]).expect(0).json();
    assert_eq!((&plan["chosen"], &plan["options"][0]["gives"]), (&"again".into(), &serde_json::json!([2])));
    mend(&[]).expect(0).says("Given again: 1");
    audit_has(&sandbox, "mend 001o005-v1.0 for 015 as again", "given again: 2");
    later(&sandbox, &["receive"]).expect(0);
    let mended = line(&sandbox);
    assert_eq!((&mended["acknowledged"], &mended["refusal"]), (&3.into(), &Value::Null), "{mended:#}");
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
    mend(&[]).expect_fault(10, "feed.mend-refused");
}

#[test]
fn a_lost_file_is_given_again_or_a_full_made() {
    for (way, sequence) in [("again", 3), ("full", 4)] {
        let sandbox = linked();
        let notice = sandbox.notices(PLAIN)[1].clone();
        std::fs::remove_file(notice.with_extension("csv")).unwrap();
        std::fs::remove_file(&notice).unwrap();
        later(&sandbox, &["receive"]).expect(10);
        let waiting = line(&sandbox);
        assert_eq!(
            (&waiting["waiting"]["sequence"], &waiting["first_open"]),
            (&3.into(), &2.into()),
            "{waiting:#}"
        );
        let args = ["mend", PLAIN, "--receiver", RECEIVER, "--reason", "lost", "--as", way];
        later(&sandbox, &args).expect(0);
        later(&sandbox, &["receive"]).expect(0);
        let mended = line(&sandbox);
        assert_eq!(
            (&mended["acknowledged"], &mended["behind"]),
            (&sequence.into(), &0.into()),
            "{way}: {mended:#}"
        );
        assert_eq!((&mended["state_equal"], &mended["waiting"]), (&true.into(), &Value::Null));
        assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox), "{way}");
    }
}

#[test]
fn what_is_not_the_receivers_own_is_quarantined() {
    let check = |code: &str, to: &str, change: &dyn Fn(String) -> String| {
        let sandbox = linked();
        sandbox.receive(&[]).expect(0);
        let own = sandbox.path("hub/share/015/receipt");
        let name = receipt_names(&sandbox).remove(0);
        let text = std::fs::read_to_string(own.join(&name)).unwrap();
        for name in receipt_names(&sandbox) {
            std::fs::remove_file(own.join(name)).unwrap();
        }
        let folder = sandbox.path(&format!("hub/share/{to}/receipt"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(&name), change(text)).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.join("link.receipt.json")).unwrap();
        let taken = sandbox.run(&["ledger", "--refresh", "--json"]).expect(0).json();
        assert_eq!(taken["quarantined"][0]["code"], code, "{taken:#}");
        assert_eq!((&taken["recorded"], taken["quarantined"].as_array().unwrap().len()), (&0.into(), 1));
        let place = sandbox.path("hub/share").join(taken["quarantined"][0]["path"].as_str().unwrap());
        assert!(std::fs::read_to_string(place.join("reason.json")).unwrap().contains(code));
        assert!(!folder.join(&name).exists() && folder.join("link.receipt.json").is_symlink());
        audit_has(&sandbox, &format!("receipt of {to}"), &format!("quarantined ({code})"));
    };
    check("receipt.other-receiver", "014", &|text| text);
    check("receipt.malformed", "015", &|text| text.replace('{', "["));
    check("receipt.no-receiver", "015", &|text| text.replace(PLAIN, BOM));
    check("receipt.other-municipality", "015", &|text| text.replace("\"082201\"", "\"131041\""));
    let unknown = |text: String| {
        let mut receipt: Value = serde_json::from_str(&text).unwrap();
        receipt["sequence"] = 77.into();
        receipt.to_string()
    };
    check("receipt.unknown-publication", "015", &unknown);
    let other = |text: String| {
        let receipt: Value = serde_json::from_str(&text).unwrap();
        text.replace(receipt["content_sha256"].as_str().unwrap(), &"ab".repeat(32))
    };
    check("receipt.other-content", "015", &other);
}

#[test]
fn a_receiver_counts_within_its_window_only() {
    let sandbox = linked();
    let windows = |window: &str| {
        let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
        let from =
            text.lines().find(|line| line.starts_with("receivers = [") && line.contains("\"015\"")).unwrap();
        let to = format!("receivers = [{{ system = \"015\"{window} }}]");
        sandbox.replace("hub/hub.toml", from, &to);
        let line = sandbox.run(&["ledger", PLAIN, "--json"]).expect(0).json()[0].clone();
        (line["within"].as_bool().unwrap(), line["behind"].as_u64().unwrap())
    };
    assert_eq!(windows(""), (true, 3));
    assert_eq!(windows(", from = 2026-10-02, until = 2026-10-02"), (true, 3));
    assert_eq!(windows(", until = 2026-10-01"), (false, 0));
    assert_eq!(windows(", from = 2026-10-03"), (false, 0));
    sandbox.replace("hub/layouts/001o005-1.0.toml", "# valid_until = 2028-03-31", "valid_until = 2026-10-20");
    assert_eq!(windows(""), (true, 3));
    sandbox.run(&["versions"]).expect(0).says("WARNING: the version ends in 18 days");
    windows(", until = 2026-10-10");
    sandbox.run(&["versions"]).expect(0).says_not("WARNING");
    let text = "receivers = [{ system = \"015\", until = 2026-10-10 }]";
    sandbox.replace(
        "hub/hub.toml",
        text,
        "receivers = [{ system = \"015\", from = 2026-10-10, until = 2026-10-09 }]",
    );
    sandbox.run(&["check"]).expect(1).says("until is before from");
}

#[test]
fn killed_at_every_point_receipts_come_in_once() {
    for point in renkei_engine::ledger::LEDGER_POINTS {
        let sandbox = linked().noted(point);
        sandbox.receive(&[]).expect(0);
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["ledger", "--refresh"]).expect_killed();
        sandbox.run(&["ledger", "--refresh"]).expect(0);
        let events = sandbox.run(&["ledger", "show", PLAIN, "--json"]).expect(0).json();
        let n_taken = events.as_array().unwrap().iter().filter(|event| event["event"] == "taken").count();
        let n_lines = sandbox.audit().iter().filter(|line| line.action.starts_with("receipt ")).count();
        assert_eq!((n_taken, n_lines), (3, 3), "{point}");
        assert_eq!(receipt_names(&sandbox), Vec::<String>::new(), "{point}");
        assert_eq!(
            files::read_tree(&sandbox.path("hub/share/.archive/receipts"), |_| true).len(),
            3,
            "{point}"
        );
    }
}
