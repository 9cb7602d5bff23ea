//! The same rights below a real sshd: its keys come from `renkei account authorized-keys`, its sessions are
//! `renkei sftp-server`.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::client::{SYSTEM, add_key, audit, free_port, make_key, sftp, sftp_from};
use crate::running::PATIENCE;
use crate::sandbox::{PLAIN, Sandbox, files};

/// An sshd of a test's own; ended with it.
struct Sshd {
    child: Child,
    port: u16,
}

impl Sshd {
    /// Starts one that serves the user who runs the test; every key is asked of the hub.
    fn start(sandbox: &Sandbox) -> Self {
        let port = free_port();
        let host_key = make_key(sandbox, "host", "ed25519", &[]);
        // sshd runs the command only if nobody but root can have changed it, so keys are written where it looks.
        let keys = sandbox.path("authorized_keys");
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {}\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             SetEnv RENKEI_NOW={}\nLogLevel ERROR\nSubsystem sftp /bin/false\n",
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
    // Even where sshd still has the key: the session itself asks.
    from("127.0.0.4", &key).expect_out("");
    hand_keys_over(&sandbox);
    from("127.0.0.4", &key).expect_out("Permission denied");
}
