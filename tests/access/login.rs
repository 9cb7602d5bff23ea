//! The login matrix: method × key × address × account's state, at the hub's own server and below a real sshd, every cell
//! as declared.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::client::{add_key, audit, declare, free_port, make_key, options, sftp_from, start, talk};
use crate::sandbox::Sandbox;
use crate::sshd::Sshd;

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

/// What is tried: accounts by what they are, and keys by what they are to them.
struct Matrix {
    sandbox: Sandbox,
    port: u16,
    /// One that is enabled, one that is not, one that needs key and password, and one that there is not.
    accounts: [String; 4],
    /// One from anywhere, one from its own address only, one that has ended.
    keys: Vec<PathBuf>,
    stranger: PathBuf,
}

impl Matrix {
    /// Accounts whose names end so.
    fn new(sandbox: Sandbox, port: u16, ending: &str) -> Self {
        let kinds: [(&str, &[&str]); 3] = [("ed25519", &[]), ("ecdsa", &[]), ("rsa", &["-b", "3072"])];
        let keys: Vec<PathBuf> =
            kinds.iter().map(|(kind, more)| make_key(&sandbox, "k", kind, more)).collect();
        let stranger = make_key(&sandbox, "stranger", "ed25519", &[]);
        let accounts = ["open", "shut", "both", "nobody"].map(|name| format!("{name}{ending}"));
        for (account, login) in accounts.iter().zip(["either", "either", "both"]) {
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
        sandbox.run(&["account", "disable", &accounts[1], "--reason", "x"]).expect(0);
        Self { sandbox, port, accounts, keys, stranger }
    }

    /// The cells in which it does not go as declared.
    fn wrong_cells(&self) -> Vec<String> {
        let Self { sandbox, port, accounts, keys, stranger } = self;
        let (mut wrong, mut last_byte) = (Vec::new(), 0);
        // Each from an address of its own, because whoever guesses is slowed.
        let mut address = |network: &str| {
            last_byte += 1;
            format!("{network}.{last_byte}")
        };
        for account in accounts {
            let (is_open, needs_both) = (*account == accounts[0], *account == accounts[2]);
            for from in [LISTED, KEYS_OWN, ELSEWHERE] {
                for (name, key, good_from) in [
                    ("anywhere", &keys[0], None),
                    ("own list", &keys[1], Some(KEYS_OWN)),
                    ("ended", &keys[2], Some("nowhere")),
                    ("stranger", stranger, Some("nowhere")),
                ] {
                    let expect = is_open && good_from.is_none_or(|good| good == from);
                    let addresses = (address(from), "127.0.0.1");
                    let addresses = (addresses.0.as_str(), addresses.1);
                    let found = sftp_from(sandbox, addresses, *port, account, key, "ls\n").is_done;
                    if found != expect {
                        wrong.push(format!("{account} {from} key {name}: {found}"));
                    }
                }
                for (name, password, is_right) in
                    [("right", PASSWORD, true), ("wrong", "correct horse", false)]
                {
                    let expect = is_open && is_right && from == LISTED;
                    let found = by_password(sandbox, &address(from), *port, account, password, None);
                    if found != expect {
                        wrong.push(format!("{account} {from} password {name}: {found}"));
                    }
                }
                let expect = is_open || (needs_both && from == LISTED);
                let found = by_password(sandbox, &address(from), *port, account, PASSWORD, Some(&keys[0]));
                if found != expect {
                    wrong.push(format!("{account} {from} key and password: {found}"));
                }
            }
        }
        wrong
    }

    /// What the audit says of refusals.
    fn check_refusals(&self, reasons: &[&str]) {
        let refused = audit(&self.sandbox, "log in", 1).join("\n");
        for reason in reasons {
            assert!(refused.contains(&format!("refused ({reason}")), "{reason}: {refused}");
        }
        assert!(!refused.contains(PASSWORD));
    }
}

#[test]
fn every_cell_of_the_matrix_is_as_declared() {
    let sandbox = Sandbox::new().init();
    let port = free_port();
    declare(&sandbox, port);
    sandbox.replace("hub/hub.toml", "# ban_points = 50", "ban_points = 10000");
    let matrix = Matrix::new(sandbox, port, "");
    let daemon = start(&matrix.sandbox);
    let wrong = matrix.wrong_cells();
    assert!(wrong.is_empty(), "{wrong:#?}");
    matrix.check_refusals(&[
        "other-key",
        "key-ended",
        "key-from-elsewhere",
        "password-from-elsewhere",
        "other-password",
        "disabled",
        "no-account",
    ]);
    assert!(daemon.stop().success());
}

/// A user of the machine for each account, who is the one that runs the test, with the account's password.
pub(crate) struct Users(Vec<String>);

impl Users {
    pub(crate) fn new(sandbox: &Sandbox, accounts: &[String]) -> Self {
        let own = std::fs::metadata(sandbox.folder()).unwrap().uid().to_string();
        let users = Self(accounts.to_vec());
        for name in &users.0 {
            let made = Command::new("useradd")
                .args(["--non-unique", "--uid", &own, "--no-create-home", "--shell", "/bin/sh", name])
                .status();
            assert!(made.unwrap().success(), "making the user {name} needs root");
        }
        let mut child = Command::new("chpasswd").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let lines: Vec<String> = users.0.iter().map(|name| format!("{name}:{PASSWORD}\n")).collect();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.concat().as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        users
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        for name in &self.0 {
            // Other processes are that user's too, which is no reason to keep the name.
            let _ =
                Command::new("userdel").args(["--force", name]).stderr(std::process::Stdio::null()).status();
        }
    }
}

/// sshd knows keys and passwords; from where each is good, until when and for whom is asked of the hub.
#[test]
fn below_an_sshd_every_cell_is_as_declared_too() {
    let matrix = Matrix::new(Sandbox::new().init(), free_port(), &std::process::id().to_string());
    let Matrix { sandbox, accounts, keys, .. } = &matrix;
    let _users = Users::new(sandbox, &accounts[..3]);
    let lines: String =
        keys.iter().map(|key| std::fs::read_to_string(key.with_extension("pub")).unwrap()).collect();
    sandbox.write("authorized_keys", &lines);
    let hub = sandbox.path("hub");
    let _sshd = Sshd::start_with(
        sandbox,
        matrix.port,
        &format!(
            "PasswordAuthentication yes\nExposeAuthInfo yes\nSubsystem sftp {} --hub {} sftp-server\n\
             Match User {}\nAuthenticationMethods publickey,password\n",
            env!("CARGO_BIN_EXE_renkei"),
            hub.display(),
            accounts[2],
        ),
    );
    let wrong = matrix.wrong_cells();
    assert!(wrong.is_empty(), "{wrong:#?}");
    matrix.check_refusals(&[
        "its key is not, or no longer, good here",
        "it needs a key and a password from one of its addresses",
        "it is stopped",
    ]);
}
