//! `renkei verify`: whatever is done to files and notices is found, with the rule it breaks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::sandbox::files::{
    copy_folder, data_files, edit, edit_lines, edit_notice, names, notice, reseal, sha256,
};
use crate::sandbox::{BOM, CP932, Outcome, PLAIN, Sandbox, moves};

/// A hub with a full and two diffs of a few feeds.
fn hub() -> Sandbox {
    let sandbox = Sandbox::loaded(40, 16);
    sandbox.generate(&[PLAIN, BOM, CP932], &["--full"]).expect(0);
    for file in sandbox.cut_moves(2) {
        sandbox.run(&["apply", &file]).expect(0);
        sandbox.generate(&[PLAIN, BOM, CP932], &["--diff"]).expect(0);
    }
    sandbox
}

/// The words of all rules in a report.
fn rules(report: &Value) -> BTreeSet<String> {
    match report {
        Value::Object(fields) => {
            let own = fields.get("rule").and_then(Value::as_str).map(str::to_owned);
            fields.values().flat_map(rules).chain(own).collect()
        }
        Value::Array(values) => values.iter().flat_map(rules).collect(),
        _ => BTreeSet::new(),
    }
}

fn verify(sandbox: &Sandbox, notices: &[PathBuf], more: &[&str]) -> Outcome {
    let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[&["verify", "--json", "--layouts", "hub/layouts"], more, paths.as_slice()].concat())
}

/// The notices in a copy of a feed's folder: full, diff, diff.
fn copy_of(sandbox: &Sandbox, feed: &str, name: &str) -> [PathBuf; 3] {
    let folder = sandbox.path(&format!("copies/{}", name.replace(' ', "-")));
    fs::create_dir_all(&folder).unwrap();
    copy_folder(&sandbox.feed_folder(feed), &folder);
    let copied: Vec<PathBuf> =
        sandbox.notices(feed).iter().map(|path| folder.join(path.file_name().unwrap())).collect();
    copied.try_into().unwrap()
}

fn data(notice: &Path) -> PathBuf {
    data_files(notice)[0].clone()
}

/// Where a text stands in bytes.
fn find(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
}

/// Changes the notice of a diff in a way that keeps it consistent.
fn drop_a_changed_row(diff: &Path) {
    edit_lines(&data(diff), |lines| drop(lines.pop()));
    reseal(diff);
    edit_notice(diff, |value| {
        let word = if value["changes"]["changed"] == 0 { "added" } else { "changed" };
        value["changes"][word] = json!(value["changes"][word].as_u64().unwrap() - 1);
        if word == "added" {
            value["state_after"]["n_rows"] = json!(value["state_after"]["n_rows"].as_u64().unwrap() - 1);
        }
    });
}

#[test]
fn sound_files_are_sound_and_proven() {
    let sandbox = hub();
    for feed in [PLAIN, BOM, CP932] {
        let notices = sandbox.notices(feed);
        let report = verify(&sandbox, &notices, &[]).expect(0).json();
        assert_eq!(rules(&report), BTreeSet::new(), "{feed}");
        assert_eq!(report["proven_state"], notice(&notices[2])["state_after"], "{feed}");
        // In any order, and with the full as --base.
        let base = notices[0].to_str().unwrap();
        let turned = [notices[2].clone(), notices[1].clone()];
        assert_eq!(verify(&sandbox, &turned, &["--base", base]).expect(0).json(), report, "{feed}");
        // Each by itself.
        for one in &notices {
            verify(&sandbox, std::slice::from_ref(one), &[]).expect(0);
        }
    }
}

#[test]
fn tampering_is_found_with_its_rule() {
    let sandbox = hub();
    let check = |name: &str, tamper: &dyn Fn(&[PathBuf; 3]), expected: &[&str]| {
        let notices = copy_of(&sandbox, PLAIN, name);
        tamper(&notices);
        let outcome = verify(&sandbox, &notices, &[]);
        outcome.require(outcome.status.code() == Some(1), &format!("{name}: exit code 1"));
        let found = rules(&outcome.json());
        let missing: Vec<_> = expected.iter().filter(|rule| !found.contains(**rule)).collect();
        outcome.require(missing.is_empty(), &format!("{name}: {missing:?} among {found:?}"));
        outcome.says_not("passwd");
    };

    check(
        "file cut in half",
        &|n| edit(&data(&n[0]), |bytes| bytes.truncate(bytes.len() / 2)),
        &["wrong-length", "wrong-digest", "wrong-row-count", "wrong-state-after"],
    );
    check(
        "file cut in half, sealed anew",
        &|n| {
            edit(&data(&n[0]), |bytes| bytes.truncate(bytes.len() / 2));
            reseal(&n[0]);
        },
        &["wrong-state-after"],
    );
    let flip = |path: &Path| {
        edit(path, |bytes| {
            let place = find(bytes, "つくば市");
            bytes[place..place + 3].copy_from_slice("ぬ".as_bytes());
        });
    };
    check("one byte flipped", &|n| flip(&data(&n[0])), &["wrong-digest", "wrong-state-after"]);
    check(
        "one byte flipped, sealed anew",
        &|n| {
            flip(&data(&n[0]));
            reseal(&n[0]);
        },
        &["wrong-state-after"],
    );
    check(
        "one byte of a diff flipped, sealed anew",
        &|n| {
            flip(&data(&n[1]));
            reseal(&n[1]);
        },
        &["wrong-state-after", "wrong-state-before"],
    );
    check(
        "wrong digest in the notice",
        &|n| edit_notice(&n[0], |value| value["files"][0]["sha256"] = json!(sha256(b"another"))),
        &["wrong-digest"],
    );
    check("missing file", &|n| fs::remove_file(data(&n[1])).unwrap(), &["file-missing"]);
    check(
        "a link in a file's place",
        &|n| {
            let path = data(&n[1]);
            fs::rename(&path, path.with_extension("moved")).unwrap();
            std::os::unix::fs::symlink(path.with_extension("moved"), &path).unwrap();
        },
        &["file-missing"],
    );
    check(
        "extra file",
        &|n| {
            let path = data(&n[0]);
            let stem = path.file_stem().unwrap().to_str().unwrap();
            fs::copy(&path, path.with_file_name(format!("{stem}-002.csv"))).unwrap();
        },
        &["extra-file"],
    );
    check(
        "files changed places",
        &|n| {
            let (one, other) = (data(&n[1]), data(&n[2]));
            let kept = fs::read(&one).unwrap();
            fs::copy(&other, &one).unwrap();
            fs::write(&other, kept).unwrap();
        },
        &["wrong-digest"],
    );
    check(
        "CR in a field",
        &|n| {
            edit(&data(&n[0]), |bytes| {
                let place = find(bytes, "つくば市");
                bytes.insert(place, b'\r');
            });
            reseal(&n[0]);
        },
        &["bare-cr"],
    );
    check(
        "no newline at the end",
        &|n| {
            edit(&data(&n[0]), |bytes| bytes.truncate(bytes.len() - 2));
        },
        &["missing-final-newline", "wrong-digest"],
    );
    check(
        "other newlines",
        &|n| {
            edit(&data(&n[0]), |bytes| bytes.retain(|byte| *byte != b'\r'));
            reseal(&n[0]);
        },
        &["wrong-newline"],
    );
    check(
        "a byte order mark",
        &|n| {
            edit(&data(&n[0]), |bytes| drop(bytes.splice(0..0, "\u{feff}".bytes())));
            reseal(&n[0]);
        },
        &["wrong-start"],
    );
    check(
        "not UTF-8",
        &|n| {
            edit(&data(&n[0]), |bytes| {
                let place = find(bytes, "つくば市");
                bytes[place] = 0xff;
            });
            reseal(&n[0]);
        },
        &["not-text"],
    );
    check(
        "another header",
        &|n| {
            edit_lines(&data(&n[0]), |lines| lines[0] = lines[0].replacen("氏名", "名前", 1));
            reseal(&n[0]);
        },
        &["wrong-header"],
    );
    check(
        "a column more",
        &|n| {
            edit_lines(&data(&n[0]), |lines| lines[3].push_str(",\"\""));
            reseal(&n[0]);
        },
        &["wrong-columns"],
    );
    check(
        "a field that is no date",
        &|n| {
            edit_lines(&data(&n[0]), |lines| {
                let mut fields = moves::fields(&lines[2]);
                fields[8] = "2026-02-30".to_owned();
                lines[2] = format!("\"{}\"", fields.join("\",\""));
            });
            reseal(&n[0]);
        },
        &["not-date", "wrong-state-after"],
    );
    check(
        "rows swapped",
        &|n| {
            edit_lines(&data(&n[0]), |lines| lines.swap(3, 4));
            reseal(&n[0]);
        },
        &["not-in-key-order"],
    );
    check(
        "rows reordered",
        &|n| {
            edit_lines(&data(&n[0]), |lines| lines[1..].reverse());
            reseal(&n[0]);
        },
        &["not-in-key-order"],
    );
    check(
        "a row removed",
        &|n| edit_lines(&data(&n[0]), |lines| drop(lines.remove(5))),
        &["wrong-row-count", "wrong-length", "wrong-digest", "wrong-state-after"],
    );
    check(
        "a row removed, sealed anew",
        &|n| {
            edit_lines(&data(&n[0]), |lines| drop(lines.remove(5)));
            reseal(&n[0]);
        },
        &["wrong-state-after", "wrong-state-before"],
    );
    check(
        "a row doubled, sealed anew",
        &|n| {
            edit_lines(&data(&n[0]), |lines| lines.insert(5, lines[5].clone()));
            reseal(&n[0]);
        },
        &["duplicate-key", "wrong-state-after"],
    );
    check(
        "a row of a diff doubled, sealed anew",
        &|n| {
            edit_lines(&data(&n[1]), |lines| lines.push(lines[1].clone()));
            reseal(&n[1]);
            edit_notice(&n[1], |value| {
                value["changes"]["changed"] = json!(value["changes"]["changed"].as_u64().unwrap() + 1);
            });
        },
        &["duplicate-key"],
    );
    check(
        "a row marked as removed in a full",
        &|n| {
            edit_lines(&data(&n[0]), |lines| {
                let at = lines[4].rfind("\"0\"").unwrap();
                lines[4].replace_range(at..at + 3, "\"1\"");
            });
            reseal(&n[0]);
        },
        &["removal-in-full"],
    );
    check("a row of a diff removed, sealed anew", &|n| drop_a_changed_row(&n[1]), &["wrong-state-after"]);
}

#[test]
fn tampered_notices_are_found_with_their_rule() {
    let sandbox = hub();
    let check = |name: &str, tamper: &dyn Fn(&mut Value), expected: &str| {
        let notices = copy_of(&sandbox, PLAIN, name);
        edit_notice(&notices[1], tamper);
        let outcome = verify(&sandbox, &notices, &[]);
        outcome.require(outcome.status.code() == Some(1), &format!("{name}: exit code 1"));
        let found = rules(&outcome.json());
        outcome.require(found.contains(expected), &format!("{name}: {expected} among {found:?}"));
        outcome.says_not("passwd");
    };
    check("a path", &|v| v["files"][0]["name"] = json!("../../etc/passwd"), "notice-unreadable");
    check("an absolute path", &|v| v["files"][0]["name"] = json!("/etc/passwd"), "notice-unreadable");
    check("a hidden name", &|v| v["files"][0]["name"] = json!(".passwd"), "notice-unreadable");
    check("a future format", &|v| v["format"] = json!(2), "notice-unreadable");
    check("an unknown version", &|v| v["version"] = json!("9.9"), "unknown-version");
    check("another version", &|v| v["version"] = json!("1.1"), "wrong-columns");
    check("another interface", &|v| v["interface"] = json!("001o999"), "unknown-version");
    check("a day before the version", &|v| v["business_date"] = json!("2025-03-31"), "not-in-force");
    check("a column less", &|v| v["n_columns"] = json!(7), "wrong-columns");
    check("an unknown encoding", &|v| v["file_format"]["encoding"] = json!("jef"), "unknown-file-format");
    check("another encoding", &|v| v["file_format"]["encoding"] = json!("cp932"), "wrong-header");
    check("another quote", &|v| v["file_format"]["quote"] = json!("never"), "quoted-field");
    check("another base", &|v| v["base_sequence"] = json!(0), "sequence-gap");
    check("another feed", &|v| v["feed"] = json!("001o005-v1.1"), "other-feed");
    check(
        "another state before",
        &|v| v["state_before"]["digest"] = json!(sha256(b"another")),
        "wrong-state-before",
    );
    check(
        "another state after",
        &|v| v["state_after"]["digest"] = json!(sha256(b"another")),
        "wrong-state-after",
    );
    check("rows that do not add up", &|v| v["n_rows"] = json!(1), "notice-unreadable");

    let cut = copy_of(&sandbox, PLAIN, "cut");
    edit(&cut[1], |bytes| bytes.truncate(bytes.len() / 2));
    let outcome = verify(&sandbox, &cut, &[]).expect(1);
    assert!(rules(&outcome.json()).contains("notice-unreadable"));
    let empty = copy_of(&sandbox, PLAIN, "empty");
    fs::write(&empty[1], "").unwrap();
    verify(&sandbox, &empty, &[]).expect(1).says("notice-unreadable");
}

#[test]
fn chains_that_do_not_hold_are_found() {
    let sandbox = hub();
    let check = |notices: &[PathBuf], more: &[&str], expected: &str| {
        let outcome = verify(&sandbox, notices, more);
        let found = rules(&outcome.json());
        outcome.require(
            outcome.status.code() == Some(1) && found.contains(expected),
            &format!("{expected} among {found:?}"),
        );
    };
    let plain = sandbox.notices(PLAIN);
    // 1 → 3.
    check(&[plain[0].clone(), plain[2].clone()], &[], "sequence-gap");
    check(&[plain[0].clone(), plain[2].clone()], &[], "wrong-state-before");
    check(&plain[1..], &[], "no-base");
    check(&[plain[0].clone(), sandbox.notices(BOM)[1].clone()], &[], "other-feed");

    // Another town's full under the same feed and number.
    let other = Sandbox::loaded(41, 1);
    other.generate(&[PLAIN], &["--full"]).expect(0);
    let other_full = other.notices(PLAIN).remove(0);
    check(&plain[1..2], &["--base", other_full.to_str().unwrap()], "wrong-state-before");

    // A full that comes after the diff is no base of it.
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let later = sandbox.notices(PLAIN).pop().unwrap();
    check(&plain[1..2], &["--base", later.to_str().unwrap()], "no-base");
    // What begins before the full of a chain is not proven by it.
    check(&sandbox.notices(PLAIN)[1..], &[], "no-base");
    // Extracts are no chain and need no full.
    let resident = sandbox.japanese().remove(0);
    sandbox.generate(&[BOM], &["--single", &resident]).expect(0);
    sandbox.generate(&[BOM], &["--as-of", "2026-01-01"]).expect(0);
    verify(&sandbox, &sandbox.notices(BOM)[3..], &[]).expect(0);
    // Full, diff, diff, full is a chain whose end is proven twice.
    verify(&sandbox, &sandbox.notices(PLAIN), &[]).expect(0);
}

#[test]
fn reports_beside_the_data_are_verified_too() {
    let sandbox = hub();
    let resident = sandbox.japanese().remove(0);
    sandbox.write("renaming.csv", &moves::renaming(&[(&resident, "𠮟田　太郎")]));
    sandbox.run(&["apply", "renaming.csv"]).expect(0);
    sandbox.generate(&[CP932], &["--diff"]).expect(0);
    let last = sandbox.notices(CP932).pop().unwrap();
    let folder = last.parent().unwrap();
    let report = names(folder).into_iter().find(|name| name.contains(".degraded.")).unwrap();
    verify(&sandbox, std::slice::from_ref(&last), &[]).expect(0);
    edit(&folder.join(&report), |bytes| bytes.push(b' '));
    let found = rules(&verify(&sandbox, std::slice::from_ref(&last), &[]).expect(1).json());
    assert!(found.contains("wrong-digest") && found.contains("wrong-length"), "{found:?}");
    fs::remove_file(folder.join(&report)).unwrap();
    let found = rules(&verify(&sandbox, std::slice::from_ref(&last), &[]).expect(1).json());
    assert!(found.contains("file-missing"), "{found:?}");
}
