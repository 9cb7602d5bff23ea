//! The ports of fetching: a way from a partner's server, and the memory of what came by it.

use std::collections::BTreeMap;

use crate::delivery::DeliveryError;
use crate::file_name::{FileName, FolderPath};
use crate::ids::{DestinationId, Digest};
use crate::moment::Moment;
use crate::port::{DeliveryWatch, StoreError};
use crate::pull::{PullFolder, PullLine, PullLook, PulledFile, Remembered};

/// A way from one partner's server. Whatever stands behind it fetches whole sets only, data first and the notice last,
/// shows no file under its final name before it is whole and durable, and never fetches what is remembered and unchanged.
pub trait PullWay: Send + Sync {
    /// Looks into the folders, in order, and fetches what is new. May be cut off anywhere and asked again.
    fn pull(&self, folders: &[PullFolder], memory: &dyn PullMemory, watch: &dyn DeliveryWatch) -> PullLook;

    /// Tries the way there without fetching anything, and says in a few words what was met.
    fn probe(&self, folders: &[PullFolder]) -> Result<String, DeliveryError>;
}

/// What was fetched from one server, by folder at the server and name.
pub trait PullMemory: Sync {
    /// What is remembered of these names; what is not is left out.
    fn recall(&self, folder: &str, names: &[FileName]) -> Result<BTreeMap<FileName, Remembered>, StoreError>;

    /// The files of a set, the notice among them.
    fn set_of(&self, folder: &str, notice: &FileName) -> Result<Vec<Remembered>, StoreError>;

    /// Remembers the files of a set, the notice among them, all or none, over what was remembered of their names.
    /// Durable when it returns.
    fn remember(
        &self,
        folder: &str,
        notice: &FileName,
        files: &[PulledFile],
        is_here: bool,
    ) -> Result<(), StoreError>;

    /// Whether a person asks.
    fn is_by_hand(&self) -> bool;

    /// What these files were when they came last, where they were not what their notice said; nothing is remembered
    /// of it where a person asks. What stands there unchanged would come the same, and is not fetched again.
    fn came_wrong(
        &self,
        folder: &str,
        names: &[FileName],
    ) -> Result<BTreeMap<FileName, Remembered>, StoreError> {
        if self.is_by_hand() {
            return Ok(BTreeMap::new());
        }
        let mut found = self.recall(folder, names)?;
        // Of a set that was only about to be here the digest is the notice's, which tells it from what came wrong.
        found.retain(|_, one| !one.is_here);
        Ok(found)
    }

    /// Whether somebody who takes from this folder here has on record what became of a set whose notice had these
    /// bytes. One that only waits there is none.
    fn was_judged(&self, to: &FolderPath, notice_sha256: &Digest) -> Result<bool, StoreError>;
}

/// Reading what is on record of sources.
pub trait PullReading {
    /// How a source stands; `None` before its first look.
    fn pull_line(&self, source: &DestinationId) -> Result<Option<PullLine>, StoreError>;

    /// What is remembered of a file; see [`PullMemory::recall`].
    fn pulled_file(
        &self,
        source: &DestinationId,
        folder: &str,
        name: &FileName,
    ) -> Result<Option<Remembered>, StoreError>;

    /// See [`PullMemory::set_of`].
    fn pulled_set(
        &self,
        source: &DestinationId,
        folder: &str,
        notice: &FileName,
    ) -> Result<Vec<Remembered>, StoreError>;
}

/// Where a set stood at a source's.
#[derive(Debug, Clone, Copy)]
pub struct PulledPlace<'p> {
    /// The source.
    pub source: &'p DestinationId,
    /// The folder at the server.
    pub folder: &'p str,
    /// The set's notice.
    pub notice: &'p FileName,
}

/// Writing what is on record of sources.
pub trait PullWriting: PullReading {
    /// Writes how a source stands, over what was there.
    fn put_pull_line(&mut self, line: &PullLine) -> Result<(), StoreError>;

    /// See [`PullMemory::remember`].
    fn put_pulled(
        &mut self,
        place: PulledPlace<'_>,
        files: &[PulledFile],
        is_here: bool,
        at: Moment,
    ) -> Result<(), StoreError>;

    /// Forgets that a set came, in whatever folders of the source's it stood, so that it comes again if it is still
    /// there; how many files it had, 0 where none is remembered.
    fn forget_pulled(&mut self, source: &DestinationId, notice: &FileName) -> Result<u64, StoreError>;
}
