//! A real mail server on this machine, and certificates for it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A mail server; ended with the value.
pub(crate) struct Sink {
    child: Child,
    said: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) port: u16,
}

impl Sink {
    /// Starts one; see `smtp_sink.py` for the settings.
    pub(crate) fn start(settings: &Value) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = here.join("../../target/python/bin/python3");
        assert!(python.exists(), "the mail server for tests is missing: run scripts/setup test");
        let mut child = Command::new(python)
            .arg(here.join("tests/alerts/smtp_sink.py"))
            .arg(settings.to_string())
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            // It tells of every broken conversation, which is what some tests are for.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut sink = Self { child, said, port: 0 };
        sink.port = u16::try_from(sink.next()["port"].as_u64().unwrap()).unwrap();
        sink
    }

    /// The next mail it took; waits for it.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority of its own and a certificate for 127.0.0.1 that it signed.
pub(crate) struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    /// Makes them.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let openssl = |line: &str| {
            let output =
                Command::new("openssl").args(line.split(' ')).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(&format!("req -x509 {new_key} -keyout ca.key -out ca.pem -days 30 -subj /CN=test-authority"));
        openssl(&format!("req {new_key} -keyout server.key -out server.csr -subj /CN=sink.test"));
        std::fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out \
             server.pem",
        );
        Self { folder }
    }

    /// The authority's certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The settings of a server with the certificate.
    pub(crate) fn settings(&self, tls: &str) -> Value {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        json!({ "tls": tls, "cert": path("server.pem"), "key": path("server.key") })
    }
}
