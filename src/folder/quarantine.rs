//! The quarantine: what stood where it should not, with its reason beside it; and putting the right thing in its
//! place.

use std::io::Write as _;

use renkei_core::port::FolderError;
use renkei_core::{FileName, FolderPath};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::confined::OWN_FOLDER;
use crate::errors::fault;
use crate::root::LocalFolders;

impl LocalFolders {
    /// See [`renkei_core::port::Folders::quarantine`]. A second name is given first, so that there is no moment at
    /// which the file is in neither place; what can have none (a folder, or a volume that knows none) is moved.
    pub(crate) fn set_aside(
        &self,
        folder: &FolderPath,
        name: &FileName,
        place: &FileName,
        reason: &str,
    ) -> Result<String, FolderError> {
        let from = self.folder(folder)?;
        let quarantine = self.quarantine_folder()?;
        let (to, is_made) = quarantine.folder_or_make(place.as_str(), OWN_FOLDER)?;
        if is_made {
            quarantine.sync()?;
        }
        let path = to.path_of(name.as_str());
        let text = name.as_str();
        match rustix::fs::linkat(from.fd(), text, to.fd(), text, AtFlags::empty()) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(Errno::NOENT) => return Err(FolderError::Missing { path: format!("{folder}/{name}") }),
            Err(_) => {
                rustix::fs::renameat(from.fd(), text, to.fd(), text)
                    .map_err(|errno| fault(&path, "moved", errno))?;
                from.sync()?;
            }
        }
        let reason_name = format!("{name}.reason.txt").parse::<FileName>();
        // A name at the limit has no room for the ending; the place's own name still tells the run.
        if let Ok(reason_name) = reason_name {
            let path = to.path_of(reason_name.as_str());
            match to.new_file(&reason_name) {
                Ok(mut file) => {
                    let written = file.write_all(reason.as_bytes()).and_then(|()| file.sync_data());
                    written.map_err(|error| fault(&path, "written", error))?;
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(fault(&path, "created", errno)),
            }
        }
        to.sync()?;
        Ok(path)
    }

    /// See [`renkei_core::port::Folders::replace`].
    pub(crate) fn replace_published(
        &self,
        stage: &FileName,
        name: &FileName,
        folder: &FolderPath,
    ) -> Result<(), FolderError> {
        let stage = self.stage(stage)?;
        let target = self.folder_or_make(folder)?;
        let path = target.path_of(name.as_str());
        match rustix::fs::renameat(stage.fd(), name.as_str(), target.fd(), name.as_str()) {
            Ok(()) => target.sync(),
            Err(Errno::XDEV) => Err(FolderError::OtherVolume { path }),
            Err(errno) => Err(fault(&path, "moved", errno)),
        }
    }
}

#[cfg(test)]
mod tests {
    use renkei_core::port::Folders as _;

    use super::*;

    #[test]
    fn what_is_set_aside_and_replaced_is_in_both_places_with_its_reason() {
        let root = tempfile::tempdir().unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        let path = |name: &str| root.path().join(name);
        let (folder, name): (FolderPath, FileName) = ("001/v1".parse().unwrap(), "x.csv".parse().unwrap());
        let (stage, place): (FileName, FileName) = ("run-1".parse().unwrap(), "redeliver-1".parse().unwrap());
        std::fs::create_dir_all(path("001/v1")).unwrap();
        let set_aside = || folders.quarantine(&folder, &name, &place, "other bytes");
        assert!(matches!(set_aside(), Err(FolderError::Missing { .. })));
        std::fs::write(path("001/v1/x.csv"), "theirs").unwrap();
        for _ in 0..2 {
            assert_eq!(set_aside().unwrap(), ".quarantine/redeliver-1/x.csv");
        }
        folders.begin_stage(&stage).unwrap();
        std::fs::write(path(".stage/run-1/x.csv"), "ours").unwrap();
        folders.replace(&stage, &name, &folder).unwrap();
        let text = |name: &str| std::fs::read_to_string(path(name)).unwrap();
        assert_eq!(text("001/v1/x.csv"), "ours");
        assert_eq!(text(".quarantine/redeliver-1/x.csv"), "theirs");
        assert_eq!(text(".quarantine/redeliver-1/x.csv.reason.txt"), "other bytes");
        // A folder with the file's name is moved.
        std::fs::remove_file(path("001/v1/x.csv")).unwrap();
        std::fs::create_dir(path("001/v1/x.csv")).unwrap();
        let other: FileName = "redeliver-2".parse().unwrap();
        folders.quarantine(&folder, &name, &other, "a folder").unwrap();
        assert!(path(".quarantine/redeliver-2/x.csv").is_dir() && !path("001/v1/x.csv").exists());
    }
}
