//! Killed at every point, it ends as if it had not been.

use crate::partner::{INBOX, Set, answers, audited, held, hub, look, quarantine, row, rows};
use crate::sandbox::{Sandbox, files};
use crate::taken::{moves, n_commits, with_moves};

/// Every point of a set that is taken in or refused.
const POINTS: [&str; 7] = [
    "receive.begun",
    "receive.staged",
    "receive.proven",
    "receive.taken",
    "receive.clearing",
    "receive.cleared",
    "receive.answered",
];

fn kill_and_go_on(sandbox: &Sandbox, point: &str) -> u32 {
    for n_kills in 0..4 {
        let outcome =
            sandbox.run_with(&[("RENKEI_STOP_AT", &format!("{point}:{}", n_kills + 1))], &["intake", "look"]);
        if !outcome.is_killed() {
            return n_kills;
        }
    }
    look(sandbox);
    4
}

#[test]
fn killed_at_any_point_it_takes_in_and_refuses_once() {
    for point in POINTS {
        let sandbox = hub().noted(point);
        Set::full(1, vec![row(1, "21", "0")]).hand_in(&sandbox);
        Set::diff(2, vec![row(2, "21", "0")]).hand_in(&sandbox);
        Set::diff(3, vec![row(3, "20", "0")]).hand_in(&sandbox);
        assert!(kill_and_go_on(&sandbox, point) > 0, "{point} is never reached");
        look(&sandbox);
        assert_eq!(held(&sandbox), rows(&[(1, "21"), (2, "21")]), "{point}");
        assert_eq!(answers(&sandbox), ["2 taken", "3 refused", "1 taken"], "{point}");
        assert_eq!(files::names(&sandbox.path(INBOX)), Vec::<String>::new(), "{point}");
        assert_eq!(quarantine(&sandbox).len(), 1, "{point}");
        assert_eq!(audited(&sandbox).len(), 3, "{point}: {:?}", audited(&sandbox));
        sandbox.run(&["audit", "verify"]).expect(0);
    }
}

#[test]
fn moves_are_applied_once_whenever_it_dies() {
    for point in
        ["apply.rows-written", "apply.committed", "receive.handed-over", "receive.proven", "receive.taken"]
    {
        let sandbox = with_moves().noted(point);
        let before = n_commits(&sandbox);
        moves(&sandbox, 1, "一").hand_in(&sandbox);
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["intake", "look", "moves"]).expect_killed();
        look(&sandbox).expect(0);
        assert_eq!(n_commits(&sandbox), before + 1, "{point}");
        let lines = audited(&sandbox);
        assert!(lines.len() == 1 && lines[0].contains("added 1,"), "{point}: {lines:?}");
    }
}

#[test]
fn cases_are_counted_and_compared_once_whenever_it_dies() {
    for point in ["transfer.taken-in", "receive.handed-over", "receive.taken"] {
        let sandbox = crate::transfer::hub().noted(point);
        crate::transfer::move_outs(1).hand_in(&sandbox);
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["intake", "look", "oss"]).expect_killed();
        look(&sandbox).expect(0);
        let lines = audited(&sandbox);
        assert!(lines.len() == 1 && lines[0].contains("added 2,"), "{point}: {lines:?}");
        let cases = sandbox.run(&["transfer", "list", "--all", "--json"]).expect(0).json();
        let compared = cases.as_array().unwrap().iter().filter(|case| case["state"] == "compared");
        assert_eq!(compared.count(), 2, "{point}: {cases}");
    }
}

#[test]
fn files_left_halfway_are_brought_away_and_what_comes_again_is_waited_for() {
    let sandbox = hub();
    let full = Set::full(1, vec![row(1, "21", "0")]);
    full.hand_in(&sandbox);
    sandbox.run_with(&[("RENKEI_STOP_AT", "receive.clearing")], &["intake", "look"]).expect_killed();
    let (inbox, shelf) = (sandbox.path(INBOX), sandbox.path("hub/share/.archive/intake/kaigo/023z001-1"));
    std::fs::create_dir_all(&shelf).unwrap();
    let data = format!("{}.csv", full.stem());
    std::fs::rename(inbox.join(&data), shelf.join(&data)).unwrap();
    look(&sandbox).expect(0);
    assert_eq!((files::names(&inbox).len(), files::names(&shelf).len()), (0, 2));
    // The notice first, the data later: not half gone, but half come.
    full.hand_in(&sandbox);
    std::fs::rename(inbox.join(&data), sandbox.path("aside")).unwrap();
    look(&sandbox).expect(0);
    assert_eq!(files::names(&inbox).len(), 1);
    std::fs::rename(sandbox.path("aside"), inbox.join(&data)).unwrap();
    look(&sandbox).expect(0);
    assert_eq!(files::names(&inbox).len(), 0);
}

#[test]
fn what_was_claimed_for_another_volume_is_brought_away() {
    for (n_gone, claimed) in [(0, "csv"), (1, "done")] {
        let sandbox = hub().noted(claimed);
        let full = Set::full(1, vec![row(1, "21", "0")]);
        full.hand_in(&sandbox);
        sandbox.run_with(&[("RENKEI_STOP_AT", "receive.clearing")], &["intake", "look"]).expect_killed();
        let inbox = sandbox.path(INBOX);
        let shelf = sandbox.path("hub/share/.archive/intake/kaigo/023z001-1");
        std::fs::create_dir_all(&shelf).unwrap();
        let names = ["csv", "done"].map(|ending| format!("{}.{ending}", full.stem()));
        for name in names.iter().take(n_gone) {
            std::fs::rename(inbox.join(name), shelf.join(name)).unwrap();
        }
        let name = format!("{}.{claimed}", full.stem());
        std::fs::rename(inbox.join(&name), inbox.join(format!(".taking-{name}"))).unwrap();
        look(&sandbox).expect(0);
        let left: Vec<_> =
            std::fs::read_dir(&inbox).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{claimed}: {left:?}");
        assert_eq!(files::names(&shelf).len(), 2, "{claimed}");
    }
}
