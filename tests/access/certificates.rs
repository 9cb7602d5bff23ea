//! Certificates of users at the hub's own server: declared, told of in the audit, taken back at a reload.

use std::path::Path;
use std::process::Command;

use crate::client::{SYSTEM, audit, declare, free_port, make_key, sftp, start};
use crate::login::Users;
use crate::running::PATIENCE;
use crate::sandbox::Sandbox;
use crate::sshd::Sshd;

fn sign(sandbox: &Sandbox, authority: &Path, key: &Path, more: &[&str]) {
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-s"])
        .arg(authority)
        .args(["-I", "zei-1", "-z", "12"])
        .args(more)
        .arg(key.with_extension("pub"))
        .current_dir(sandbox.path("."))
        .status()
        .unwrap();
    assert!(signed.success());
}

#[test]
fn a_certificate_lets_in_is_on_record_and_is_taken_back_at_a_reload() {
    let sandbox = Sandbox::loaded(10, 0);
    let port = free_port();
    declare(&sandbox, port);
    sandbox.run(&["account", "add", "office", "--system", SYSTEM, "--reason", "契約"]).expect(0);
    let (authority, key) =
        (make_key(&sandbox, "ca", "ed25519", &[]), make_key(&sandbox, "own", "ed25519", &[]));
    let line = std::fs::read_to_string(authority.with_extension("pub")).unwrap();
    let ca = format!("user_ca = [{{ key = \"{}\", accounts = [\"office\"] }}]", line.trim());
    sandbox.replace("hub/hub.toml", "[sftp]\n", &format!("[sftp]\n{ca}\n"));
    sign(&sandbox, &authority, &key, &["-n", "office"]);
    let daemon = start(&sandbox);
    sftp(&sandbox, port, "office", &key, "ls\n").expect_in();
    // The client shows the bare key first, which is not the account's.
    let login = audit(&sandbox, "log in", 2);
    assert!(login[0].contains("refused (other-key"), "{login:?}");
    assert!(
        login[1].starts_with("sftp:office | log in | by key SHA256:")
            && login[1].contains(" with certificate \"zei-1\" serial 12 of SHA256:"),
        "{login:?}"
    );
    sandbox.replace("hub/hub.toml", "[sftp]\n", "[sftp]\nrevoked = [{ serial = 10, to = 12 }]\n");
    daemon.signal("HUP");
    let deadline = std::time::Instant::now() + PATIENCE;
    while sftp(&sandbox, port, "office", &key, "ls\n").is_done {
        assert!(std::time::Instant::now() < deadline, "it was taken back");
    }
    let refused = audit(&sandbox, "log in", 4);
    assert!(
        refused.iter().any(|line| line.contains("refused (certificate-revoked, key SHA256:")),
        "{refused:?}"
    );
    assert!(daemon.stop().success());
}

/// sshd knows authorities and what they took back; that the account is stopped is the hub's to say.
#[test]
fn below_an_sshd_its_own_authorities_let_in_and_take_back() {
    let sandbox = Sandbox::loaded(10, 0);
    let account = format!("cert{}", std::process::id());
    sandbox.run(&["account", "add", &account, "--system", SYSTEM, "--reason", "契約"]).expect(0);
    let _users = Users::new(&sandbox, std::slice::from_ref(&account));
    let (authority, key) =
        (make_key(&sandbox, "ca", "ed25519", &[]), make_key(&sandbox, "own", "ed25519", &[]));
    sign(&sandbox, &authority, &key, &["-n", &account]);
    let revoked = sandbox.path("revoked");
    sandbox.write("revoked", "");
    let port = free_port();
    let terms = format!(
        "PasswordAuthentication no\nExposeAuthInfo yes\nTrustedUserCAKeys {}\nRevokedKeys {}\n\
         Subsystem sftp {} --hub {} sftp-server\n",
        authority.with_extension("pub").display(),
        revoked.display(),
        env!("CARGO_BIN_EXE_renkei"),
        sandbox.path("hub").display(),
    );
    let _sshd = Sshd::start_with(&sandbox, port, &terms);
    sftp(&sandbox, port, &account, &key, "ls\n").expect_in();
    let login = audit(&sandbox, "log in", 1);
    assert_eq!(login, [format!("sftp:{account} | log in | by sshd")]);
    sandbox.run(&["account", "disable", &account, "--reason", "終了"]).expect(0);
    sftp(&sandbox, port, &account, &key, "ls\n").expect_out("Connection closed");
    sandbox.run(&["account", "enable", &account, "--reason", "再開"]).expect(0);
    sftp(&sandbox, port, &account, &key, "ls\n").expect_in();
    sandbox.write("serials", "serial: 12\n");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-k", "-f"])
        .arg(&revoked)
        .arg("-s")
        .arg(authority.with_extension("pub"))
        .arg(sandbox.path("serials"))
        .status();
    assert!(made.unwrap().success());
    sftp(&sandbox, port, &account, &key, "ls\n").expect_out("Permission denied");
}

#[test]
fn what_is_declared_of_authorities_is_checked() {
    let sandbox = Sandbox::new().init();
    declare(&sandbox, free_port());
    let original = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let check = |line: &str, expect: &str| {
        sandbox.write("hub/hub.toml", &original.replacen("[sftp]\n", &format!("[sftp]\n{line}\n"), 1));
        sandbox.run(&["check", "--lang", "en"]).expect(1).says(expect);
    };
    check("user_ca = [{ key = \"ssh-dss AAAA\" }]", "are not taken");
    check("user_ca = [{ accounts = [\"office\"] }]", "missing");
    check("user_ca = [{ key = \"-----BEGIN OPENSSH PRIVATE KEY-----\" }]", "private key");
    check("revoked = [{ serial = 12, to = 3 }]", "to must not be before serial");
    check("revoked = [{ key_id = \"a\", serial = 3 }]", "one thing that is revoked");
    check("revoked = [{ key = \"MD5:00\" }]", "fingerprint");
    check("revoked = [{}]", "one thing that is revoked");
}
