//! What is remembered of the entries of a folder: how long each stands, unchanged, and what its notice said.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::fault::Fault as _;
use crate::file_name::FileName;
use crate::ids::Digest;
use crate::moment::Moment;
use crate::notice::{Notice, NoticeError};
use crate::port::{FileStamp, FolderError, SeenFile, SeenKind, SeenName};
use crate::receive::pairing::Patience;

/// A file's time so far ahead of the clock is no difference between two clocks: one of them is wrong, and the
/// time says nothing.
const SENSELESS_AHEAD: TimeDelta = TimeDelta::days(1);

/// The entries of a folder by name.
#[derive(Debug, Default)]
pub(super) struct Memory {
    entries: BTreeMap<SeenName, Entry>,
}

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: SeenKind,
    pub(super) stamp: FileStamp,
    pub(super) reading: Reading,
    changed_at: Option<Moment>,
    /// The first of the looks since which something has had this name.
    first_seen: Moment,
    /// The first of the looks since which the stamp has been the same.
    first_same: Moment,
}

/// What reading a notice gave.
#[derive(Debug)]
pub(super) enum Reading {
    /// Not read: no notice, or not yet.
    None,
    Sound(Box<Notice>, Digest),
    Unsound(NoticeError, Digest),
    Unopened {
        code: &'static str,
        detail: String,
    },
    Deferred,
}

impl Reading {
    pub(super) fn unopened(error: &FolderError) -> Self {
        Self::Unopened { code: error.code(), detail: error.to_string() }
    }
}

impl Memory {
    /// Takes in a look; what is not in it is forgotten.
    pub(super) fn take_in(&mut self, seen: Vec<SeenFile>, now: Moment) {
        let mut before = std::mem::take(&mut self.entries);
        for file in seen {
            let entry = Entry::seen(&file, before.remove(&file.name), now);
            self.entries.insert(file.name, entry);
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&SeenName, &Entry)> {
        self.entries.iter()
    }

    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (&SeenName, &mut Entry)> {
        self.entries.iter_mut()
    }

    pub(super) fn entry(&self, name: &FileName) -> Option<&Entry> {
        self.entries.get(&SeenName::Plain(name.clone()))
    }

    /// The bytes of all notices held.
    pub(super) fn n_held(&self) -> u64 {
        let held = self.entries.values().filter(|entry| matches!(entry.reading, Reading::Sound(..)));
        held.fold(0, |sum, entry| sum.saturating_add(entry.stamp.n_bytes))
    }
}

impl Entry {
    fn seen(file: &SeenFile, before: Option<Self>, now: Moment) -> Self {
        let SeenFile { kind, stamp, changed_at, .. } = *file;
        let fresh =
            Self { kind, stamp, reading: Reading::None, changed_at, first_seen: now, first_same: now };
        let Some(before) = before else { return fresh };
        // A look cannot have been later than now: the clock was set back.
        let first_seen = before.first_seen.min(now);
        if (before.kind, before.stamp) == (kind, stamp) {
            let first_same = before.first_same.min(now);
            return Self { reading: before.reading, first_seen, first_same, ..fresh };
        }
        Self { first_seen, ..fresh }
    }

    /// Since when something stands under the name: the first look, or before it where its own time says so.
    pub(super) fn since(&self, now: Moment) -> Moment {
        self.time(now).map_or(self.first_seen, |time| time.min(self.first_seen))
    }

    /// Since when it stands as it is.
    pub(super) fn stands_since(&self, now: Moment) -> Moment {
        self.time(now).map_or(self.first_same, |time| time.min(self.first_same))
    }

    /// True when it has not been written to for a while. A process that looks only once has nothing but the
    /// file's own time, and where that is senseless it must not wait for ever.
    pub(super) fn is_settled(&self, now: Moment, patience: &Patience) -> bool {
        self.time(now).is_none() || now.since(self.stands_since(now)) >= patience.settle
    }

    /// Its own time as far as it makes sense: never after now.
    fn time(&self, now: Moment) -> Option<Moment> {
        self.changed_at.filter(|time| time.since(now) <= SENSELESS_AHEAD).map(|time| time.min(now))
    }
}
