//! File attributes as SFTP version 3 carries them: what is not said is absent.

use super::field::{Fields, PutFields as _};

const HAS_SIZE: u32 = 0x1;
const HAS_OWNER: u32 = 0x2;
const HAS_MODE: u32 = 0x4;
const HAS_TIMES: u32 = 0x8;
const HAS_MORE: u32 = 0x8000_0000;
/// Pairs of an extended attribute that are read at most; the packet bounds them too.
const MAX_PAIRS: u32 = 64;

/// Attributes in a request or a reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attrs {
    /// Length in bytes.
    pub n_bytes: Option<u64>,
    /// User and group number.
    pub owner: Option<(u32, u32)>,
    /// Kind and permission bits as in `st_mode`.
    pub mode: Option<u32>,
    /// Times of the last access and the last change, in unix seconds.
    pub times: Option<(u32, u32)>,
}

/// What a mode says a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
}

impl FileKind {
    /// The kind's bits in `st_mode`.
    pub const fn mode_bits(self) -> u32 {
        match self {
            Self::File => 0o100_000,
            Self::Folder => 0o040_000,
        }
    }
}

impl Attrs {
    pub(super) fn take(fields: &mut Fields<'_>) -> Option<Self> {
        let flags = fields.u32()?;
        let mut attrs = Self::default();
        if flags & HAS_SIZE != 0 {
            attrs.n_bytes = Some(fields.u64()?);
        }
        if flags & HAS_OWNER != 0 {
            attrs.owner = Some((fields.u32()?, fields.u32()?));
        }
        if flags & HAS_MODE != 0 {
            attrs.mode = Some(fields.u32()?);
        }
        if flags & HAS_TIMES != 0 {
            attrs.times = Some((fields.u32()?, fields.u32()?));
        }
        if flags & HAS_MORE != 0 {
            let n_pairs = fields.u32().filter(|&n_pairs| n_pairs <= MAX_PAIRS)?;
            for _ in 0..n_pairs {
                fields.string()?;
                fields.string()?;
            }
        }
        Some(attrs)
    }

    /// [`Attrs::take`] where some clients end the packet instead of writing empty attributes.
    pub(super) fn take_or_none(fields: &mut Fields<'_>) -> Option<Self> {
        if fields.is_empty() { Some(Self::default()) } else { Self::take(fields) }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let flag = |is_set: bool, bit: u32| if is_set { bit } else { 0 };
        out.put_u32(
            flag(self.n_bytes.is_some(), HAS_SIZE)
                | flag(self.owner.is_some(), HAS_OWNER)
                | flag(self.mode.is_some(), HAS_MODE)
                | flag(self.times.is_some(), HAS_TIMES),
        );
        if let Some(n_bytes) = self.n_bytes {
            out.put_u64(n_bytes);
        }
        if let Some((user, group)) = self.owner {
            out.put_u32(user);
            out.put_u32(group);
        }
        if let Some(mode) = self.mode {
            out.put_u32(mode);
        }
        if let Some((accessed, changed)) = self.times {
            out.put_u32(accessed);
            out.put_u32(changed);
        }
    }
}
