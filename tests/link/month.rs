//! A month in which a receiver is moved from one version to the next and the old one is retired: who is on what, and
//! what retires when, day by day; and no row is lost.

use chrono::{Days, NaiveDate};
use serde_json::Value;

use crate::agent::{RECEIVER, declare, last_full, table};
use crate::sandbox::{BOM, Outcome, PLAIN, Sandbox};

/// 2026-10-02 01:30 in Tokyo, in unix seconds: day 1.
const FIRST: i64 = 1_790_872_200;
const SECONDS: i64 = 86_400;
/// The first day on the new version.
const SWITCH: u32 = 16;
/// The last day of the old version, and of the month.
const LAST: u32 = 30;

fn date(day: u32) -> NaiveDate {
    let first: NaiveDate = "2026-10-02".parse().unwrap();
    first + Days::new(u64::from(day) - 1)
}

fn on(sandbox: &Sandbox, day: u32, args: &[&str]) -> Outcome {
    let now = (FIRST + i64::from(day - 1) * SECONDS).to_string();
    sandbox.run_with(&[("RENKEI_NOW", &now)], args)
}

/// A hub with both versions, of which the receiver leaves one and joins the other; and its agent.
fn linked() -> Sandbox {
    let sandbox = Sandbox::loaded(150, 90);
    let (last_old, first_new) = (date(SWITCH - 1), date(SWITCH));
    sandbox.replace(
        "hub/hub.toml",
        "receivers = [\"015\"]",
        &format!("receivers = [{{ system = \"{RECEIVER}\", until = {last_old} }}]"),
    );
    sandbox.replace(
        "hub/hub.toml",
        "receivers = [\"014\", \"017\"]",
        &format!("receivers = [\"014\", {{ system = \"{RECEIVER}\", from = {first_new} }}, \"017\"]"),
    );
    sandbox.replace(
        "hub/layouts/001o005-1.0.toml",
        "# valid_until = 2028-03-31",
        &format!("valid_until = {}", date(LAST)),
    );
    sandbox.replace("hub/hub.toml", "max_share = 5 ", "max_share = 100 ");
    sandbox.replace("hub/hub.toml", "max_deleted_share = 2 ", "max_deleted_share = 100 ");
    let accept = format!(
        "{{ layout = \"001o005-1.0\", until = {last_old} }}, {{ layout = \"001o005-1.1\", from = {first_new} }}"
    );
    declare(&sandbox, &accept, "");
    sandbox
}

/// The version's line for the receiver, with the version's own end.
fn standing(sandbox: &Sandbox, day: u32, version: &str) -> (Value, Value) {
    let versions = on(sandbox, day, &["versions", "--json"]).expect(0).json();
    let is_it = |one: &&Value| one["interface"] == "001o005" && one["version"] == version;
    let version = versions.as_array().unwrap().iter().find(is_it).unwrap().clone();
    let receivers = version["receivers"].as_array().unwrap();
    let ours = receivers.iter().find(|one| one["receiver"] == RECEIVER).unwrap().clone();
    (version, ours)
}

/// Checks who is on what: the version the receiver is to be on, and how many days the old one has left.
#[track_caller]
fn check(sandbox: &Sandbox, day: u32) {
    let is_new = day >= SWITCH;
    let (old, on_old) = standing(sandbox, day, "1.0");
    let (new, on_new) = standing(sandbox, day, "1.1");
    assert_eq!(old["valid_until"], date(LAST).to_string(), "day {day}");
    assert_eq!(old["days_left"], i64::from(LAST) - i64::from(day), "day {day}");
    assert_eq!(new["valid_until"], Value::Null);
    assert_eq!((&on_old["within"], &on_new["within"]), (&(!is_new).into(), &is_new.into()), "day {day}");
    assert_eq!(
        (&on_old["until"], &on_new["from"]),
        (&date(SWITCH - 1).to_string().into(), &date(SWITCH).to_string().into())
    );
    assert_eq!(on_old["warn"], false, "who leaves in time is not warned of");
    let (feed, held, ours) =
        if is_new { (BOM, "jumin_v1_1", &on_new) } else { (PLAIN, "jumin_v1_0", &on_old) };
    let last = sandbox.notices(feed).len();
    assert_eq!(ours["acknowledged"], last, "day {day}: {ours}");
    // No row is lost: what is held is what a full of this very day would say.
    let copy = sandbox.copy();
    on(&copy, day, &["generate", feed, "--full"]).expect(0);
    assert_eq!(table(sandbox, held), last_full(&copy, feed), "day {day}");
}

#[test]
fn a_receiver_goes_from_one_version_to_the_next_in_a_month_and_loses_no_row() {
    let sandbox = linked();
    let moves = sandbox.cut_moves(usize::try_from(LAST).unwrap() - 1);
    on(&sandbox, 1, &["generate", PLAIN, BOM, "--full"]).expect(0);
    for day in 1..=LAST {
        if day > 1 {
            if let Some(moves) = moves.get(usize::try_from(day).unwrap() - 2) {
                on(&sandbox, day, &["apply", moves]).expect(0);
            }
            on(&sandbox, day, &["generate", PLAIN, BOM, "--diff"]).expect(0);
        }
        if day == SWITCH {
            on(&sandbox, day, &["generate", BOM, "--full"]).expect(0);
        }
        on(&sandbox, day, &["receive"]).expect(0);
        on(&sandbox, day, &["ledger", "--refresh"]).expect(0);
        if [1, SWITCH - 1, SWITCH, LAST].contains(&day) {
            check(&sandbox, day);
        }
    }
    let before = sandbox.published();
    on(&sandbox, LAST + 1, &["generate", PLAIN, "--diff"]).expect_fault(10, "engine.not-in-force");
    assert!(sandbox.published() == before, "the old version is published no more");
    on(&sandbox, LAST + 1, &["generate", BOM, "--diff"]).expect(0);
}
