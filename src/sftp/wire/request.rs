//! What a client asks for.

use super::attrs::Attrs;
use super::field::{Fields, PutFields as _, put_packet};
use super::{MAX_PATH_BYTES, WireError};

const INIT: u8 = 1;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const WRITE: u8 = 6;
const LSTAT: u8 = 7;
const FSTAT: u8 = 8;
const SETSTAT: u8 = 9;
const FSETSTAT: u8 = 10;
const OPENDIR: u8 = 11;
const READDIR: u8 = 12;
const REMOVE: u8 = 13;
const MKDIR: u8 = 14;
const RMDIR: u8 = 15;
const REALPATH: u8 = 16;
const STAT: u8 = 17;
const RENAME: u8 = 18;
const READLINK: u8 = 19;
const SYMLINK: u8 = 20;
const EXTENDED: u8 = 200;

const LIMITS: &[u8] = b"limits@openssh.com";
const POSIX_RENAME: &[u8] = b"posix-rename@openssh.com";
const FSYNC: &[u8] = b"fsync@openssh.com";
const STATVFS: &[u8] = b"statvfs@openssh.com";
const FSTATVFS: &[u8] = b"fstatvfs@openssh.com";
const HARDLINK: &[u8] = b"hardlink@openssh.com";

/// Handles are numbers of ours; a client can send no longer one that means anything.
const MAX_HANDLE_BYTES: usize = 256;

/// How a file is to be opened: the bits of `SSH_FXP_OPEN`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenFlags(pub u32);

impl OpenFlags {
    /// For reading.
    pub const READ: u32 = 0x1;
    /// For writing.
    pub const WRITE: u32 = 0x2;
    /// Every write goes to the end.
    pub const APPEND: u32 = 0x4;
    /// Made if it is missing.
    pub const CREATE: u32 = 0x8;
    /// Emptied if it is there.
    pub const TRUNCATE: u32 = 0x10;
    /// Refused if it is there.
    pub const EXCLUSIVE: u32 = 0x20;

    /// True if all of `bits` are set.
    pub const fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }

    /// True if something is to be written; some clients ask only to append.
    pub const fn is_to_bring(self) -> bool {
        self.has(Self::WRITE) || self.has(Self::APPEND)
    }
}

/// A packet from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The greeting with the highest version the client speaks.
    Init {
        /// That version.
        version: u32,
    },
    /// A request that is to be answered under its number.
    Request {
        /// The number.
        id: u32,
        /// What is asked.
        request: Request<'a>,
    },
}

/// A request of SFTP version 3. Paths and handles are bytes of the client's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the protocol, named by it")]
pub enum Request<'a> {
    Open {
        path: &'a [u8],
        flags: OpenFlags,
        attrs: Attrs,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        n_bytes: u32,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        data: &'a [u8],
    },
    Lstat {
        path: &'a [u8],
    },
    Stat {
        path: &'a [u8],
    },
    Fstat {
        handle: &'a [u8],
    },
    Setstat {
        path: &'a [u8],
        attrs: Attrs,
    },
    Fsetstat {
        handle: &'a [u8],
        attrs: Attrs,
    },
    Opendir {
        path: &'a [u8],
    },
    Readdir {
        handle: &'a [u8],
    },
    Remove {
        path: &'a [u8],
    },
    Mkdir {
        path: &'a [u8],
        attrs: Attrs,
    },
    Rmdir {
        path: &'a [u8],
    },
    Realpath {
        path: &'a [u8],
    },
    Rename {
        from: &'a [u8],
        to: &'a [u8],
    },
    Readlink {
        path: &'a [u8],
    },
    Symlink {
        from: &'a [u8],
        to: &'a [u8],
    },
    Extended(Extended<'a>),
    /// A type this version does not have.
    Unknown {
        kind: u8,
    },
}

/// OpenSSH's additions that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the protocol, named by it")]
pub enum Extended<'a> {
    Limits,
    PosixRename { from: &'a [u8], to: &'a [u8] },
    Fsync { handle: &'a [u8] },
    StatVfs { path: &'a [u8] },
    FstatVfs { handle: &'a [u8] },
    Hardlink { from: &'a [u8], to: &'a [u8] },
    Unknown { name: &'a [u8] },
}

impl<'a> Packet<'a> {
    /// Reads a packet: its type and what follows, without the length field. Bytes after the last field are let
    /// pass, as OpenSSH's server does.
    pub fn parse(packet: &'a [u8]) -> Result<Self, WireError> {
        let mut fields = Fields::new(packet);
        let kind = fields.u8().ok_or(WireError::Empty)?;
        let first = fields.u32();
        let malformed = WireError::Malformed { kind, id: first.filter(|_| kind != INIT) };
        let first = first.ok_or(malformed)?;
        if kind == INIT {
            return Ok(Self::Init { version: first });
        }
        let request = Request::take(kind, fields).ok_or(malformed)?;
        Ok(Self::Request { id: first, request })
    }
}

impl<'a> Request<'a> {
    fn take(kind: u8, mut fields: Fields<'a>) -> Option<Self> {
        let fields = &mut fields;
        let path = |fields: &mut Fields<'a>| fields.short(MAX_PATH_BYTES);
        let handle = |fields: &mut Fields<'a>| fields.short(MAX_HANDLE_BYTES);
        Some(match kind {
            OPEN => Self::Open {
                path: path(fields)?,
                flags: OpenFlags(fields.u32()?),
                attrs: Attrs::take_or_none(fields)?,
            },
            CLOSE => Self::Close { handle: handle(fields)? },
            READ => Self::Read { handle: handle(fields)?, offset: fields.u64()?, n_bytes: fields.u32()? },
            WRITE => Self::Write { handle: handle(fields)?, offset: fields.u64()?, data: fields.string()? },
            LSTAT => Self::Lstat { path: path(fields)? },
            STAT => Self::Stat { path: path(fields)? },
            FSTAT => Self::Fstat { handle: handle(fields)? },
            SETSTAT => Self::Setstat { path: path(fields)?, attrs: Attrs::take_or_none(fields)? },
            FSETSTAT => Self::Fsetstat { handle: handle(fields)?, attrs: Attrs::take_or_none(fields)? },
            OPENDIR => Self::Opendir { path: path(fields)? },
            READDIR => Self::Readdir { handle: handle(fields)? },
            REMOVE => Self::Remove { path: path(fields)? },
            MKDIR => Self::Mkdir { path: path(fields)?, attrs: Attrs::take_or_none(fields)? },
            RMDIR => Self::Rmdir { path: path(fields)? },
            REALPATH => Self::Realpath { path: path(fields)? },
            RENAME => Self::Rename { from: path(fields)?, to: path(fields)? },
            READLINK => Self::Readlink { path: path(fields)? },
            SYMLINK => Self::Symlink { from: path(fields)?, to: path(fields)? },
            EXTENDED => Self::Extended(match fields.string()? {
                LIMITS => Extended::Limits,
                POSIX_RENAME => Extended::PosixRename { from: path(fields)?, to: path(fields)? },
                FSYNC => Extended::Fsync { handle: handle(fields)? },
                STATVFS => Extended::StatVfs { path: path(fields)? },
                FSTATVFS => Extended::FstatVfs { handle: handle(fields)? },
                HARDLINK => Extended::Hardlink { from: path(fields)?, to: path(fields)? },
                name => Extended::Unknown { name },
            }),
            kind => Self::Unknown { kind },
        })
    }
}

impl Packet<'_> {
    /// Writes the packet with its length field at the end of `out`: the client's side.
    pub fn put(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Init { version } => put_packet(out, INIT, |out| out.put_u32(version)),
            Self::Request { id, ref request } => put_packet(out, request.kind(), |out| {
                out.put_u32(id);
                request.put(out);
            }),
        }
    }
}

impl Request<'_> {
    const fn kind(&self) -> u8 {
        match self {
            Self::Open { .. } => OPEN,
            Self::Close { .. } => CLOSE,
            Self::Read { .. } => READ,
            Self::Write { .. } => WRITE,
            Self::Lstat { .. } => LSTAT,
            Self::Stat { .. } => STAT,
            Self::Fstat { .. } => FSTAT,
            Self::Setstat { .. } => SETSTAT,
            Self::Fsetstat { .. } => FSETSTAT,
            Self::Opendir { .. } => OPENDIR,
            Self::Readdir { .. } => READDIR,
            Self::Remove { .. } => REMOVE,
            Self::Mkdir { .. } => MKDIR,
            Self::Rmdir { .. } => RMDIR,
            Self::Realpath { .. } => REALPATH,
            Self::Rename { .. } => RENAME,
            Self::Readlink { .. } => READLINK,
            Self::Symlink { .. } => SYMLINK,
            Self::Extended(_) => EXTENDED,
            Self::Unknown { kind } => *kind,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Open { path, flags, ref attrs } => {
                out.put_string(path);
                out.put_u32(flags.0);
                attrs.put(out);
            }
            Self::Read { handle, offset, n_bytes } => {
                out.put_string(handle);
                out.put_u64(offset);
                out.put_u32(n_bytes);
            }
            Self::Write { handle, offset, data } => {
                out.put_string(handle);
                out.put_u64(offset);
                out.put_string(data);
            }
            Self::Close { handle: text }
            | Self::Fstat { handle: text }
            | Self::Readdir { handle: text }
            | Self::Lstat { path: text }
            | Self::Stat { path: text }
            | Self::Opendir { path: text }
            | Self::Remove { path: text }
            | Self::Rmdir { path: text }
            | Self::Realpath { path: text }
            | Self::Readlink { path: text } => out.put_string(text),
            Self::Setstat { path: text, ref attrs }
            | Self::Fsetstat { handle: text, ref attrs }
            | Self::Mkdir { path: text, ref attrs } => {
                out.put_string(text);
                attrs.put(out);
            }
            Self::Rename { from, to } | Self::Symlink { from, to } => {
                out.put_string(from);
                out.put_string(to);
            }
            Self::Extended(ref extended) => extended.put(out),
            Self::Unknown { .. } => {}
        }
    }
}

impl Extended<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Limits => out.put_string(LIMITS),
            Self::Unknown { name } => out.put_string(name),
            Self::PosixRename { from, to } | Self::Hardlink { from, to } => {
                let is_rename = matches!(self, Self::PosixRename { .. });
                out.put_string(if is_rename { POSIX_RENAME } else { HARDLINK });
                out.put_string(from);
                out.put_string(to);
            }
            Self::Fsync { handle } => {
                out.put_string(FSYNC);
                out.put_string(handle);
            }
            Self::StatVfs { path } => {
                out.put_string(STATVFS);
                out.put_string(path);
            }
            Self::FstatVfs { handle } => {
                out.put_string(FSTATVFS);
                out.put_string(handle);
            }
        }
    }
}
