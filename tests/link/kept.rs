//! What the agent keeps in its own folder and for how long, what it holds by its own word, and fulls that only add.

use serde_json::Value;

use crate::agent::expected;
use crate::agent::{receipts, table};
use crate::sandbox::{PLAIN, Sandbox, files};
use crate::taking::{MUCH_LATER, linked};

/// A year after [`MUCH_LATER`].
const YEARS_LATER: &str = "1961536000";

fn stages(sandbox: &Sandbox) -> Vec<String> {
    files::names(&sandbox.path("agent/.stage"))
}

fn kept(sandbox: &Sandbox) -> Vec<String> {
    let folder = sandbox.path("agent/.quarantine");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Makes one row of a publication break the layout, with a notice that agrees; gives what was there before.
fn break_a_row(notice: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let data = notice.with_extension("csv");
    let before = [notice.to_owned(), data.clone()].map(|path| (path.clone(), std::fs::read(path).unwrap()));
    let text = String::from_utf8(before[1].1.clone()).unwrap();
    let mut lines: Vec<String> = text.split_inclusive("\r\n").map(str::to_owned).collect();
    let wrong = lines[1].replacen("\"1\"", "\"7\"", 9);
    assert_ne!(wrong, lines[1]);
    lines[1] = wrong;
    rewrite(notice, &lines.concat(), |_| ());
    before.to_vec()
}

/// Puts other data beside a notice, which then says so.
fn rewrite(notice: &std::path::Path, data: &str, more: impl FnOnce(&mut Value)) {
    let mut told: Value = serde_json::from_slice(&std::fs::read(notice).unwrap()).unwrap();
    let n_rows = data.lines().count() - 1;
    told["n_rows"] = n_rows.into();
    told["files"][0]["n_rows"] = n_rows.into();
    told["files"][0]["n_bytes"] = data.len().into();
    told["files"][0]["sha256"] = files::sha256(data.as_bytes()).into();
    more(&mut told);
    std::fs::write(notice.with_extension("csv"), data).unwrap();
    std::fs::write(notice, told.to_string()).unwrap();
}

#[test]
fn nothing_is_left_on_the_stage_whatever_came_of_a_set() {
    let sandbox = linked("");
    let before = break_a_row(&sandbox.notices(PLAIN)[1]);
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &["receive"]).expect(11).says("wrong-rows");
    assert_eq!(stages(&sandbox), Vec::<String>::new());
    assert_eq!(kept(&sandbox).len(), 1);
    for (path, bytes) in before {
        std::fs::write(path, bytes).unwrap();
    }
    // What a process that was killed left goes with the next, whatever set it was of.
    std::fs::create_dir(sandbox.path("agent/.stage/intake-gone-1")).unwrap();
    sandbox.receive(&[]).expect(0);
    assert_eq!(stages(&sandbox), Vec::<String>::new());
    sandbox.receive(&["--preview"]).expect(0);
    assert_eq!(stages(&sandbox), Vec::<String>::new());
}

#[test]
fn refused_sets_are_kept_for_their_time_and_until_they_are_mended() {
    let sandbox = linked("");
    sandbox.replace("receive.toml", "folder = \"agent\"", "folder = \"agent\"\nkeep = \"100d\"");
    let before = break_a_row(&sandbox.notices(PLAIN)[1]);
    let receive = |now: &str| sandbox.run_with(&[("RENKEI_NOW", now), ("RENKEI_LOG", "info")], &["receive"]);
    receive(MUCH_LATER).expect(11);
    // Past its time, and not mended.
    receive(YEARS_LATER)
        .expect(11)
        .says_not("kept long enough")
        .says("is refused, as before")
        .says("wrong-rows");
    assert_eq!(kept(&sandbox).len(), 1);
    for (path, bytes) in before {
        std::fs::write(path, bytes).unwrap();
    }
    sandbox.receive(&[]).expect(0);
    assert_eq!(kept(&sandbox).len(), 1, "mended, and within its time");
    receive(YEARS_LATER).expect(0).says("kept long enough").says("removed=1").says("days=100");
    assert_eq!(kept(&sandbox), Vec::<String>::new());
    receive(YEARS_LATER).expect(0).says_not("kept long enough");
    sandbox.replace("receive.toml", "keep = \"100d\"", "keep = \"1d\"");
    sandbox.receive(&[]).expect(10).says("must be 7d to");
}

#[test]
fn a_full_that_only_adds_removes_no_row_it_lacks() {
    let sandbox = linked("full = \"merge\"\nneeds_proof = false");
    sandbox.receive(&[]).expect(0);
    let held = table(&sandbox, "jumin_v1_0");
    assert_eq!(held, expected(&sandbox));
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let notice = sandbox.notices(PLAIN).pop().unwrap();
    let text = std::fs::read_to_string(notice.with_extension("csv")).unwrap();
    let lines: Vec<&str> = text.split_inclusive("\r\n").collect();
    let few: String = lines[..lines.len() / 2].concat();
    rewrite(&notice, &few, |told| {
        told["state_before"] = Value::Null;
        told["state_after"] = Value::Null;
    });
    sandbox.receive(&[]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), held);
    let name = notice.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(receipts(&sandbox)[&name].contains("taken"));
    // One that replaces does remove them.
    sandbox.replace("receive.toml", "full = \"merge\"", "full = \"replace\"");
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let notice = sandbox.notices(PLAIN).pop().unwrap();
    rewrite(&notice, &few, |told| {
        told["state_before"] = Value::Null;
        told["state_after"] = Value::Null;
    });
    sandbox.receive(&[]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0").len(), lines.len() / 2 - 1);
}

#[test]
fn the_state_it_writes_is_what_the_hub_compares() {
    let sandbox = linked("");
    let write = || sandbox.receive(&["--intake", "jumin", "--state", "held.json"]);
    write().expect_fault(11, "holding.unusable").says("nothing is held yet");
    assert!(!sandbox.path("held.json").exists());
    let last = sandbox.notices(PLAIN)[2].clone();
    std::fs::rename(&last, sandbox.path("aside")).unwrap();
    sandbox.receive(&[]).expect(0);
    std::fs::rename(sandbox.path("aside"), &last).unwrap();
    write().expect(0).says("held.json");
    let text = std::fs::read_to_string(sandbox.path("held.json")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&state["feed"], &state["sequence"]), (&PLAIN.into(), &2.into()));
    assert_eq!(state["buckets"].as_array().unwrap().len(), 256);
    let notice: Value = serde_json::from_slice(&std::fs::read(&sandbox.notices(PLAIN)[1]).unwrap()).unwrap();
    assert_eq!(
        (&state["digest"], &state["n_rows"]),
        (&notice["state_after"]["digest"], &notice["state_after"]["n_rows"])
    );
    let reconcile =
        |code| sandbox.run(&["reconcile", PLAIN, "--with", "held.json", "--json"]).expect(code).json();
    let compared = reconcile(0);
    assert_eq!((&compared["same"], &compared["behind"]), (&true.into(), &1.into()), "{compared}");
    sandbox.receive(&["--intake", "other", "--state", "held.json"]).expect(2);
}
