//! Receipts out of the folders that receivers put them into, to the archive.

use renkei_core::port::{FolderError, ReceiptBox, Shelf};
use renkei_core::{FileName, FolderPath};
use rustix::fs::Mode;
use rustix::io::Errno;

use crate::confined::OWN_FOLDER;
use crate::errors::fault;
use crate::inbox::{bring_across, found, in_free_place, rename_new};
use crate::root::LocalFolders;

/// The folder of receipts in the archive.
pub(crate) const RECEIPTS: &str = "receipts";

impl ReceiptBox for LocalFolders {
    fn claim(&self, folder: &FolderPath, name: &FileName, claimed: &FileName) -> Result<bool, FolderError> {
        let Some(from) = found(self.folder(folder))? else { return Ok(false) };
        match rename_new(&from, name.as_str(), &from, claimed.as_str()) {
            Ok(()) => from.sync().map(|()| true),
            Err(Errno::NOENT | Errno::EXIST) => Ok(false),
            Err(errno) => Err(fault(&from.path_of(name.as_str()), "moved", errno)),
        }
    }

    fn make_private(&self, folder: &FolderPath, name: &FileName) -> Result<(), FolderError> {
        let file = self.folder(folder)?.file(name)?;
        match rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR) {
            // Whoever brought it is its owner.
            Ok(()) | Err(Errno::PERM) => Ok(()),
            Err(errno) => Err(fault(&format!("{folder}/{name}"), "made private", errno)),
        }
    }

    fn file_away(
        &self,
        folder: &FolderPath,
        claimed: &FileName,
        name: &FileName,
        at: &Shelf<'_>,
    ) -> Result<(), FolderError> {
        let Some(from) = found(self.folder(folder))? else { return Ok(()) };
        let parts = [RECEIPTS, at.feed.as_str(), &at.sequence.to_string()];
        let place = self.archive_folder()?.way_or_make(&parts, OWN_FOLDER)?;
        let mut across = false;
        in_free_place(&place, name, |to| match rename_new(&from, claimed.as_str(), to, name.as_str()) {
            Err(Errno::NOENT) => Ok(()),
            Err(Errno::XDEV) => {
                across = true;
                Ok(())
            }
            answer => answer,
        })?;
        if across {
            bring_across(&from, claimed.as_str(), name, &place)?;
        }
        place.sync()?;
        from.sync()
    }
}

#[cfg(test)]
mod tests {
    use renkei_core::Sequence;

    use super::*;

    #[test]
    fn a_receipt_is_claimed_once_and_kept_beside_one_of_its_name() {
        let root = tempfile::tempdir().unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        let folder: FolderPath = "015/receipt".parse().unwrap();
        let [name, claimed] = ["a.receipt.json", "a.receipt.json.taking"].map(|name| name.parse().unwrap());
        assert!(!folders.claim(&folder, &name, &claimed).unwrap(), "no folder");
        std::fs::create_dir_all(root.path().join("015/receipt")).unwrap();
        assert!(!folders.claim(&folder, &name, &claimed).unwrap(), "no file");
        let feed = "f".parse().unwrap();
        let shelf = Shelf { feed: &feed, sequence: Sequence(3) };
        folders.file_away(&folder, &claimed, &name, &shelf).unwrap();
        for text in ["first", "second"] {
            std::fs::write(root.path().join("015/receipt/a.receipt.json"), text).unwrap();
            assert!(folders.claim(&folder, &name, &claimed).unwrap());
            std::fs::write(root.path().join("015/receipt/a.receipt.json"), "newer").unwrap();
            assert!(!folders.claim(&folder, &name, &claimed).unwrap(), "the first claim stands");
            folders.file_away(&folder, &claimed, &name, &shelf).unwrap();
        }
        let kept = |path: &str| {
            std::fs::read_to_string(root.path().join(".archive/receipts/f/3").join(path)).unwrap()
        };
        assert_eq!(
            (kept("a.receipt.json"), kept("again-2/a.receipt.json")),
            ("first".into(), "second".into())
        );
        assert_eq!(std::fs::read_to_string(root.path().join("015/receipt/a.receipt.json")).unwrap(), "newer");
    }

    #[test]
    fn what_is_made_private_is_its_owners() {
        let root = tempfile::tempdir().unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        std::fs::create_dir_all(root.path().join("015/receipt")).unwrap();
        let path = root.path().join("015/receipt/a.rows");
        std::fs::write(&path, "x").unwrap();
        folders.make_private(&"015/receipt".parse().unwrap(), &"a.rows".parse().unwrap()).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}
