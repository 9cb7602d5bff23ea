//! The daemon's socket: an operator's command wakes the daemon, or asks what is at work. One line of JSON each
//! way. The database is the truth; a wake-up only makes it be looked at sooner.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use renkei_folder::RootLock;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::sync::Notify;

use super::live::Live;
use crate::config::Config;
use crate::premises::Beside;

/// No question is longer, in bytes.
const LONGEST_QUESTION: u64 = 1024;
/// No answer is longer, in bytes.
const LONGEST_ANSWER: u64 = 1 << 20;
/// Whoever connects has this long for his line.
const PATIENCE: Duration = Duration::from_secs(5);

/// A run at work, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiveRun {
    /// Its id.
    pub(crate) run_id: String,
    /// What runs.
    pub(crate) what: String,
    /// What it is at: a feed.
    pub(crate) subject: String,
    /// Rows behind it.
    pub(crate) done: u64,
    /// Rows in all, about.
    pub(crate) total: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Question {
    Wake,
    Live,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    runs: Vec<LiveRun>,
}

/// A daemon that is up, as a command sees it.
#[derive(Debug)]
pub(crate) struct DaemonLink {
    socket: PathBuf,
    /// Process, command, since when.
    pub(crate) holder: String,
}

impl DaemonLink {
    /// The hub's daemon; `None` where none is up.
    pub(crate) fn find(config: &Config) -> Option<Self> {
        let beside = Beside::of(config);
        let holder = RootLock::holder(&beside.daemon_lock).ok().flatten()?;
        Some(Self { socket: beside.socket, holder })
    }

    /// Makes it look at the database now. Failing that, it looks by itself within its tick.
    pub(crate) fn wake(&self) {
        if let Err(error) = self.ask(&Question::Wake) {
            tracing::debug!(%error, "the daemon could not be woken; it will look by itself");
        }
    }

    /// The runs at work; none where it does not answer.
    pub(crate) fn live(&self) -> Vec<LiveRun> {
        self.ask(&Question::Live).map(|answer| answer.runs).unwrap_or_default()
    }

    fn ask(&self, question: &Question) -> std::io::Result<Answer> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = serde_json::to_string(question)?;
        line.push('\n');
        stream.write_all(line.as_bytes())?;
        let mut answer = String::new();
        BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }
}

/// Opens the socket, readable and writable by the daemon's own user only. What a dead daemon left is replaced:
/// the daemon's lock says that no other is up.
pub(super) fn listen(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers whoever connects, for as long as the daemon is up.
pub(super) async fn serve(listener: UnixListener, live: Live, wake: Arc<Notify>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (live, wake) = (live.clone(), Arc::clone(&wake));
                tokio::spawn(async move {
                    // Who drops off in the middle of a line has no answer coming.
                    let _ = tokio::time::timeout(PATIENCE, answer(stream, &live, &wake)).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the daemon's socket does not accept");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(mut stream: tokio::net::UnixStream, live: &Live, wake: &Notify) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut question = String::new();
    tokio::io::BufReader::new(read.take(LONGEST_QUESTION)).read_line(&mut question).await?;
    let runs = match serde_json::from_str(&question)? {
        Question::Wake => {
            wake.notify_one();
            Vec::new()
        }
        Question::Live => live.runs(),
    };
    let mut text = serde_json::to_string(&Answer { runs })?;
    text.push('\n');
    write.write_all(text.as_bytes()).await
}
