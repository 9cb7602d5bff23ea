//! What can go wrong on the way to a destination. Nothing in it is personal: names of files hold none by design.

use crate::fault::{Class, Fault};
use crate::ids::{DestinationId, Digest};
use crate::notice::NoticeError;
use crate::port::{FolderError, StoreError};

/// A fault of a delivery.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// No connection: unknown name, nobody listening, no way there.
    #[error("{place} cannot be reached: {detail}")]
    Unreachable {
        /// Host and port.
        place: String,
        /// The system's words.
        detail: String,
    },
    /// No answer within the time.
    #[error("{place} did not answer within {seconds} seconds while {attempt}")]
    TimedOut {
        /// Host and port, or the program.
        place: String,
        /// How long was waited.
        seconds: u64,
        /// What was under way.
        attempt: &'static str,
    },
    /// The connection ended in the middle.
    #[error("the connection to {place} was lost while {attempt}: {detail}")]
    CutOff {
        /// Host and port.
        place: String,
        /// What was under way.
        attempt: &'static str,
        /// The library's words.
        detail: String,
    },
    /// No room at the partner's.
    #[error("no space left at the destination while writing {name}")]
    DestinationFull {
        /// The file.
        name: String,
    },
    /// Nobody has accepted the server's host key yet.
    #[error(
        "the host key of {place} is {fingerprint} and was never accepted; if it is right: renkei destination trust {destination} {fingerprint} --reason ..."
    )]
    HostKeyUnknown {
        /// The destination.
        destination: DestinationId,
        /// Host and port.
        place: String,
        /// `SHA256:…`
        fingerprint: String,
    },
    /// The server has another host key than the ones accepted.
    #[error("the host key of {place} is {fingerprint}, not the one that was accepted")]
    HostKeyChanged {
        /// Host and port.
        place: String,
        /// `SHA256:…`, as found.
        fingerprint: String,
    },
    /// The login is refused.
    #[error("{place} refused the login of {user} by {method}")]
    LoginRefused {
        /// Host and port.
        place: String,
        /// The user.
        user: String,
        /// `key` or `password`.
        method: &'static str,
    },
    /// Both sides know no algorithm in common, or the server is no SFTP server.
    #[error("{place} does not speak as it should: {detail}")]
    Protocol {
        /// Host and port.
        place: String,
        /// What was met.
        detail: String,
    },
    /// A key or password that cannot be had.
    #[error("{what} cannot be used: {detail}")]
    Secret {
        /// The file or variable.
        what: String,
        /// What is wrong, and how it is mended.
        detail: String,
    },
    /// Another file has the name there.
    #[error("{name} is at the destination with other bytes; nothing was overwritten")]
    NameTaken {
        /// The file.
        name: String,
    },
    /// The partner's side does not take the file.
    #[error("the destination does not take {name}: {detail}")]
    Refused {
        /// The file or folder.
        name: String,
        /// Its words.
        detail: String,
    },
    /// What arrived is not what was sent.
    #[error("{name} arrived with other bytes than were sent")]
    Damaged {
        /// The file.
        name: String,
    },
    /// What stands in the hub's folder is not what was published.
    #[error("{name} is not in the hub's folder as it was published")]
    SourceChanged {
        /// The file.
        name: String,
    },
    /// The hub's own folders fail.
    #[error("a file to be delivered cannot be read")]
    Source(#[source] FolderError),
    /// The destination's folder, where it is one of this machine's, fails.
    #[error("the destination's folder fails")]
    Folder(#[source] FolderError),
    /// A program ended with a code that the destination's table calls this class.
    #[error("{program} ended with {exit_code} for {name}{}", in_words(detail))]
    Command {
        /// The program.
        program: String,
        /// Its exit code.
        exit_code: i32,
        /// The file.
        name: String,
        /// What the table says of the code; may be empty.
        detail: String,
        /// By the table.
        class: Class,
    },
    /// A program that cannot be started.
    #[error("{program} cannot be started: {detail}")]
    NoCommand {
        /// The program.
        program: String,
        /// The system's words.
        detail: String,
    },
    /// Begun as often as it may be, and never ended: the process did each time.
    #[error("it was begun {n_tries} times and never ended: the program or the machine stopped in it")]
    Unfinished {
        /// How often.
        n_tries: u32,
    },
    /// The window closed, and this time nothing had arrived that a later try could build on.
    #[error(
        "the window closed before anything new could be kept at the destination, {n_times} times now; {n_bytes} bytes do not fit its window and bandwidth"
    )]
    WindowTooShort {
        /// How many windows in a row, this one among them.
        n_times: u32,
        /// The bytes of all files.
        n_bytes: u64,
    },
    /// More than one data file for a partner's one file id.
    #[error(
        "the publication has {n_files} data files, and the destination takes one by its file id (multiple_files = true where the partner keeps generations)"
    )]
    SeveralFiles {
        /// How many.
        n_files: usize,
    },
    /// A folder that is to be on a volume of its own is not.
    #[error("nothing is mounted at {path}")]
    NotMounted {
        /// The folder.
        path: String,
    },
    /// The publication's record does not tell its files.
    #[error("the record of the publication does not tell its files")]
    NoParcel,
    /// A notice at a partner's that cannot be read; it may not be whole yet.
    #[error("{name} at the partner's cannot be read as a notice")]
    NoticeUnreadable {
        /// The notice.
        name: String,
        /// Why.
        source: NoticeError,
    },
    /// A notice at a partner's that says of its set that it is more than is taken.
    #[error("the set of {name} is not fetched: {detail}")]
    TooLarge {
        /// The notice.
        name: String,
        /// What it says.
        detail: String,
    },
    /// What a notice at a partner's names is a folder, a link or something else.
    #[error("{name} at the partner's is no plain file")]
    NoPlainFile {
        /// The name.
        name: String,
    },
    /// A file at a partner's is not what its notice says.
    #[error("{name} at the partner's is not what its notice says: its SHA-256 is {found}")]
    NotAsNoticed {
        /// The file.
        name: String,
        /// The digest of what came.
        found: Digest,
    },
    /// A notice at a partner's whose files have not been all there for long.
    #[error("the set of {name} at the partner's has not been whole for long: {n_lacking} of its files lack")]
    NeverWhole {
        /// The notice.
        name: String,
        /// How many of its files lack.
        n_lacking: u64,
    },
    /// The folder of this machine that files are fetched into has another file of the name.
    #[error("{name} is here already with other bytes; nothing was overwritten")]
    TakenHere {
        /// The file.
        name: String,
    },
    /// The folder of this machine that files are fetched into fails.
    #[error("the folder that files are fetched into fails")]
    Landing(#[source] FolderError),
    /// What was fetched before cannot be looked up, or not be kept.
    #[error("what was fetched is not on record")]
    Memory(#[source] StoreError),
    /// Asked to end, and ended at a safe point.
    #[error("the delivery was stopped at a safe point")]
    Stopped,
    /// A thread of it ended early.
    #[error("a part of the delivery ended without a word")]
    Worker,
}

impl DeliveryError {
    /// It and what caused it, in one line.
    pub fn told(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}"));
        format!("{self}{}", cause.unwrap_or_default())
    }
}

fn in_words(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

impl Fault for DeliveryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "delivery.unreachable",
            Self::TimedOut { .. } => "delivery.timed-out",
            Self::CutOff { .. } => "delivery.cut-off",
            Self::DestinationFull { .. } => "delivery.destination-full",
            Self::HostKeyUnknown { .. } => "delivery.host-key-unknown",
            Self::HostKeyChanged { .. } => "delivery.host-key-changed",
            Self::LoginRefused { .. } => "delivery.login-refused",
            Self::Protocol { .. } => "delivery.protocol",
            Self::Secret { .. } => "delivery.secret",
            Self::NameTaken { .. } => "delivery.name-taken",
            Self::Refused { .. } => "delivery.refused",
            Self::Damaged { .. } => "delivery.damaged",
            Self::SourceChanged { .. } => "delivery.source-changed",
            Self::Source(error) | Self::Folder(error) | Self::Landing(error) => error.code(),
            Self::Memory(error) => error.code(),
            Self::Command { .. } => "delivery.command",
            Self::NoCommand { .. } => "delivery.no-command",
            Self::Unfinished { .. } => "delivery.unfinished",
            Self::WindowTooShort { .. } => "delivery.window-too-short",
            Self::SeveralFiles { .. } => "delivery.several-files",
            Self::NotMounted { .. } => "delivery.not-mounted",
            Self::NoParcel => "delivery.no-parcel",
            Self::NoticeUnreadable { .. } => "pull.notice-unreadable",
            Self::TooLarge { .. } => "pull.too-large",
            Self::NoPlainFile { .. } => "pull.no-plain-file",
            Self::NotAsNoticed { .. } => "pull.not-as-noticed",
            Self::NeverWhole { .. } => "pull.never-whole",
            Self::TakenHere { .. } => "pull.taken-here",
            Self::Stopped => "delivery.stopped",
            Self::Worker => "delivery.worker",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::CutOff { .. }
            | Self::DestinationFull { .. }
            | Self::Damaged { .. }
            | Self::Stopped
            | Self::NotMounted { .. }
            // A volume that is full, or not mounted, comes back by itself: a partner's, or ours for what is fetched.
            | Self::Folder(FolderError::Full { .. } | FolderError::Missing { .. })
            | Self::Landing(FolderError::Full { .. } | FolderError::Missing { .. }) => Class::Retry,
            Self::Source(error) | Self::Folder(error) | Self::Landing(error) => error.class(),
            Self::Memory(error) => error.class(),
            Self::Command { class, .. } => *class,
            // Once it may have been the rest of a window; twice, the next one ends the same.
            Self::WindowTooShort { n_times, .. } if *n_times < 2 => Class::Retry,
            Self::Refused { .. }
            | Self::NoticeUnreadable { .. }
            | Self::TooLarge { .. }
            | Self::NoPlainFile { .. }
            | Self::NotAsNoticed { .. }
            | Self::NeverWhole { .. } => Class::Partner,
            Self::NoParcel | Self::Worker => Class::Bug,
            _ => Class::Operator,
        }
    }
}
