//! Accounts and rights by command: what is asked for, what is refused, what is on record.

use std::fs;

use crate::client::{SYSTEM, audit, make_key};
use crate::sandbox::Sandbox;

fn hub() -> Sandbox {
    let sandbox = Sandbox::new().init();
    sandbox.run(&["account", "add", "office", "--system", SYSTEM, "--reason", "契約 12"]).expect(0);
    sandbox
}

#[test]
fn an_account_is_made_before_the_first_load_and_listed() {
    let sandbox = hub();
    let list = sandbox.run(&["account", "list", "--json"]).expect(0).json();
    assert_eq!(list[0]["account"], "office");
    assert_eq!(list[0]["system"], SYSTEM);
    assert_eq!(list[0]["has_password"], false);
    sandbox
        .run(&["account", "add", "office", "--system", "014", "--reason", "x"])
        .expect_fault(10, "access.account-there");
    sandbox
        .run(&["account", "add", "b", "--system", "0l5", "--reason", "x"])
        .expect_fault(2, "usage.unknown-system")
        .says("015");
    sandbox.run(&["account", "add", "Büro", "--system", SYSTEM, "--reason", "x"]).expect(2);
    sandbox
        .run(&["account", "disable", "offce", "--reason", "x"])
        .expect_fault(2, "usage.unknown-account")
        .says("office");
    // Nobody changes anything without a reason.
    sandbox.run(&["account", "disable", "office"]).expect(2);
    let lines = audit(&sandbox, "account", 4);
    let expected = [
        "tester | account add office | made for system 015, login either",
        "tester | account add office | refused (access.account-there)",
        "tester | account add b | refused (usage.unknown-system)",
        "tester | account disable offce | refused (usage.unknown-account)",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn files_that_pass_through_are_barred_as_those_of_feeds_are() {
    let sandbox = hub();
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let intakes = "[[intake]]\nid = \"moves\"\nfrom = \"togo-db\"\naccept = [{ layout = \"001z010-1.0\" }]\nuse = \"moves\"\n\n\
                   [transfer]\nprepare = [\"024\", \"017\"]\n\n";
    sandbox.write("hub/hub.toml", &text.replacen("[root]", &format!("{intakes}[root]"), 1));
    sandbox.run(&["check"]).expect(0);
    let grant = |folder: &str, rights: &str, system: &str| {
        sandbox.run(&["acl", "grant", folder, rights, "--system", system, "--reason", "x"])
    };
    let barred = |folder: &str, rights: &str, system: &str| {
        grant(folder, rights, system).expect_fault(10, "access.not-grantable");
    };
    // 015 is no 番号利用事務, 024 is one.
    for folder in
        ["togo-db/inbox/001z010-00", "togo-db/inbox", "togo-db", "cs/outbox", "cs", "001/move-in/024"]
    {
        barred(folder, "list,read", "015");
    }
    barred("cs/outbox", "create", "024");
    barred("001/move-in/024", "replace", "024");
    barred("001/move-in/017", "create", "015");
    // What holds no number, and what is to be fetched and taken away.
    grant("001/move-in/017", "list,read", "017").expect(0);
    grant("cs/outbox", "list,read,delete", "024").expect(0);
    grant("togo-db/inbox/001z010-00", "list", "015").expect(0);
}

#[test]
fn the_audit_tells_on_what_terms_a_key_was_added() {
    let sandbox = hub();
    let key = make_key(&sandbox, "a", "ed25519", &[]);
    let public = key.with_extension("pub").display().to_string();
    let add = |more: &[&str]| {
        let line = [&["account", "key", "add", "office", "--file", &public, "--reason", "x"], more].concat();
        sandbox.run(&line).expect(0);
    };
    add(&["--from", "10.1.2.0/24", "--until", "2027-03-31"]);
    add(&[]);
    let lines = audit(&sandbox, "account key add", 2);
    let told = |line: &String| line.split(" | ").last().unwrap().to_owned();
    let bound = "from 10.1.2.0/24 until 2027-03-31T23:59:59+09:00";
    assert_eq!(told(&lines[0]), format!("{bound}; the account has 1 keys"));
    assert_eq!(told(&lines[1]), format!("from anywhere in place of {bound}; the account has 1 keys"));
}

#[test]
fn keys_are_taken_for_what_they_are() {
    let sandbox = hub();
    let key = make_key(&sandbox, "a", "ed25519", &[]);
    let weak = make_key(&sandbox, "b", "rsa", &["-b", "2048"]);
    let add = |file: &str| sandbox.run(&["account", "key", "add", "office", "--file", file, "--reason", "x"]);
    add("a-ed25519.pub").expect(0).says("SHA256:");
    add("a-ed25519").expect_fault(10, "access.key").says("private key");
    add("b-rsa.pub").expect_fault(10, "access.key").says("2048 bits");
    add("none.pub").expect_fault(10, "access.input");
    // Two keys, a comment and an empty line; the second is wrong, so none is taken.
    let good = fs::read_to_string(key.with_extension("pub")).unwrap();
    let bad = fs::read_to_string(weak.with_extension("pub")).unwrap();
    sandbox.write("both.pub", &format!("# of the office\n\n{good}{bad}"));
    add("both.pub").expect_fault(10, "access.key").says("line 4");
    let shown = sandbox.run(&["account", "list", "office", "--json"]).expect(0).json();
    assert_eq!(shown[0]["keys"].as_array().unwrap().len(), 1);
    let fingerprint = shown[0]["keys"][0]["fingerprint"].as_str().unwrap().to_owned();
    sandbox
        .run(&[
            "account",
            "key",
            "add",
            "office",
            "--file",
            "a-ed25519.pub",
            "--from",
            "10.1.2.0/24",
            "--until",
            "2026-12-31",
            "--reason",
            "x",
        ])
        .expect(0);
    let shown = sandbox.run(&["account", "list", "office", "--json"]).expect(0).json();
    assert_eq!(shown[0]["keys"].as_array().unwrap().len(), 1, "the same key is on new terms");
    assert_eq!(shown[0]["keys"][0]["from"][0], "10.1.2.0/24");
    assert_eq!(shown[0]["keys"][0]["until"], "2026-12-31T23:59:59+09:00");
    sandbox.run(&["account", "key", "remove", "office", &fingerprint, "--reason", "x"]).expect(0);
    sandbox
        .run(&["account", "key", "remove", "office", &fingerprint, "--reason", "x"])
        .expect_fault(10, "access.not-there");
    sandbox.run(&["account", "key", "add", "office", "--from", "10.1.2.3/24", "--reason", "x"]).expect(2);
}

#[test]
fn a_password_is_kept_as_a_hash_and_never_said() {
    let sandbox = hub();
    let made = sandbox.run(&["account", "password", "office", "--generate", "--reason", "x"]).expect(0);
    let password = made.stdout.trim().to_owned();
    assert_eq!(password.len(), 24);
    made.says("address");
    sandbox
        .run(&["account", "address", "add", "office", "10.1.2.0/24", "192.0.2.7", "--reason", "x"])
        .expect(0);
    sandbox
        .run(&["account", "address", "remove", "office", "10.1.3.0/24", "--reason", "x"])
        .expect_fault(10, "access.not-there");
    let shown = sandbox.run(&["account", "list", "office", "--json"]).expect(0);
    assert_eq!(shown.json()[0]["has_password"], true);
    assert_eq!(shown.json()[0]["addresses"].as_array().unwrap().len(), 2);
    shown.says_not("argon2");
    let lines = audit(&sandbox, "account", 3).join("\n");
    assert!(!lines.contains(&password) && !lines.contains("argon2"), "{lines}");
    // From standard input; one that could be guessed is refused.
    let short = sandbox.run_with_input(&["account", "password", "office", "--reason", "x"], "short\n");
    short.expect_fault(10, "access.password").says("12 characters");
    sandbox
        .run_with_input(&["account", "password", "office", "--reason", "x"], "long enough to be good\n")
        .expect(0);
}

#[test]
fn rights_follow_from_what_is_declared_and_are_explained() {
    let sandbox = hub();
    let explain =
        |folder: &str| sandbox.run(&["acl", "explain", "office", folder, "--json"]).expect(0).json();
    let feed = explain("001/001o005-00/v1.0");
    assert_eq!(feed["sight"], "listed");
    let right = |value: &serde_json::Value, name: &str| {
        let rights = value["rights"].as_array().unwrap();
        rights.iter().find(|right| right["right"] == name).unwrap().clone()
    };
    assert_eq!(right(&feed, "read")["allowed"], true);
    assert_eq!(right(&feed, "read")["rule"]["because"], "receiver of 001o005-v1.0");
    assert_eq!(right(&feed, "create")["allowed"], false);
    // Nobody without the lawful item set: 015 is no receiver of the feed with numbers.
    assert_eq!(explain("001/001o006-00/v1.0")["sight"], "hidden");
    sandbox.run(&["acl", "explain", "office", "../etc"]).expect(2);

    let grant = |args: &[&str]| sandbox.run(&[&["acl", "grant"], args, &["--reason", "依頼"]].concat());
    grant(&["001/001o006-00/v1.0", "list,read", "--system", "015"]).expect_fault(10, "access.not-grantable");
    grant(&["001", "read", "--account", "office"]).expect_fault(10, "access.not-grantable");
    grant(&["001/001o005-00/v1.0", "create", "--system", "015"]).expect_fault(10, "access.not-grantable");
    grant(&["015/work", "all", "--account", "office"]).expect(0);
    grant(&["015/work", "list", "--account", "office"]).expect(0);
    let shown = sandbox.run(&["acl", "show", "--folder", "015/work", "--json"]).expect(0).json();
    assert_eq!(shown.as_array().unwrap().len(), 1, "a grant takes the place of the one before: {shown}");
    assert_eq!(shown[0]["granted"]["reason"], "依頼");
    let number = shown[0]["granted"]["grant"].to_string();
    sandbox.run(&["acl", "revoke", &number, "--reason", "終了"]).expect(0);
    sandbox.run(&["acl", "revoke", &number, "--reason", "終了"]).expect_fault(2, "usage.unknown-grant");
    sandbox.run(&["acl", "show", "--account", "office"]).expect(0).says("015/receipt").says_not("015/work");

    // What is lawful to grant today is no more when a feed with numbers comes to lie there.
    grant(&["009/later", "list,read", "--system", "015"]).expect(0);
    sandbox.run(&["acl", "show", "--account", "office"]).expect(0).says_not("in full");
    let id = "id = \"001o006-v1.0\"\n";
    sandbox.replace("hub/hub.toml", id, &format!("{id}folder = \"009/later/numbers\"\n"));
    let later = explain("009/later/numbers");
    assert_eq!(
        (&right(&later, "read")["allowed"], &right(&later, "list")["allowed"]),
        (&false.into(), &true.into())
    );
    let why = right(&later, "read")["barred"].to_string();
    assert!(why.contains("individual numbers of 001o006-v1.0"), "{why}");
    assert_eq!(right(&explain("009/later"), "read")["allowed"], true);
    sandbox.run(&["acl", "show", "--account", "office"]).expect(0).says("does not hold in full");

    let lines = audit(&sandbox, "acl", 7);
    assert_eq!(lines[0], "tester | acl grant 001/001o006-00/v1.0 list,read | refused (access.not-grantable)");
    assert_eq!(lines[5], format!("tester | acl revoke {number} | revoked"));
    assert_eq!(lines[6], format!("tester | acl revoke {number} | refused (usage.unknown-grant)"));
}

#[test]
fn host_keys_are_made_at_init_and_anew_by_command() {
    let sandbox = Sandbox::new().init();
    sandbox.run(&["hostkey", "list"]).expect_fault(10, "sftp.not-declared");
    crate::client::declare(&sandbox, 2222);
    sandbox.run(&["check"]).expect(0);
    let before = sandbox.run(&["hostkey", "list", "--json"]).expect(0).json();
    assert_eq!(before.as_array().unwrap().len(), 2);
    let made = sandbox.run(&["hostkey", "make", "ed25519", "--reason", "交換"]).expect(0);
    made.says("SHA256:").says("systemctl reload renkei");
    let lines = audit(&sandbox, "hostkey make", 2);
    assert_eq!(lines[0], "tester | hostkey make ed25519 | is to be made");
    assert!(lines[1].starts_with("tester | hostkey make ed25519 | SHA256:"), "{}", lines[1]);
    let after = sandbox.run(&["hostkey", "list", "--json"]).expect(0).json();
    assert_ne!(before[0]["fingerprint"], after[0]["fingerprint"]);
    assert_eq!(before[1]["fingerprint"], after[1]["fingerprint"]);
    sandbox.replace("hub/hub.toml", "[sftp]", "[sftp]\nhost_keys = \"share/ssh\"");
    sandbox.run(&["check"]).expect(1).says("partner systems see");
}

#[test]
fn a_secret_is_put_with_its_line_and_before_hub_toml_is_right_too() {
    let sandbox = hub();
    let set = |more: &[&str]| {
        let line = [&["secret", "set", "tax.password", "--reason", "契約 12"], more].concat();
        sandbox.run_with_input(&line, "correct horse battery\n")
    };
    set(&[]).expect(0);
    set(&[]).expect_fault(10, "secret.there");
    set(&["--replace"]).expect(0);
    assert_eq!(
        fs::read_to_string(sandbox.path("hub/secrets/tax.password")).unwrap(),
        "correct horse battery\n"
    );
    let lines = audit(&sandbox, "secret set", 5);
    // What is to be done is on record before it is done.
    assert_eq!(lines[0], "tester | secret set tax.password | is to be put");
    assert_eq!(lines[1], "tester | secret set tax.password | put");
    assert!(lines[2].starts_with("tester | secret set tax.password | refused ("), "{}", lines[2]);
    assert_eq!(lines[3], "tester | secret set tax.password | is to be put in place of another");
    assert_eq!(lines[4], "tester | secret set tax.password | put, in place of another");
    assert!(lines.iter().all(|line| !line.contains("horse")));
    // Where hub.toml cannot be read nobody knows what is kept under a name: only a new one is put.
    fs::remove_file(sandbox.path("hub/secrets/tax.password")).unwrap();
    sandbox.replace("hub/hub.toml", "[root]", "[rot]");
    set(&["--replace"]).expect_fault(2, "usage.replace-unsure");
    // The only change without a line: nobody can tell where the audit is.
    let mut command =
        sandbox.command(&["secret", "set", "tax.password", "--reason", "契約 12", "--lang", "en"]);
    let input = std::process::Stdio::from(fs::File::open(sandbox.path("hub/README.txt")).unwrap());
    let output = command.stdin(input).output().unwrap();
    sandbox.outcome(&command, &output).expect(0).says("not in the audit");
    sandbox.replace("hub/hub.toml", "[rot]", "[root]");
    assert_eq!(audit(&sandbox, "secret set", 5).len(), 5);
    // With nothing there, nothing was replaced.
    fs::remove_file(sandbox.path("hub/secrets/tax.password")).unwrap();
    set(&["--replace"]).expect(0);
    assert_eq!(audit(&sandbox, "secret set", 7)[6], "tester | secret set tax.password | put");
}

#[test]
fn the_number_key_is_never_replaced_whatever_its_name() {
    let sandbox = hub();
    fs::rename(sandbox.path("hub/secrets/number.key"), sandbox.path("hub/secrets/bangou")).unwrap();
    sandbox.replace("hub/hub.toml", "secrets/number.key", "secrets/bangou");
    let key = fs::read(sandbox.path("hub/secrets/bangou")).unwrap();
    let set = ["secret", "set", "bangou", "--replace", "--reason", "x"];
    sandbox.run_with_input(&set, "another\n").expect_fault(2, "usage.number-key-kept");
    assert_eq!(fs::read(sandbox.path("hub/secrets/bangou")).unwrap(), key);
}
