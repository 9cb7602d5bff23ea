//! What is right is taken in once, in order, and put away.

use crate::partner::{INBOX, Set, answers, audited, held, hub, look, quarantine, row, rows};
use crate::sandbox::{Sandbox, files};

#[test]
fn a_full_and_diffs_without_proofs_are_taken_in_and_answered() {
    let sandbox = hub();
    Set::full(1, vec![row(1, "21", "0"), row(2, "22", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(0).says("taken in");
    Set::diff(2, vec![row(2, "23", "0"), row(3, "24", "0")]).hand_in(&sandbox);
    Set::diff(3, vec![row(1, "21", "1")]).hand_in(&sandbox);
    look(&sandbox).expect(0);
    assert_eq!(held(&sandbox), rows(&[(2, "23"), (3, "24")]));
    assert_eq!(answers(&sandbox), ["2 taken", "3 taken", "1 taken"]);
    assert_eq!(files::names(&sandbox.path(INBOX)), Vec::<String>::new());
    let archive = sandbox.path("hub/share/.archive/intake/kaigo/023z001-2");
    assert_eq!(files::names(&archive).len(), 2);
    let lines = audited(&sandbox);
    assert_eq!(
        lines[1],
        "intake kaigo set 023z001 2: taken (no. 2): 2 rows; added 1, changed 1, removed 0, warned 0, parked 0"
    );
    assert_eq!(lines.len(), 3);
    look(&sandbox).expect(0).says("nothing new");
    let status = sandbox.run(&["intake", "status", "--json"]).expect(0).json();
    assert_eq!(status["intakes"][0]["head"]["sequence"], 3);
    assert_eq!(status["standing"].as_array().unwrap().len(), 0);
    sandbox.run(&["intake", "look", "kaigoo"]).expect_fault(2, "usage.unknown-intake");
}

#[test]
fn what_comes_before_its_turn_waits() {
    let sandbox = hub();
    Set::full(5, vec![row(1, "21", "0")]).hand_in(&sandbox);
    Set::diff(7, vec![row(3, "21", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(10).says("set 6 is missing");
    assert_eq!(held(&sandbox), rows(&[(1, "21")]));
    let status = sandbox.run(&["intake", "status", "kaigo", "--json"]).expect(0).json();
    assert_eq!(status["standing"][0]["standing"], "waiting");
    assert!(status["standing"][0]["why"].as_str().unwrap().contains("set 6 is missing"), "{status}");
    Set::diff(6, vec![row(2, "21", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(0);
    assert_eq!(held(&sandbox), rows(&[(1, "21"), (2, "21"), (3, "21")]));
    assert_eq!(files::names(&sandbox.path(INBOX)), Vec::<String>::new());
}

#[test]
fn the_same_again_is_a_repeat_and_other_content_is_refused() {
    let sandbox = hub();
    let full = Set::full(1, vec![row(1, "21", "0")]);
    full.hand_in(&sandbox);
    look(&sandbox).expect(0);
    full.hand_in(&sandbox);
    look(&sandbox).expect(0);
    assert_eq!(files::names(&sandbox.path(INBOX)), Vec::<String>::new());
    assert_eq!(quarantine(&sandbox).len(), 0);
    // A system that makes the notice anew: the same rows, said otherwise.
    full.hand_in_with(&sandbox, |notice| notice["created_at"] = "later".into());
    look(&sandbox).expect(0);
    assert_eq!(answers(&sandbox), ["1 repeated", "1 taken"]);
    Set::full(1, vec![row(1, "22", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(11).says("other-content");
    assert_eq!(held(&sandbox), rows(&[(1, "21")]));
}

#[test]
fn a_change_beyond_the_bounds_waits_to_be_allowed() {
    let sandbox = hub();
    sandbox.replace("hub/hub.toml", "id = \"kaigo\"", "id = \"kaigo\"\nguard = { min_rows = 0 }");
    Set::full(1, (1..=40).map(|number| row(number, "21", "0")).collect()).hand_in(&sandbox);
    look(&sandbox).expect(0);
    Set::full(2, (1..=20).map(|number| row(number, "21", "0")).collect()).hand_in(&sandbox);
    look(&sandbox).expect(10).says("change-held");
    let allow =
        |sequence: &str| ["intake", "allow", "kaigo", sequence, "--reason", "施設の統合"].map(str::to_owned);
    let run = |args: [String; 6]| sandbox.run(&args.each_ref().map(String::as_str));
    run(allow("3")).expect_fault(10, "intake.nothing-held");
    sandbox.run(&["intake", "allow", "kaigo", "2"]).expect(2);
    run(allow("2")).expect(0);
    assert_eq!(held(&sandbox).len(), 20);
    run(allow("2")).expect_fault(10, "intake.nothing-held");
    let audit = sandbox.audit();
    let allowed = audit.iter().find(|line| line.action == "allow intake kaigo set 2").unwrap();
    assert_eq!(allowed.reason, "施設の統合");
}

/// The intake of moves that another system hands in.
const MOVES: &str = "[[intake]]\nid = \"moves\"\nfrom = \"togo-db\"\naccept = [{ layout = \"001z010-1.0\" }]\nuse = \"moves\"\n\n\
                     [[intake]]\nid = \"kaigo\"";

/// A set that gives the first resident another name.
pub(crate) fn moves(sandbox: &Sandbox, sequence: u32, name: &str) -> Set {
    let ok = include_str!("../../fixtures/inbound/001z010-1.0/ok.csv");
    let header = ok.trim_start_matches('\u{feff}').lines().next().unwrap().trim_end().to_owned();
    let of = |column: &str| match column {
        "宛名番号" => sandbox.japanese()[0].clone(),
        "異動事由" => "43".to_owned(),
        "異動年月日" | "異動届出年月日" => "2026-10-01".to_owned(),
        "氏名" => format!("山田　{name}"),
        "氏_日本人" => "山田".to_owned(),
        "名_日本人" => name.to_owned(),
        _ => String::new(),
    };
    let row = header.split(',').map(of).collect::<Vec<_>>().join(",");
    let full = Set::full(sequence, vec![row]);
    Set { inbox: "hub/share/togo-db/inbox/001z010-00", header, interface: "001z010", ..full }
}

/// A hub with a town and an intake of moves.
pub(crate) fn with_moves() -> Sandbox {
    let sandbox = Sandbox::loaded(30, 4);
    sandbox.replace("hub/hub.toml", "[[intake]]\nid = \"kaigo\"", MOVES);
    sandbox
}

/// How many commits of moves there are.
pub(crate) fn n_commits(sandbox: &Sandbox) -> usize {
    sandbox.run(&["commits", "--json"]).expect(0).json().as_array().unwrap().len()
}

#[test]
fn moves_of_another_system_are_one_commit_a_set() {
    let sandbox = with_moves();
    let before = n_commits(&sandbox);
    moves(&sandbox, 1, "一").hand_in(&sandbox);
    moves(&sandbox, 2, "二").hand_in(&sandbox);
    look(&sandbox).expect(0);
    assert_eq!(n_commits(&sandbox), before + 2);
    // Every set counts: none is passed over because a later one came first.
    moves(&sandbox, 4, "四").hand_in(&sandbox);
    look(&sandbox).expect(10).says("set 3 is missing");
    assert_eq!(n_commits(&sandbox), before + 2);
    let mut wrong = moves(&sandbox, 3, "三");
    wrong.rows[0] = wrong.rows[0].replacen(&sandbox.japanese()[0], "000000000000000", 1);
    wrong.hand_in(&sandbox);
    look(&sandbox).expect(11).says("registry-refused");
    assert_eq!(n_commits(&sandbox), before + 2);
    moves(&sandbox, 3, "三").hand_in(&sandbox);
    look(&sandbox).expect(0);
    assert_eq!(n_commits(&sandbox), before + 4);
    let late = moves(&sandbox, 2, "二");
    late.hand_in_with(&sandbox, |notice| notice["sequence"] = 1.into());
    look(&sandbox).expect(11).says("other-content");
    late.hand_in_with(&sandbox, |notice| notice["kind"] = "single".into());
    look(&sandbox).expect(11).says("kind-not-taken");
}

#[test]
fn moves_that_the_layout_or_the_registry_refuses_are_parked_and_told() {
    for point in ["", "apply.committed"] {
        let sandbox = with_parked_moves().noted(point);
        let before = n_commits(&sandbox);
        let set = parked_moves(&sandbox);
        set.hand_in(&sandbox);
        if !point.is_empty() {
            sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["intake", "look", "moves"]).expect_killed();
        }
        look(&sandbox).expect(0);
        assert_eq!(n_commits(&sandbox), before + 1);
        let commits = sandbox.run(&["commits", "--json"]).expect(0).json();
        assert!(commits.as_array().unwrap().iter().any(|commit| commit["n_moves"] == 1), "{commits}");
        let answer = sandbox.path("hub/share/togo-db/answer");
        let read = |ending: &str| {
            let name = files::names(&answer).into_iter().find(|name| name.ends_with(ending));
            std::fs::read_to_string(answer.join(name.expect(ending))).unwrap()
        };
        let receipt: serde_json::Value = serde_json::from_str(&read(".receipt.json")).unwrap();
        assert_eq!(
            (&receipt["rows"]["added"], &receipt["rows"]["parked"]),
            (&1.into(), &2.into()),
            "{receipt}"
        );
        assert!(receipt["reasons"].as_array().is_some_and(|reasons| reasons.len() >= 2), "{receipt}");
        let report = read(".errors.csv");
        let lines: Vec<&str> = report.lines().collect();
        assert!(lines.len() == 3, "{report}");
        assert!(lines[1].contains("\"4\"") && lines[1].contains("ido-before-todoke"), "{report}");
        assert!(lines[2].contains("\"3\"") && lines[2].contains("エラー"), "{report}");
        let lines = audited(&sandbox);
        assert!(
            lines.len() == 1 && lines[0].contains("added 1,") && lines[0].contains("parked 2"),
            "{lines:?}"
        );
    }
}

/// A hub whose intake of moves parks rows, and whose layout refuses a move reported before its day.
fn with_parked_moves() -> Sandbox {
    let sandbox = with_moves();
    sandbox.replace("hub/hub.toml", "id = \"moves\"", "id = \"moves\"\nrows = \"park\"");
    sandbox.replace("hub/layouts/001z010-1.0.toml", "severity = \"warning\"", "severity = \"error\"");
    sandbox
}

/// A good move, one that the registry refuses, and one that only the layout refuses.
fn parked_moves(sandbox: &Sandbox) -> Set {
    let mut set = moves(sandbox, 1, "一");
    let (first, other) = (&sandbox.japanese()[0], &sandbox.japanese()[1]);
    let of_nobody = set.rows[0].replacen(first, "000000000000000", 1);
    let reported_before = set.rows[0].replacen(first, other, 1).replacen("2026-10-01", "2026-10-09", 1);
    set.rows.extend([of_nobody, reported_before]);
    set
}

#[test]
fn parked_rows_are_reported_in_a_file_that_opens() {
    let sandbox = hub();
    sandbox.replace("hub/hub.toml", "id = \"kaigo\"", "id = \"kaigo\"\nrows = \"park\"");
    Set::full(1, vec![row(1, "21", "0"), row(2, "20", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(0);
    assert_eq!(held(&sandbox), rows(&[(1, "21")]));
    let answer = sandbox.path(crate::partner::ANSWER);
    let report = files::names(&answer).into_iter().find(|name| name.ends_with(".errors.csv")).unwrap();
    let text = std::fs::read_to_string(answer.join(report)).unwrap();
    assert!(text.starts_with("\u{feff}\"ファイル\","), "{text}");
    assert!(text.lines().count() == 2 && text.matches("\r\n").count() == 2, "{text}");
    assert!(text.contains("yokaigo_jotai_kbn") && !text.contains("0000000002"), "{text}");
}
