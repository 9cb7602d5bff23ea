//! The root lock: one writing process at a time.
//!
//! The system's own advisory lock on a file is the lock; it ends with the process, however that dies. What
//! the file says (process id, command, since when) is for the messages of the others only. The file is
//! never removed: a process that waits on a removed file would share the root with one that made it anew.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use renkei_core::port::FolderError;
use rustix::fs::OFlags;

use crate::errors::fault;

/// First pause between two tries; each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// No more than this is read of a lock file, which anybody may have edited.
const MOST_BYTES: u64 = 1024;
const MOST_CHARS: usize = 200;

/// The lock on a root, held while the value lives.
#[derive(Debug)]
pub struct RootLock {
    file: File,
}

impl RootLock {
    /// Takes the lock `path`, a file that is made if it is missing.
    ///
    /// `what` is the command and `now_text` the time that others are shown. A held lock is
    /// [`FolderError::Locked`], after `wait` if that is given. Without it there is still a second try after
    /// 50 ms, as [`RootLock::holder`] holds the lock for an instant.
    pub fn take(
        path: &Path,
        what: &str,
        now_text: &str,
        wait: Option<Duration>,
    ) -> Result<Self, FolderError> {
        let shown = path.display().to_string();
        let mut file = open(path, true).map_err(|error| fault(&shown, "written", error))?;
        let started = Instant::now();
        let longest_wait = wait.unwrap_or(FIRST_PAUSE);
        let mut pause = FIRST_PAUSE;
        while let Err(refusal) = file.try_lock() {
            if let TryLockError::Error(error) = refusal {
                return Err(fault(&shown, "written", error));
            }
            let left = longest_wait.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(FolderError::Locked { holder: describe(&mut file) });
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        if let Err(error) = sign(&mut file, what, now_text) {
            // A full volume must not keep the command out that would make room.
            tracing::warn!(%error, "the lock is held, but its file could not be written: others will not see by whom");
        }
        Ok(Self { file })
    }

    /// A second hold on the same lock, for a program that is started: while that lives the lock is taken, even where
    /// this process is killed.
    pub fn hold(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    /// Who holds the lock `path`, or `None` if nobody does; what a dead process left in the file does not count.
    pub fn holder(path: &Path) -> Result<Option<String>, FolderError> {
        let shown = path.display().to_string();
        let mut file = match open(path, false) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| fault(&shown, "read", error))?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(describe(&mut file))),
            Err(TryLockError::Error(error)) => Err(fault(&shown, "read", error)),
        }
    }
}

impl Drop for RootLock {
    fn drop(&mut self) {
        // For those who look into the file; if it fails, what is left there says too much and harms nothing.
        let _ = self.file.set_len(0);
        // Closing is not enough while a program started meanwhile still has a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

fn open(path: &Path, is_to_write: bool) -> std::io::Result<File> {
    let no_follow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    OpenOptions::new()
        .read(true)
        .write(is_to_write)
        .create(is_to_write)
        .mode(0o640)
        .custom_flags(no_follow)
        .open(path)
}

/// Writes who holds the lock: process id, command and time, a line each.
fn sign(file: &mut File, what: &str, now_text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let what = what.replace(['\n', '\r'], " ");
    file.write_all(format!("{}\n{what}\n{now_text}\n", std::process::id()).as_bytes())
}

/// What the file says, in words. The text is taken for what it may be: a stranger's.
fn describe(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let is_read = file.rewind().and_then(|()| file.take(MOST_BYTES).read_to_end(&mut bytes)).is_ok();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().map(printable);
    match (lines.next(), lines.next(), lines.next()) {
        (Some(pid), Some(what), Some(since)) if is_read => format!("process {pid} ({what}) since {since}"),
        _ => "a process that has not said who it is".to_owned(),
    }
}

/// The start of a line, with anything that could steer a terminal spelled out.
fn printable(line: &str) -> String {
    let mut shown = String::new();
    for c in line.chars().take(MOST_CHARS) {
        if c == '"' || c == '\'' {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}
