//! OpenSSH's own scripts for `sftp -D`, from Debian's openssh-tests, against a session on standard input and output.
//!
//! What they find otherwise than with OpenSSH's server is what is not done here on purpose:
//! hard links and symbolic links (nothing below the root leads anywhere else), and `cp` on the server
//! (`copy-data`; a file is brought by its sender). sftp-perm.sh is about options of OpenSSH's server, sftp-chroot.sh
//! and sftp-uri.sh about `sshd`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::run;

const SCRIPTS: &str = "/usr/lib/openssh/regress";

/// The example beside the test's own program.
pub(crate) fn subsystem() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let path = own.parent().unwrap().parent().unwrap().join("examples/subsystem");
    assert!(path.exists(), "cargo test builds the examples unless one test is named: cargo build --examples");
    path
}

/// A program for `-D` and `Subsystem`: the session with these rules below the system's root.
pub(crate) fn subsystem_script(at: &Path, root: &str, rules: &[String]) -> PathBuf {
    let path = at.join("subsystem.sh");
    let text = format!("#!/bin/sh\nexec {} {root} {}\n", subsystem().display(), rules.join(" "));
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path
}

#[test]
fn their_scripts_find_what_they_expect_but_for_links_and_copies() {
    let check = |script: &str, deviations: &[&str]| {
        // Names on the way that begin with a dot are the hub's own at a root.
        let folder = tempfile::Builder::new().prefix("renkei-openssh-").tempdir().unwrap();
        let objects = folder.path().join("obj");
        std::fs::create_dir(&objects).unwrap();
        let below_root = objects.strip_prefix("/").unwrap().display().to_string();
        let rules = [format!("{below_root}=all"), "usr/bin=list,read".to_owned(), "bin=list,read".to_owned()];
        let server = subsystem_script(folder.path(), "/", &rules);
        let mut command = Command::new("sh");
        command
            .arg(format!("{SCRIPTS}/test-exec.sh"))
            .arg(&objects)
            .arg(format!("{SCRIPTS}/{script}.sh"))
            .env("TEST_SHELL", "/bin/sh")
            .env("TEST_SSH_UNSAFE_PERMISSIONS", "1")
            .env("TEST_SSH_SFTPSERVER", &server)
            .current_dir(folder.path());
        for (name, program) in [
            ("SSH", "/usr/bin/ssh"),
            ("SSHD", "/usr/sbin/sshd"),
            ("SFTP", "/usr/bin/sftp"),
            ("SSHAGENT", "/usr/bin/ssh-agent"),
            ("SSHKEYGEN", "/usr/bin/ssh-keygen"),
        ] {
            command.env(format!("TEST_SSH_{name}"), program);
        }
        let ended = run(&mut command, "");
        let found: Vec<String> = ended
            .output
            .lines()
            .filter(|line| {
                !line.starts_with("sftp ") && !line.starts_with("test basic sftp") && !line.starts_with("ok ")
            })
            .map(|line| line.replace(&format!("{}/", objects.display()), ""))
            .collect();
        assert_eq!(found, deviations, "{script}: {}", ended.output);
        assert_eq!(ended.is_success, deviations.is_empty(), "{script}: {}", ended.output);
    };
    check("sftp", &[]);
    check("sftp-badcmds", &[]);
    check("sftp-batch", &[]);
    check("sftp-glob", &[]);
    check(
        "sftp-cmds",
        &[
            "missing file after ln",
            "created file is not equal after ln",
            "missing file after ln -s",
            "created file is not equal after cp",
            "failed sftp commands",
            "cmp: copy.2: No such file or directory",
            "cmp: copy.2: No such file or directory",
        ],
    );
}
