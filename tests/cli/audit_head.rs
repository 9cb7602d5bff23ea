//! The audit's end in a second place: what it shows, and what becomes of it when that place is wrong.

use std::fs;

use serde_json::Value;

use crate::audit::{audited, tamper};
use crate::sandbox::{Sandbox, files};

const HEAD: &str = "elsewhere/renkei.head";

/// Declares the second place.
fn declare(sandbox: &Sandbox, path: &str) {
    let written = format!("[audit]\nhead = \"{path}\"\n");
    sandbox.replace("hub/hub.toml", "# [audit]\n# head = \"/mnt/other/renkei-audit.head\"\n", &written);
}

/// A hub with a few lines whose end is kept.
fn kept() -> Sandbox {
    let sandbox = audited();
    fs::create_dir(sandbox.path("elsewhere")).unwrap();
    declare_in(&sandbox);
    hold(&sandbox).says_not("audit.");
    sandbox
}

fn declare_in(sandbox: &Sandbox) {
    declare(sandbox, sandbox.path(HEAD).to_str().unwrap());
}

/// A copy whose second place is its own.
fn copy_of(sandbox: &Sandbox, note: &str) -> Sandbox {
    let copy = sandbox.copy().noted(note);
    let path = |of: &Sandbox| of.path(HEAD).to_str().unwrap().to_owned();
    copy.replace("hub/hub.toml", &path(sandbox), &path(&copy));
    copy
}

fn hold(sandbox: &Sandbox) -> crate::sandbox::Outcome {
    sandbox.run(&["hold", "nightly", "--reason", "x"]).expect(0)
}

fn head(sandbox: &Sandbox) -> u64 {
    let text = fs::read_to_string(sandbox.path(HEAD)).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["audit_no"].as_u64().unwrap()
}

fn last_line(sandbox: &Sandbox) -> u64 {
    sandbox.run(&["audit", "list", "--json", "--last", "1"]).expect(0).json()[0]["audit_no"].as_u64().unwrap()
}

#[test]
fn it_follows_every_command_and_no_reader() {
    let sandbox = kept();
    for _ in 0..2 {
        assert_eq!(head(&sandbox), last_line(&sandbox));
        sandbox.run(&["audit", "verify"]).expect(0).says("Kept in the second place");
        let before = files::sha256(&fs::read(sandbox.path(HEAD)).unwrap());
        sandbox.run(&["commits"]).expect(0);
        assert_eq!(files::sha256(&fs::read(sandbox.path(HEAD)).unwrap()), before);
        hold(&sandbox);
    }
    assert_eq!(files::names(&sandbox.path("elsewhere")), ["renkei.head"], "nothing is left beside it");
}

#[test]
fn a_cut_off_end_shows() {
    let whole = kept();
    let last = last_line(&whole);
    let check = |what: &str, sql: &str| {
        let sandbox = copy_of(&whole, what);
        tamper(&sandbox, sql);
        let said = format!("line {last} was there");
        sandbox.run(&["audit", "verify"]).expect_fault(10, "audit.truncated").says(&said);
        // Work goes on, the fault is told, and the second place stays.
        sandbox.run(&["doctor", "--fast"]).expect(1).says("[audit.truncated]");
        hold(&sandbox);
        let named = sandbox.path(HEAD).to_str().unwrap().to_owned();
        sandbox.run(&["audit", "verify", "--head", &named]).expect(10);
        assert_eq!(head(&sandbox), last, "{what}");
        sandbox.run(&["audit", "accept", "--reason", "restored"]).expect(0);
        assert_eq!(head(&sandbox), last_line(&sandbox));
        sandbox.run(&["audit", "verify"]).expect(0);
        sandbox.run(&["audit", "list"]).expect(0).says("the second place had line");
        hold(&sandbox).says_not("audit.");
    };
    check("the last two", &format!("DELETE FROM audit WHERE audit_no > {}", last - 2));
    check("all of it", "DELETE FROM audit");
}

#[test]
fn a_database_restored_from_an_older_copy_shows() {
    let sandbox = kept();
    let older = sandbox.path("older");
    fs::create_dir(&older).unwrap();
    files::copy_folder(&sandbox.path("hub/data"), &older);
    (0..3).for_each(|_| drop(hold(&sandbox)));
    let last = head(&sandbox);
    fs::remove_dir_all(sandbox.path("hub/data")).unwrap();
    fs::create_dir(sandbox.path("hub/data")).unwrap();
    files::copy_folder(&older, &sandbox.path("hub/data"));
    sandbox.run(&["audit", "verify"]).expect_fault(10, "audit.truncated");
    // As work goes on, other lines take the numbers.
    let hold_again = |_| sandbox.run(&["hold", "nightly", "--reason", "y"]).expect(0);
    let said: Vec<_> = (0..4).map(hold_again).collect();
    assert!(said[0].stderr.contains("audit.truncated") && said[3].stderr.contains("audit.rewritten"));
    sandbox.run(&["audit", "verify"]).expect_fault(10, "audit.rewritten").says(&format!("line {last} "));
    assert_eq!(head(&sandbox), last);
    sandbox.run(&["audit", "accept", "--reason", "restored"]).expect(0);
    sandbox.run(&["audit", "verify"]).expect(0);
}

#[test]
fn a_place_that_is_away_stops_nothing_and_is_caught_up_with() {
    let sandbox = kept();
    fs::rename(sandbox.path("elsewhere"), sandbox.path("away")).unwrap();
    hold(&sandbox).says("audit.head-unavailable").says("elsewhere/renkei.head");
    sandbox.run(&["audit", "verify"]).expect(0).says("No end is kept");
    let missing = sandbox.path(HEAD).to_str().unwrap().to_owned();
    sandbox.run(&["audit", "verify", "--head", &missing]).expect_fault(10, "audit.head-unavailable");
    fs::rename(sandbox.path("away"), sandbox.path("elsewhere")).unwrap();
    hold(&sandbox).says_not("audit.");
    assert_eq!(head(&sandbox), last_line(&sandbox));
}

#[test]
fn garbage_is_told_and_left_until_it_is_accepted() {
    let sandbox = kept();
    for garbage in ["", "garbage", "{\"format\":2}"] {
        fs::write(sandbox.path(HEAD), garbage).unwrap();
        hold(&sandbox).says("audit.head-damaged");
        sandbox.run(&["audit", "verify"]).expect_fault(10, "audit.head-damaged");
        assert_eq!(fs::read_to_string(sandbox.path(HEAD)).unwrap(), garbage);
        sandbox.run(&["audit", "accept", "--reason", "a stray copy"]).expect(0);
        assert_eq!(head(&sandbox), last_line(&sandbox));
        sandbox.run(&["audit", "verify"]).expect(0);
    }
}

#[test]
fn a_place_that_is_no_second_one_is_refused() {
    let check = |path: &str, why: &str| {
        let sandbox = Sandbox::new().init();
        declare(&sandbox, path);
        sandbox.run(&["check"]).expect(1).says("audit.head").says(why);
    };
    check("share/audit.head", "connection folders");
    check("data/audit.head", "beside the database");
    check("../audit.head", "leads out");
    check("secrets", "is a folder");
}
