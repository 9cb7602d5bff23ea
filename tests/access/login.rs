//! The login matrix: method × key × address × account's state, at the hub's own server, every cell as declared.

use std::path::PathBuf;
use std::process::Command;

use crate::client::{add_key, audit, declare, free_port, make_key, options, sftp_from, start, talk};
use crate::sandbox::Sandbox;

/// The networks a client comes from: listed for passwords, on a key's own list, and neither.
const LISTED: &str = "127.0.2";
const KEYS_OWN: &str = "127.0.3";
const ELSEWHERE: &str = "127.0.4";
const PASSWORD: &str = "correct horse battery";

/// Tries a password with OpenSSH's sftp, by its askpass program.
fn by_password(
    sandbox: &Sandbox,
    from: &str,
    port: u16,
    account: &str,
    password: &str,
    key: Option<&PathBuf>,
) -> bool {
    sandbox.write("askpass", &format!("#!/bin/sh\necho '{password}'\n"));
    sandbox.write("batch", "ls\n");
    let askpass = sandbox.path("askpass");
    std::fs::set_permissions(&askpass, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut command = Command::new("sftp");
    command
        // Of two the first holds, and -b asks for batch mode.
        .args(["-oBatchMode=no", "-b"])
        .arg(sandbox.path("batch"))
        .args(["-P", &port.to_string(), "-oNumberOfPasswordPrompts=1"])
        .arg(format!("-oBindAddress={from}"))
        .args(options(sandbox))
        .env("SSH_ASKPASS", askpass)
        .env("SSH_ASKPASS_REQUIRE", "force");
    match key {
        Some(key) => command.arg("-oPreferredAuthentications=publickey,password").arg("-i").arg(key),
        None => command.arg("-oPreferredAuthentications=password"),
    };
    command.arg(format!("{account}@127.0.0.1"));
    talk(&mut command).is_done
}

#[test]
fn every_cell_of_the_matrix_is_as_declared() {
    let sandbox = Sandbox::new().init();
    let port = free_port();
    declare(&sandbox, port);
    sandbox.replace("hub/hub.toml", "# ban_points = 50", "ban_points = 10000");
    let kinds: [(&str, &[&str]); 3] = [("ed25519", &[]), ("ecdsa", &[]), ("rsa", &["-b", "3072"])];
    let keys: Vec<PathBuf> = kinds.iter().map(|(kind, more)| make_key(&sandbox, "k", kind, more)).collect();
    let stranger = make_key(&sandbox, "stranger", "ed25519", &[]);
    // open: enabled; shut: disabled; both: needs both. Key 0 from anywhere, key 1 from its own address, key 2 ended.
    for account in ["open", "shut", "both"] {
        let login = if account == "both" { "both" } else { "either" };
        sandbox
            .run(&["account", "add", account, "--system", "015", "--login", login, "--reason", "x"])
            .expect(0);
        add_key(&sandbox, account, &keys[0], &[]);
        add_key(&sandbox, account, &keys[1], &["--from", "127.0.3.0/24"]);
        add_key(&sandbox, account, &keys[2], &["--until", "2026-10-01"]);
        let input = format!("{PASSWORD}\n");
        sandbox.run_with_input(&["account", "password", account, "--reason", "x"], &input).expect(0);
        sandbox.run(&["account", "address", "add", account, "127.0.2.0/24", "--reason", "x"]).expect(0);
    }
    sandbox.run(&["account", "disable", "shut", "--reason", "x"]).expect(0);
    let daemon = start(&sandbox);

    let mut wrong = Vec::new();
    // Each from an address of its own, because whoever guesses is slowed.
    let mut last_byte = 0;
    let mut address = |network: &str| {
        last_byte += 1;
        format!("{network}.{last_byte}")
    };
    for account in ["open", "shut", "both", "nobody"] {
        for from in [LISTED, KEYS_OWN, ELSEWHERE] {
            for (name, key, good_from) in [
                ("anywhere", &keys[0], None),
                ("own list", &keys[1], Some(KEYS_OWN)),
                ("ended", &keys[2], Some("nowhere")),
                ("stranger", &stranger, Some("nowhere")),
            ] {
                let key_is_good = good_from.is_none_or(|good| good == from);
                let expect = account == "open" && key_is_good;
                let found =
                    sftp_from(&sandbox, (&address(from), "127.0.0.1"), port, account, key, "ls\n").is_done;
                if found != expect {
                    wrong.push(format!("{account} {from} key {name}: {found}"));
                }
            }
            for (name, password, is_right) in [("right", PASSWORD, true), ("wrong", "correct horse", false)] {
                let expect = account == "open" && is_right && from == LISTED;
                let found = by_password(&sandbox, &address(from), port, account, password, None);
                if found != expect {
                    wrong.push(format!("{account} {from} password {name}: {found}"));
                }
            }
            let expect = (account == "open") || (account == "both" && from == LISTED);
            let found = by_password(&sandbox, &address(from), port, account, PASSWORD, Some(&keys[0]));
            if found != expect {
                wrong.push(format!("{account} {from} key and password: {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let refused = audit(&sandbox, "log in", 1).join("\n");
    for reason in [
        "other-key",
        "key-ended",
        "key-from-elsewhere",
        "password-from-elsewhere",
        "other-password",
        "disabled",
        "no-account",
    ] {
        assert!(refused.contains(&format!("refused ({reason}")), "{reason}: {refused}");
    }
    assert!(!refused.contains(PASSWORD));
    assert!(daemon.stop().success());
}
