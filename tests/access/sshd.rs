//! The same rights below a real sshd: its keys come from `renkei account authorized-keys`, its sessions are
//! `renkei sftp-server`.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::client::{SYSTEM, add_key, audit, free_port, make_key, options, sftp, sftp_from, start};
use crate::running::PATIENCE;
use crate::sandbox::{PLAIN, Sandbox, files};

/// An sshd of a test's own; ended with it.
pub(crate) struct Sshd {
    child: Child,
    port: u16,
}

impl Sshd {
    /// Starts one that serves the user who runs the test; every key is asked of the hub.
    fn start(sandbox: &Sandbox) -> Self {
        let terms = "PasswordAuthentication no\nSubsystem sftp /bin/false\n";
        Self::start_with(sandbox, free_port(), terms)
    }

    /// Starts one on a port, with more in its configuration.
    pub(crate) fn start_with(sandbox: &Sandbox, port: u16, terms: &str) -> Self {
        let host_key = make_key(sandbox, "host", "ed25519", &[]);
        // sshd runs the command only if nobody but root can have changed it, so keys are written where it looks.
        let keys = sandbox.path("authorized_keys");
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {}\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             SetEnv RENKEI_NOW={}\nLogLevel ERROR\n{terms}",
            host_key.display(),
            keys.display(),
            crate::sandbox::NOW,
        );
        sandbox.write("sshd_config", &config);
        // Debian's package makes it when its service starts, which it never does here.
        let _ = fs::create_dir_all("/run/sshd");
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(sandbox.path("sshd_config"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { child, port };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "sshd does not listen");
            std::thread::yield_now();
        }
        started
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn hand_keys_over(sandbox: &Sandbox) {
    let keys = sandbox.run(&["account", "authorized-keys"]).expect(0);
    fs::write(sandbox.path("authorized_keys"), keys.stdout).unwrap();
    fs::set_permissions(sandbox.path("authorized_keys"), fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn an_office_with_openssh_has_the_same_rights_and_records() {
    let sandbox = Sandbox::loaded(40, 0);
    sandbox.run(&["generate", PLAIN, "--full"]).expect(0);
    sandbox.run(&["account", "add", "office", "--system", SYSTEM, "--reason", "契約"]).expect(0);
    let key = make_key(&sandbox, "office", "ed25519", &[]);
    let bound = make_key(&sandbox, "bound", "ecdsa", &[]);
    add_key(&sandbox, "office", &key, &[]);
    add_key(&sandbox, "office", &bound, &["--from", "127.0.0.3"]);
    let sshd = Sshd::start(&sandbox);
    hand_keys_over(&sandbox);
    let name = files::names(&sandbox.feed_folder(PLAIN))
        .into_iter()
        .find(|name| files::ends_with(name, "csv"))
        .unwrap();
    let batch =
        format!("ls -1\nget 001/001o005-00/v1.0/{name} got.csv\n-ls 001/001o006-00\n-get /etc/passwd p\n");
    let said = sftp(&sandbox, sshd.port, &user(), &key, &batch).expect_in();
    assert!(said.contains("001\n") && !said.contains("etc\n"), "{said}");
    assert!(!sandbox.path("p").exists());
    assert_eq!(
        fs::read(sandbox.path("got.csv")).unwrap(),
        fs::read(sandbox.feed_folder(PLAIN).join(&name)).unwrap()
    );
    let lines = audit(&sandbox, "fetch", 1);
    assert!(
        lines[0].starts_with(&format!("sftp:office | fetch /001/001o005-00/v1.0/{name} | whole")),
        "{lines:?}"
    );
    assert_eq!(audit(&sandbox, "log in", 1), ["sftp:office | log in | by sshd"]);

    let from =
        |address: &str, key| sftp_from(&sandbox, (address, "127.0.0.1"), sshd.port, &user(), key, "ls\n");
    from("127.0.0.3", &bound).expect_in();
    from("127.0.0.4", &bound).expect_out("Permission denied");
    sandbox.run(&["account", "disable", "office", "--reason", "終了"]).expect(0);
    // Even where sshd still has the key: the session itself asks. Why is for the office to know.
    let talk = from("127.0.0.4", &key);
    assert!(
        !talk.said.contains("stopped") && !talk.said.contains(sandbox.folder().to_str().unwrap()),
        "{talk:?}"
    );
    talk.expect_out("Connection closed");
    assert_eq!(audit(&sandbox, "log in", 3)[2..], ["sftp:office | log in | refused (it is stopped)"]);
    hand_keys_over(&sandbox);
    from("127.0.0.4", &key).expect_out("Permission denied");
}

#[test]
fn an_account_stopped_in_the_middle_of_its_session_is_sent_away() {
    let sandbox = Sandbox::loaded(40, 0);
    sandbox.run(&["account", "add", "office", "--system", SYSTEM, "--reason", "契約"]).expect(0);
    let key = make_key(&sandbox, "office", "ed25519", &[]);
    add_key(&sandbox, "office", &key, &[]);
    let sshd = Sshd::start(&sandbox);
    hand_keys_over(&sandbox);
    let mut client = Command::new("sftp")
        .args(["-P", &sshd.port.to_string(), "-i"])
        .arg(&key)
        .args(options(&sandbox))
        .arg(format!("{}@127.0.0.1", user()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    audit(&sandbox, "log in", 1);
    sandbox.run(&["account", "disable", "office", "--reason", "終了"]).expect(0);
    assert_eq!(audit(&sandbox, "log out", 1), ["sftp:office | log out | sent away (it is stopped)"]);
    // The client itself waits at its prompt; what it asks next is not answered any more.
    std::io::Write::write_all(&mut client.stdin.take().unwrap(), b"ls\n").unwrap();
    assert!(!client.wait().unwrap().success());
}

/// The daemon lets nobody in here, and still keeps the folders that sshd's visitors come to.
#[test]
fn the_folders_are_kept_where_only_an_sshd_lets_in() {
    let sandbox = Sandbox::loaded(40, 0);
    sandbox.replace("hub/hub.toml", "# [sftp]", "[sftp]");
    sandbox.run(&["acl", "grant", "015/inbox", "all", "--system", SYSTEM, "--reason", "契約"]).expect(0);
    let folder = sandbox.path("hub/share/001");
    fs::create_dir_all(&folder).unwrap();
    let left = folder.join(".0123456789abcdef0123456789abcdef.partial-upload");
    let file = fs::File::create(&left).unwrap();
    let old: u64 = crate::sandbox::NOW.parse::<u64>().unwrap() - 2 * 24 * 60 * 60;
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(old)).unwrap();
    let daemon = start(&sandbox);
    let deadline = Instant::now() + PATIENCE;
    while left.exists() || !sandbox.path("hub/share/015/inbox").is_dir() {
        assert!(Instant::now() < deadline, "{}", files::tree(&sandbox.path("hub/share")));
        std::thread::yield_now();
    }
    daemon.stop();
}
