//! One SFTP session: packets in, packets out, without a clock, a network or a thread of its own.
//!
//! Every request is first turned into an operation of `core::access` and decided there; only then is a file touched.
//! What an account may not see is not there for it: such a refusal is "no such file", never "not allowed".

mod asked;
mod change;
mod handles;
mod look;
mod opening;
mod premises;
mod serve;
mod share;
#[cfg(test)]
mod tests;

pub use premises::{Deed, Premises, Visitor};
pub use serve::{ServeError, serve};
pub use share::{HandleLimits, Shares};

use std::sync::Arc;

use renkei_folder::visit::{VisitError, VisitPath};

use crate::wire::{
    self, Attrs, Entry, Extended, Limits, OpenFlags, Packet, Reply, Request, StatusCode, VolumeStat,
    WireError,
};
use handles::{Fetched, Handles};
use share::Share;

/// Handles a session may have open at once.
pub const MAX_HANDLES: usize = 256;

/// What is made durable about as soon as somebody else could be asked to do it.
const SOON_DURABLE_BYTES: u64 = 1 << 20;

/// A session that ends by its client's fault: what it sent can be answered in no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Bytes that are no packet.
    #[error("the client sent what is not SFTP")]
    Wire(#[from] WireError),
    /// A request before the greeting, or a second greeting.
    #[error("the client's greeting is missing or came twice")]
    Greeting,
}

/// A session of one account. Dropped, it gives up what was being uploaded.
pub struct Session {
    premises: Arc<dyn Premises>,
    visitor: Arc<Visitor>,
    share: Arc<Share>,
    handles: Handles,
    /// What was fetched and closed, and whose last answers have yet to be sent.
    to_be_sent: Vec<Fetched>,
    is_greeted: bool,
    /// Whether to go on with what takes long.
    is_wanted: Box<dyn Fn() -> bool + Send + Sync>,
}

/// What a request brought.
enum Answer {
    Done,
    Handle(u32),
    Attrs(Attrs),
    Names(Vec<Entry>),
    Volume(VolumeStat),
    Limits,
}

const LIMITS: Limits = Limits {
    max_packet: wire::MAX_PACKET_BYTES as u64,
    max_read: wire::MAX_DATA_BYTES as u64,
    max_write: wire::MAX_DATA_BYTES as u64,
    max_handles: MAX_HANDLES as u64,
};

/// Why a request was not done, as the client is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal {
    code: StatusCode,
    message: &'static str,
}

impl Refusal {
    const MISSING: Self = Self::new(StatusCode::NoSuchFile, "no such file");
    const DENIED: Self = Self::new(StatusCode::PermissionDenied, "not allowed");
    const HANDLE: Self = Self::new(StatusCode::Failure, "no such handle");
    const UNSUPPORTED: Self = Self::new(StatusCode::Unsupported, "not done here");
    const EOF: Self = Self::new(StatusCode::Eof, "end");

    const fn new(code: StatusCode, message: &'static str) -> Self {
        Self { code, message }
    }
}

impl From<VisitError> for Refusal {
    fn from(error: VisitError) -> Self {
        let failure = |message| Self::new(StatusCode::Failure, message);
        match error {
            VisitError::Missing => Self::MISSING,
            VisitError::Taken => failure("the name is taken"),
            VisitError::IsFolder => failure("is a folder"),
            VisitError::NotFolder => Self::new(StatusCode::NoSuchFile, "is no folder"),
            VisitError::NotEmpty => failure("the folder is not empty"),
            VisitError::BadName => Self::new(StatusCode::PermissionDenied, "not a name that may be given"),
            VisitError::Full => failure("no space left"),
            VisitError::Denied => Self::DENIED,
            VisitError::System(_) => failure("could not be done"),
        }
    }
}

impl Session {
    /// A session of an account that has logged in, alone in its process.
    pub fn new(premises: Arc<dyn Premises>, visitor: Arc<Visitor>) -> Self {
        Self::sharing(premises, visitor, &Shares::of_one_session())
    }

    /// A session beside others, which together keep to the limits of `shares`.
    pub fn sharing(premises: Arc<dyn Premises>, visitor: Arc<Visitor>, shares: &Arc<Shares>) -> Self {
        let share = shares.of(&visitor.account.id);
        Self {
            premises,
            visitor,
            share,
            handles: Handles::default(),
            to_be_sent: Vec::new(),
            is_greeted: false,
            is_wanted: Box::new(|| true),
        }
    }

    /// Copies a file that stands only for as long as that is wanted.
    #[must_use]
    pub fn while_wanted(mut self, is_wanted: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.is_wanted = Box::new(is_wanted);
        self
    }

    /// Whether a file or a folder is open.
    pub fn has_open(&self) -> bool {
        !self.handles.is_empty()
    }

    /// Whether a file is being brought.
    pub fn is_bringing(&self) -> bool {
        self.handles.is_bringing()
    }

    /// Whether to answer this packet is to wait long for a disk by its nature: much that was brought is made durable, or
    /// a file that stands is copied because it is gone on with or cut.
    pub fn waits_for_disk(&self, packet: &[u8]) -> bool {
        let Ok(Packet::Request { request, .. }) = Packet::parse(packet) else { return false };
        match request {
            Request::Close { .. } | Request::Extended(Extended::Fsync { .. }) => {
                self.handles.n_bytes_not_durable() > SOON_DURABLE_BYTES
            }
            Request::Open { flags, .. } => flags.is_to_bring() && !flags.has(OpenFlags::TRUNCATE),
            Request::Setstat { attrs, .. } | Request::Fsetstat { attrs, .. } => attrs.n_bytes.is_some(),
            _ => false,
        }
    }

    /// Answers one packet (type first, without its length field) by putting reply packets at the end of `out`. Once they
    /// have been sent, [`Session::sent`] is to be told.
    ///
    /// An error means that the session is to be ended.
    pub fn answer(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SessionError> {
        match Packet::parse(packet) {
            Ok(Packet::Init { .. }) if !self.is_greeted => {
                self.is_greeted = true;
                Reply::Version.put(0, out);
                Ok(())
            }
            Ok(Packet::Request { id, request }) if self.is_greeted => {
                self.request(id, &request, out);
                Ok(())
            }
            Ok(_) => Err(SessionError::Greeting),
            Err(WireError::Malformed { id: Some(id), .. }) if self.is_greeted => {
                Reply::Status { code: StatusCode::BadMessage, message: "malformed" }.put(id, out);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn request(&mut self, id: u32, request: &Request<'_>, out: &mut Vec<u8>) {
        if let Request::Read { handle, offset, n_bytes } = *request {
            let n_bytes = n_bytes.min(wire::MAX_DATA_BYTES) as usize;
            let read = wire::data_reply(out, id, |out| self.read(handle, offset, n_bytes, out));
            if let Some(refusal) = read.map_or_else(Some, |n_read| (n_read == 0).then_some(Refusal::EOF)) {
                refusal.put(id, out);
            }
            return;
        }
        match self.done(request) {
            Ok(Answer::Done) => Reply::Status { code: StatusCode::Ok, message: "" }.put(id, out),
            Ok(Answer::Handle(number)) => Reply::Handle(&number.to_be_bytes()).put(id, out),
            Ok(Answer::Attrs(attrs)) => Reply::Attrs(attrs).put(id, out),
            Ok(Answer::Names(entries)) => Reply::Names(entries).put(id, out),
            Ok(Answer::Volume(volume)) => Reply::Volume(volume).put(id, out),
            Ok(Answer::Limits) => Reply::Limits(LIMITS).put(id, out),
            Err(refusal) => refusal.put(id, out),
        }
    }

    fn done(&mut self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let done = |()| Answer::Done;
        match *request {
            // Answered where its data is put.
            Request::Read { .. } => Err(Refusal::UNSUPPORTED),
            Request::Write { handle, offset, data } => self.write(handle, offset, data).map(done),
            Request::Open { path, flags, .. } => self.open(&parsed(path)?, flags).map(Answer::Handle),
            Request::Close { handle } => self.close(handle).map(done),
            Request::Stat { path } | Request::Lstat { path } => self.stat(&parsed(path)?).map(Answer::Attrs),
            Request::Fstat { handle } => self.stat_handle(handle).map(Answer::Attrs),
            Request::Setstat { path, attrs } => self.set_attrs(&parsed(path)?, attrs).map(done),
            Request::Fsetstat { handle, attrs } => self.set_attrs_of_handle(handle, attrs).map(done),
            Request::Opendir { path } => self.open_folder(&parsed(path)?).map(Answer::Handle),
            Request::Readdir { handle } => self.list(handle).map(Answer::Names),
            Request::Remove { path } => self.remove(&parsed(path)?).map(done),
            Request::Mkdir { path, .. } => self.make_folder(&parsed(path)?).map(done),
            Request::Rmdir { path } => self.remove_folder(&parsed(path)?).map(done),
            Request::Realpath { path } => Ok(Answer::Names(vec![look::real_path(&parsed(path)?)])),
            Request::Rename { from, to } | Request::Extended(Extended::PosixRename { from, to }) => {
                self.rename(&parsed(from)?, &parsed(to)?).map(done)
            }
            Request::Extended(Extended::Fsync { handle }) => self.sync(handle).map(done),
            Request::Extended(Extended::StatVfs { path }) => {
                self.stat(&parsed(path)?)?;
                self.volume().map(Answer::Volume)
            }
            Request::Extended(Extended::FstatVfs { handle }) => {
                self.stat_handle(handle)?;
                self.volume().map(Answer::Volume)
            }
            Request::Extended(Extended::Limits) => Ok(Answer::Limits),
            Request::Readlink { path } => {
                self.stat(&parsed(path)?)?;
                Err(Refusal::new(StatusCode::Failure, "is no link"))
            }
            Request::Symlink { .. }
            | Request::Unknown { .. }
            | Request::Extended(Extended::Hardlink { .. } | Extended::Unknown { .. }) => {
                Err(Refusal::UNSUPPORTED)
            }
        }
    }
}

impl Refusal {
    fn put(self, id: u32, out: &mut Vec<u8>) {
        Reply::Status { code: self.code, message: self.message }.put(id, out);
    }
}

fn parsed(path: &[u8]) -> Result<VisitPath, Refusal> {
    VisitPath::parse(path).ok_or(Refusal::MISSING)
}
