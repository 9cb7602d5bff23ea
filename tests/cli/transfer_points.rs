//! Killed at every point of [`TRANSFER_POINTS`]: every case is taken in once, applied once, and handed over once; what
//! cannot be seen is asked, never sent again.

use std::collections::BTreeSet;
use std::fs;

use renkei_engine::transfer::TRANSFER_POINTS;

use crate::sandbox::{Sandbox, files};
use crate::transfer::{csv, decide, hub, newcomer, notification, receive, residents};

const APPLY: [&str; 5] = ["transfer", "apply", "1", "--reason", "x"];

/// A hub with a verified move-out.
fn verified() -> Sandbox {
    let sandbox = hub();
    let who = residents(&sandbox).remove(0);
    receive(&sandbox, "oss-move-out", &[notification(&who)]).expect(0);
    decide(&sandbox, "verify", "1").expect(0);
    sandbox
}

fn cases(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.run(&["transfer", "list", "--all", "--json"]).expect(0).json()
}

fn n_commits(sandbox: &Sandbox) -> usize {
    sandbox.run(&["commits", "--json"]).expect(0).json().as_array().unwrap().len()
}

/// The file for the CS, if it is there; never without being whole.
fn given(sandbox: &Sandbox) -> Option<Vec<u8>> {
    let outbox = sandbox.path("hub/share/cs/outbox");
    let names = files::names(&outbox);
    if names.iter().any(|name| files::ends_with(name, "done")) {
        assert_eq!(names.len(), 2, "{names:?}");
        return Some(fs::read(outbox.join(&names[0])).unwrap());
    }
    None
}

fn kill(sandbox: &Sandbox, point: &str, args: &[&str]) {
    sandbox.run_with(&[("RENKEI_STOP_AT", point)], args).expect_killed();
}

#[test]
fn killed_anywhere_each_thing_happens_once() {
    let mut hit = BTreeSet::new();
    let prepared = verified();
    let undisturbed = prepared.copy();
    undisturbed.run(&APPLY).expect(0);
    let expected = given(&undisturbed).unwrap();
    for point in &TRANSFER_POINTS[2..9] {
        let sandbox = prepared.copy().noted(*point);
        kill(&sandbox, point, &APPLY);
        hit.insert(*point);
        // And again at the same point, where the next start comes to it.
        let _ = sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["transfer", "send"]);
        if cases(&sandbox)[0]["state"] == "verified" {
            sandbox.run(&APPLY).expect(0);
        }
        // Any writer's start goes on with it.
        sandbox.run(&["load", "town/residents.csv"]).expect_fault(10, "store.not-empty");
        assert_eq!(cases(&sandbox)[0]["certificate"], "sent", "{point}");
        assert_eq!(given(&sandbox).as_ref(), Some(&expected), "{point}");
        assert_eq!(n_commits(&sandbox), 2, "{point}");
        assert_eq!(fs::read_dir(sandbox.path("hub/share/.stage")).unwrap().count(), 0, "{point}");
    }

    let start = hub();
    start.write("in.csv", &csv(&[newcomer()]));
    let receive = ["transfer", "receive", "in.csv", "--kind", "cs-move-in"];
    for point in TRANSFER_POINTS[..2].iter().chain(&TRANSFER_POINTS[4..9]) {
        let sandbox = start.copy().noted(*point);
        kill(&sandbox, point, &receive);
        hit.insert(*point);
        sandbox.run(&receive).expect(0);
        let found = cases(&sandbox);
        assert_eq!(
            (found.as_array().unwrap().len(), &found[0]["outcome"]),
            (1, &"not-found".into()),
            "{point}"
        );
        for system in ["024", "017"] {
            let folder = sandbox.path(&format!("hub/share/001/move-in/{system}"));
            assert_eq!(files::names(&folder).len(), 2, "{point}");
        }
    }

    let rejected = start.copy();
    rejected.run(&receive).expect(0);
    decide(&rejected, "reject", "1").expect(0);
    let execute = ["retention", "execute"];
    let env = [("RENKEI_NOW", "1825518600"), ("RENKEI_STOP_AT", "transfer.files-removed")];
    rejected.run_with(&env, &execute).expect_killed();
    hit.insert("transfer.files-removed");
    assert_eq!(cases(&rejected)[0]["state"], "rejected");
    rejected.run_with(&env[..1], &execute).expect(0);
    assert_eq!(cases(&rejected)[0]["state"], "erased");
    assert_eq!(hit.len(), TRANSFER_POINTS.len(), "every point is reached: {hit:?}");
}

#[test]
fn what_the_cs_may_have_taken_is_asked_and_never_sent_again() {
    let prepared = verified();
    for (point, gone) in [
        // The CS took the file before the hub could note that it was given.
        ("transfer.notice-moved", "hub/share/cs/outbox"),
        // Somebody cleared the stage of a file that was on its way.
        ("transfer.sending", "hub/share/.stage"),
    ] {
        let sandbox = prepared.copy().noted(point);
        kill(&sandbox, point, &APPLY);
        for entry in fs::read_dir(sandbox.path(gone)).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        for _ in 0..2 {
            sandbox.run(&["transfer", "send"]).expect_fault(10, "transfer.unclear").says("transfer confirm");
            assert_eq!(given(&sandbox), None, "{point}");
            assert_eq!(cases(&sandbox)[0]["certificate"], "sending");
        }
        let in_time = [("RENKEI_NOW", "1831480200")];
        sandbox.run_with(&in_time, &["retention", "plan"]).expect(0).says("not published yet 1");
        decide(&sandbox, "confirm", "1").expect(0).says("cs");
        sandbox.run(&["transfer", "send"]).expect(0);
        assert_eq!(given(&sandbox), None, "{point}");
        assert_eq!(cases(&sandbox)[0]["certificate"], "sent");
    }
}
