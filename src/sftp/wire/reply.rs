//! What a client is answered.

use super::attrs::Attrs;
use super::field::{Fields, PutFields as _, put_packet};
use super::{MAX_PATH_BYTES, WireError};

const VERSION: u8 = 2;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRS: u8 = 105;
const EXTENDED_REPLY: u8 = 201;

/// What OpenSSH's server would call its own; each name with the version of the extension.
const EXTENSIONS: [(&[u8], &[u8]); 5] = [
    (b"posix-rename@openssh.com", b"1"),
    (b"statvfs@openssh.com", b"2"),
    (b"fstatvfs@openssh.com", b"2"),
    (b"fsync@openssh.com", b"1"),
    (b"limits@openssh.com", b"1"),
];

/// How a request ended, as version 3 numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum StatusCode {
    /// Done.
    Ok = 0,
    /// Nothing more to read or to list.
    Eof = 1,
    /// No such file, or none that may be seen.
    NoSuchFile = 2,
    /// Not allowed.
    PermissionDenied = 3,
    /// Could not be done.
    Failure = 4,
    /// The packet made no sense.
    BadMessage = 5,
    /// Nothing that is done here.
    Unsupported = 8,
}

impl StatusCode {
    fn of(number: u32) -> Self {
        match number {
            0 => Self::Ok,
            1 => Self::Eof,
            2 => Self::NoSuchFile,
            3 => Self::PermissionDenied,
            5 => Self::BadMessage,
            8 => Self::Unsupported,
            _ => Self::Failure,
        }
    }
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name, or for `REALPATH` the path.
    pub name: Vec<u8>,
    /// The line `ls -l` would show.
    pub long_name: Vec<u8>,
    /// Its attributes.
    pub attrs: Attrs,
}

/// Answer to `limits@openssh.com`, each in bytes or handles; zero is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of a whole packet.
    pub max_packet: u64,
    /// Of one read.
    pub max_read: u64,
    /// Of one write.
    pub max_write: u64,
    /// Open at once.
    pub max_handles: u64,
}

/// Answer to `statvfs@openssh.com`; the fields are those of `statvfs(3)` in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeStat(pub [u64; 11]);

/// A reply, except that of data: see [`data_reply`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The greeting's answer with what is offered beyond version 3.
    Version,
    /// How it ended, with a few words.
    Status {
        /// How.
        code: StatusCode,
        /// In words; empty for none.
        message: &'a str,
    },
    /// A handle of what was opened.
    Handle(&'a [u8]),
    /// Bytes of a file.
    Data(&'a [u8]),
    /// Lines of a listing.
    Names(Vec<Entry>),
    /// Attributes of one file.
    Attrs(Attrs),
    /// Bounds of this server.
    Limits(Limits),
    /// Room on the volume.
    Volume(VolumeStat),
}

impl<'a> Reply<'a> {
    /// Writes the reply to request `id` with its length field at the end of `out`.
    pub fn put(&self, id: u32, out: &mut Vec<u8>) {
        let mut packet = |kind: u8, body: &dyn Fn(&mut Vec<u8>)| {
            put_packet(out, kind, |out| {
                if kind != VERSION {
                    out.put_u32(id);
                }
                body(out);
            });
        };
        match self {
            Self::Version => packet(VERSION, &|out| {
                out.put_u32(super::VERSION);
                for (name, version) in EXTENSIONS {
                    out.put_string(name);
                    out.put_string(version);
                }
            }),
            Self::Status { code, message } => packet(STATUS, &|out| {
                out.put_u32(*code as u32);
                out.put_string(message.as_bytes());
                out.put_string(b"");
            }),
            Self::Handle(handle) => packet(HANDLE, &|out| out.put_string(handle)),
            Self::Data(data) => packet(DATA, &|out| out.put_string(data)),
            Self::Names(entries) => packet(NAME, &|out| {
                out.put_u32(u32::try_from(entries.len()).unwrap_or(u32::MAX));
                for entry in entries {
                    out.put_string(&entry.name);
                    out.put_string(&entry.long_name);
                    entry.attrs.put(out);
                }
            }),
            Self::Attrs(attrs) => packet(ATTRS, &|out| attrs.put(out)),
            Self::Limits(limits) => packet(EXTENDED_REPLY, &|out| {
                for value in [limits.max_packet, limits.max_read, limits.max_write, limits.max_handles] {
                    out.put_u64(value);
                }
            }),
            Self::Volume(volume) => packet(EXTENDED_REPLY, &|out| {
                for value in volume.0 {
                    out.put_u64(value);
                }
            }),
        }
    }

    /// Reads a reply without its length field: its number, if it has one, and what it says. The client's side.
    ///
    /// An extended reply is read as limits or as a volume by its length.
    pub fn parse(packet: &'a [u8]) -> Result<(Option<u32>, Self), WireError> {
        let mut fields = Fields::new(packet);
        let kind = fields.u8().ok_or(WireError::Empty)?;
        let id = fields.u32();
        let malformed = WireError::Malformed { kind, id: id.filter(|_| kind != VERSION) };
        let reply = match kind {
            VERSION => id.map(|_| Self::Version),
            _ if id.is_none() => None,
            _ => Self::take(kind, fields),
        };
        Ok((id.filter(|_| kind != VERSION), reply.ok_or(malformed)?))
    }

    fn take(kind: u8, mut fields: Fields<'a>) -> Option<Self> {
        Some(match kind {
            STATUS => {
                let code = StatusCode::of(fields.u32()?);
                let message = fields.string().and_then(|text| std::str::from_utf8(text).ok());
                Self::Status { code, message: message.unwrap_or_default() }
            }
            HANDLE => Self::Handle(fields.short(256)?),
            DATA => Self::Data(fields.string()?),
            NAME => {
                let n_entries = fields.u32()?;
                let mut entries = Vec::new();
                for _ in 0..n_entries {
                    entries.push(Entry {
                        name: fields.short(MAX_PATH_BYTES)?.to_vec(),
                        long_name: fields.string()?.to_vec(),
                        attrs: Attrs::take(&mut fields)?,
                    });
                }
                Self::Names(entries)
            }
            ATTRS => Self::Attrs(Attrs::take(&mut fields)?),
            EXTENDED_REPLY if fields.rest().len() == 32 => Self::Limits(Limits {
                max_packet: fields.u64()?,
                max_read: fields.u64()?,
                max_write: fields.u64()?,
                max_handles: fields.u64()?,
            }),
            EXTENDED_REPLY => {
                let mut volume = [0; 11];
                for value in &mut volume {
                    *value = fields.u64()?;
                }
                Self::Volume(VolumeStat(volume))
            }
            _ => return None,
        })
    }
}

/// Writes the reply with data to request `id`: `fill` puts the bytes behind the header it finds, and its answer is
/// passed on. When it fails or puts nothing, `out` is as it was.
pub fn data_reply<T, E>(
    out: &mut Vec<u8>,
    id: u32,
    fill: impl FnOnce(&mut Vec<u8>) -> Result<T, E>,
) -> Result<T, E> {
    let start = out.len();
    out.put_u32(0);
    out.push(DATA);
    out.put_u32(id);
    out.put_u32(0);
    let body = out.len();
    let answer = fill(out);
    let n_bytes = out.len().saturating_sub(body);
    if answer.is_err() || n_bytes == 0 {
        out.truncate(start);
        return answer;
    }
    let mut set = |at: usize, n_bytes: usize| {
        if let Some(length) = out.get_mut(at..at + 4) {
            length.copy_from_slice(&u32::try_from(n_bytes).unwrap_or(u32::MAX).to_be_bytes());
        }
    };
    set(start, n_bytes + 9);
    set(start + 9, n_bytes);
    answer
}
