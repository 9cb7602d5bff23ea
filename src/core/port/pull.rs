//! The ports of fetching: a way from a partner's server, and the memory of what came by it.

use std::collections::BTreeMap;

use crate::delivery::DeliveryError;
use crate::file_name::FileName;
use crate::port::{DeliveryWatch, StoreError};
use crate::pull::{PullFolder, PullLook, PulledFile, Remembered};

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
}
