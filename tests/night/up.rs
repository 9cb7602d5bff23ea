//! A daemon that is up, and commands beside it.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::{BOM, PLAIN, Sandbox};

/// What takes longer than this has stopped.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A hub with two jobs that run only when asked, the second after the first.
pub(crate) fn hub() -> Sandbox {
    let sandbox = Sandbox::loaded(40, 12);
    let job = |feed: &str, more: &str| {
        format!("name = \"{feed}\"\npublish = [\"{feed}\"]\ncontent = \"full\"\n{more}")
    };
    std::fs::write(sandbox.path("hub/jobs/first.toml"), job(PLAIN, "")).unwrap();
    std::fs::write(sandbox.path("hub/jobs/second.toml"), job(BOM, "after = [\"first\"]\n")).unwrap();
    let mut hub = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    hub.push_str("\n[daemon]\ntick = \"1s\"\ngrace = \"5s\"\n");
    std::fs::write(sandbox.path("hub/hub.toml"), hub).unwrap();
    sandbox
}

/// A daemon that is up; dropped, it is killed.
pub(crate) struct Daemon<'s> {
    child: Child,
    sandbox: &'s Sandbox,
}

impl<'s> Daemon<'s> {
    pub(crate) fn start(sandbox: &'s Sandbox) -> Self {
        Self::start_with(sandbox, &[])
    }

    pub(crate) fn start_with(sandbox: &'s Sandbox, env: &[(&str, &str)]) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(sandbox.path("daemon.log"));
        let mut command = sandbox.command(&["daemon"]);
        command.env_remove("RENKEI_NOW").envs(env.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(log.unwrap()).spawn().unwrap();
        let daemon = Self { child, sandbox };
        daemon.until("it is up", |status| status["daemon"].is_string());
        daemon
    }

    /// The board, once `wanted` holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let status = run(self.sandbox, &["status", "--json"]).json();
            if wanted(&status) {
                return status;
            }
            let log = std::fs::read_to_string(self.sandbox.path("daemon.log")).unwrap_or_default();
            assert!(started.elapsed() < PATIENCE, "{what} did not come: {status:#}\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command under the system's clock, as the daemon's is.
pub(crate) fn run(sandbox: &Sandbox, args: &[&str]) -> crate::sandbox::Outcome {
    sandbox.run_command(sandbox.command(args).env_remove("RENKEI_NOW"))
}

/// A job on the board.
pub(crate) fn job<'v>(status: &'v Value, id: &str) -> &'v Value {
    status["jobs"].as_array().unwrap().iter().find(|job| job["job"] == id).unwrap()
}
