//! Listing a folder: the notices that are new, in the order of their names.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use renkei_core::FileName;
use renkei_core::delivery::DeliveryError;
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::pull::AfterPull;

use super::{Candidate, FolderPull, lock};
use crate::client::remote::{Attributes, EntryKind, Remote};

/// New notices that are held of one listing; the folder is listed again for those beyond.
const MOST_NOTICES: usize = 4096;
/// So often a folder is listed in one look: a server may show other names each time.
const MOST_LISTINGS: u64 = 100;
/// Names that are looked up in the memory at a time.
const BATCH: usize = 512;
/// A folder with more entries than this has no end.
const MOST_ENTRIES: u64 = 2_000_000;

impl FolderPull<'_> {
    /// Lists the folder: the notices in it that are not remembered as they are, from where the last listing was left.
    pub(in crate::client) async fn list<R: Remote>(&self, remote: &R) -> Result<(), DeliveryError> {
        self.has_more.store(false, Ordering::Relaxed);
        if self.n_listings.fetch_add(1, Ordering::Relaxed) >= MOST_LISTINGS {
            return Err(self.endless());
        }
        let after = lock(&self.after).clone();
        let mut batch: Vec<(FileName, Attributes)> = Vec::new();
        let mut new: BTreeMap<FileName, Candidate> = BTreeMap::new();
        let mut n_entries = 0_u64;
        let mut each = |name: &[u8], found: Attributes| {
            self.under.may_go_on()?;
            n_entries += 1;
            if n_entries > MOST_ENTRIES {
                return Err(self.endless());
            }
            let plain = std::str::from_utf8(name).ok().and_then(|name| name.parse::<FileName>().ok());
            let notice = plain.filter(|name| {
                name.as_str().ends_with(NOTICE_ENDING) && after.as_ref().is_none_or(|after| name > after)
            });
            if let Some(name) = notice.filter(|_| found.kind != Some(EntryKind::Other)) {
                batch.push((name, found));
            }
            if batch.len() >= BATCH { self.sift(&mut batch, &mut new) } else { Ok(()) }
        };
        let is_there = remote.list(&self.folder.from, &mut each).await?;
        if !is_there && !self.folder.may_be_missing {
            let detail = "there is no such folder".to_owned();
            return Err(DeliveryError::Refused { name: self.folder.from.clone(), detail });
        }
        self.sift(&mut batch, &mut new)?;
        if let Some((last, _)) = new.last_key_value() {
            *lock(&self.after) = Some(last.clone());
        }
        *lock(&self.waiting) = new.into_values().collect();
        Ok(())
    }

    fn endless(&self) -> DeliveryError {
        let detail = "the folder has no end".to_owned();
        DeliveryError::Refused { name: self.folder.from.clone(), detail }
    }

    /// Takes out of a batch what is new, the first by name, and no more than one look takes.
    fn sift(
        &self,
        batch: &mut Vec<(FileName, Attributes)>,
        new: &mut BTreeMap<FileName, Candidate>,
    ) -> Result<(), DeliveryError> {
        let names: Vec<FileName> = batch.iter().map(|(name, _)| name.clone()).collect();
        let known = self.memory.recall(&self.folder.from, &names).map_err(DeliveryError::Memory)?;
        for (name, found) in batch.drain(..) {
            // A listing may give a name twice.
            let remembered = known.get(&name).cloned();
            let is_done = remembered.as_ref().is_some_and(|one| {
                let n_bytes = found.n_bytes.unwrap_or(u64::MAX);
                one.is_here
                    && self.folder.after == AfterPull::Leave
                    && one.is_unchanged(n_bytes, found.changed_at)
            });
            if is_done {
                continue;
            }
            new.insert(name.clone(), Candidate { name, found, remembered });
            if new.len() > MOST_NOTICES {
                new.pop_last();
                self.has_more.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}
