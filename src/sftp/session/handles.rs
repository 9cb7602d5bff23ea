//! What a session has open, by numbers of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use renkei_core::access::Rulebook;
use renkei_folder::visit::{Listing, Look, OpenFile, Solid, Upload, VisitError, VisitPath};

use super::share::{Room, Share};
use super::{MAX_HANDLES, Refusal};
use crate::wire::StatusCode;

/// Something open.
#[derive(Debug)]
pub(super) enum Open {
    Fetch(Fetch),
    Bring(Box<Bring>),
    Folder { path: VisitPath, listing: Listing },
}

/// A file being fetched, and what of it was sent.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) path: VisitPath,
    pub(super) file: OpenFile,
    pub(super) n_bytes: u64,
    pub(super) n_bytes_sent: u64,
    pub(super) sent: Solid,
    /// The rules by which it was last allowed.
    pub(super) rules: Arc<Rulebook>,
}

/// A file being brought.
#[derive(Debug)]
pub(super) struct Bring {
    pub(super) path: VisitPath,
    pub(super) upload: Upload,
    /// It was opened for reading too, by an account that may read there.
    pub(super) may_read: bool,
}

impl Open {
    pub(super) fn path(&self) -> &VisitPath {
        match self {
            Self::Fetch(fetch) => &fetch.path,
            Self::Bring(bring) => &bring.path,
            Self::Folder { path, .. } => path,
        }
    }

    pub(super) fn look(&self) -> Option<Result<Look, VisitError>> {
        match self {
            Self::Fetch(fetch) => Some(fetch.file.look()),
            Self::Bring(bring) => Some(bring.upload.look()),
            Self::Folder { .. } => None,
        }
    }
}

/// Handles by number.
#[derive(Debug, Default)]
pub(super) struct Handles {
    open: BTreeMap<u32, (Open, Room)>,
    n_given: u32,
}

impl Handles {
    /// Takes room for one more before anything is opened; fails when too many are open.
    pub(super) fn room(&self, share: &Arc<Share>) -> Result<Room, Refusal> {
        if self.open.len() < MAX_HANDLES {
            return share.room();
        }
        Err(Refusal::new(StatusCode::Failure, "too many handles are open"))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn is_bringing(&self) -> bool {
        self.open.values().any(|(open, _)| matches!(open, Open::Bring(_)))
    }

    pub(super) fn put(&mut self, open: Open, room: Room) -> u32 {
        // A number comes round again only after four thousand million others, and not while it is open.
        loop {
            self.n_given = self.n_given.wrapping_add(1);
            if !self.open.contains_key(&self.n_given) {
                self.open.insert(self.n_given, (open, room));
                return self.n_given;
            }
        }
    }

    pub(super) fn get(&self, handle: &[u8]) -> Result<&Open, Refusal> {
        self.open.get(&number(handle)?).map(|(open, _)| open).ok_or(Refusal::HANDLE)
    }

    pub(super) fn get_mut(&mut self, handle: &[u8]) -> Result<&mut Open, Refusal> {
        self.open.get_mut(&number(handle)?).map(|(open, _)| open).ok_or(Refusal::HANDLE)
    }

    pub(super) fn take(&mut self, handle: &[u8]) -> Result<Open, Refusal> {
        self.open.remove(&number(handle)?).map(|(open, _)| open).ok_or(Refusal::HANDLE)
    }

    pub(super) fn take_any(&mut self) -> Option<Open> {
        self.open.pop_first().map(|(_, (open, _))| open)
    }

    /// The file that is being brought under a path, if this session brings one.
    pub(super) fn bringing(&mut self, path: &VisitPath) -> Option<&mut Bring> {
        self.open.values_mut().find_map(|(open, _)| match open {
            Open::Bring(bring) if bring.path == *path => Some(bring.as_mut()),
            _ => None,
        })
    }
}

fn number(handle: &[u8]) -> Result<u32, Refusal> {
    handle.try_into().map(u32::from_be_bytes).map_err(|_| Refusal::HANDLE)
}
