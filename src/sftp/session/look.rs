//! Looking: attributes, listings, paths, room on the volume. What the account may not see is left out.

use renkei_core::access::{Operation, Right, Sight};
use renkei_core::{FolderPath, Moment};
use renkei_folder::visit::{Look, Seen, SeenKind, VisitError, VisitPath};

use super::asked::{Asking, ruled_folder, ruled_parent};
use super::handles::Open;
use super::{Refusal, Session};
use crate::wire::{Attrs, Entry, FileKind, VolumeStat};

/// Lines in one reply; with names of the greatest length they fit a packet several times.
const MAX_LINES: usize = 100;
/// Age after which `ls -l` shows the year in place of the time of day.
const RECENT_DAYS: i64 = 180;

impl Session {
    pub(super) fn stat(&mut self, path: &VisitPath) -> Result<Attrs, Refusal> {
        let look = self.look(path)?;
        Ok(self.attrs(look, path))
    }

    pub(super) fn stat_handle(&self, handle: &[u8]) -> Result<Attrs, Refusal> {
        let path = self.handles.path(handle)?;
        let look = match self.handles.look(handle)? {
            Some(look) => look,
            None => self.premises.root().look(path)?,
        };
        Ok(self.attrs(look, path))
    }

    /// What the account sees under a path: a folder, a file, or what it is itself bringing there or could go on from.
    pub(super) fn look(&mut self, path: &VisitPath) -> Result<Look, Refusal> {
        // Whoever writes a file sees it as he has written it: programs on a mounted folder look while they write.
        if let Some((_, bring)) = self.handles.bringing(path) {
            return Ok(bring.upload.look()?);
        }
        let parent = ruled_parent(path);
        match self.premises.root().look(path) {
            Ok(look) if look.kind == SeenKind::Folder => {
                if self.sees_folder(path) {
                    Ok(look)
                } else {
                    Err(self.unseen(path, ruled_folder(path).as_ref()))
                }
            }
            Ok(look) => {
                self.ask(path, Operation::Look(parent.as_ref()), Asking::AboutStanding)?;
                Ok(look)
            }
            // Clients that go on with a broken-off upload ask under its final name how much has arrived. Only who
            // brought it sees it there; it is in no listing and cannot be fetched.
            Err(VisitError::Missing) if self.is_allowed(Operation::Bring(parent.as_ref())) => {
                Ok(self.premises.root().look_at_partial(self.visitor.account.id.as_str(), path)?)
            }
            // What the machine cannot do says nothing of what is there.
            Err(error @ VisitError::System(_)) => Err(error.into()),
            // Why it is not there is nothing to tell whoever would not see it if it were.
            Err(_) if !self.is_allowed(Operation::Look(parent.as_ref())) => Err(Refusal::MISSING),
            Err(error) => Err(error.into()),
        }
    }

    fn unseen(&self, path: &VisitPath, folder: Option<&FolderPath>) -> Refusal {
        self.refuse(path, Right::List, folder, Asking::AboutStanding)
    }

    pub(super) fn open_folder(&mut self, path: &VisitPath) -> Result<u32, Refusal> {
        let room = self.handles.room(&self.share)?;
        if !self.sees_folder(path) {
            return Err(self.unseen(path, ruled_folder(path).as_ref()));
        }
        let listing = self.premises.root().list(path)?;
        Ok(self.handles.put(Open::Folder { path: path.clone(), listing }, room))
    }

    /// The next lines of a listing; the refusal at its end is the end.
    pub(super) fn list(&mut self, handle: &[u8]) -> Result<Vec<Entry>, Refusal> {
        let mut lines = Vec::new();
        let path = self.handles.path(handle)?.clone();
        let is_listed = self.sight(&path) == Sight::Listed;
        while lines.len() < MAX_LINES {
            let Open::Folder { listing, .. } = self.handles.get_mut(handle)? else {
                return Err(Refusal::HANDLE);
            };
            let Some(seen) = listing.next() else { break };
            let seen = seen?;
            let inner = path.join(&seen.name);
            let is_shown = match seen.look.kind {
                SeenKind::File => is_listed,
                SeenKind::Folder => self.sees_folder(&inner),
            };
            if is_shown {
                lines.push(self.line(seen, &inner));
            }
        }
        if lines.is_empty() { Err(Refusal::EOF) } else { Ok(lines) }
    }

    fn line(&self, seen: Seen, path: &VisitPath) -> Entry {
        let attrs = self.attrs(seen.look, path);
        let long_name = long_name(&seen, &attrs, self.premises.now());
        Entry { name: seen.name, long_name, attrs }
    }

    /// Modes say what the account may do; whose file it is on this machine is nobody's to know.
    fn attrs(&self, look: Look, path: &VisitPath) -> Attrs {
        let kind = if look.kind == SeenKind::Folder { FileKind::Folder } else { FileKind::File };
        let folder = if look.kind == SeenKind::Folder { ruled_folder(path) } else { ruled_parent(path) };
        let folder = folder.as_ref();
        let bit = |operation, bit: u32| if self.is_allowed(operation) { bit } else { 0 };
        let bits = match look.kind {
            SeenKind::File => bit(Operation::Fetch(folder), 0o440) | bit(Operation::Replace(folder), 0o200),
            SeenKind::Folder => {
                let writes = bit(Operation::Bring(folder), 0o200) | bit(Operation::Remove(folder), 0o200);
                writes | 0o550
            }
        };
        let seconds = |time: i64| u32::try_from(time.max(0)).unwrap_or(u32::MAX);
        Attrs {
            n_bytes: Some(look.n_bytes),
            owner: Some((0, 0)),
            mode: Some(kind.mode_bits() | bits),
            times: Some((seconds(look.accessed), seconds(look.changed))),
        }
    }

    pub(super) fn volume(&self) -> Result<VolumeStat, Refusal> {
        let volume = self.premises.root().volume()?;
        let ([blocks, free, available], [files, files_free, files_available]) = (volume.blocks, volume.files);
        // The last but one are the volume's number and flags: neither is a visitor's to know.
        Ok(VolumeStat([
            volume.block_bytes,
            volume.block_bytes,
            blocks,
            free,
            available,
            files,
            files_free,
            files_available,
            0,
            0,
            volume.max_name_bytes,
        ]))
    }
}

/// The answer to `REALPATH`: the path as the account has it, whether something is there or not.
pub(super) fn real_path(path: &VisitPath) -> Entry {
    let name = path.to_bytes();
    Entry { long_name: name.clone(), name, attrs: Attrs::default() }
}

/// As `ls -l` shows it; some clients show this line and nothing else.
fn long_name(seen: &Seen, attrs: &Attrs, now: Moment) -> Vec<u8> {
    let mode = attrs.mode.unwrap_or(0);
    let mut text = String::from(if seen.look.kind == SeenKind::Folder { "d" } else { "-" });
    for shift in [6, 3, 0] {
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            text.push(if (mode >> shift) & bit == 0 { '-' } else { letter });
        }
    }
    let changed = Moment::from_unix(seen.look.changed);
    let is_recent = changed.is_some_and(|at| (0..RECENT_DAYS).contains(&now.since(at).num_days()));
    let format = if is_recent { "%b %e %H:%M" } else { "%b %e  %Y" };
    let when = changed.map_or_else(String::new, |at| at.local().format(format).to_string());
    let n_bytes = seen.look.n_bytes;
    let mut line = format!("{text}    1 renkei   renkei   {n_bytes:>12} {when} ").into_bytes();
    line.extend_from_slice(&seen.name);
    line
}
