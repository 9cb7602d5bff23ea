//! Running a program within bounds: a time limit that ends it with everything it started, and only the
//! start of what it says.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// What is read at most after the program has ended: what a pipe holds.
const PIPE_BYTES: usize = 64 * 1024;

/// How long a program may take, and how much it may say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    /// How many bytes are kept; the rest is read and dropped.
    pub(crate) n_bytes_kept: usize,
    /// Which stream is read; the other is closed to it.
    pub(crate) reads_stdout: bool,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// By itself; for a signal the code is 128 and its number, as shells count.
    Exited { exit_code: i32, said: Vec<u8> },
    /// By the time limit.
    TimedOut,
    /// Because it was asked to.
    Stopped,
}

/// How long a program may go on after it is to end.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// How often is asked whether it is to end.
const ASKED_EVERY: Duration = Duration::from_millis(250);

/// Runs a program to its end, at most as long as the limit says.
pub(crate) fn run_bounded(command: &mut Command, limits: Limits) -> io::Result<Ended> {
    run_watched(command, limits, None, &|| false)
}

/// The same, ended soon after `wants_stop` holds. The program gets `held` as its standard input, so that a lock on it is
/// taken as long as the program lives.
pub(crate) fn run_watched(
    command: &mut Command,
    limits: Limits,
    held: Option<File>,
    wants_stop: &dyn Fn() -> bool,
) -> io::Result<Ended> {
    let until = Until { deadline: Instant::now() + limits.timeout, wants_stop };
    // A group of its own, so that one signal reaches what it starts too.
    command
        .process_group(0)
        .stdin(held.map_or_else(Stdio::null, Stdio::from))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if limits.reads_stdout {
        command.stdout(Stdio::piped())
    } else {
        command.stderr(Stdio::piped())
    };
    let mut child = command.spawn()?;
    let said = child.stdout.take().map(OwnedFd::from).or(child.stderr.take().map(OwnedFd::from));
    let ended = said
        .ok_or_else(|| io::Error::other("no pipe"))
        .and_then(|pipe| watch(&mut child, File::from(pipe), &until, limits.n_bytes_kept));
    if !matches!(ended, Ok(Ended::Exited { .. })) {
        // It may have ended by itself meanwhile; then there is no group any more, and that is well.
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        child.wait()?;
    }
    ended
}

/// When a program is not waited for any more.
struct Until<'u> {
    deadline: Instant,
    wants_stop: &'u dyn Fn() -> bool,
}

fn watch(child: &mut Child, mut pipe: File, until: &Until<'_>, n_kept: usize) -> io::Result<Ended> {
    rustix::io::ioctl_fionbio(&pipe, true)?;
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let mut said = Vec::new();
    let mut is_open = true;
    let mut stops_at: Option<Instant> = None;
    loop {
        if stops_at.is_none() && (until.wants_stop)() {
            stops_at = Some(Instant::now() + STOP_PATIENCE);
        }
        let left = until.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Ended::TimedOut);
        }
        if stops_at.is_some_and(|at| at <= Instant::now()) {
            return Ok(Ended::Stopped);
        }
        let left = Timespec::try_from(left.min(ASKED_EVERY)).map_err(io::Error::other)?;
        let both = &mut [PollFd::new(&process, PollFlags::IN), PollFd::new(&pipe, PollFlags::IN)];
        let watched = if is_open { both.as_mut_slice() } else { both.split_at_mut(1).0 };
        match poll(watched, Some(&left)) {
            Err(rustix::io::Errno::INTR) => continue,
            polled => polled?,
        };
        let has_ended = both.first().is_some_and(|polled| !polled.revents().is_empty());
        if is_open {
            is_open = read_some(&mut pipe, &mut said, n_kept, if has_ended { PIPE_BYTES } else { 4096 })?;
        }
        if has_ended {
            return Ok(Ended::Exited { exit_code: exit_code(child.wait()?), said });
        }
    }
}

/// Reads what is there, at most `n_most`; false at the end.
fn read_some(pipe: &mut File, said: &mut Vec<u8>, n_kept: usize, n_most: usize) -> io::Result<bool> {
    let mut chunk = [0; 4096];
    let mut n_read = 0;
    while n_read < n_most {
        match pipe.read(&mut chunk) {
            Ok(0) => return Ok(false),
            Ok(n) => {
                let room = n_kept.saturating_sub(said.len());
                said.extend(chunk.iter().take(n.min(room)));
                n_read += n;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}
