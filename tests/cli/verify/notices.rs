//! Notices that were changed, cut, or written by somebody else; reports they name.

use std::fs;

use serde_json::{Value, json};

use super::{check, copy_of, hub, rules, verify};
use crate::sandbox::files::{edit, edit_notice, names, sha256};
use crate::sandbox::{CP932, PLAIN, moves};

#[test]
fn tampered_notices_are_found_with_their_rule() {
    let sandbox = hub();
    let check = |name: &str, tamper: &dyn Fn(&mut Value), expected: &str| {
        check(&sandbox, name, &|notices| edit_notice(&notices[1], tamper), &[expected]);
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
