//! Which paths are watched so that no folder's coming, going or changing is missed for long.
//!
//! A folder that is there is watched; of one that is not, the nearest folder above it that is, until it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::WatchedFolder;
use super::events::{Signals, Trouble};
use super::mode::{WatchMode, is_remote};

/// How often the way to folders is followed anew while others make and remove them; the next check goes on.
const MOST_ROUNDS: usize = 20;

/// What a path leads to: volume, number, and when it was made, as numbers are given again.
type Identity = (u64, u64, Option<SystemTime>);

/// A path to be watched.
struct Wanted {
    identity: Identity,
    /// The folders for whose sake.
    numbers: Vec<usize>,
}

/// The watches as they are.
#[derive(Debug)]
pub(super) struct Arming {
    folders: Vec<Armed>,
    signals: Arc<Signals>,
    /// `None` where the system gives none, and while none is needed.
    watcher: Option<RecommendedWatcher>,
    /// The watches there are, and what each was put on.
    watches: BTreeMap<PathBuf, Identity>,
    is_warned: bool,
    /// Whether no events are to be expected from the volume of a path.
    is_remote: fn(&Path) -> bool,
}

#[derive(Debug)]
struct Armed {
    folder: WatchedFolder,
    is_polled: bool,
    /// What was watched as this folder last; `None` while it is missing.
    identity: Option<Identity>,
}

impl Arming {
    pub(super) fn new(folders: Vec<WatchedFolder>, signals: Arc<Signals>) -> Self {
        Self::on_volumes(folders, signals, is_remote)
    }

    /// The same, told by `is_remote` which volumes give no events.
    fn on_volumes(folders: Vec<WatchedFolder>, signals: Arc<Signals>, is_remote: fn(&Path) -> bool) -> Self {
        let armed = |folder: WatchedFolder| {
            let is_polled = folder.mode == WatchMode::Poll;
            Armed { folder, is_polled, identity: None }
        };
        let folders = folders.into_iter().map(armed).collect();
        let watches = BTreeMap::new();
        let mut arming = Self { folders, signals, watcher: None, watches, is_warned: false, is_remote };
        arming.arm();
        arming
    }

    pub(super) fn polled(&self) -> BTreeSet<usize> {
        let polled = self.folders.iter().enumerate().filter(|(_, armed)| armed.is_polled);
        polled.map(|(number, _)| number).collect()
    }

    /// Finds watches that are on something else than what their path leads to now: of a folder above that was
    /// moved away no event tells.
    pub(super) fn check(&mut self) {
        let is_same = |(path, identity): (&PathBuf, &Identity)| identity_of(path) == Some(*identity);
        let is_there = |armed: &Armed| armed.is_polled || armed.identity == identity_of(&armed.folder.path);
        if !self.watches.iter().all(is_same) || !self.folders.iter().all(is_there) {
            self.arm();
        }
    }

    /// Sets right what trouble made wrong.
    pub(super) fn mend(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Failed => {
                self.watcher = None;
                self.watches.clear();
            }
            // What happened between is told by the event that said so.
            Trouble::Moved { gone } => {
                self.drop_watches(|path, _| gone.iter().any(|gone| path.starts_with(gone)));
            }
        }
        self.arm();
    }

    /// Watches what is to be watched now. As what is missing may appear between finding that out and watching
    /// above it, this goes on until nothing is new.
    fn arm(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let wanted = self.wanted();
            self.drop_watches(|path, at| wanted.get(path).is_none_or(|want| want.identity != *at));
            let new: Vec<(PathBuf, Wanted)> =
                wanted.into_iter().filter(|(path, _)| !self.watches.contains_key(path)).collect();
            if new.is_empty() {
                break;
            }
            for (path, want) in new {
                if let Err(error) = self.watch(&path, want.identity) {
                    self.poll_instead(&path, &want.numbers, &error);
                }
            }
        }
        self.tell_come_and_gone();
    }

    fn drop_watches(&mut self, is_wrong: impl Fn(&Path, &Identity) -> bool) {
        let wrong = self.watches.iter().filter(|(path, at)| is_wrong(path, at));
        for path in wrong.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            self.watches.remove(&path);
            // It may have gone by itself, with what it was on.
            let _ = self.watcher.as_mut().map(|watcher| watcher.unwatch(&path));
        }
    }

    /// The paths to watch. Folders of volumes without events are given up on the way.
    fn wanted(&mut self) -> BTreeMap<PathBuf, Wanted> {
        let mut wanted: BTreeMap<PathBuf, Wanted> = BTreeMap::new();
        let is_remote = self.is_remote;
        let watched = self.folders.iter_mut().enumerate().filter(|(_, armed)| !armed.is_polled);
        for (number, armed) in watched {
            let path = armed.folder.path.as_path();
            let nearest = path.ancestors().find_map(|above| Some((above, identity_of(above)?)));
            let Some((nearest, identity)) = nearest else { continue };
            if armed.folder.mode == WatchMode::Auto && nearest == path && is_remote(path) {
                armed.is_polled = true;
                continue;
            }
            let want = wanted.entry(nearest.to_owned()).or_insert(Wanted { identity, numbers: Vec::new() });
            want.numbers.push(number);
        }
        wanted
    }

    fn watch(&mut self, path: &Path, identity: Identity) -> notify::Result<()> {
        let signals = Arc::clone(&self.signals);
        let made = || notify::recommended_watcher(move |event| signals.take_in(event));
        let watcher = self.watcher.take().map_or_else(made, Ok)?;
        match self.watcher.insert(watcher).watch(path, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watches.insert(path.to_owned(), identity);
                Ok(())
            }
            // It went since; the next round finds what is there instead.
            Err(error) if is_gone(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn poll_instead(&mut self, path: &Path, numbers: &[usize], error: &notify::Error) {
        for number in numbers {
            if let Some(armed) = self.folders.get_mut(*number) {
                armed.is_polled = true;
            }
        }
        if !self.is_warned {
            self.is_warned = true;
            let cause = match error.kind {
                ErrorKind::MaxFilesWatch => {
                    "there are as many watches as the system allows (max_user_watches)".to_owned()
                }
                _ => error.to_string(),
            };
            tracing::warn!(path = %path.display(), cause, "a folder cannot be watched; it is polled, and so are others like it");
        }
    }

    /// Tells of each folder that is there since, or no more, or another one: what happened in it before it was
    /// watched was not seen.
    fn tell_come_and_gone(&mut self) {
        let mut told = BTreeSet::new();
        for (number, armed) in self.folders.iter_mut().enumerate() {
            let identity = self.watches.get(&armed.folder.path).copied();
            if identity != armed.identity {
                armed.identity = identity;
                told.insert(number);
            }
        }
        self.signals.tell(told);
    }
}

fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn identity_of(path: &Path) -> Option<Identity> {
    let found = std::fs::metadata(path).ok()?;
    found.is_dir().then(|| (found.dev(), found.ino(), found.created().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_remote_volume_what_is_left_open_is_polled_once_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (here, late) = (dir.path().join("here"), dir.path().join("late"));
        std::fs::create_dir(&here).unwrap();
        let folder = |path: &Path, mode| WatchedFolder { path: path.to_owned(), mode };
        let folders = vec![
            folder(&here, WatchMode::Auto),
            folder(&here, WatchMode::Inotify),
            folder(&late, WatchMode::Auto),
            folder(&here, WatchMode::Poll),
        ];
        let signals = || Arc::new(Signals::new(folders.iter().map(|folder| folder.path.as_path())));
        let local = Arming::on_volumes(folders.clone(), signals(), |_| false);
        assert_eq!(local.polled(), [3].into());
        let mut remote = Arming::on_volumes(folders.clone(), signals(), |_| true);
        assert_eq!(remote.polled(), [0, 3].into(), "what is not there yet is waited for above it");
        std::fs::create_dir(&late).unwrap();
        remote.arm();
        assert_eq!(remote.polled(), [0, 2, 3].into());
    }
}
