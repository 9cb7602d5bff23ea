//! Running a client with a time limit: a client that hangs is a failure with its output, not a test that never ends.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::house::House;

/// How a program ended, with all it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) is_success: bool,
    pub(crate) output: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert!(self.is_success, "failed: {}", self.output);
        self.output
    }

    #[track_caller]
    pub(crate) fn failed(self) -> String {
        assert!(!self.is_success, "succeeded: {}", self.output);
        self.output
    }
}

/// Whether a program may be passed over: `RENKEI_TESTS_WITHOUT` names those that this machine cannot run, separated by
/// spaces. Without that, one that is wanting is a failure.
pub(crate) fn may_lack(program: &str) -> bool {
    std::env::var("RENKEI_TESTS_WITHOUT")
        .is_ok_and(|names| names.split_whitespace().any(|name| name == program))
}

/// Runs a program with this on its standard input, for two minutes at most.
#[track_caller]
pub(crate) fn run(command: &mut Command, input: &str) -> Ended {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap_or_else(
            |error| panic!("{command:?} does not start ({error}): scripts/setup test installs it"),
        );
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let out = std::thread::spawn(move || {
        let mut text = Vec::new();
        out.read_to_end(&mut text).unwrap();
        text
    });
    let err = std::thread::spawn(move || {
        let mut text = Vec::new();
        err.read_to_end(&mut text).unwrap();
        text
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if begun.elapsed() > Duration::from_mins(2) {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    };
    let said = [out.join().unwrap(), err.join().unwrap()].concat();
    let output = String::from_utf8_lossy(&said).into_owned();
    assert!(status.is_some(), "{command:?} hung: {output}");
    Ended { is_success: status.unwrap().success(), output }
}

/// Options with which OpenSSH's clients trust this server, take this key and read no configuration.
pub(crate) fn openssh(program: &str, house: &House) -> Command {
    let mut command = Command::new(program);
    command
        .args(["-F", "/dev/null", "-P", &house.address.port().to_string()])
        .arg("-i")
        .arg(house.key_path())
        .args(["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", house.known_hosts().display()))
        .current_dir(house.folder.path());
    command
}

/// OpenSSH's sftp with these commands.
pub(crate) fn sftp(house: &House, commands: &str) -> Ended {
    sftp_with(house, &[], commands)
}

pub(crate) fn sftp_with(house: &House, arguments: &[&str], commands: &str) -> Ended {
    run(openssh("sftp", house).args(arguments).args(["-b", "-", "office@127.0.0.1"]), commands)
}
