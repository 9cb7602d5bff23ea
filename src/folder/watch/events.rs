//! From the system's events to folders to look at: what comes in on the watching thread.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};

/// What the watching thread and the waiting one share.
#[derive(Debug)]
pub(super) struct Signals {
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
    /// The numbers of the folders by path.
    folders: HashMap<PathBuf, Vec<usize>>,
    /// The folders and every folder above one: where something appearing or going makes watches wrong.
    ways: HashSet<PathBuf>,
    n_folders: usize,
}

/// What was told and not yet taken.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Folders to look at.
    pub(super) soon: BTreeSet<usize>,
    pub(super) is_woken: bool,
    pub(super) trouble: Option<Trouble>,
}

/// Why watches have to be seen to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Folders on the way to watched ones appeared, or went and are in this list: a watch on what is there by that
    /// path now may be one on what was there before, even where both have the same number.
    Moved { gone: BTreeSet<PathBuf> },
    /// The watching itself failed, or events were dropped.
    Failed,
}

impl Trouble {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Moved { gone: mut one }, Self::Moved { gone: mut other }) => {
                one.append(&mut other);
                Self::Moved { gone: one }
            }
            _ => Self::Failed,
        }
    }
}

impl Signals {
    pub(super) fn new<'p>(paths: impl Iterator<Item = &'p Path>) -> Self {
        let mut folders: HashMap<PathBuf, Vec<usize>> = HashMap::new();
        let mut ways = HashSet::new();
        let mut n_folders = 0;
        for (number, path) in paths.enumerate() {
            folders.entry(path.to_owned()).or_default().push(number);
            ways.extend(path.ancestors().map(Path::to_owned));
            n_folders += 1;
        }
        Self { state: Mutex::default(), changed: Condvar::new(), folders, ways, n_folders }
    }

    /// One event, or the failure of watching.
    pub(super) fn take_in(&self, event: notify::Result<notify::Event>) {
        let Some(event) = event.ok().filter(|event| !event.need_rescan()) else {
            self.tell_all();
            return self.tell_trouble(Trouble::Failed);
        };
        // To look at a folder is to open what is in it: told of that, one would look for ever.
        if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) {
            return;
        }
        let goes = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        let comes = matches!(event.kind, EventKind::Create(_));
        let mut told: BTreeSet<usize> = BTreeSet::new();
        for path in &event.paths {
            let here = self.folders.get(path).into_iter().flatten();
            let above = path.parent().and_then(|parent| self.folders.get(parent)).into_iter().flatten();
            told.extend(here.chain(above));
            if (comes || goes) && self.ways.contains(path) {
                self.tell_trouble(Trouble::Moved { gone: goes.then(|| path.clone()).into_iter().collect() });
            }
        }
        self.tell(told);
    }

    /// These are to be looked at.
    pub(super) fn tell(&self, numbers: BTreeSet<usize>) {
        if !numbers.is_empty() {
            self.locked().soon.extend(numbers);
            self.changed.notify_all();
        }
    }

    pub(super) fn tell_all(&self) {
        self.tell((0..self.n_folders).collect());
    }

    pub(super) fn wake(&self) {
        self.locked().is_woken = true;
        self.changed.notify_all();
    }

    pub(super) fn take_trouble(&self) -> Option<Trouble> {
        self.locked().trouble.take()
    }

    fn tell_trouble(&self, trouble: Trouble) {
        let mut state = self.locked();
        state.trouble = Some(match state.trouble.take() {
            Some(before) => before.and(trouble),
            None => trouble,
        });
        drop(state);
        self.changed.notify_all();
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, Event, Flag, RemoveKind, RenameMode};

    use super::*;

    #[test]
    fn every_event_says_what_to_look_at_and_whether_watches_are_wrong() {
        let check = |event: notify::Result<Event>, soon: &[usize], trouble: Option<Trouble>| {
            let shown = format!("{event:?}");
            let signals = Signals::new(["/r/a", "/r/b/c", "/r/a"].iter().map(Path::new));
            signals.take_in(event);
            let found = std::mem::take(&mut *signals.locked());
            assert_eq!((found.soon, found.trouble), (soon.iter().copied().collect(), trouble), "{shown}");
        };
        let event = |kind: EventKind, path: &str| Ok(Event::new(kind).add_path(PathBuf::from(path)));
        let create = EventKind::Create(CreateKind::Any);
        let moved = |gone: &[&str]| Some(Trouble::Moved { gone: gone.iter().map(PathBuf::from).collect() });
        check(event(create, "/r/a/x.csv"), &[0, 2], None);
        check(event(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/r/b/c/x.csv"), &[1], None);
        check(event(EventKind::Modify(ModifyKind::Name(RenameMode::To)), "/r/b/c/x.csv"), &[1], None);
        let close = |mode| EventKind::Access(AccessKind::Close(mode));
        check(event(close(AccessMode::Write), "/r/a/x.csv"), &[0, 2], None);
        check(event(close(AccessMode::Read), "/r/a/x.csv"), &[], None);
        check(event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/r/a/x.csv"), &[], None);
        check(event(create, "/r/b"), &[], moved(&[]));
        check(event(create, "/r/b/c"), &[1], moved(&[]));
        check(event(EventKind::Remove(RemoveKind::Folder), "/r/a"), &[0, 2], moved(&["/r/a"]));
        check(event(EventKind::Modify(ModifyKind::Name(RenameMode::From)), "/r"), &[], moved(&["/r"]));
        check(event(create, "/r/other"), &[], None);
        check(Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan)), &[0, 1, 2], Some(Trouble::Failed));
        check(Err(notify::Error::generic("x")), &[0, 1, 2], Some(Trouble::Failed));
    }
}
