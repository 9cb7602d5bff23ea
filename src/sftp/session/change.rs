//! Changing what is there: renaming, removing, folders, times and lengths.

use renkei_core::access::{Operation, Right};
use renkei_folder::visit::{Keeping, Look, Renaming, SeenKind, UploadStart, VisitError, VisitPath, Writing};

use super::asked::{Asking, ruled_folder, ruled_parent};
use super::handles::Open;
use super::premises::Deed;
use super::{Refusal, Session};
use crate::wire::Attrs;

impl Session {
    /// Both renames of the protocol: over a file that stands there only with the right to replace it.
    pub(super) fn rename(&mut self, from: &VisitPath, to: &VisitPath) -> Result<(), Refusal> {
        let (source, target) = (ruled_parent(from), ruled_parent(to));
        let look = self.look(from)?;
        let root = self.premises.root();
        // Of the same thing under the same name nothing is to be done; it must not count as its own replacement.
        if from == to {
            return Ok(());
        }
        let is_taken = !matches!(root.look(to), Err(VisitError::Missing | VisitError::NotFolder));
        // What is still being brought stands nowhere yet, or beside a file that stands there.
        let stands = root.look(from) != Err(VisitError::Missing);
        let is_own = look.kind == SeenKind::File && (!stands || self.share.is_own(from, look));
        let operation =
            |replaces| Operation::Rename { from: source.as_ref(), to: target.as_ref(), replaces, is_own };
        self.ask(from, operation(is_taken), Asking::ToBring)?;
        if look.kind == SeenKind::Folder {
            self.ask_to_rename_folder(from, to)?;
        }
        // What comes to stand there between must not be replaced without the right.
        let may_replace = look.kind == SeenKind::File && self.is_allowed(operation(true));
        let renaming = if may_replace { Renaming::Replaces } else { Renaming::KeepsTaken };
        let has_replaced = stands && self.premises.root().rename(from, to, renaming)?;
        if !self.rename_brought(from, to, renaming)? && !stands {
            return Err(Refusal::MISSING);
        }
        self.share.renamed(from, to);
        self.premises.note(&self.visitor, &Deed::Renamed { from, to, has_replaced });
        Ok(())
    }

    /// What is being brought under the name is to appear under the other; false where nothing is.
    fn rename_brought(
        &mut self,
        from: &VisitPath,
        to: &VisitPath,
        renaming: Renaming,
    ) -> Result<bool, Refusal> {
        let visitor = self.visitor.account.id.as_str();
        let Some((_, bring)) = self.handles.bringing(from) else { return Ok(false) };
        // Begun over a file that stands there, it is to take that file's place under its new name too.
        let renaming = if bring.upload.may_replace() { Renaming::Replaces } else { renaming };
        self.premises.root().rename_upload(&mut bring.upload, visitor, to, renaming)?;
        bring.path = to.clone();
        Ok(true)
    }

    /// Rules are about paths: a folder that rules name, or that would come under the name of one, stays.
    fn ask_to_rename_folder(&self, from: &VisitPath, to: &VisitPath) -> Result<(), Refusal> {
        let rules = self.rules();
        let source = ruled_parent(from);
        let is_named = |path: &VisitPath| {
            let Some(folder) = ruled_folder(path) else { return false };
            // A path that rules cannot name ends in a folder above it.
            folder.parts().count() == path.parts().len()
                && rules.folders().into_iter().any(|ruled| is_at_or_below(ruled.as_str(), folder.as_str()))
        };
        if is_named(from) || is_named(to) {
            return Err(self.refuse(from, Right::Delete, source.as_ref(), Asking::ToBring));
        }
        self.ask(from, Operation::RemoveFolder(source.as_ref()), Asking::ToBring)
    }

    pub(super) fn remove(&mut self, path: &VisitPath) -> Result<(), Refusal> {
        let folder = ruled_parent(path);
        let root = self.premises.root();
        // One's own upload, and what is left of one, is one's own to give up.
        if root.look(path) == Err(VisitError::Missing) && self.is_allowed(Operation::Bring(folder.as_ref())) {
            if self.give_up(path) {
                return Ok(());
            }
            return Ok(self.premises.root().remove_partial(self.visitor.account.id.as_str(), path)?);
        }
        self.ask(path, Operation::Remove(folder.as_ref()), Asking::AboutStanding)?;
        root.remove(path).map_err(|error| self.told(path, error))?;
        self.give_up(path);
        self.share.removed(path);
        self.premises.note(&self.visitor, &Deed::Removed { path });
        Ok(())
    }

    /// Gives up what is being brought under a name; false where nothing is.
    fn give_up(&mut self, path: &VisitPath) -> bool {
        let Some((_, bring)) = self.handles.bringing(path) else { return false };
        let n_bytes = bring.upload.look().map_or(0, |look| look.n_bytes);
        bring.upload.give_up();
        bring.is_given_up = true;
        self.premises.note(&self.visitor, &Deed::BrokenOff { path, n_bytes });
        true
    }

    pub(super) fn make_folder(&mut self, path: &VisitPath) -> Result<(), Refusal> {
        let folder = ruled_parent(path);
        // Clients that make a way make each folder of it: of one that is seen they are told that it is there.
        let stands = self.premises.root().look(path).is_ok_and(|look| look.kind == SeenKind::Folder);
        if stands && self.sees_folder(path) {
            return Err(VisitError::Taken.into());
        }
        self.ask(path, Operation::MakeFolder(folder.as_ref()), Asking::ToBring)?;
        self.premises.root().make_folder(path)?;
        self.premises.note(&self.visitor, &Deed::FolderMade { path });
        Ok(())
    }

    pub(super) fn remove_folder(&mut self, path: &VisitPath) -> Result<(), Refusal> {
        let folder = ruled_parent(path);
        if !self.sees_folder(path) {
            return Err(self.refuse(path, Right::Delete, ruled_folder(path).as_ref(), Asking::AboutStanding));
        }
        self.ask(path, Operation::RemoveFolder(folder.as_ref()), Asking::ToBring)?;
        self.premises.root().remove_folder(path)?;
        self.premises.note(&self.visitor, &Deed::FolderRemoved { path });
        Ok(())
    }

    /// Times are set and lengths cut where that is allowed; modes and owners are taken without effect, because
    /// clients send them with every file and end when they are refused.
    pub(super) fn set_attrs(&mut self, path: &VisitPath, attrs: Attrs) -> Result<(), Refusal> {
        if let Some((_, bring)) = self.handles.bringing(path) {
            return apply(&mut bring.upload, attrs);
        }
        let look = self.look(path)?;
        if let Some(n_bytes) = attrs.n_bytes {
            self.cut(path, look, n_bytes)?;
        }
        let Some((accessed, changed)) = attrs.times else { return Ok(()) };
        let folder = if look.kind == SeenKind::Folder { ruled_folder(path) } else { ruled_parent(path) };
        let root = self.premises.root();
        // Times of what others brought are theirs; what is left of an own upload stands nowhere yet.
        let is_own = look.kind == SeenKind::Folder
            || self.share.is_own(path, look)
            || root.look(path) == Err(VisitError::Missing);
        if !(is_own && self.is_allowed(Operation::Bring(folder.as_ref()))) {
            self.ask(path, Operation::Replace(folder.as_ref()), Asking::AboutStanding)?;
        }
        match root.set_times(path, accessed.into(), changed.into()) {
            Ok(_) => {
                if look.kind == SeenKind::File && self.share.is_own(path, look) {
                    self.share.brought(path, root.look(path)?);
                }
                Ok(())
            }
            // What is left of an upload gets its times when it is whole.
            Err(VisitError::Missing) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn set_attrs_of_handle(&mut self, handle: &[u8], attrs: Attrs) -> Result<(), Refusal> {
        if let Open::Bring(pen) = *self.handles.get(handle)? {
            return apply(&mut self.handles.brought_by(pen)?.upload, attrs);
        }
        let path = self.handles.path(handle)?.clone();
        self.set_attrs(&path, attrs)
    }

    /// Cuts or lengthens a published file: a new file of that length takes its place whole.
    fn cut(&mut self, path: &VisitPath, look: Look, n_bytes: u64) -> Result<(), Refusal> {
        if look.kind == SeenKind::Folder {
            return Err(VisitError::IsFolder.into());
        }
        let folder = ruled_parent(path);
        self.ask(path, Operation::Replace(folder.as_ref()), Asking::AboutStanding)?;
        let start = if n_bytes == 0 { UploadStart::Empty } else { UploadStart::Standing };
        let writing = Writing { start, may_replace: true, may_create: false };
        let mut upload = self.premises.root().upload_while(
            self.visitor.account.id.as_str(),
            path,
            writing,
            &*self.is_wanted,
        )?;
        upload.set_len(n_bytes)?;
        let stored = upload.finish(Keeping { may_replace: true, may_create: false })?;
        self.share.brought(path, stored.look);
        let deed = Deed::Stored { path, n_bytes: stored.n_bytes, has_replaced: stored.has_replaced };
        self.premises.note(&self.visitor, &deed);
        Ok(())
    }
}

fn apply(upload: &mut renkei_folder::visit::Upload, attrs: Attrs) -> Result<(), Refusal> {
    if let Some(n_bytes) = attrs.n_bytes {
        upload.set_len(n_bytes)?;
    }
    if let Some((accessed, changed)) = attrs.times {
        upload.set_times(accessed.into(), changed.into());
    }
    Ok(())
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
