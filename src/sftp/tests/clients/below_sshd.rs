//! The same sessions as a subsystem of a real `sshd`, which does the cryptography.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::house::{make_key, noise, wait_until};
use super::openssh_scripts::subsystem_script;
use super::programs::run;

/// An `sshd` that is ended with the test.
struct Sshd(Child);

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn sessions_below_sshd_are_the_same() {
    // It separates its privileges into a folder that Debian makes at the service's start.
    std::fs::create_dir_all("/run/sshd").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(here("root/015/inbox")).unwrap();
    std::fs::create_dir_all(here("root/001/secret")).unwrap();
    let root = here("root").display().to_string();
    let subsystem = subsystem_script(folder.path(), &root, &["015/inbox=list,read,create".to_owned()]);
    make_key(&here("host"), &["-t", "ed25519"]);
    make_key(&here("id"), &["-t", "ed25519"]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
         PidFile none\nPermitRootLogin yes\nSubsystem sftp {}\n",
        here("host").display(),
        here("id.pub").display(),
        subsystem.display()
    );
    std::fs::write(here("config"), config).unwrap();
    let started = Command::new("/usr/sbin/sshd")
        .arg("-D")
        .arg("-f")
        .arg(here("config"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _sshd = Sshd(started);
    wait_until("sshd listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let data = noise(3_000_000);
    std::fs::write(here("local"), &data).unwrap();
    let sftp = |commands: &str| {
        let mut command = Command::new("sftp");
        command
            .args(["-F", "/dev/null", "-P", &port.to_string(), "-b", "-", "-o", "StrictHostKeyChecking=no"])
            .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-i"])
            .arg(here("id"))
            .arg(format!("{}@127.0.0.1", whoami()))
            .current_dir(folder.path());
        run(&mut command, commands)
    };
    sftp("put local 015/inbox/a.csv\nget 015/inbox/a.csv back\n").succeeded();
    assert!(std::fs::read(here("back")).unwrap() == data);
    assert!(std::fs::read(here("root/015/inbox/a.csv")).unwrap() == data);
    sftp("put local 015/inbox/a.csv\n").failed();
    sftp("cd 001\n").failed();
    sftp("get /etc/passwd x\n").failed();
}

fn whoami() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
