//! What a receiver sees, fetches and brings at the hub's own server, and what of it is on record.

use std::fs;

use crate::client::{audit, hub, sftp, start};
use crate::sandbox::{PLAIN, files};

#[test]
fn a_receiver_sees_its_folders_only_and_fetches_are_in_the_ledger() {
    let (sandbox, port) = hub();
    sandbox.run(&["generate", PLAIN, "--full"]).expect(0);
    let daemon = start(&sandbox);
    let key = sandbox.path("office-ed25519");
    let name = files::names(&sandbox.feed_folder(PLAIN))
        .into_iter()
        .find(|name| files::ends_with(name, "csv"))
        .unwrap();
    let batch = format!(
        "ls -1\nls -1 001\nls -1 001/001o005-00\nget 001/001o005-00/v1.0/{name} got.csv\n-ls 001/001o006-00\n-rm 001/001o005-00/v1.0/{name}\n-put batch 001/001o005-00/v1.0/x.csv\n-get ../../../../etc/passwd p\n"
    );
    let said = sftp(&sandbox, port, "office", &key, &batch).expect_in();
    let published = fs::read(sandbox.feed_folder(PLAIN).join(&name)).unwrap();
    assert_eq!(fs::read(sandbox.path("got.csv")).unwrap(), published);
    assert!(said.contains("001\n") && said.contains("001/001o005-00"), "{said}");
    assert!(!said.contains("001z001") && !said.contains("024"), "what may not be listed is not seen: {said}");
    assert!(!sandbox.path("p").exists());
    assert!(sandbox.feed_folder(PLAIN).join(&name).exists());
    assert!(!sandbox.feed_folder(PLAIN).join("x.csv").exists());

    let fetched = audit(&sandbox, "fetch", 1);
    let n_bytes = published.len();
    let expect =
        format!("sftp:office | fetch /001/001o005-00/v1.0/{name} | whole: {n_bytes} of {n_bytes} bytes");
    assert_eq!(fetched, [expect]);
    audit(&sandbox, "delete /001/001o005-00", 1);
    let login = audit(&sandbox, "log in", 1);
    assert!(login[0].starts_with("sftp:office | log in | by key SHA256:"), "{login:?}");
    audit(&sandbox, "log out", 1);
    assert!(daemon.stop().success());
    let events = sandbox.run(&["ledger", "show", PLAIN, "--json"]).expect(0);
    events.says("fetched").says("whole").says(&name);
}

#[test]
fn what_is_handed_in_appears_whole_and_a_right_taken_back_holds_at_once() {
    let (sandbox, port) = hub();
    sandbox
        .run(&["acl", "grant", "015/work", "list,create,read", "--account", "office", "--reason", "依頼"])
        .expect(0);
    let daemon = start(&sandbox);
    let key = sandbox.path("office-ed25519");
    sandbox.write("one.csv", "a,b\r\n");
    sftp(&sandbox, port, "office", &key, "put one.csv 015/work/one.csv\n").expect_in();
    assert_eq!(fs::read(sandbox.path("hub/share/015/work/one.csv")).unwrap(), b"a,b\r\n");
    // Without the right to replace, what stands there stays.
    sandbox.write("one.csv", "changed\r\n");
    sftp(&sandbox, port, "office", &key, "put one.csv 015/work/one.csv\n").expect_out("");
    assert_eq!(fs::read(sandbox.path("hub/share/015/work/one.csv")).unwrap(), b"a,b\r\n");

    let shown = sandbox.run(&["acl", "show", "--folder", "015/work", "--json"]).expect(0).json();
    let number = shown[0]["granted"]["grant"].to_string();
    sandbox.run(&["acl", "revoke", &number, "--reason", "終了"]).expect(0);
    let deadline = std::time::Instant::now() + crate::running::PATIENCE;
    while sftp(&sandbox, port, "office", &key, "ls 015/work\n").is_done {
        assert!(std::time::Instant::now() < deadline, "the right was taken back");
    }
    sandbox.run(&["account", "disable", "office", "--reason", "契約終了"]).expect(0);
    sftp(&sandbox, port, "office", &key, "ls\n").expect_out("Permission denied");
    assert_eq!(files::names(&sandbox.path("hub/share/015/work")), ["one.csv"]);
    assert!(daemon.stop().success());
}

#[test]
fn a_server_that_cannot_start_is_an_alert_and_keeps_no_run_from_starting() {
    let (sandbox, port) = hub();
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut daemon = start(&sandbox);
    sandbox.run(&["alert", "list", "--open"]).expect(0).says("door-shut");
    sandbox.run(&["run", "retention"]).expect(0);
    drop(taken);
    sandbox.run(&["alert", "test"]).expect_fault(10, "hub.no-alert-channel");
    daemon.wait_for("partner systems can log in by SFTP");
    sftp(&sandbox, port, "office", &sandbox.path("office-ed25519"), "ls\n").expect_in();
    assert!(daemon.stop().success());
    sandbox.run(&["alert", "list", "--open"]).expect(0).says_not("door-shut");
}
