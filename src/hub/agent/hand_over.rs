//! Where verified sets go when not into a table: a folder, or a program.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use renkei_core::port::Folders as _;
use renkei_core::{Class, Fault, FileName, FolderPath};
use renkei_engine::EngineError;
use renkei_engine::receive::VerifiedSet;
use renkei_folder::{LocalFolders, Outbox};

use crate::alert::bounded::{Ended, Limits, run_bounded};

/// The folder in the agent's own with what a program reads.
const HANDED: &str = "handed";
/// How much of a program's standard error is kept.
const N_BYTES_KEPT: usize = 4096;

/// A set that its program did not take over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandOverError {
    /// It could not be started.
    #[error("the program for verified sets cannot be started")]
    NotStarted {
        /// The system's words.
        source: std::io::Error,
    },
    /// It said no.
    #[error("the program for verified sets ended with {exit_code}")]
    Failed {
        /// Its exit code; for a signal 128 and its number.
        exit_code: i32,
    },
    /// It did not end.
    #[error("the program for verified sets did not end within {seconds} s")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
}

impl Fault for HandOverError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => "receive.program-not-started",
            Self::Failed { .. } => "receive.program-failed",
            Self::TimedOut { .. } => "receive.program-timed-out",
        }
    }

    fn class(&self) -> Class {
        match self {
            // 75 is EX_TEMPFAIL of sysexits: the program asks to be called again.
            Self::Failed { exit_code: 75 } | Self::TimedOut { .. } => Class::Retry,
            Self::NotStarted { .. } | Self::Failed { .. } => Class::Operator,
        }
    }
}

/// Copies the files of a set into a folder below `root` named after its feed: data and reports first, the notice last,
/// each whole. What is there already is put again, so that a repeat after a crash ends the same.
pub(super) fn to_folder(root: &Path, set: &VerifiedSet<'_>) -> Result<PathBuf, EngineError> {
    let outbox = Outbox::open(root)?;
    let notice = &set.found.notice;
    let folder: FolderPath = notice.feed.as_str().parse()?;
    for name in notice.names().chain([&set.found.notice_name]) {
        outbox.put(&folder, name, set.open(name)?)?;
    }
    Ok(root.join(folder.as_str()))
}

/// A set's files as they were judged, in the agent's own folder for as long as this lives: the share is the provider's,
/// who may put something else there while a program reads.
pub(super) struct Handed {
    root: PathBuf,
    folder: PathBuf,
}

impl Handed {
    /// Copies a set. What a call before left when it was cut off goes first.
    pub(super) fn copy(agent: &Path, set: &VerifiedSet<'_>) -> Result<Self, EngineError> {
        let root = agent.join(HANDED);
        let made = remove(&root).and_then(|()| DirBuilder::new().mode(0o700).create(&root));
        made.map_err(|source| renkei_folder::fault(&root.display().to_string(), "created", source))?;
        // Whatever happens on the way, nothing stays.
        let mut handed = Self { folder: root.clone(), root };
        handed.folder = to_folder(&handed.root, set)?;
        Ok(handed)
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.root) {
            tracing::warn!(%error, folder = HANDED, "what a program was handed is removed at the next set");
        }
    }
}

fn remove(folder: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Starts the program for a set and waits for it. Its environment has what it needs to know a set it was given
/// before: `RENKEI_CONTENT_SHA256`.
pub(super) fn to_program(
    argv: &[String],
    timeout: Duration,
    handed: &Handed,
    set: &VerifiedSet<'_>,
    own: &LocalFolders,
) -> Result<(), HandOverError> {
    let notice = &set.found.notice;
    let path = |name: &FileName| handed.folder.join(name.as_str()).display().to_string();
    let notice_path = path(&set.found.notice_name);
    let mut argv = argv.iter().map(|part| part.replace("{notice}", &notice_path));
    let mut command = Command::new(argv.next().unwrap_or_default());
    let files: Vec<String> = notice.files.iter().map(|file| path(&file.name)).collect();
    command
        .args(argv)
        .env("RENKEI_NOTICE", &notice_path)
        .env("RENKEI_FILES", files.join("\n"))
        .env("RENKEI_FEED", notice.feed.as_str())
        .env("RENKEI_INTERFACE", notice.interface.as_str())
        .env("RENKEI_VERSION", notice.version.to_string())
        .env("RENKEI_KIND", notice.kind.as_str())
        .env("RENKEI_SEQUENCE", notice.sequence.to_string())
        .env("RENKEI_BUSINESS_DATE", notice.business_date.to_string())
        .env("RENKEI_CONTENT_SHA256", notice.content_sha256().to_string());
    let limits = Limits { timeout, n_bytes_kept: N_BYTES_KEPT, reads_stdout: false };
    match run_bounded(&mut command, limits) {
        Ok(Ended::Exited { exit_code: 0, .. }) => Ok(()),
        Ok(Ended::Exited { exit_code, said }) => {
            let n_bytes = said.len();
            match keep_words(own, set, &said) {
                Ok(kept) => tracing::warn!(exit_code, n_bytes, kept, "the program for verified sets failed"),
                Err(error) => {
                    tracing::warn!(exit_code, n_bytes, %error, "the program for verified sets failed; its words are lost");
                }
            }
            Err(HandOverError::Failed { exit_code })
        }
        Ok(Ended::TimedOut | Ended::Stopped) => Err(HandOverError::TimedOut { seconds: timeout.as_secs() }),
        Err(source) => Err(HandOverError::NotStarted { source }),
    }
}

/// Keeps what a program said, out of everybody's sight but its people's, and gives where: a loader that fails quotes the
/// row, which no log may hold.
fn keep_words(own: &LocalFolders, set: &VerifiedSet<'_>, said: &[u8]) -> Result<String, EngineError> {
    let notice = &set.found.notice;
    let name: FileName = format!("program_{}_{}.txt", notice.feed, notice.sequence).parse()?;
    let mut said = said;
    Ok(own.keep_report(&name, &mut said)?)
}
