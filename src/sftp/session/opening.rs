//! Opening, reading, writing and closing files.

use std::sync::Arc;

use renkei_core::access::{Operation, Right};
use renkei_folder::visit::{Keeping, UploadStart, VisitError, VisitPath, Writing};

use super::asked::{Asking, ruled_parent};
use super::handles::{Bring, Extent, Fetch, Fetched, Open, Pen};
use super::premises::Deed;
use super::{Refusal, Session};
use crate::wire::{OpenFlags, StatusCode};

impl Session {
    pub(super) fn open(&mut self, path: &VisitPath, flags: OpenFlags) -> Result<u32, Refusal> {
        let room = self.handles.room(&self.share)?;
        let open = if flags.is_to_bring() {
            Open::Bring(self.open_to_bring(path, flags)?)
        } else {
            self.open_to_fetch(path)?
        };
        Ok(self.handles.put(open, room))
    }

    fn open_to_fetch(&mut self, path: &VisitPath) -> Result<Open, Refusal> {
        let folder = ruled_parent(path);
        let rules = self.rules();
        self.ask(path, Operation::Fetch(folder.as_ref()), Asking::AboutStanding)?;
        let file = match self.handles.bringing(path) {
            // Whoever writes a file reads what he has written.
            Some((_, bring)) => bring.upload.reader()?,
            None => self.premises.root().read(path).map_err(|error| self.told(path, error))?,
        };
        let n_bytes = file.look()?.n_bytes;
        Ok(Open::Fetch(Fetch { path: path.clone(), file, extent: Extent::of(n_bytes), rules }))
    }

    /// What is said of something that could not be done to a path; a folder that is not seen is not there.
    pub(super) fn told(&self, path: &VisitPath, error: VisitError) -> Refusal {
        if error == VisitError::IsFolder && !self.sees_folder(path) { Refusal::MISSING } else { error.into() }
    }

    fn open_to_bring(&mut self, path: &VisitPath, flags: OpenFlags) -> Result<Pen, Refusal> {
        let folder = ruled_parent(path);
        let folder = folder.as_ref();
        let may_bring = self.is_allowed(Operation::Bring(folder));
        let may_replace = self.is_allowed(Operation::Replace(folder));
        if !may_bring && !may_replace {
            return Err(self.refuse(path, Right::Create, folder, Asking::ToBring));
        }
        let may_read = flags.has(OpenFlags::READ) && self.is_allowed(Operation::Fetch(folder));
        let appends = flags.has(OpenFlags::APPEND);
        let is_anew = flags.has(OpenFlags::TRUNCATE) || flags.has(OpenFlags::EXCLUSIVE);
        if !is_anew && let Some((no, _)) = self.handles.bringing(path) {
            return Ok(self.handles.pen(no, may_read, appends));
        }
        let root = self.premises.root();
        let visitor = self.visitor.account.id.as_str();
        // Clients that go on with a file take it to be there and do not ask for it to be made.
        let goes_on = !is_anew && root.look_at_partial(visitor, path).is_ok();
        let writing = Writing {
            start: if is_anew { UploadStart::Empty } else { UploadStart::Standing },
            may_replace: may_replace && !flags.has(OpenFlags::EXCLUSIVE),
            may_create: may_bring && (flags.has(OpenFlags::CREATE) || goes_on),
        };
        let upload =
            root.upload_while(visitor, path, writing, &*self.is_wanted).map_err(|error| match error {
                VisitError::Taken if !flags.has(OpenFlags::EXCLUSIVE) => {
                    self.refuse(path, Right::Replace, folder, Asking::ToBring)
                }
                VisitError::Missing if !may_bring && flags.has(OpenFlags::CREATE) => {
                    self.refuse(path, Right::Create, folder, Asking::ToBring)
                }
                error => error.into(),
            })?;
        let no = self.handles.bring(Bring::new(path.clone(), upload));
        Ok(self.handles.pen(no, may_read, appends))
    }

    /// Puts bytes of a file at the end of `out`; none at its end.
    pub(super) fn read(
        &mut self,
        handle: &[u8],
        offset: u64,
        n_bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, Refusal> {
        self.ask_to_read_on(handle)?;
        match self.handles.get_mut(handle)? {
            Open::Fetch(fetch) => {
                let n_read = fetch.file.read_at(offset, n_bytes, out)?;
                fetch.extent.add(offset, n_read as u64);
                Ok(n_read)
            }
            Open::Bring(pen) if pen.may_read => {
                let pen = *pen;
                self.handles.read_by_pen(handle, pen, offset, n_bytes, out)
            }
            Open::Bring(_) => Err(Refusal::DENIED),
            Open::Folder { .. } => Err(Refusal::HANDLE),
        }
    }

    /// A grant taken back ends what it opened: where the rules are others than a moment ago, they are asked again.
    fn ask_to_read_on(&mut self, handle: &[u8]) -> Result<(), Refusal> {
        let rules = self.rules();
        match self.handles.get(handle)? {
            Open::Fetch(fetch) if !Arc::ptr_eq(&fetch.rules, &rules) => {}
            Open::Bring(pen) if pen.may_read => {}
            _ => return Ok(()),
        }
        let path = self.handles.path(handle)?.clone();
        let folder = ruled_parent(&path);
        self.ask(&path, Operation::Fetch(folder.as_ref()), Asking::AboutStanding)?;
        if let Open::Fetch(fetch) = self.handles.get_mut(handle)? {
            fetch.rules = rules;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, handle: &[u8], offset: u64, data: &[u8]) -> Result<(), Refusal> {
        match self.handles.get(handle)? {
            Open::Bring(pen) => {
                let pen = *pen;
                let upload = &mut self.handles.brought_by(pen)?.upload;
                Ok(if pen.appends { upload.append(data) } else { upload.write_at(offset, data) }?)
            }
            Open::Fetch(_) => Err(Refusal::DENIED),
            Open::Folder { .. } => Err(Refusal::HANDLE),
        }
    }

    pub(super) fn sync(&mut self, handle: &[u8]) -> Result<(), Refusal> {
        match self.handles.get(handle)? {
            Open::Bring(pen) => {
                let pen = *pen;
                Ok(self.handles.brought_by(pen)?.upload.sync()?)
            }
            Open::Fetch(_) => Ok(()),
            Open::Folder { .. } => Err(Refusal::HANDLE),
        }
    }

    pub(super) fn close(&mut self, handle: &[u8]) -> Result<(), Refusal> {
        let closed = self.handles.take(handle)?;
        self.to_be_sent.extend(closed.fetched);
        closed.brought.map_or(Ok(()), |bring| self.keep(bring))
    }

    /// All that was answered so far has been sent: what was fetched and closed is on record from then on, and not before,
    /// because a client may go between asking and reading.
    pub fn sent(&mut self) {
        for fetched in std::mem::take(&mut self.to_be_sent) {
            self.note_fetch(&fetched, true);
        }
    }

    /// Puts what was brought under its name. Rights may have been taken back, or its folder may have got rules of its
    /// own, while it was written: what may be done now is done.
    fn keep(&self, bring: Bring) -> Result<(), Refusal> {
        let Bring { path, upload, .. } = bring;
        let folder = ruled_parent(&path);
        let folder = folder.as_ref();
        let refused = |right| self.refuse(&path, right, folder, Asking::ToBring);
        let keeping = Keeping {
            may_replace: self.is_allowed(Operation::Replace(folder)),
            may_create: self.is_allowed(Operation::Bring(folder)),
        };
        if !keeping.may_replace && !keeping.may_create {
            return Err(refused(Right::Create));
        }
        let has_lost_replace = upload.may_replace() && !keeping.may_replace;
        let n_bytes = upload.look().map_or(0, |look| look.n_bytes);
        let stored = upload.finish(keeping).map_err(|error| match error {
            VisitError::Taken if has_lost_replace => refused(Right::Replace),
            VisitError::Taken => Refusal::new(StatusCode::Failure, "the name was taken meanwhile"),
            VisitError::Missing if !keeping.may_create => refused(Right::Create),
            error => {
                self.premises.note(&self.visitor, &Deed::BrokenOff { path: &path, n_bytes });
                error.into()
            }
        })?;
        self.share.brought(&path, stored.look);
        let deed = Deed::Stored { path: &path, n_bytes: stored.n_bytes, has_replaced: stored.has_replaced };
        self.premises.note(&self.visitor, &deed);
        Ok(())
    }

    fn note_fetch(&self, fetched: &Fetched, is_closed: bool) {
        let extent = &fetched.extent;
        let deed = Deed::Fetched {
            path: &fetched.path,
            n_bytes: extent.n_bytes,
            n_bytes_from_start: extent.read.n_bytes(),
            n_bytes_sent: extent.n_bytes_read,
            is_closed,
        };
        self.premises.note(&self.visitor, &deed);
    }
}

/// The session ends: what was open is told, what was being brought is given up.
impl Drop for Session {
    fn drop(&mut self) {
        // Whether the last bytes arrived is not known.
        for fetched in std::mem::take(&mut self.to_be_sent) {
            self.note_fetch(&fetched, false);
        }
        while let Some(closed) = self.handles.take_any() {
            if let Some(fetched) = closed.fetched {
                self.note_fetch(&fetched, false);
            }
            if let Some(Bring { path, upload, .. }) = closed.brought {
                let n_bytes = upload.look().map_or(0, |look| look.n_bytes);
                drop(upload);
                self.premises.note(&self.visitor, &Deed::BrokenOff { path: &path, n_bytes });
            }
        }
    }
}
