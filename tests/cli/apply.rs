//! `renkei load` and `renkei apply`: sets, single moves, files that come twice, sequence of commits.

use crate::sandbox::moves::renaming;
use crate::sandbox::{PLAIN, Sandbox};

/// A loaded hub and two of its residents.
fn hub() -> (Sandbox, [String; 2]) {
    let sandbox = Sandbox::loaded(30, 8);
    let mut residents = sandbox.japanese().into_iter();
    let two = [residents.next().unwrap(), residents.next().unwrap()];
    (sandbox, two)
}

fn n_commits(sandbox: &Sandbox) -> usize {
    sandbox.run(&["commits", "--json"]).expect(0).json().as_array().unwrap().len()
}

#[test]
fn one_wrong_move_refuses_its_set_unless_each() {
    let (sandbox, [one, other]) = hub();
    let unknown = "000000999999999";
    let text = renaming(&[(&one, "架空　一郎"), (unknown, "架空　二郎"), (&other, "架空　三郎")]);
    sandbox.write("set.csv", &text);
    let refused = sandbox.run(&["apply", "set.csv"]).expect_fault(11, "engine.refused");
    refused.says("3  ").says("unknown-resident").says_not(unknown).says_not("架空");
    assert_eq!(n_commits(&sandbox), 1, "nothing of the set");
    let each = sandbox.run(&["apply", "set.csv", "--each", "--json"]).expect(1).json();
    assert_eq!((&each["commit"], &each["applied"], &each["refused"]), (&2.into(), &2.into(), &1.into()));
    assert_eq!(each["issues"]["listed"][0]["row"], 3);
    assert_eq!(n_commits(&sandbox), 2);
}

#[test]
fn a_set_in_which_nothing_is_right_is_no_commit() {
    let (sandbox, _) = hub();
    sandbox.write("set.csv", &renaming(&[("000000999999999", "架空　一郎")]));
    sandbox.run(&["apply", "set.csv", "--each"]).expect(1).says("No move could be applied");
    assert_eq!(n_commits(&sandbox), 1);
}

#[test]
fn the_same_file_twice_needs_a_reason() {
    let (sandbox, [one, _]) = hub();
    sandbox.write("set.csv", &renaming(&[(&one, "架空　一郎")]));
    sandbox.run(&["apply", "set.csv"]).expect(0);
    sandbox.write("copy.csv", &renaming(&[(&one, "架空　一郎")]));
    sandbox
        .run(&["apply", "copy.csv"])
        .expect_fault(10, "engine.same-file")
        .says("copy.csv was already taken in as commit 2 at 2026-10-02T01:30:00+09:00")
        .says("--again");
    sandbox.run(&["apply", "copy.csv", "--again"]).expect(2).says("--reason");
    let wrong = sandbox.write("wrong.csv", &renaming(&[("1", "架空　一郎")])).run(&["apply", "wrong.csv"]);
    wrong.expect(11);
    // A refused file was not taken in.
    sandbox.run(&["apply", "wrong.csv"]).expect_fault(11, "engine.refused");
    let again = ["apply", "copy.csv", "--again", "--reason", "the clerk asked for it", "--each"];
    let outcome = sandbox.run(&again);
    assert!(matches!(outcome.status.code(), Some(0 | 1)), "{}", outcome.stderr);
}

#[test]
fn a_registry_is_loaded_once_and_whole() {
    let sandbox = Sandbox::new().init().town(30, 8);
    let text = std::fs::read_to_string(sandbox.path("town/residents.csv")).unwrap();
    let lines: Vec<&str> = text.split_inclusive("\r\n").collect();
    let mut doubled = lines.clone();
    doubled.insert(4, lines[4]);
    sandbox.write("doubled.csv", &doubled.concat());
    let swapped = [&lines[..3], &[lines[4], lines[3]], &lines[5..]].concat();
    sandbox.write("swapped.csv", &swapped.concat());
    sandbox.write("cut.csv", text.get(..text.len() / 2 - text.len() / 2 % 3).unwrap_or(&text[..1000]));
    let other = text.replacen("\"082201\"", "\"011002\"", 3);
    sandbox.write("other.csv", &other);
    for (file, rule) in
        [("doubled.csv", "duplicate-key"), ("swapped.csv", "not-sorted"), ("other.csv", "other-municipality")]
    {
        sandbox.run(&["load", file]).expect_fault(11, "engine.refused").says(rule);
    }
    sandbox.run(&["load", "cut.csv"]).expect_fault(11, "engine.refused");
    sandbox.run(&["load", "missing.csv"]).expect_fault(10, "engine.input");
    sandbox.write("empty.csv", "").run(&["load", "empty.csv"]).expect_fault(11, "engine.header");
    assert_eq!(n_commits(&sandbox), 0);
    sandbox.run(&["load", "town/residents.csv"]).expect(0).says("(commit 1)");
    sandbox.run(&["load", "town/residents.csv"]).expect_fault(10, "store.not-empty");
}

#[test]
fn publications_are_numbered_on_the_board() {
    let (sandbox, _) = hub();
    sandbox.generate(&[PLAIN], &["--full"]).expect(0).says("001/001o005-00/v1.0");
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    let board = sandbox.generate(&[PLAIN], &["--diff", "--json"]).expect(0).json();
    assert_eq!((&board[0]["sequence"], &board[0]["kind"]), (&2.into(), &"diff".into()));
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    let all = sandbox.run(&["publications", PLAIN, "--json"]).expect(0).json();
    let numbers: Vec<u64> =
        all.as_array().unwrap().iter().map(|line| line["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let feeds = sandbox.run(&["feeds", "--json"]).expect(0).json();
    let plain = feeds.as_array().unwrap().iter().find(|line| line["feed"] == PLAIN).unwrap();
    assert_eq!((&plain["sequence"], &plain["commits_behind"]), (&3.into(), &0.into()));
    assert_eq!(feeds.as_array().unwrap()[1]["commits_behind"], 2, "never published");
}
