//! Single nights of the agent: order, repeats, refusals, previews, where rows go, and kills at every point.

use std::os::unix::fs::PermissionsExt as _;

use crate::agent::{V1_0, declare, expected, receipts, table};
use crate::sandbox::{PLAIN, Sandbox, files};

/// A hub with a full and two diffs of the plain feed, and an agent beside it.
pub(crate) fn linked(more: &str) -> Sandbox {
    let sandbox = Sandbox::loaded(120, 12);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    for moves in sandbox.cut_moves(2) {
        sandbox.run(&["apply", &moves]).expect(0);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    declare(&sandbox, V1_0, more);
    sandbox
}

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
pub(crate) const MUCH_LATER: &str = "1930000000";

pub(crate) fn outcomes(sandbox: &Sandbox) -> Vec<String> {
    receipts(sandbox)
        .into_values()
        .map(|outcomes| outcomes.into_iter().collect::<Vec<_>>().join("+"))
        .collect()
}

#[test]
fn a_full_and_its_diffs_are_taken_in_once() {
    let sandbox = linked("");
    sandbox.receive(&[]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
    assert_eq!(outcomes(&sandbox), ["taken", "taken", "taken"]);
    let receipts_before = files::read_tree(&sandbox.path("hub/share/015"), |_| true);
    sandbox.receive(&[]).expect(0).says("nothing new");
    assert_eq!(files::read_tree(&sandbox.path("hub/share/015"), |_| true), receipts_before);
}

#[test]
fn what_comes_out_of_order_waits() {
    let sandbox = linked("");
    let second = sandbox.notices(PLAIN)[1].clone();
    let aside = sandbox.path("aside.done");
    std::fs::rename(&second, &aside).unwrap();
    sandbox.receive(&[]).expect(10).says("set 2 is missing");
    let held = table(&sandbox, "jumin_v1_0");
    assert_ne!(held, expected(&sandbox));
    std::fs::rename(&aside, &second).unwrap();
    sandbox.receive(&[]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
    assert_eq!(outcomes(&sandbox), ["taken", "taken+waiting", "taken"]);
}

#[test]
fn a_preview_says_what_would_change_and_changes_nothing() {
    let sandbox = linked("");
    let later = sandbox.notices(PLAIN)[2].clone();
    let aside = sandbox.path("aside.done");
    std::fs::rename(&later, &aside).unwrap();
    sandbox.receive(&[]).expect(0);
    std::fs::rename(&aside, &later).unwrap();
    let before = table(&sandbox, "jumin_v1_0");
    sandbox.receive(&["--preview"]).expect(0).says("would be taken in");
    assert_eq!(table(&sandbox, "jumin_v1_0"), before);
    assert_eq!(receipts(&sandbox).len(), 2);
    sandbox.receive(&[]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox));
}

#[test]
fn damage_is_refused_with_its_reasons_and_mended_by_the_right_file() {
    let check = |damage: &dyn Fn(&std::path::Path), code: i32, said: &str| {
        let sandbox = linked("");
        let notice = sandbox.notices(PLAIN)[1].clone();
        let right = [notice.clone(), notice.with_extension("csv")].map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        });
        damage(&notice);
        let outcome = sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &["receive"]);
        outcome.expect(code).says(said);
        for (path, bytes) in right {
            std::fs::write(path, bytes).unwrap();
        }
        sandbox.receive(&[]).expect(0);
        assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox), "{said}");
    };
    let edit = |path: &std::path::Path, from: &str, to: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{from:?}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    check(&|notice| edit(notice, "\"format\": 1", "\"format\": 9"), 11, "notice-format");
    check(&|notice| std::fs::write(notice, "{").unwrap(), 11, "notice-malformed");
    check(&|notice| edit(notice, "\"version\": \"1.0\"", "\"version\": \"3.0\""), 11, "unknown-version");
    check(
        &|notice| edit(notice, "\"municipality\": \"082201\"", "\"municipality\": \"131041\""),
        11,
        "other-municipality",
    );
    check(
        &|notice| {
            let data = notice.with_extension("csv");
            let mut bytes = std::fs::read(&data).unwrap();
            let last = bytes.len() - 3;
            bytes[last - 1] ^= 1;
            std::fs::write(data, bytes).unwrap();
        },
        11,
        "wrong-digest",
    );
    check(
        &|notice| {
            let data = notice.with_extension("csv");
            let bytes = std::fs::read(&data).unwrap();
            std::fs::write(data, &bytes[..bytes.len() / 2]).unwrap();
        },
        10,
        "incomplete",
    );
    check(&|notice| edit(notice, ".csv\"", ".csvx/../../etc/passwd\""), 11, "notice-malformed");
}

#[test]
fn killed_at_every_point_it_takes_in_once() {
    for point in ["receive.begun", "receive.staged", "receive.proven", "receive.taken", "receive.answered"] {
        let sandbox = linked("").noted(point);
        let mut n_kills = 0;
        loop {
            let outcome = sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["receive"]);
            if !outcome.is_killed() {
                outcome.expect(0);
                break;
            }
            n_kills += 1;
            assert!(n_kills < 9, "{point} for ever");
            if n_kills == 3 || point != "receive.taken" && point != "receive.answered" {
                // Killed before anything is on record, it would be killed there for ever.
                sandbox.receive(&[]).expect(0);
            }
        }
        assert!(n_kills > 0, "{point} is never reached");
        assert_eq!(table(&sandbox, "jumin_v1_0"), expected(&sandbox), "{point}");
        assert_eq!(outcomes(&sandbox), ["taken", "taken", "taken"], "{point}");
    }
}

#[test]
fn verified_sets_go_to_a_folder_or_a_program_instead() {
    let sandbox = linked("to_folder = \"in\"");
    std::fs::create_dir(sandbox.path("in")).unwrap();
    sandbox.receive(&[]).expect(0);
    let handed = files::read_tree(&sandbox.path("in"), |_| true);
    assert_eq!(handed.len(), 6);
    for (path, bytes) in &handed {
        let name = path.rsplit('/').next().unwrap();
        assert_eq!(&std::fs::read(sandbox.feed_folder(PLAIN).join(name)).unwrap(), bytes);
    }

    let sandbox = linked(
        "to_program = [\"/bin/sh\", \"-c\", 'test -e ready || { echo 山田太郎 >&2; exit 3; }; echo \"$RENKEI_SEQUENCE $1\" >> log', \"x\", \"{notice}\"]",
    );
    let told = sandbox.receive(&[]).expect_fault(10, "receive.program-failed");
    // A loader that fails quotes the row: what it said is for its own people.
    told.says_not("山田太郎").says("n_bytes=13");
    let words =
        files::names(&sandbox.path("agent/.archive")).into_iter().find(|name| name.starts_with("program_"));
    let words = sandbox.path("agent/.archive").join(words.unwrap());
    assert!(std::fs::read_to_string(&words).unwrap().contains("山田太郎"));
    assert_eq!(std::fs::metadata(&words).unwrap().permissions().mode() & 0o777, 0o600);
    sandbox.write("ready", "");
    sandbox.receive(&[]).expect(0);
    let log = std::fs::read_to_string(sandbox.path("log")).unwrap();
    let sequences: Vec<&str> = log.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(sequences, ["1", "2", "3"]);
}

#[test]
fn a_program_reads_what_was_judged_whatever_becomes_of_the_share() {
    let sandbox = linked(
        "to_program = [\"/bin/sh\", \"-c\", 'exec >&2; for f in hub/share/001/*/*/*.csv; do echo x > $f; done; stat -c %a $(dirname $(dirname \"$1\")); for f in $RENKEI_FILES; do sha256sum < $f; done; exit 75', \"x\", \"{notice}\"]",
    );
    let notice: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&sandbox.notices(PLAIN)[0]).unwrap()).unwrap();
    let judged = notice["files"][0]["sha256"].as_str().unwrap();
    sandbox.receive(&[]).expect_fault(12, "receive.program-failed");
    let words =
        files::names(&sandbox.path("agent/.archive")).into_iter().find(|name| name.starts_with("program_"));
    let words = std::fs::read_to_string(sandbox.path("agent/.archive").join(words.unwrap())).unwrap();
    assert_eq!(words, format!("700\n{judged}  -\n"));
    assert!(!sandbox.path("agent/handed").exists(), "gone with the program");
}

#[test]
fn codes_and_characters_become_the_takers() {
    let convert = r#"
[intake.convert]
characters = "cp932"
degrade = "cp932"
[intake.convert.codes.jumin_jotai]
"1" = "001"
"2" = "003"
"3" = "004"
"9" = "999"
"#;
    let sandbox = linked(convert);
    sandbox.receive(&[]).expect(0);
    let place = |id: &str| {
        let notice = sandbox.notices(PLAIN)[0].with_extension("csv");
        let header = std::fs::read_to_string(notice).unwrap();
        let names = crate::sandbox::moves::fields(header.lines().next().unwrap());
        names.iter().position(|name| name == id).unwrap()
    };
    let status = place("住民状態");
    let rows = table(&sandbox, "jumin_v1_0");
    let plain = expected(&sandbox);
    assert_eq!(rows.len(), plain.len());
    let code = |row: &Vec<String>| row[status].clone();
    assert!(plain.iter().all(|row| code(row).len() == 1) && rows.iter().all(|row| code(row).len() == 3));

    let strict = linked(&convert.replace("\"1\" = \"001\"\n", ""));
    strict.receive(&[]).expect(11).says("unmapped-code");
    assert!(table_is_empty_or_absent(&strict));
    let wrong =
        linked(&convert.replace("jumin_jotai", "atena_no").replace("cp932\"\ndegrade", "cp932\"\ndegrad"));
    wrong.receive(&[]).expect(10).says("a column of the key").says("degrad");
}

fn table_is_empty_or_absent(sandbox: &Sandbox) -> bool {
    let database = rusqlite::Connection::open(sandbox.path("agent/receive.db")).unwrap();
    let n_rows = database.query_row("SELECT count(*) FROM jumin_v1_0", [], |row| row.get::<_, i64>(0));
    n_rows.unwrap_or(0) == 0
}
