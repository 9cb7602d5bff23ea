//! Reading notices: which sets are whole at the server, and which have come already.

use std::sync::atomic::Ordering;

use renkei_core::delivery::DeliveryError;
use renkei_core::hash::sha256;
use renkei_core::notice::{MAX_BYTES, Notice, NoticeError};
use renkei_core::port::{Content, Standing};
use renkei_core::pull::{PulledFile, Remembered, UnfinishedSet};
use renkei_core::{Digest, FileName};

use super::set::{NoticedFile, NoticedSet, contents};
use super::{Candidate, FolderPull, lock};
use crate::client::remote::{Attributes, EntryKind, Remote};

/// Bytes of notices held at a time.
const MOST_HELD_BYTES: usize = 32 << 20;

impl FolderPull<'_> {
    /// Reads notices until there is none left, or enough is held; several may do so side by side.
    pub(in crate::client) async fn read_notices<R: Remote>(&self, remote: &R) -> Result<(), DeliveryError> {
        while !self.has_failed.load(Ordering::Relaxed) {
            if self.n_held.load(Ordering::Relaxed) > MOST_HELD_BYTES as u64 {
                break;
            }
            let Some(candidate) = lock(&self.waiting).pop_front() else { break };
            let name = candidate.name.clone();
            let looked = self.look_at_one(remote, candidate).await;
            self.settle(&name, looked)?;
        }
        Ok(())
    }

    async fn look_at_one<R: Remote>(&self, remote: &R, candidate: Candidate) -> Result<(), DeliveryError> {
        self.under.may_go_on()?;
        let Candidate { name, found, remembered } = candidate;
        let n_bytes = found.n_bytes.unwrap_or(0);
        if let Some(one) = remembered.as_ref().filter(|one| one.is_unchanged(n_bytes, found.changed_at)) {
            return self.go_on_with(remote, one).await;
        }
        let path = self.path_of(&name);
        // What a listing calls a file may be none by now; a link is never gone after.
        let Some(before) = remote.look_at(&path).await? else { return Ok(()) };
        if before.kind == Some(EntryKind::Other) {
            return Err(DeliveryError::NoPlainFile { name: name.to_string() });
        }
        let bytes = self.read_notice(remote, &path, &name).await?;
        let digest = Digest(sha256(&bytes));
        let unreadable = |source| DeliveryError::NoticeUnreadable { name: name.to_string(), source };
        let notice = Notice::parse(&bytes).map_err(unreadable)?;
        let exceeded = self.folder.most.exceeded(&notice);
        if !exceeded.is_empty() {
            return Err(DeliveryError::TooLarge { name: name.to_string(), detail: exceeded.join("; ") });
        }
        if let Some(one) = remembered.filter(|one| one.file.sha256 == digest) {
            // Touched only, or cut off on the way: what is here is what stands there.
            if one.is_here || self.has_come(&name, &bytes, &notice)? {
                let n_bytes = bytes.len() as u64;
                let sha256 = digest;
                let file = PulledFile { name: name.clone(), n_bytes, changed_at: before.changed_at, sha256 };
                self.remember(&name, &[file], true)?;
                return self.clear_away(remote, &name).await;
            }
        }
        let Some(files) = self.look_at_files(remote, &name, &notice).await? else { return Ok(()) };
        let set = NoticedSet {
            name,
            notice,
            changed_at: before.changed_at,
            n_left: files.len(),
            n_next: 0,
            files,
            bytes,
        };
        self.n_held.fetch_add(set.bytes.len() as u64, Ordering::Relaxed);
        self.make_way(&set)?;
        lock(&self.sets).push(set);
        Ok(())
    }

    async fn read_notice<R: Remote>(
        &self,
        remote: &R,
        path: &str,
        name: &FileName,
    ) -> Result<Vec<u8>, DeliveryError> {
        let mut bytes = Vec::new();
        let mut into = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        remote.fetch(path, 0, MAX_BYTES as u64 + 1, self.under, &mut into).await?;
        if bytes.len() > MAX_BYTES {
            let (name, source) = (name.to_string(), NoticeError::TooLong);
            return Err(DeliveryError::NoticeUnreadable { name, source });
        }
        Ok(bytes)
    }

    /// The files that a notice names, where all are there in their full length.
    async fn look_at_files<R: Remote>(
        &self,
        remote: &R,
        name: &FileName,
        notice: &Notice,
    ) -> Result<Option<Vec<NoticedFile>>, DeliveryError> {
        let names: Vec<FileName> = contents(notice).map(|(file, _)| file.clone()).collect();
        let wrong = self.memory.came_wrong(&self.folder.from, &names).map_err(DeliveryError::Memory)?;
        let (mut files, mut n_lacking) = (Vec::new(), 0);
        for (file, content) in contents(notice) {
            self.under.may_go_on()?;
            match remote.look_at(&self.path_of(file)).await? {
                Some(found) if found.kind == Some(EntryKind::Other) => {
                    return Err(DeliveryError::NoPlainFile { name: file.to_string() });
                }
                Some(found) if found.n_bytes == Some(content.n_bytes) => {
                    let came = wrong.get(file).filter(|one| {
                        one.file.sha256 != content.sha256
                            && one.is_unchanged(content.n_bytes, found.changed_at)
                    });
                    if let Some(came) = came {
                        let found = came.file.sha256;
                        return Err(DeliveryError::NotAsNoticed { name: file.to_string(), found });
                    }
                    files.push(NoticedFile { name: file.clone(), content, changed_at: found.changed_at });
                }
                _ => n_lacking += 1,
            }
        }
        if n_lacking == 0 {
            return Ok(Some(files));
        }
        let (from, notice) = (self.folder.from.clone(), name.clone());
        lock(&self.look).unfinished.push(UnfinishedSet { from, notice, n_lacking });
        Ok(None)
    }

    /// Whether a set whose notice was about to get its name has come: its notice is here, or it was judged since and
    /// its files brought away. That they are gone tells nothing by itself: a person may have made room.
    fn has_come(&self, name: &FileName, bytes: &[u8], notice: &Notice) -> Result<bool, DeliveryError> {
        let content = Content { n_bytes: bytes.len() as u64, sha256: Digest(sha256(bytes)) };
        if self.standing(name, &content)? == Standing::Same {
            return Ok(true);
        }
        for (file, content) in contents(notice) {
            if self.standing(file, &content)? == Standing::Same {
                return Ok(false);
            }
        }
        let to = &self.folder.to;
        self.memory.was_judged(to, &Digest(sha256(bytes))).map_err(DeliveryError::Memory)
    }

    /// Sees to it that no notice here tells of other files than those that are about to come under their names.
    fn make_way(&self, set: &NoticedSet) -> Result<(), DeliveryError> {
        match self.standing(&set.name, &set.content())? {
            Standing::Other if self.folder.replaces => {
                self.into.remove(&set.name).map_err(DeliveryError::Landing)
            }
            Standing::Other => Err(DeliveryError::TakenHere { name: set.name.to_string() }),
            Standing::Same | Standing::Missing => Ok(()),
        }
    }

    /// What is still to be done with a notice that is remembered as it stands there.
    async fn go_on_with<R: Remote>(&self, remote: &R, one: &Remembered) -> Result<(), DeliveryError> {
        let name = &one.file.name;
        if one.is_here {
            return self.clear_away(remote, name).await;
        }
        // The process ended while it was given its name; its bytes are needed if that was before.
        let forgotten = Remembered { at: renkei_core::Moment::from_unix(0).unwrap_or(one.at), ..one.clone() };
        let found = Attributes { n_bytes: Some(one.file.n_bytes), kind: None, changed_at: None };
        Box::pin(
            self.look_at_one(remote, Candidate { name: name.clone(), found, remembered: Some(forgotten) }),
        )
        .await
    }
}
