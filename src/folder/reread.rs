//! Refused sets given back to their inbox, and how far a set is on its way out of it.

use std::ffi::OsStr;
use std::io::Read as _;

use renkei_core::port::{FolderError, IntakeShelf};
use renkei_core::{FileName, FolderPath, IntakeId};
use rustix::fs::{Dir, FileType};
use rustix::io::Errno;

use crate::confined::Confined;
use crate::errors::{fault, unwrap};
use crate::inbox::{CLAIM, INTAKE, each_notice_last, found, rename_new};
use crate::root::LocalFolders;

/// How many folders of files that came again a place has at most.
const MOST_AGAIN: u32 = 10_000;

impl LocalFolders {
    /// Makes a folder below the root where it is missing, and the way to it durable.
    pub fn make_folder(&self, folder: &FolderPath) -> Result<(), FolderError> {
        self.folder_or_make(folder).map(drop)
    }

    /// Reads a small file of a place of the quarantine, at most `most` bytes of it; `None` where there is none.
    pub fn read_refused(
        &self,
        place: &FileName,
        name: &FileName,
        most: u64,
    ) -> Result<Option<Vec<u8>>, FolderError> {
        let Some(place) = found(self.quarantine_folder()?.folder(place.as_str()))? else { return Ok(None) };
        let file = match place.file(name) {
            Err(FolderError::Missing { .. }) => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        let read = file.take(most).read_to_end(&mut bytes);
        read.map_err(|error| unwrap(&place.path_of(name.as_str()), "read", error))?;
        Ok(Some(bytes))
    }

    /// Gives the files of a refused set back to a folder, the last of the names, the notice, last. What is not in
    /// the place is well, so this can be repeated; [`FolderError::NameTaken`], before anything is moved, where one
    /// would stand over another in the folder.
    pub fn give_back(
        &self,
        place: &FileName,
        folder: &FolderPath,
        names: &[FileName],
    ) -> Result<(), FolderError> {
        let from = self.quarantine_folder()?.folder(place.as_str())?;
        let to = self.folder_or_make(folder)?;
        let is_there = |at: &Confined, name: &FileName| {
            let kind = at.kind_of(name.as_str());
            kind.map_err(|errno| fault(&at.path_of(name.as_str()), "read", errno))
        };
        for name in names {
            if is_there(&from, name)?.is_some() && is_there(&to, name)?.is_some() {
                return Err(FolderError::NameTaken { path: to.path_of(name.as_str()) });
            }
        }
        each_notice_last(names, &[&to, &from], |name| {
            match rename_new(&from, name.as_str(), &to, name.as_str()) {
                Ok(()) | Err(Errno::NOENT) => Ok(()),
                Err(Errno::XDEV) => Err(FolderError::OtherVolume { path: to.path_of(name.as_str()) }),
                Err(errno) => Err(fault(&to.path_of(name.as_str()), "moved", errno)),
            }
        })
    }

    /// True when [`renkei_core::port::Inbox::refuse_set`] was cut off: the place has one of the files more often than
    /// the notice, which goes last. A set that comes again has its own notice there from before.
    pub fn is_half_refused(&self, place: &FileName, names: &[FileName]) -> Result<bool, FolderError> {
        match found(self.quarantine_folder()?.folder(place.as_str()))? {
            Some(place) => is_half(&place, names),
            None => Ok(false),
        }
    }

    /// The same of [`renkei_core::port::Inbox::take_away`].
    pub fn is_half_taken(&self, set: &IntakeShelf<'_>, names: &[FileName]) -> Result<bool, FolderError> {
        let mut at = self.archive_folder()?;
        for part in [INTAKE, set.intake.as_str(), &format!("{}-{}", set.feed, set.sequence)] {
            match found(at.folder(part))? {
                Some(next) => at = next,
                None => return Ok(false),
            }
        }
        is_half(&at, names)
    }

    /// The files of a folder that were claimed to be copied to another volume, under the names they had. What stands
    /// there while nothing is being brought away was cut off.
    pub fn claimed(&self, folder: &FolderPath) -> Result<Vec<FileName>, FolderError> {
        let Some(from) = found(self.folder(folder))? else { return Ok(Vec::new()) };
        let failed = |errno| fault(from.shown(), "read", errno);
        let mut names = Vec::new();
        for entry in Dir::new(from.readable().map_err(failed)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_str().ok().and_then(|text| text.strip_prefix(CLAIM));
            names.extend(name.and_then(|name| name.parse::<FileName>().ok()));
        }
        Ok(names)
    }

    /// Removes every set of an intake from the archive: of one whose files must not be kept. None there is well.
    pub fn forget_taken(&self, intake: &IntakeId) -> Result<(), FolderError> {
        let archive = self.archive_folder()?;
        let Some(shelves) = found(archive.folder(INTAKE))? else { return Ok(()) };
        shelves.remove_all(OsStr::new(intake.as_str()))?;
        shelves.sync()
    }
}

fn is_half(place: &Confined, names: &[FileName]) -> Result<bool, FolderError> {
    let Some((notice, others)) = names.split_last() else { return Ok(false) };
    let n_notices = copies(place, notice)?;
    for name in others {
        if copies(place, name)? > n_notices {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How often a place has a file, with what came again.
fn copies(place: &Confined, name: &FileName) -> Result<u32, FolderError> {
    let has = |at: &Confined| {
        let kind = at.kind_of(name.as_str());
        kind.map(|kind| u32::from(kind == Some(FileType::RegularFile)))
            .map_err(|errno| fault(&at.path_of(name.as_str()), "read", errno))
    };
    let mut n_copies = has(place)?;
    for number in 2..=MOST_AGAIN {
        match found(place.folder(&format!("again-{number}")))? {
            Some(again) => n_copies += has(&again)?,
            None => break,
        }
    }
    Ok(n_copies)
}

#[cfg(test)]
mod tests {
    use renkei_core::port::{Inbox as _, WhyRefused};

    use super::*;

    fn names(names: &[&str]) -> Vec<FileName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_refused_set_comes_back_whole_and_never_over_another() {
        let root = tempfile::tempdir().unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        let inbox: FolderPath = "023/inbox".parse().unwrap();
        folders.make_folder(&inbox).unwrap();
        let path = |name: &str| root.path().join("023/inbox").join(name);
        let (place, set) = ("intake-x".parse().unwrap(), names(&["a.csv", "a.done"]));
        let why = WhyRefused { json: "{}", text: "because" };
        for name in ["a.csv", "a.done"] {
            std::fs::write(path(name), name).unwrap();
        }
        folders.refuse_set(&inbox, &set, &place, &why).unwrap();
        assert!(!path("a.csv").exists());
        assert_eq!(folders.read_refused(&place, &set[1], 3).unwrap().as_deref(), Some(&b"a.d"[..]));
        std::fs::write(path("a.done"), "another").unwrap();
        assert!(matches!(folders.give_back(&place, &inbox, &set), Err(FolderError::NameTaken { .. })));
        assert!(!path("a.csv").exists(), "nothing is moved where something is in the way");
        std::fs::remove_file(path("a.done")).unwrap();
        for _ in 0..2 {
            folders.give_back(&place, &inbox, &set).unwrap();
            assert_eq!(std::fs::read_to_string(path("a.done")).unwrap(), "a.done");
            assert_eq!(std::fs::read_to_string(path("a.csv")).unwrap(), "a.csv");
        }
    }

    #[test]
    fn a_set_that_is_half_away_is_told_from_one_that_comes_again() {
        let root = tempfile::tempdir().unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        let inbox: FolderPath = "023/inbox".parse().unwrap();
        folders.make_folder(&inbox).unwrap();
        let put = |name: &str| std::fs::write(root.path().join("023/inbox").join(name), "x").unwrap();
        let (intake, feed) = ("kaigo".parse().unwrap(), "kaigo".parse().unwrap());
        let shelf = IntakeShelf { intake: &intake, feed: &feed, sequence: renkei_core::Sequence(7) };
        let (set, data) = (names(&["a.csv", "a.done"]), names(&["a.csv"]));
        assert!(!folders.is_half_taken(&shelf, &set).unwrap());
        for round in 0..2 {
            // The sender's second time begins with the notice.
            put("a.done");
            assert!(!folders.is_half_taken(&shelf, &set).unwrap(), "round {round}");
            put("a.csv");
            folders.take_away(&inbox, &data, &shelf).unwrap();
            assert!(folders.is_half_taken(&shelf, &set).unwrap(), "round {round}");
            folders.take_away(&inbox, &set, &shelf).unwrap();
            assert!(!folders.is_half_taken(&shelf, &set).unwrap(), "round {round}");
        }
    }
}
