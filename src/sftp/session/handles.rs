//! What a session has open, by numbers of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use renkei_core::access::Rulebook;
use renkei_folder::visit::{Listing, Look, OpenFile, Solid, Upload, VisitPath};

use super::share::{Room, Share};
use super::{MAX_HANDLES, Refusal};
use crate::wire::StatusCode;

/// Something open.
#[derive(Debug)]
pub(super) enum Open {
    Fetch(Fetch),
    Bring(Pen),
    Folder { path: VisitPath, listing: Listing },
}

/// A file being fetched, and what of it was sent.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) path: VisitPath,
    pub(super) file: OpenFile,
    pub(super) extent: Extent,
    /// The rules by which it was last allowed.
    pub(super) rules: Arc<Rulebook>,
}

/// How much of a file was read.
#[derive(Debug)]
pub(super) struct Extent {
    /// Its length when it was opened, in bytes.
    pub(super) n_bytes: u64,
    /// Bytes read in all; parts read twice count twice.
    pub(super) n_bytes_read: u64,
    pub(super) read: Solid,
}

impl Extent {
    pub(super) fn of(n_bytes: u64) -> Self {
        Self { n_bytes, n_bytes_read: 0, read: Solid::default() }
    }

    pub(super) fn add(&mut self, offset: u64, n_read: u64) {
        self.n_bytes_read = self.n_bytes_read.saturating_add(n_read);
        self.read.add(offset, n_read);
    }
}

/// A file that was fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) path: VisitPath,
    pub(super) extent: Extent,
}

/// By which a file that is being brought is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    /// The file's number among those that are brought.
    bring: u32,
    /// It was opened for reading too, by an account that may read there.
    pub(super) may_read: bool,
    /// What is written goes to the end.
    pub(super) appends: bool,
}

/// A file being brought: it appears when the last pen on it is put down. A program may open what it has just closed
/// before its close has arrived; then both pens write the same file.
#[derive(Debug)]
pub(super) struct Bring {
    pub(super) path: VisitPath,
    pub(super) upload: Upload,
    /// Its name was removed: it is not to appear.
    pub(super) is_given_up: bool,
    n_pens: u32,
}

impl Bring {
    pub(super) fn new(path: VisitPath, upload: Upload) -> Self {
        Self { path, upload, is_given_up: false, n_pens: 0 }
    }
}

/// What a handle was for.
#[derive(Debug, Default)]
pub(super) struct Closed {
    /// A file was read, by its own handle or by a pen.
    pub(super) fetched: Option<Fetched>,
    /// Nothing more will be written, and it was not given up.
    pub(super) brought: Option<Bring>,
}

/// Handles by number.
#[derive(Debug, Default)]
pub(super) struct Handles {
    open: BTreeMap<u32, (Open, Room)>,
    brings: BTreeMap<u32, Bring>,
    /// What was read by pens of published files that are gone on with, by handle.
    read_by_pens: BTreeMap<u32, Extent>,
    n_given: u32,
    n_brought: u32,
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
        !self.brings.is_empty()
    }

    /// Bytes of all that is being brought that are not durable yet.
    pub(super) fn n_bytes_not_durable(&self) -> u64 {
        self.brings.values().map(|bring| bring.upload.n_bytes_not_durable()).sum()
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

    /// What a handle for a file or a folder is about.
    pub(super) fn path(&self, handle: &[u8]) -> Result<&VisitPath, Refusal> {
        match self.get(handle)? {
            Open::Fetch(fetch) => Ok(&fetch.path),
            Open::Bring(pen) => self.brings.get(&pen.bring).map(|bring| &bring.path).ok_or(Refusal::HANDLE),
            Open::Folder { path, .. } => Ok(path),
        }
    }

    /// A file as it is now; `None` for a folder.
    pub(super) fn look(&self, handle: &[u8]) -> Result<Option<Look>, Refusal> {
        match self.get(handle)? {
            Open::Fetch(fetch) => Ok(Some(fetch.file.look()?)),
            Open::Bring(pen) => {
                let bring = self.brings.get(&pen.bring).ok_or(Refusal::HANDLE)?;
                Ok(Some(bring.upload.look()?))
            }
            Open::Folder { .. } => Ok(None),
        }
    }

    /// Begins to bring a file: its number.
    pub(super) fn bring(&mut self, bring: Bring) -> u32 {
        loop {
            self.n_brought = self.n_brought.wrapping_add(1);
            if !self.brings.contains_key(&self.n_brought) {
                self.brings.insert(self.n_brought, bring);
                return self.n_brought;
            }
        }
    }

    /// A pen on a file that is being brought.
    pub(super) fn pen(&mut self, bring: u32, may_read: bool, appends: bool) -> Pen {
        if let Some(bring) = self.brings.get_mut(&bring) {
            bring.n_pens += 1;
        }
        Pen { bring, may_read, appends }
    }

    /// What a pen writes.
    pub(super) fn brought_by(&mut self, pen: Pen) -> Result<&mut Bring, Refusal> {
        self.brings.get_mut(&pen.bring).ok_or(Refusal::HANDLE)
    }

    /// Puts bytes of the file that a handle's pen writes at the end of `out`.
    pub(super) fn read_by_pen(
        &mut self,
        handle: &[u8],
        pen: Pen,
        offset: u64,
        n_bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, Refusal> {
        let upload = &self.brought_by(pen)?.upload;
        let n_read = upload.read_at(offset, n_bytes, out)?;
        let n_bytes_copied = upload.n_bytes_copied();
        // What somebody reads of his own is not fetched.
        if n_bytes_copied > 0 {
            let extent = self.read_by_pens.entry(number(handle)?);
            extent.or_insert_with(|| Extent::of(n_bytes_copied)).add(offset, n_read as u64);
        }
        Ok(n_read)
    }

    /// The file that is being brought under a path, if this session brings one; of several the last begun.
    pub(super) fn bringing(&mut self, path: &VisitPath) -> Option<(u32, &mut Bring)> {
        let mut brings = self.brings.iter_mut().rev();
        brings.find(|(_, bring)| bring.path == *path && !bring.is_given_up).map(|(no, bring)| (*no, bring))
    }

    pub(super) fn take(&mut self, handle: &[u8]) -> Result<Closed, Refusal> {
        let no = number(handle)?;
        let open = self.open.remove(&no).map(|(open, _)| open);
        open.map(|open| self.closed(no, open)).ok_or(Refusal::HANDLE)
    }

    pub(super) fn take_any(&mut self) -> Option<Closed> {
        let (no, (open, _)) = self.open.pop_first()?;
        Some(self.closed(no, open))
    }

    fn closed(&mut self, no: u32, open: Open) -> Closed {
        let pen = match open {
            Open::Fetch(Fetch { path, extent, .. }) => {
                return Closed { fetched: Some(Fetched { path, extent }), brought: None };
            }
            Open::Folder { .. } => return Closed::default(),
            Open::Bring(pen) => pen,
        };
        let Some(bring) = self.brings.get_mut(&pen.bring) else { return Closed::default() };
        let path = bring.path.clone();
        let fetched = self.read_by_pens.remove(&no).map(|extent| Fetched { path, extent });
        bring.n_pens = bring.n_pens.saturating_sub(1);
        let is_last = bring.n_pens == 0;
        let brought = if is_last { self.brings.remove(&pen.bring) } else { None };
        Closed { fetched, brought: brought.filter(|bring| !bring.is_given_up) }
    }
}

fn number(handle: &[u8]) -> Result<u32, Refusal> {
    handle.try_into().map(u32::from_be_bytes).map_err(|_| Refusal::HANDLE)
}
