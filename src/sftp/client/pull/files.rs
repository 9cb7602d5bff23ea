//! Fetching the files of sets that are whole at the server, and giving a set its notice when all of them are here.

use std::sync::atomic::Ordering;

use renkei_core::FileName;
use renkei_core::delivery::DeliveryError;
use renkei_core::notice::Notice;
use renkei_core::port::Standing;
use renkei_core::pull::{PulledFile, PulledSet};

use super::set::{NoticedFile, NoticedSet};
use super::{FolderPull, lock};
use crate::client::incoming::{Incoming, fetch_file};
use crate::client::remote::Remote;

impl FolderPull<'_> {
    /// Fetches files until there is none left, each set's notice when all its files are here; several may do so side
    /// by side.
    pub(in crate::client) async fn fetch_files<R: Remote>(&self, remote: &R) -> Result<(), DeliveryError> {
        while !self.has_failed.load(Ordering::Relaxed) {
            let Some((set_no, notice, file)) = self.next_file() else { break };
            let incoming = Incoming {
                name: &file.name,
                path: self.path_of(&file.name),
                content: file.content,
                changed_at: file.changed_at,
                replaces: self.folder.replaces,
            };
            let fetched = fetch_file(remote, &self.into, &incoming, self.under).await;
            lock(&self.under_way).remove(&file.name);
            let fetched = match fetched {
                Ok(n_bytes) => {
                    lock(&self.look).n_bytes += n_bytes;
                    self.under.watch.file_over(n_bytes == 0);
                    self.file_is_here(remote, set_no).await
                }
                Err(DeliveryError::NotAsNoticed { name, found }) => {
                    let came = PulledFile { sha256: found, ..file.pulled() };
                    self.remember(&notice, &[came], false)?;
                    Err(DeliveryError::NotAsNoticed { name, found })
                }
                Err(error) => Err(error),
            };
            self.settle(&notice, fetched)?;
        }
        Ok(())
    }

    /// A file that nobody is on. Two sets may name the same one, and it has one part: the second finds it here when the
    /// first has it, whose worker comes back for it.
    fn next_file(&self) -> Option<(usize, FileName, NoticedFile)> {
        let mut sets = lock(&self.sets);
        let mut under_way = lock(&self.under_way);
        let is_free =
            |set: &NoticedSet| set.files.get(set.n_next).is_some_and(|file| !under_way.contains(&file.name));
        let (set_no, set) = sets.iter_mut().enumerate().find(|(_, set)| is_free(set))?;
        let file = set.files.get(set.n_next)?.clone();
        set.n_next += 1;
        under_way.insert(file.name.clone());
        Some((set_no, set.name.clone(), file))
    }

    async fn file_is_here<R: Remote>(&self, remote: &R, set_no: usize) -> Result<(), DeliveryError> {
        let whole = {
            let mut sets = lock(&self.sets);
            let Some(set) = sets.get_mut(set_no) else { return Ok(()) };
            set.n_left -= 1;
            // The place stays, for others are known by theirs.
            (set.n_left == 0).then(|| {
                let emptied = NoticedSet {
                    name: set.name.clone(),
                    bytes: Vec::new(),
                    notice: set.notice.clone(),
                    files: Vec::new(),
                    changed_at: None,
                    n_left: 0,
                    n_next: 0,
                };
                std::mem::replace(set, emptied)
            })
        };
        let Some(set) = whole else { return Ok(()) };
        self.finish(&set)?;
        let Notice { feed, sequence, .. } = &set.notice;
        lock(&self.look).pulled.push(PulledSet {
            to: self.folder.to.clone(),
            notice: set.name.clone(),
            feed: feed.clone(),
            sequence: *sequence,
            n_files: set.files.len() as u64 + 1,
        });
        self.clear_away(remote, &set.name).await
    }

    /// Puts the notice to files that are all here.
    fn finish(&self, set: &NoticedSet) -> Result<(), DeliveryError> {
        self.into.sync().map_err(DeliveryError::Landing)?;
        self.under.watch.reached("pull.files-here");
        self.remember(&set.name, &set.pulled(), false)?;
        self.under.watch.reached("pull.remembered");
        if self.standing(&set.name, &set.content())? != Standing::Same {
            let mut part = self.into.part(&set.name, "notice").map_err(DeliveryError::Landing)?;
            part.begin_anew().map_err(DeliveryError::Landing)?;
            part.write(&set.bytes).map_err(DeliveryError::Landing)?;
            if !self.into.place(&part, &set.name).map_err(DeliveryError::Landing)? {
                return Err(DeliveryError::TakenHere { name: set.name.to_string() });
            }
        }
        self.into.sync().map_err(DeliveryError::Landing)?;
        self.under.watch.file_over(false);
        self.under.watch.reached("pull.notice-here");
        self.remember(&set.name, &set.pulled(), true)?;
        self.under.watch.reached("pull.here");
        Ok(())
    }
}
