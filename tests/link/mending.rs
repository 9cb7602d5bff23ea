//! Diffs for one receiver alone: several nights in one, found in its mailbox, after which the feed's own go on.

use serde_json::Value;

use crate::agent::{RECEIVER, V1_0, declare, expected, line, table};
use crate::sandbox::{Outcome, PLAIN, Sandbox, files};

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
const MUCH_LATER: &str = "1930000000";

/// A hub whose receiver has the full and lacks the first of three diffs; the moves of a fourth are not applied yet.
fn lacking() -> (Sandbox, String) {
    let sandbox = Sandbox::loaded(120, 12);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    declare(&sandbox, V1_0, "");
    sandbox.receive(&[]).expect(0);
    let mut moves = sandbox.cut_moves(4);
    let last = moves.pop().unwrap();
    for moves in moves {
        sandbox.run(&["apply", &moves]).expect(0);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    let notice = sandbox.notices(PLAIN)[1].clone();
    std::fs::remove_file(notice.with_extension("csv")).unwrap();
    std::fs::remove_file(notice).unwrap();
    later(&sandbox, &["receive"]).expect(10);
    (sandbox, last)
}

fn later(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], args)
}

fn mend(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    let args = ["mend", PLAIN, "--receiver", RECEIVER, "--reason", "lost", "--as", "merged"];
    later(sandbox, &[&args, more].concat())
}

fn option(plan: &Value, way: &str) -> Value {
    plan["options"].as_array().unwrap().iter().find(|option| option["way"] == way).unwrap().clone()
}

/// The table is the registry's, and a diff made now is taken in like any.
fn goes_on(sandbox: &Sandbox, last_moves: &str) {
    assert_eq!(table(sandbox, "jumin_v1_0"), expected(sandbox));
    sandbox.run(&["apply", last_moves]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    sandbox.run_with(&[("RENKEI_NOW", "1930000900")], &["receive"]).expect(0);
    assert_eq!(table(sandbox, "jumin_v1_0"), expected(sandbox));
    let line = line(sandbox);
    assert_eq!((&line["acknowledged"], &line["behind"]), (&5.into(), &0.into()), "{line:#}");
    assert_eq!((&line["state_equal"], &line["refusal"]), (&true.into(), &Value::Null), "{line:#}");
}

#[test]
fn several_nights_in_one_diff_for_one_receiver() {
    let (sandbox, last) = lacking();
    let shared = files::read_tree(&sandbox.path("hub/share/001"), |_| true);
    later(&sandbox, &["ledger", "--refresh"]).expect(0);
    let plan = mend(&sandbox, &["--dry-run", "--json"]).expect(0).json();
    let merged = option(&plan, "merged");
    assert_eq!((&plan["chosen"], &plan["holds"]), (&"merged".into(), &1.into()), "{plan:#}");
    let made = mend(&sandbox, &["--json"]).expect(0).json();
    assert_eq!(made["rows"], merged["cost"]["n_rows"]);
    assert!(made["rows"].as_u64().unwrap() > 0);
    assert_eq!(made["folder"], format!("{RECEIVER}/mend/{PLAIN}"));
    // The others' folder is as it was.
    assert_eq!(files::read_tree(&sandbox.path("hub/share/001"), |_| true), shared);
    let has = |line: &renkei_core::port::AuditEntry| {
        line.action == format!("mend {PLAIN} for {RECEIVER} as merged") && line.reason == "lost"
    };
    assert!(sandbox.audit().iter().any(has), "{:#?}", sandbox.audit());
    later(&sandbox, &["receive"]).expect(0);
    // What it stands for comes again and changes nothing.
    later(&sandbox, &["receive"]).expect(0).says("nothing new");
    let line = line(&sandbox);
    assert_eq!((&line["acknowledged"], &line["behind"]), (&4.into(), &0.into()), "{line:#}");
    mend(&sandbox, &[]).expect_fault(10, "feed.mend-refused");
    goes_on(&sandbox, &last);
}

#[test]
fn who_got_the_lost_one_after_all_passes_over_the_merged_one() {
    let (sandbox, last) = lacking();
    mend(&sandbox, &[]).expect(0);
    later(&sandbox, &["mend", PLAIN, "--receiver", RECEIVER, "--reason", "found", "--as", "again"]).expect(0);
    later(&sandbox, &["receive"]).expect(0);
    goes_on(&sandbox, &last);
}

#[test]
fn a_damaged_merged_diff_is_refused_and_made_again() {
    let (sandbox, last) = lacking();
    mend(&sandbox, &[]).expect(0);
    let folder = sandbox.path(&format!("hub/share/{RECEIVER}/mend/{PLAIN}"));
    let data = files::names(&folder).into_iter().find(|name| files::ends_with(name, "csv")).unwrap();
    let mut bytes = std::fs::read(folder.join(&data)).unwrap();
    let at = bytes.len() - 4;
    bytes[at] ^= 1;
    std::fs::write(folder.join(&data), bytes).unwrap();
    later(&sandbox, &["receive"]).expect(11);
    assert_eq!(line(&sandbox)["refusal"]["reasons"][0]["code"], "wrong-digest");
    let later_still = [("RENKEI_NOW", "1930000100")];
    let args = ["mend", PLAIN, "--receiver", RECEIVER, "--reason", "damaged", "--as", "merged"];
    sandbox.run_with(&later_still, &args).expect(0);
    // The damaged one is out of the mailbox.
    assert_eq!(files::names(&folder).len(), 2);
    sandbox.run_with(&[("RENKEI_NOW", "1930000200")], &["receive"]).expect(0);
    goes_on(&sandbox, &last);
}

#[test]
fn killed_at_every_point_a_merged_diff_is_there_once() {
    let (origin, last) = lacking();
    for point in renkei_engine::POINTS.into_iter().filter(|point| point.starts_with("publish.")) {
        if point == "publish.held" {
            continue;
        }
        let sandbox = origin.copy().noted(point);
        let args = ["mend", PLAIN, "--receiver", RECEIVER, "--reason", "lost", "--as", "merged"];
        let env = [("RENKEI_NOW", MUCH_LATER), ("RENKEI_STOP_AT", point)];
        sandbox.run_with(&env, &args).expect_killed();
        let folder = sandbox.path(&format!("hub/share/{RECEIVER}/mend/{PLAIN}"));
        // Whoever writes next finishes what was sealed; what was not is made again.
        sandbox.run_with(&[("RENKEI_NOW", "1930000100")], &args).expect(0);
        assert_eq!(files::names(&folder).len(), 2, "{point}");
        sandbox.run_with(&[("RENKEI_NOW", "1930000200")], &["receive"]).expect(0);
        goes_on(&sandbox, &last);
    }
}

#[test]
fn a_rule_does_once_what_a_person_would() {
    // The rule, what it leads to, and the sequence after it.
    for (rule, in_mailbox, acknowledged) in
        [("ask", false, None), ("diffs", false, Some(4)), ("merged", true, Some(4)), ("full", false, Some(5))]
    {
        let (sandbox, _) = lacking();
        let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
        let of_plain = text
            .split("[[feed]]")
            .find(|feed| feed.contains(&format!("id = \"{PLAIN}\"")))
            .and_then(|feed| feed.lines().find(|line| line.starts_with("receivers = [")))
            .unwrap();
        let with_rule = format!("receivers = [{{ system = \"{RECEIVER}\", mend = \"{rule}\" }}]");
        sandbox.replace("hub/hub.toml", of_plain, &with_rule);
        sandbox.replace("hub/jobs/mend.toml", "enabled = false", "enabled = true");
        let state = |sandbox: &Sandbox| {
            files::read_tree(&sandbox.path("hub/share"), |name| !name.contains("receipt"))
        };
        later(&sandbox, &["run", "mend"]).expect(0);
        let once = state(&sandbox);
        let mailbox = sandbox.path(&format!("hub/share/{RECEIVER}/mend/{PLAIN}"));
        assert_eq!(mailbox.is_dir(), in_mailbox, "{rule}");
        // The receiver's answer is waited for.
        later(&sandbox, &["run", "mend"]).expect(0);
        assert_eq!(state(&sandbox), once, "{rule}");
        let exit = if acknowledged.is_some() { 0 } else { 10 };
        sandbox.run_with(&[("RENKEI_NOW", "1930000200")], &["receive"]).expect(exit);
        let line = line(&sandbox);
        assert_eq!(line["acknowledged"].as_u64(), Some(acknowledged.unwrap_or(1)), "{rule}: {line:#}");
        assert_eq!(line["mend"], rule);
        later(&sandbox, &["run", "mend"]).expect(0);
        assert_eq!(state(&sandbox), once, "{rule}");
    }
}

/// What is on record of diffs for single receivers: base, end and progress.
fn mendings(sandbox: &Sandbox) -> Vec<String> {
    let all = renkei_core::port::Store::snapshot(&sandbox.store()).unwrap().mendings(None, None).unwrap();
    all.iter()
        .map(|one| format!("{} {} {}", one.base_sequence, one.sequence, one.progress.as_str()))
        .collect()
}

#[test]
fn what_the_mailbox_refuses_does_not_multiply() {
    let (sandbox, last) = lacking();
    // A plain file where its folder would be.
    let in_the_way = sandbox.path(&format!("hub/share/{RECEIVER}/mend"));
    std::fs::create_dir_all(in_the_way.parent().unwrap()).unwrap();
    let _ = std::fs::remove_dir_all(&in_the_way);
    std::fs::write(&in_the_way, "x").unwrap();
    let args = ["mend", PLAIN, "--receiver", RECEIVER, "--reason", "lost", "--as", "merged"];
    for at in ["1930000100", "1930000200", "1930000300", "1930000400"] {
        sandbox.run_with(&[("RENKEI_NOW", at)], &args);
        assert!(mendings(&sandbox).iter().all(|one| one == "1 4 sealed"));
        assert!(mendings(&sandbox).len() <= 2, "{:?}", mendings(&sandbox));
    }
    std::fs::remove_file(&in_the_way).unwrap();
    // Whoever writes next finishes the newest, and it alone; then it is made once more, as asked for.
    sandbox.run_with(&[("RENKEI_NOW", "1930000500")], &args).expect(0);
    assert_eq!(mendings(&sandbox), ["1 4 published"; 2]);
    assert_eq!(files::names(&in_the_way.join(PLAIN)).len(), 2);
    sandbox.run_with(&[("RENKEI_NOW", "1930000600")], &["receive"]).expect(0);
    goes_on(&sandbox, &last);
}

#[test]
fn a_rule_waits_for_what_the_mailbox_refuses() {
    let (sandbox, _) = lacking();
    let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let of_plain = text
        .split("[[feed]]")
        .find(|feed| feed.contains(&format!("id = \"{PLAIN}\"")))
        .and_then(|feed| feed.lines().find(|line| line.starts_with("receivers = [")))
        .unwrap();
    let with_rule = format!("receivers = [{{ system = \"{RECEIVER}\", mend = \"merged\" }}]");
    sandbox.replace("hub/hub.toml", of_plain, &with_rule);
    sandbox.replace("hub/jobs/mend.toml", "enabled = false", "enabled = true");
    let in_the_way = sandbox.path(&format!("hub/share/{RECEIVER}/mend"));
    let _ = std::fs::remove_dir_all(&in_the_way);
    std::fs::write(&in_the_way, "x").unwrap();
    for _ in 0..3 {
        later(&sandbox, &["run", "mend"]);
        assert_eq!(mendings(&sandbox), ["1 4 sealed"]);
    }
}

#[test]
fn a_mailbox_keeps_what_is_not_taken_in_and_is_cleared_afterwards() {
    let (sandbox, _) = lacking();
    mend(&sandbox, &[]).expect(0);
    let folder = sandbox.path(&format!("hub/share/{RECEIVER}/mend/{PLAIN}"));
    // 41 days later.
    let then = |args: &[&str]| sandbox.run_with(&[("RENKEI_NOW", "1933542400")], args);
    let mailboxes = || {
        let plan = then(&["retention", "plan", "--json"]).expect(0).json();
        let areas = plan["areas"].as_array().unwrap();
        let area = areas.iter().find(|area| area["area"] == "mailboxes").unwrap().clone();
        (area["remove"].as_array().unwrap().len(), area["kept"].clone())
    };
    assert_eq!(mailboxes(), (0, serde_json::json!({ "needed": 1 })));
    then(&["receive"]).expect(0);
    then(&["ledger", "--refresh"]).expect(0);
    assert_eq!(mailboxes(), (1, serde_json::json!({})));
    then(&["retention", "execute", "--reason", "x"]).expect(0);
    assert_eq!(files::names(&folder), [""; 0]);
    assert_eq!(mendings(&sandbox), [""; 0]);
}
