//! OpenSSH's sftp as a partner uses it, and a hub whose daemon listens on a free port.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::running::Running;
use crate::sandbox::Sandbox;

/// A system that is a receiver of the plain feed and no 番号利用事務.
pub(crate) const SYSTEM: &str = "015";

/// A hub with a small town, one account `office` of system 015 with an ed25519 key, and `[sftp]`.
pub(crate) fn hub() -> (Sandbox, u16) {
    let sandbox = Sandbox::loaded(40, 0);
    let port = free_port();
    declare(&sandbox, port);
    sandbox.run(&["account", "add", "office", "--system", SYSTEM, "--reason", "契約"]).expect(0);
    let key = make_key(&sandbox, "office", "ed25519", &[]);
    add_key(&sandbox, "office", &key, &[]);
    (sandbox, port)
}

/// Adds `[sftp]` to the hub's configuration.
pub(crate) fn declare(sandbox: &Sandbox, port: u16) {
    sandbox.replace(
        "hub/hub.toml",
        "# [sftp]",
        &format!("[sftp]\nlisten = [\"127.0.0.1:{port}\", \"[::1]:{port}\"]"),
    );
}

/// A port nobody has now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Makes a key pair with ssh-keygen; gives the private one's path.
pub(crate) fn make_key(sandbox: &Sandbox, name: &str, kind: &str, more: &[&str]) -> PathBuf {
    let path = sandbox.path(&format!("{name}-{kind}"));
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", name, "-t", kind, "-f"])
        .arg(&path)
        .args(more)
        .status()
        .unwrap();
    assert!(made.success());
    path
}

/// Gives an account a key.
pub(crate) fn add_key(sandbox: &Sandbox, account: &str, key: &Path, more: &[&str]) {
    let public = key.with_extension("pub").display().to_string();
    let mut args = vec!["account", "key", "add", account, "--file", &public, "--reason", "契約"];
    args.extend(more);
    sandbox.run(&args).expect(0);
}

/// What a session came to.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) is_done: bool,
    pub(crate) said: String,
}

impl Talk {
    #[track_caller]
    pub(crate) fn expect_in(self) -> String {
        assert!(self.is_done, "{}", self.said);
        self.said
    }

    #[track_caller]
    pub(crate) fn expect_out(self, text: &str) {
        assert!(!self.is_done && self.said.contains(text), "{text:?}: {self:?}");
    }
}

/// Runs a batch of OpenSSH's sftp with a key.
pub(crate) fn sftp(sandbox: &Sandbox, port: u16, account: &str, key: &Path, batch: &str) -> Talk {
    sftp_from(sandbox, ("127.0.0.1", "127.0.0.1"), port, account, key, batch)
}

/// The same from one address to another.
pub(crate) fn sftp_from(
    sandbox: &Sandbox,
    (from, to): (&str, &str),
    port: u16,
    account: &str,
    key: &Path,
    batch: &str,
) -> Talk {
    sandbox.write("batch", batch);
    let mut command = Command::new("sftp");
    command
        .arg("-b")
        .arg(sandbox.path("batch"))
        .args(["-P", &port.to_string(), "-i"])
        .arg(key)
        .args(options(sandbox))
        .args(["-o", "BatchMode=yes", "-o", &format!("BindAddress={from}")])
        .arg(format!("{account}@[{to}]"))
        .current_dir(sandbox.path("."));
    talk(&mut command)
}

/// Options that keep a client to this test.
pub(crate) fn options(sandbox: &Sandbox) -> Vec<String> {
    let known = sandbox.path("known_hosts").display().to_string();
    [
        "-F/dev/null".to_owned(),
        "-oIdentitiesOnly=yes".to_owned(),
        "-oIdentityAgent=none".to_owned(),
        "-oStrictHostKeyChecking=no".to_owned(),
        "-oUpdateHostKeys=no".to_owned(),
        format!("-oUserKnownHostsFile={known}"),
        "-oConnectTimeout=20".to_owned(),
    ]
    .into()
}

/// Runs a client to its end.
pub(crate) fn talk(command: &mut Command) -> Talk {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    Talk { is_done: status.success(), said }
}

/// Starts the daemon and waits until the server listens.
pub(crate) fn start(sandbox: &Sandbox) -> Running {
    Running::start(sandbox, &[])
}

/// The lines of the audit as `operator | action | result`, whose action begins so; waits until `n_lines` are there, for
/// they are written behind the session.
#[track_caller]
pub(crate) fn audit(sandbox: &Sandbox, action: &str, n_lines: usize) -> Vec<String> {
    let deadline = std::time::Instant::now() + crate::running::PATIENCE;
    loop {
        let database = rusqlite::Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
        let mut statement = database
            .prepare("SELECT operator || ' | ' || action || ' | ' || result FROM audit WHERE action LIKE ?1 ORDER BY audit_no")
            .unwrap();
        let lines: Vec<String> = statement
            .query_map([format!("{action}%")], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        if lines.len() >= n_lines {
            return lines;
        }
        assert!(std::time::Instant::now() < deadline, "{action}: {lines:#?}");
        std::thread::yield_now();
    }
}
