//! What was fetched from a source, as the store keeps it.

use std::collections::BTreeMap;

use renkei_core::port::{PullMemory, PulledPlace, StoreError};
use renkei_core::pull::{PulledFile, Remembered};
use renkei_core::{DestinationId, Digest, FileName, FolderPath};

use super::look::Judged;
use crate::house::House;

/// The memory of one source.
pub(super) struct StoreMemory<'m> {
    pub(super) house: House<'m>,
    pub(super) source: &'m DestinationId,
    pub(super) was_judged: Judged<'m>,
    /// Whether a person asks.
    pub(super) is_by_hand: bool,
}

impl PullMemory for StoreMemory<'_> {
    fn recall(&self, folder: &str, names: &[FileName]) -> Result<BTreeMap<FileName, Remembered>, StoreError> {
        let snapshot = self.house.store.snapshot()?;
        let mut found = BTreeMap::new();
        for name in names {
            if let Some(one) = snapshot.pulled_file(self.source, folder, name)? {
                found.insert(name.clone(), one);
            }
        }
        Ok(found)
    }

    fn set_of(&self, folder: &str, notice: &FileName) -> Result<Vec<Remembered>, StoreError> {
        self.house.store.snapshot()?.pulled_set(self.source, folder, notice)
    }

    fn remember(
        &self,
        folder: &str,
        notice: &FileName,
        files: &[PulledFile],
        is_here: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.house.store.begin()?;
        let place = PulledPlace { source: self.source, folder, notice };
        tx.put_pulled(place, files, is_here, self.house.clock.now())?;
        tx.commit()
    }

    fn is_by_hand(&self) -> bool {
        self.is_by_hand
    }

    fn was_judged(&self, to: &FolderPath, notice_sha256: &Digest) -> Result<bool, StoreError> {
        (self.was_judged)(to, notice_sha256)
    }
}
