//! Data files that are not what they were: bytes, forms, rows.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{check, data_of, hub};
use crate::sandbox::files::{edit, edit_lines, edit_notice, reseal, sha256};
use crate::sandbox::moves;

/// Where a text stands in bytes.
fn find(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
}

/// Changes one byte of a name.
fn flip(path: &Path) {
    edit(path, |bytes| {
        let place = find(bytes, "つくば市");
        bytes[place..place + 3].copy_from_slice("ぬ".as_bytes());
    });
}

/// Changes the notice of a diff in a way that keeps it consistent.
fn drop_a_changed_row(diff: &Path) {
    edit_lines(&data_of(diff), |lines| drop(lines.pop()));
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
fn changed_bytes_are_found() {
    let sandbox = hub();
    check(
        &sandbox,
        "file cut in half",
        &|n| edit(&data_of(&n[0]), |bytes| bytes.truncate(bytes.len() / 2)),
        &["wrong-length", "wrong-digest", "wrong-row-count", "wrong-state-after"],
    );
    check(
        &sandbox,
        "file cut in half, sealed anew",
        &|n| {
            edit(&data_of(&n[0]), |bytes| bytes.truncate(bytes.len() / 2));
            reseal(&n[0]);
        },
        &["wrong-state-after"],
    );
    check(&sandbox, "one byte flipped", &|n| flip(&data_of(&n[0])), &["wrong-digest", "wrong-state-after"]);
    check(
        &sandbox,
        "one byte flipped, sealed anew",
        &|n| {
            flip(&data_of(&n[0]));
            reseal(&n[0]);
        },
        &["wrong-state-after"],
    );
    check(
        &sandbox,
        "one byte of a diff flipped, sealed anew",
        &|n| {
            flip(&data_of(&n[1]));
            reseal(&n[1]);
        },
        &["wrong-state-after", "wrong-state-before"],
    );
    check(
        &sandbox,
        "wrong digest in the notice",
        &|n| edit_notice(&n[0], |value| value["files"][0]["sha256"] = json!(sha256(b"another"))),
        &["wrong-digest"],
    );
}

#[test]
fn files_that_are_not_the_right_ones_are_found() {
    let sandbox = hub();
    check(&sandbox, "missing file", &|n| fs::remove_file(data_of(&n[1])).unwrap(), &["file-missing"]);
    check(
        &sandbox,
        "a link in a file's place",
        &|n| {
            let path = data_of(&n[1]);
            fs::rename(&path, path.with_extension("moved")).unwrap();
            std::os::unix::fs::symlink(path.with_extension("moved"), &path).unwrap();
        },
        &["file-missing"],
    );
    check(
        &sandbox,
        "extra file",
        &|n| {
            let path = data_of(&n[0]);
            let stem = path.file_stem().unwrap().to_str().unwrap();
            fs::copy(&path, path.with_file_name(format!("{stem}-002.csv"))).unwrap();
        },
        &["extra-file"],
    );
    check(
        &sandbox,
        "files changed places",
        &|n| {
            let (one, other) = (data_of(&n[1]), data_of(&n[2]));
            let kept = fs::read(&one).unwrap();
            fs::copy(&other, &one).unwrap();
            fs::write(&other, kept).unwrap();
        },
        &["wrong-digest"],
    );
}

#[test]
fn wrong_forms_are_found() {
    let sandbox = hub();
    check(
        &sandbox,
        "CR in a field",
        &|n| {
            edit(&data_of(&n[0]), |bytes| {
                let place = find(bytes, "つくば市");
                bytes.insert(place, b'\r');
            });
            reseal(&n[0]);
        },
        &["bare-cr"],
    );
    check(
        &sandbox,
        "no newline at the end",
        &|n| {
            edit(&data_of(&n[0]), |bytes| bytes.truncate(bytes.len() - 2));
        },
        &["missing-final-newline", "wrong-digest"],
    );
    check(
        &sandbox,
        "other newlines",
        &|n| {
            edit(&data_of(&n[0]), |bytes| bytes.retain(|byte| *byte != b'\r'));
            reseal(&n[0]);
        },
        &["wrong-newline"],
    );
    check(
        &sandbox,
        "a byte order mark",
        &|n| {
            edit(&data_of(&n[0]), |bytes| drop(bytes.splice(0..0, "\u{feff}".bytes())));
            reseal(&n[0]);
        },
        &["wrong-start"],
    );
    check(
        &sandbox,
        "not UTF-8",
        &|n| {
            edit(&data_of(&n[0]), |bytes| {
                let place = find(bytes, "つくば市");
                bytes[place] = 0xff;
            });
            reseal(&n[0]);
        },
        &["not-text"],
    );
    check(
        &sandbox,
        "another header",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| lines[0] = lines[0].replacen("氏名", "名前", 1));
            reseal(&n[0]);
        },
        &["wrong-header"],
    );
    check(
        &sandbox,
        "a column more",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| lines[3].push_str(",\"\""));
            reseal(&n[0]);
        },
        &["wrong-columns"],
    );
    check(
        &sandbox,
        "a field that is no date",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| {
                let mut fields = moves::fields(&lines[2]);
                fields[8] = "2026-02-30".to_owned();
                lines[2] = format!("\"{}\"", fields.join("\",\""));
            });
            reseal(&n[0]);
        },
        &["not-date", "wrong-state-after"],
    );
}

#[test]
fn wrong_rows_are_found() {
    let sandbox = hub();
    check(
        &sandbox,
        "rows swapped",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| lines.swap(3, 4));
            reseal(&n[0]);
        },
        &["not-in-key-order"],
    );
    check(
        &sandbox,
        "rows reordered",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| lines[1..].reverse());
            reseal(&n[0]);
        },
        &["not-in-key-order"],
    );
    check(
        &sandbox,
        "a row removed",
        &|n| edit_lines(&data_of(&n[0]), |lines| drop(lines.remove(5))),
        &["wrong-row-count", "wrong-length", "wrong-digest", "wrong-state-after"],
    );
    check(
        &sandbox,
        "a row removed, sealed anew",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| drop(lines.remove(5)));
            reseal(&n[0]);
        },
        &["wrong-state-after", "wrong-state-before"],
    );
    check(
        &sandbox,
        "a row doubled, sealed anew",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| lines.insert(5, lines[5].clone()));
            reseal(&n[0]);
        },
        &["duplicate-key", "wrong-state-after"],
    );
    check(
        &sandbox,
        "a row of a diff doubled, sealed anew",
        &|n| {
            edit_lines(&data_of(&n[1]), |lines| lines.push(lines[1].clone()));
            reseal(&n[1]);
            edit_notice(&n[1], |value| {
                value["changes"]["changed"] = json!(value["changes"]["changed"].as_u64().unwrap() + 1);
            });
        },
        &["duplicate-key"],
    );
    check(
        &sandbox,
        "a row marked as removed in a full",
        &|n| {
            edit_lines(&data_of(&n[0]), |lines| {
                let at = lines[4].rfind("\"0\"").unwrap();
                lines[4].replace_range(at..at + 3, "\"1\"");
            });
            reseal(&n[0]);
        },
        &["removal-in-full"],
    );
    check(
        &sandbox,
        "a row of a diff removed, sealed anew",
        &|n| drop_a_changed_row(&n[1]),
        &["wrong-state-after"],
    );
}
