//! Secrets encrypted at rest, as an operator works with them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::client::{SYSTEM, add_key, declare, free_port, make_key, sftp, start};
use crate::sandbox::Sandbox;

/// What nobody may ever read anywhere.
const WORDS: &str = "correct horse battery";
/// Where a change of keys is cut off.
const POINTS: [&str; 4] =
    ["secret.key-added", "secret.file-given", "secret.files-given", "secret.key-dropped"];

/// A hub with a key, whose mail goes out with a password.
fn hub() -> Sandbox {
    let sandbox = Sandbox::new().init();
    let key_file = sandbox.path("elsewhere/secret.key");
    fs::create_dir(sandbox.path("elsewhere")).unwrap();
    let declared = format!("[secrets]\nkey_file = \"{}\"\n\n[root]", key_file.display());
    sandbox.replace("hub/hub.toml", "[root]", &declared);
    sandbox.run(&["secret", "key", "make", "--reason", "x"]).expect(0);
    sandbox
}

fn set(sandbox: &Sandbox, name: &str, more: &[&str]) {
    let line = [&["secret", "set", name, "--reason", "x"], more].concat();
    sandbox.run_with_input(&line, &format!("{WORDS}\n")).expect(0);
}

/// Every file of the sandbox that holds the words.
fn holders(sandbox: &Sandbox) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![sandbox.path("")];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(5).any(|part| part == b"horse")) {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

fn declare_mail(sandbox: &Sandbox, login: &str) {
    let mail = format!(
        "[alert.mail]\nserver = \"127.0.0.1\"\nsecurity = \"none\"\nuser = \"renkei\"\n{login}\nfrom = \"a@example.lg.jp\"\nto = [\"b@example.lg.jp\"]\n\n[root]"
    );
    sandbox.replace("hub/hub.toml", "[root]", &mail);
}

#[test]
fn a_secret_is_kept_encrypted_listed_and_examined() {
    let sandbox = hub();
    set(&sandbox, "mail.password", &["--encrypt"]);
    assert_eq!(holders(&sandbox), Vec::<String>::new());
    declare_mail(&sandbox, "password_file = \"secrets/mail.password\"");
    sandbox.run(&["check"]).expect(0);
    let doctor = |lang: &str| sandbox.run(&["doctor", "--lang", lang]);
    // The number key is the one that is not encrypted.
    doctor("en").says("is not encrypted, and other secrets are").says("renkei secret encrypt number.key");
    sandbox.run(&["secret", "encrypt", "number.key", "--reason", "x"]).expect(0);
    sandbox
        .run(&["secret", "encrypt", "number.key", "--reason", "x", "--lang", "en"])
        .expect(0)
        .says("already");
    doctor("en").says("2 secrets are there, and their owner's alone; 2 encrypted");
    // The database opens with it.
    sandbox.run(&["audit", "verify"]).expect(0);
    let listed = sandbox.run(&["secret", "list", "--json"]).expect(0).json();
    let files: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["mail.password", "number.key", "ssh/ecdsa", "ssh/ed25519"]);
    assert_eq!(listed[0]["needed_by"][0], "alert.mail");
    assert_eq!((&listed[1]["state"], &listed[1]["mode"]), (&"encrypted".into(), &"600".into()));
    let password = sandbox.path("hub/secrets/mail.password");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o640)).unwrap();
    doctor("en").says("others than its owner may use the password file");
    sandbox.run(&["check"]).expect(1).says("chmod 600");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let whole = fs::read_to_string(&password).unwrap();
    fs::write(&password, &whole[..whole.len() - 9]).unwrap();
    doctor("ja").says("secret.cut");
    fs::copy(sandbox.path("hub/secrets/number.key"), &password).unwrap();
    doctor("ja").says("secret.altered");
    fs::write(&password, whole).unwrap();
    let key = sandbox.path("elsewhere/secret.key");
    fs::rename(&key, key.with_extension("away")).unwrap();
    sandbox.run(&["commits"]).expect(10).says("secret.key is missing");
    // Nothing is written, and no other key is made in its place by anything but its own command.
    sandbox.run_with_input(&["secret", "set", "x", "--encrypt", "--reason", "x"], "x\n").expect(10);
    assert!(!sandbox.path("hub/secrets/x").exists());
}

#[test]
fn a_change_of_keys_killed_anywhere_leaves_every_secret_readable() {
    let first = hub();
    set(&first, "mail.password", &["--encrypt"]);
    set(&first, "plain", &[]);
    declare_mail(&first, "password_file = \"secrets/mail.password\"");
    first.run(&["secret", "encrypt", "number.key", "--reason", "x"]).expect(0);
    let without_server = fs::read_to_string(first.path("hub/hub.toml")).unwrap();
    declare(&first, free_port());
    first.run(&["hostkey", "make", "ed25519", "--reason", "x"]).expect(0);
    first.run(&["hostkey", "encrypt", "--reason", "x"]).expect(0);
    // A server that is not declared for the time being has its keys given the new one all the same.
    fs::write(first.path("hub/hub.toml"), without_server).unwrap();
    for point in POINTS {
        for time in 1..=if point == POINTS[1] { 5 } else { 1 } {
            let sandbox = first.copy().noted(format!("killed at {point}:{time}"));
            let own = sandbox.path("elsewhere").display().to_string();
            let hub = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
            let theirs = first.path("elsewhere").display().to_string();
            fs::write(sandbox.path("hub/hub.toml"), hub.replace(&theirs, &own)).unwrap();
            let rekey = ["secret", "rekey", "--reason", "x"];
            let mut command = sandbox.command(&rekey);
            let killed = command.env("RENKEI_STOP_AT", format!("{point}:{time}")).output().unwrap();
            assert_eq!(killed.status.code(), None, "{point}:{time}");
            let all_readable = || {
                let listed = sandbox.run(&["secret", "list", "--json"]).expect(0).json();
                let states: Vec<&str> =
                    listed.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
                let expect = ["encrypted", "encrypted", "plain", "encrypted", "encrypted", "encrypted"];
                assert_eq!(states, expect, "{point}:{time}");
                sandbox.run(&["audit", "verify"]).expect(0);
            };
            all_readable();
            let done = sandbox.run(&[&rekey[..], &["--json"]].concat()).expect(0).json();
            assert_eq!(done["finished_earlier"], point != POINTS[3], "{point}");
            all_readable();
            let key = fs::read_to_string(sandbox.path("elsewhere/secret.key")).unwrap();
            assert_eq!(key.lines().count(), 2, "{point}");
        }
    }
}

#[test]
fn a_secret_in_hub_toml_itself_is_refused_and_not_repeated() {
    let check = |login: &str| {
        let sandbox = Sandbox::new().init();
        declare_mail(&sandbox, login);
        let outcome = sandbox.run(&["check"]).expect(1).says("a secret does not belong into this file");
        outcome.says("renkei secret set NAME").says_not("horse");
    };
    check(&format!("password = \"{WORDS}\""));
    check(&format!("PASSWORD = \"{WORDS}\""));
    check(&format!("smtp_password = \"{WORDS}\""));
    let sandbox = Sandbox::new().init();
    declare_mail(&sandbox, &format!("password_env = \"{WORDS}\""));
    sandbox.run(&["check"]).expect(1).says_not("horse");
}

#[test]
fn a_folder_without_a_hub_has_its_secrets_by_a_key_of_its_own() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("agent")).unwrap();
    let key = ["--key-file", "secret.key", "--hub", "agent", "--reason", "x"];
    sandbox.run(&[&["secret", "key", "make"], &key[..]].concat()).expect(0);
    let set = [&["secret", "set", "postgres.password", "--encrypt"], &key[..]].concat();
    sandbox.run_with_input(&set, WORDS).expect(0);
    sandbox.run(&[&["secret", "rekey"], &key[..]].concat()).expect(0);
    assert_eq!(holders(&sandbox), Vec::<String>::new());
}

/// With `LoadCredential=` the daemon has the key in a folder of its own, and whoever works by hand has not.
#[test]
fn where_the_key_is_a_credential_commands_work_by_hand_with_its_file() {
    let sandbox = hub();
    let key = sandbox.path("elsewhere/secret.key");
    declare(&sandbox, free_port());
    sandbox.run(&["secret", "encrypt", "number.key", "--reason", "x"]).expect(0);
    sandbox.run(&["hostkey", "encrypt", "--reason", "x"]).expect(0);
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let declared = format!("key_file = \"{}\"", key.display());
    sandbox.write("hub/hub.toml", &text.replace(&declared, "key_credential = \"secret.key\""));
    let refused = sandbox.run(&["status"]).expect(10);
    refused.says("CREDENTIALS_DIRECTORY is not set").says("--key-file");
    let file = key.display().to_string();
    let by_hand = |args: &[&str]| sandbox.run(&[args, &["--key-file", &file]].concat());
    by_hand(&["status"]).expect(0);
    by_hand(&["hostkey", "list"]).expect(0).says("SHA256:");
    by_hand(&["hostkey", "make", "ed25519", "--reason", "x"]).expect(0);
    by_hand(&["secret", "rekey", "--reason", "x"]).expect(0);
    by_hand(&["doctor", "--lang", "en"]).says_not("CREDENTIALS_DIRECTORY");
    let as_service = |args: &[&str]| {
        let mut command = sandbox.command(args);
        command.env("CREDENTIALS_DIRECTORY", key.parent().unwrap()).output().unwrap()
    };
    assert!(as_service(&["status"]).status.success());
    assert!(as_service(&["hostkey", "list"]).status.success());
    let mut named = sandbox.command(&["status"]);
    assert!(named.env("RENKEI_KEY_FILE", &file).output().unwrap().status.success());
}

#[test]
fn only_what_the_hub_reads_by_its_key_is_encrypted_where_it_stands() {
    let sandbox = hub();
    let elsewhere = sandbox.path("elsewhere/mail.password");
    fs::write(&elsewhere, format!("{WORDS}\n")).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o600)).unwrap();
    let path = elsewhere.display().to_string();
    let encrypt = |name: &str| sandbox.run(&["secret", "encrypt", name, "--reason", "x"]);
    encrypt(&path).expect_fault(2, "usage.no-secret-there");
    declare_mail(&sandbox, &format!("password_file = \"{path}\""));
    encrypt("number.key").expect(0);
    // The command that is named is the one that does it.
    let command = format!("renkei secret encrypt {path} --reason ...");
    sandbox.run(&["doctor", "--lang", "en"]).says(&command);
    encrypt(&path).expect(0);
    assert_eq!(holders(&sandbox), Vec::<String>::new());
    sandbox.run(&["doctor", "--lang", "en"]).says("2 encrypted").says_not("renkei secret encrypt");
    // The key file is no secret of its own, by whatever name.
    let key = sandbox.path("elsewhere/secret.key");
    let before = fs::read(&key).unwrap();
    std::os::unix::fs::symlink(&key, sandbox.path("hub/secrets/link")).unwrap();
    encrypt("link").expect_fault(10, "secret.is-key");
    let replace = ["secret", "set", "link", "--replace", "--reason", "x"];
    sandbox.run_with_input(&replace, "x\n").expect_fault(10, "secret.is-key");
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn host_keys_are_kept_encrypted_and_partners_see_the_same_ones() {
    let sandbox = hub();
    let port = free_port();
    declare(&sandbox, port);
    sandbox.run(&["account", "add", "office", "--system", SYSTEM, "--reason", "x"]).expect(0);
    let key = make_key(&sandbox, "office", "ed25519", &[]);
    add_key(&sandbox, "office", &key, &[]);
    let fingerprints = || {
        let listed = sandbox.run(&["hostkey", "list", "--json"]).expect(0).json();
        listed.as_array().unwrap().iter().map(|one| one["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    let plain = || {
        let files = ["ecdsa", "ed25519", "ed25519.old", "rsa"];
        let path = |name: &&str| sandbox.path(&format!("hub/secrets/ssh/{name}"));
        let is_plain =
            |name: &&str| fs::read_to_string(path(name)).is_ok_and(|text| text.contains("PRIVATE KEY"));
        files.into_iter().filter(is_plain).collect::<Vec<_>>()
    };
    let first = fingerprints();
    sandbox.run(&["hostkey", "make", "ed25519", "--reason", "x"]).expect(0);
    let second = fingerprints();
    assert_eq!(plain(), ["ecdsa", "ed25519", "ed25519.old"]);
    sandbox.run(&["secret", "encrypt", "number.key", "--reason", "x"]).expect(0);
    sandbox.run(&["doctor", "--lang", "en"]).says("renkei hostkey encrypt");
    sandbox.run(&["hostkey", "encrypt", "--reason", "x", "--lang", "en"]).expect(0).says("3 of which");
    sandbox.run(&["hostkey", "encrypt", "--reason", "x", "--lang", "en"]).expect(0).says("0 of which");
    assert_eq!((plain(), fingerprints()), (vec![], second.clone()));
    sandbox.run(&["doctor", "--lang", "en"]).says_not("renkei hostkey encrypt");
    let listed = sandbox.run(&["secret", "list", "--json"]).expect(0).json();
    let of_sftp = listed.as_array().unwrap().iter().filter(|one| one["needed_by"][0] == "sftp");
    assert!(
        of_sftp.clone().count() == 3 && of_sftp.clone().all(|one| one["state"] == "encrypted"),
        "{listed}"
    );
    // Others keep what the one before them was, or what is asked for.
    sandbox.run(&["hostkey", "make", "ecdsa", "--reason", "x"]).expect(0);
    sandbox.run(&["hostkey", "make", "rsa", "--encrypt", "--reason", "x"]).expect(0);
    assert_eq!(plain(), Vec::<&str>::new());
    sandbox.run(&["secret", "rekey", "--reason", "x"]).expect(0);
    let daemon = start(&sandbox);
    sftp(&sandbox, port, "office", &key, "ls\n").expect_in();
    assert!(daemon.stop().success());
    // The one put aside may have its place again.
    let folder = sandbox.path("hub/secrets/ssh");
    fs::rename(folder.join("ed25519.old"), folder.join("ed25519")).unwrap();
    assert_eq!(fingerprints()[0], first[0]);
    // One that is damaged, or whose key is away, is told of with its place.
    let whole = fs::read_to_string(folder.join("ed25519")).unwrap();
    fs::write(folder.join("ed25519"), &whole[..whole.len() - 9]).unwrap();
    sandbox.run(&["hostkey", "list"]).expect_fault(10, "secret.cut");
    fs::write(folder.join("ed25519"), whole).unwrap();
    let key = sandbox.path("elsewhere/secret.key");
    fs::rename(&key, key.with_extension("away")).unwrap();
    sandbox.run(&["hostkey", "list"]).expect(10).says("secret.key is missing");
    sandbox.run(&["hostkey", "make", "ed25519", "--reason", "x"]).expect(10);
}

#[test]
fn host_keys_are_not_encrypted_without_a_key_to_encrypt_them_under() {
    let sandbox = Sandbox::new().init();
    declare(&sandbox, free_port());
    let before = fs::read(sandbox.path("hub/secrets/ssh/ed25519")).unwrap();
    sandbox.run(&["hostkey", "encrypt", "--reason", "x"]).expect_fault(10, "secret.key-missing");
    sandbox
        .run(&["hostkey", "make", "ed25519", "--encrypt", "--reason", "x"])
        .expect_fault(10, "secret.key-missing");
    assert_eq!(fs::read(sandbox.path("hub/secrets/ssh/ed25519")).unwrap(), before);
}
