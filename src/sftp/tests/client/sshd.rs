//! OpenSSH's server with a configuration of the test's own, on a high port of this machine.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use renkei_sftp::client::{Backend, Fingerprint, LoginTerms, SecretSource, SftpTerms};
use tempfile::TempDir;

/// A server at work; it ends with the value.
pub(crate) struct Sshd {
    folder: TempDir,
    process: Child,
    pub(crate) port: u16,
    inbox: PathBuf,
    said: Arc<Mutex<String>>,
}

const SSHD: &str = "/usr/sbin/sshd";

impl Sshd {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// With the inbox on a volume of its own of so many KiB.
    pub(crate) fn start_on_volume(n_kib: u32) -> Self {
        Self::start_with(Some(n_kib))
    }

    fn start_with(volume_kib: Option<u32>) -> Self {
        assert!(Path::new(SSHD).exists(), "openssh-server is missing: scripts/setup test");
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        make_key(&at("host"), "ed25519");
        make_key(&at("host_rsa"), "rsa");
        make_key(&at("id"), "ed25519");
        make_key(&at("other"), "ed25519");
        std::fs::copy(at("id.pub"), at("authorized")).unwrap();
        let inbox = at("inbox");
        std::fs::create_dir(&inbox).unwrap();
        // Where sshd separates privileges: Debian's unit makes it at boot.
        let _ = std::fs::create_dir("/run/sshd");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = at("sshd_config");
        let lines = [
            format!("Port {port}"),
            "ListenAddress 127.0.0.1".to_owned(),
            format!("HostKey {}", at("host").display()),
            format!("HostKey {}", at("host_rsa").display()),
            format!("AuthorizedKeysFile {}", at("authorized").display()),
            "PidFile none".to_owned(),
            "StrictModes no".to_owned(),
            "UsePAM no".to_owned(),
            "PermitRootLogin yes".to_owned(),
            "PasswordAuthentication yes".to_owned(),
            "MaxStartups 200".to_owned(),
            "LogLevel VERBOSE".to_owned(),
            "Subsystem sftp internal-sftp".to_owned(),
        ];
        std::fs::write(&config, lines.join("\n") + "\n").unwrap();
        let mut command = match volume_kib {
            None => Command::new(SSHD),
            Some(n_kib) => {
                let mut command = Command::new("unshare");
                if !rustix_is_root() {
                    command.arg("--map-root-user");
                }
                let script = "mount -t tmpfs -o size=$1k none \"$2\" && shift 2 && exec \"$@\"";
                command.args(["--mount", "sh", "-c", script, "sh", &n_kib.to_string()]).arg(&inbox).arg(SSHD);
                command
            }
        };
        let mut process =
            command.args(["-D", "-e", "-f"]).arg(&config).stderr(Stdio::piped()).spawn().unwrap();
        let words = BufReader::new(process.stderr.take().unwrap());
        let (is_up, up) = mpsc::channel();
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in words.lines().map_while(Result::ok) {
                let mut said = heard.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
                drop(said);
                if line.contains("Server listening on") {
                    let _ = is_up.send(Ok(()));
                }
            }
            let _ = is_up.send(Err(heard.lock().unwrap().clone()));
        });
        up.recv_timeout(Duration::from_secs(30)).expect("sshd says that it listens").expect("sshd is up");
        Self { folder, process, port, inbox, said }
    }

    /// Where files arrive. Of a server with a volume of its own, as that server's process sees it.
    pub(crate) fn inbox(&self) -> PathBuf {
        let pid = self.process.id();
        PathBuf::from(format!("/proc/{pid}/root{}", self.inbox.display()))
    }

    /// Waits until its log has so many lines with this text, and gives it all.
    #[track_caller]
    pub(crate) fn log_with(&self, text: &str, n_lines: usize) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let said = self.said.lock().unwrap().clone();
            if said.matches(text).count() >= n_lines {
                return said;
            }
            assert!(Instant::now() < deadline, "{text:?} is not there {n_lines} times: {said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The path of something beside the inbox.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a destination there would declare.
    pub(crate) fn terms(&self, backend: Backend) -> SftpTerms {
        SftpTerms {
            destination: "partner".parse().unwrap(),
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: user(),
            login: LoginTerms::Key { key: SecretSource::File(self.file("id")), passphrase: None },
            folder: self.inbox.display().to_string(),
            backend,
            parallel: 4,
            bytes_per_second: None,
            timeout: Duration::from_secs(20),
            host_keys: vec![self.fingerprint("host.pub")],
        }
    }

    pub(crate) fn fingerprint(&self, name: &str) -> Fingerprint {
        let told = Command::new("ssh-keygen").arg("-lf").arg(self.file(name)).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        told.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn make_key(path: &Path, kind: &str) {
    let made =
        Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(path).status().unwrap();
    assert!(made.success());
}

fn user() -> String {
    let told = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

fn rustix_is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|told| told.stdout == b"0\n")
}
