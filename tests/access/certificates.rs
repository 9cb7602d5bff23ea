//! Certificates of users at the hub's own server: declared, told of in the audit, taken back at a reload.

use std::path::Path;
use std::process::Command;

use crate::client::{SYSTEM, audit, declare, free_port, make_key, sftp, start};
use crate::running::PATIENCE;
use crate::sandbox::Sandbox;

fn sign(sandbox: &Sandbox, authority: &Path, key: &Path, more: &[&str]) {
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-s"])
        .arg(authority)
        .args(["-I", "zei-1", "-z", "12", "-n", "office"])
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
    sign(&sandbox, &authority, &key, &[]);
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
