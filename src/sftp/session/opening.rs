//! Opening, reading, writing and closing files.

use renkei_core::access::{Operation, Right};
use renkei_folder::visit::{Solid, UploadStart, VisitError, VisitPath, Writing};

use super::asked::{Asking, ruled_parent};
use super::handles::{Bring, Fetch, Open};
use super::premises::Deed;
use super::{Refusal, Session};
use crate::wire::{OpenFlags, StatusCode};

impl Session {
    pub(super) fn open(&mut self, path: &VisitPath, flags: OpenFlags) -> Result<u32, Refusal> {
        self.handles.check_room()?;
        let open = if flags.has(OpenFlags::WRITE) || flags.has(OpenFlags::APPEND) {
            self.open_to_bring(path, flags)?
        } else {
            self.open_to_fetch(path)?
        };
        Ok(self.handles.put(open))
    }

    fn open_to_fetch(&self, path: &VisitPath) -> Result<Open, Refusal> {
        let folder = ruled_parent(path);
        self.ask(path, Operation::Fetch(folder.as_ref()), Asking::AboutStanding)?;
        let file = self.premises.root().read(path)?;
        let n_bytes = file.look()?.n_bytes;
        Ok(Open::Fetch(Fetch { path: path.clone(), file, n_bytes, n_bytes_sent: 0, sent: Solid::default() }))
    }

    fn open_to_bring(&self, path: &VisitPath, flags: OpenFlags) -> Result<Open, Refusal> {
        let folder = ruled_parent(path);
        let folder = folder.as_ref();
        let may_bring = self.is_allowed(Operation::Bring(folder));
        let may_replace = self.is_allowed(Operation::Replace(folder));
        if !may_bring && !may_replace {
            return Err(self.refuse(path, Right::Create, folder, Asking::ToBring));
        }
        let root = self.premises.root();
        let visitor = self.visitor.account.id.as_str();
        let is_anew = flags.has(OpenFlags::TRUNCATE) || flags.has(OpenFlags::EXCLUSIVE);
        // Clients that go on with a file take it to be there and do not ask for it to be made.
        let goes_on = !is_anew && root.look_at_partial(visitor, path).is_ok();
        let writing = Writing {
            start: if is_anew { UploadStart::Empty } else { UploadStart::Standing },
            may_replace: may_replace && !flags.has(OpenFlags::EXCLUSIVE),
            may_create: may_bring && (flags.has(OpenFlags::CREATE) || goes_on),
            appends: flags.has(OpenFlags::APPEND),
        };
        let upload = root.upload(visitor, path, writing).map_err(|error| match error {
            VisitError::Taken if !flags.has(OpenFlags::EXCLUSIVE) => {
                self.refuse(path, Right::Replace, folder, Asking::ToBring)
            }
            VisitError::Missing if !may_bring && flags.has(OpenFlags::CREATE) => {
                self.refuse(path, Right::Create, folder, Asking::ToBring)
            }
            error => error.into(),
        })?;
        let may_read = flags.has(OpenFlags::READ) && self.is_allowed(Operation::Fetch(folder));
        Ok(Open::Bring(Box::new(Bring { path: path.clone(), upload, may_read })))
    }

    /// Puts bytes of a file at the end of `out`; none at its end.
    pub(super) fn read(
        &mut self,
        handle: &[u8],
        offset: u64,
        n_bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, Refusal> {
        match self.handles.get_mut(handle)? {
            Open::Fetch(fetch) => {
                let n_read = fetch.file.read_at(offset, n_bytes, out)?;
                fetch.n_bytes_sent = fetch.n_bytes_sent.saturating_add(n_read as u64);
                fetch.sent.add(offset, n_read as u64);
                Ok(n_read)
            }
            Open::Bring(bring) if bring.may_read => Ok(bring.upload.read_at(offset, n_bytes, out)?),
            Open::Bring(_) => Err(Refusal::DENIED),
            Open::Folder { .. } => Err(Refusal::HANDLE),
        }
    }

    pub(super) fn write(&mut self, handle: &[u8], offset: u64, data: &[u8]) -> Result<(), Refusal> {
        match self.handles.get_mut(handle)? {
            Open::Bring(bring) => Ok(bring.upload.write_at(offset, data)?),
            Open::Fetch(_) => Err(Refusal::DENIED),
            Open::Folder { .. } => Err(Refusal::HANDLE),
        }
    }

    pub(super) fn sync(&self, handle: &[u8]) -> Result<(), Refusal> {
        match self.handles.get(handle)? {
            Open::Bring(bring) => Ok(bring.upload.sync()?),
            Open::Fetch(_) => Ok(()),
            Open::Folder { .. } => Err(Refusal::HANDLE),
        }
    }

    pub(super) fn close(&mut self, handle: &[u8]) -> Result<(), Refusal> {
        match self.handles.take(handle)? {
            Open::Folder { .. } => Ok(()),
            Open::Fetch(fetch) => {
                self.note_fetch(&fetch);
                Ok(())
            }
            Open::Bring(bring) => {
                let Bring { path, upload, .. } = *bring;
                // The right may have been taken back, or its folder may have got rules of its own, while it was written.
                self.ask_to_keep(&path)?;
                let stored = upload.finish().map_err(|error| match error {
                    VisitError::Taken => Refusal::new(StatusCode::Failure, "the name was taken meanwhile"),
                    error => error.into(),
                })?;
                let deed =
                    Deed::Stored { path: &path, n_bytes: stored.n_bytes, has_replaced: stored.has_replaced };
                self.premises.note(&self.visitor, &deed);
                Ok(())
            }
        }
    }

    fn ask_to_keep(&self, path: &VisitPath) -> Result<(), Refusal> {
        let folder = ruled_parent(path);
        if self.is_allowed(Operation::Replace(folder.as_ref())) {
            return Ok(());
        }
        self.ask(path, Operation::Bring(folder.as_ref()), Asking::ToBring)
    }

    fn note_fetch(&self, fetch: &Fetch) {
        let deed = Deed::Fetched {
            path: &fetch.path,
            n_bytes: fetch.n_bytes,
            n_bytes_from_start: fetch.sent.n_bytes(),
            n_bytes_sent: fetch.n_bytes_sent,
        };
        self.premises.note(&self.visitor, &deed);
    }
}

/// The session ends: what was open is told, what was being brought is given up.
impl Drop for Session {
    fn drop(&mut self) {
        while let Some(open) = self.handles.take_any() {
            match open {
                Open::Fetch(fetch) => self.note_fetch(&fetch),
                Open::Bring(bring) => {
                    let Bring { path, upload, .. } = *bring;
                    let n_bytes = upload.look().map_or(0, |look| look.n_bytes);
                    drop(upload);
                    self.premises.note(&self.visitor, &Deed::BrokenOff { path: &path, n_bytes });
                }
                Open::Folder { .. } => {}
            }
        }
    }
}
