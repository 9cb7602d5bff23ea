//! How sets are fetched from a server: notices are looked for, then the files of those that are whole there, and the
//! notice last.
//!
//! Names, lengths and kinds in a listing are a stranger's word: nothing is kept of an entry but a plain notice name
//! that is new, so that a folder of any length takes no more memory than one look may fetch.

mod clear;
mod files;
mod listing;
mod notices;
mod set;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use renkei_core::FileName;
use renkei_core::delivery::DeliveryError;
use renkei_core::port::{Content, PullMemory, Standing};
use renkei_core::pull::{FailedSet, PullFolder, PullLook, PulledFile, Remembered};
use renkei_folder::LandingFolder;

use self::set::NoticedSet;
use super::outgoing::Under;
use super::remote::Attributes;

/// A look at one folder.
pub(super) struct FolderPull<'p> {
    folder: &'p PullFolder,
    into: LandingFolder,
    memory: &'p dyn PullMemory,
    under: &'p Under<'p>,
    waiting: Mutex<VecDeque<Candidate>>,
    sets: Mutex<Vec<NoticedSet>>,
    /// The files that are being fetched.
    under_way: Mutex<BTreeSet<FileName>>,
    n_held: AtomicU64,
    /// The last notice that was looked at, where the listing had more than are held.
    after: Mutex<Option<FileName>>,
    has_more: AtomicBool,
    n_listings: AtomicU64,
    has_failed: AtomicBool,
    look: Mutex<PullLook>,
}

/// A notice that is new, or of which something is still to be done.
#[derive(Debug, Clone)]
struct Candidate {
    name: FileName,
    found: Attributes,
    remembered: Option<Remembered>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a fault is one set's alone, so that the others go on.
fn is_of_one_set(error: &DeliveryError) -> bool {
    matches!(
        error,
        DeliveryError::NoticeUnreadable { .. }
            | DeliveryError::TooLarge { .. }
            | DeliveryError::NoPlainFile { .. }
            | DeliveryError::NotAsNoticed { .. }
            | DeliveryError::TakenHere { .. }
            | DeliveryError::Refused { .. }
    )
}

impl<'p> FolderPull<'p> {
    pub(super) fn new(
        folder: &'p PullFolder,
        into: LandingFolder,
        memory: &'p dyn PullMemory,
        under: &'p Under<'p>,
    ) -> Self {
        Self {
            folder,
            into,
            memory,
            under,
            waiting: Mutex::default(),
            sets: Mutex::default(),
            under_way: Mutex::default(),
            n_held: AtomicU64::new(0),
            after: Mutex::default(),
            has_more: AtomicBool::new(false),
            n_listings: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            look: Mutex::default(),
        }
    }

    /// What it came to.
    pub(super) fn into_look(self) -> PullLook {
        self.look.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many notices are to be read.
    pub(super) fn n_notices(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// How many files are to be fetched.
    pub(super) fn n_files(&self) -> usize {
        lock(&self.sets).iter().map(|set| set.files.len()).sum()
    }

    /// Lets go of the sets that were dealt with. False where notices of this listing are still to be read.
    pub(super) fn is_read(&self) -> bool {
        lock(&self.sets).clear();
        self.n_held.store(0, Ordering::Relaxed);
        lock(&self.waiting).is_empty()
    }

    /// Whether the folder is to be listed once more.
    pub(super) fn has_more(&self) -> bool {
        self.has_more.load(Ordering::Relaxed)
    }

    /// What is one set's affair is kept for the report; what is the connection's ends the look.
    fn settle(&self, notice: &FileName, done: Result<(), DeliveryError>) -> Result<(), DeliveryError> {
        match done {
            Ok(()) => Ok(()),
            Err(error) if is_of_one_set(&error) => {
                let (from, notice) = (self.folder.from.clone(), Some(notice.clone()));
                lock(&self.look).failed.push(FailedSet { from, notice, error });
                Ok(())
            }
            Err(error) => {
                self.has_failed.store(true, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    fn remember(&self, notice: &FileName, files: &[PulledFile], is_here: bool) -> Result<(), DeliveryError> {
        let remembered = self.memory.remember(&self.folder.from, notice, files, is_here);
        remembered.map_err(DeliveryError::Memory)
    }

    fn standing(&self, name: &FileName, content: &Content) -> Result<Standing, DeliveryError> {
        let wants_stop = || self.under.watch.wants_stop();
        let standing = self.into.standing(name, content, &wants_stop).map_err(DeliveryError::Landing)?;
        standing.ok_or(DeliveryError::Stopped)
    }

    fn path_of(&self, name: &FileName) -> String {
        PullFolder::path_in(&self.folder.from, name.as_str())
    }
}
