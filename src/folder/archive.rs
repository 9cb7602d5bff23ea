//! The archive of what was published: `.archive/publications/<feed>/<sequence>/`, a copy or a second name of each
//! file.
//!
//! A second name costs no room and no time, but who writes into the published file writes into it too. So small
//! files, which are most of what is asked for again, are copied.

use std::fs::File;
use std::io::{Read, Write};

use renkei_core::port::{Content, FolderError, Shelf, Standing};
use renkei_core::{FileName, FolderPath};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::confined::{Confined, OWN_FOLDER};
use crate::errors::fault;
use crate::publish::compare;
use crate::root::LocalFolders;

/// The folder of published files in the archive.
const PUBLICATIONS: &str = "publications";
/// Files up to this length are copied, larger ones given a second name: what a disk reads and writes in a
/// fraction of a second.
const COPIED_BYTES: u64 = 16 << 20;
/// Bytes copied at a time.
const CHUNK_BYTES: usize = 1 << 18;

impl LocalFolders {
    /// The place of a publication, as it is found.
    pub(crate) fn shelf(&self, place: &Shelf<'_>) -> Result<Confined, FolderError> {
        let publications = self.archive_found()?.folder(PUBLICATIONS)?;
        publications.folder(place.feed.as_str())?.folder(&place.sequence.to_string())
    }

    /// The same, made where it is missing, with the way to it made durable.
    fn shelf_or_make(&self, place: &Shelf<'_>) -> Result<Confined, FolderError> {
        let parts = [PUBLICATIONS, place.feed.as_str(), &place.sequence.to_string()];
        self.archive_folder()?.way_or_make(&parts, OWN_FOLDER)
    }

    /// See [`renkei_core::port::Folders::keep`].
    pub(crate) fn keep_published(
        &self,
        folder: &FolderPath,
        name: &FileName,
        place: &Shelf<'_>,
        content: &Content,
    ) -> Result<(), FolderError> {
        if self.shelf(place).is_ok_and(|place| is_kept(&place, name, content)) {
            return Ok(());
        }
        let from = self.folder(folder)?;
        from.file(name)?;
        let place = self.shelf_or_make(place)?;
        keep(&from, name, &place, content, content.n_bytes <= COPIED_BYTES)
    }
}

/// True when nothing is to be done, as far as the length tells: every start asks, and what is taken from here is
/// compared with its digest anyway.
fn is_kept(place: &Confined, name: &FileName, content: &Content) -> bool {
    let found = place.file(name).and_then(|file| {
        file.metadata().map_err(|error| fault(&place.path_of(name.as_str()), "read", error))
    });
    found.is_ok_and(|found| found.len() == content.n_bytes)
}

/// Copies or links, in place of what an earlier attempt may have left.
fn keep(
    from: &Confined,
    name: &FileName,
    place: &Confined,
    content: &Content,
    is_copied: bool,
) -> Result<(), FolderError> {
    let path = place.path_of(name.as_str());
    match rustix::fs::unlinkat(place.fd(), name.as_str(), AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(fault(&path, "removed", errno)),
    }
    let link = || {
        rustix::fs::linkat(from.fd(), name.as_str(), place.fd(), name.as_str(), AtFlags::empty())
            .map_err(|errno| fault(&path, "created", errno))
    };
    let kept = if is_copied {
        match copy(from, name, place, content) {
            Err(FolderError::Full { .. }) => link(),
            copied => copied,
        }
    } else {
        // Another volume, or one that knows no second names.
        link().or_else(|_| copy(from, name, place, content))
    };
    kept.and_then(|()| place.sync())
}

/// Copies a file; one that is not what it should be is not kept.
fn copy(from: &Confined, name: &FileName, place: &Confined, content: &Content) -> Result<(), FolderError> {
    let path = place.path_of(name.as_str());
    let source = from.file(name)?;
    let target = place.new_file(name).map_err(|errno| fault(&path, "created", errno))?;
    let copied = copy_bytes(source, target).map_err(|error| fault(&path, "written", error));
    let copied = copied.and_then(|()| compare(place, name, content));
    if matches!(copied, Ok(Standing::Same)) {
        return Ok(());
    }
    // Half a file is of no use, and what could not be removed is found to be other bytes when it is asked for.
    let _ = rustix::fs::unlinkat(place.fd(), name.as_str(), AtFlags::empty());
    copied.and(Err(FolderError::NameTaken { path: from.path_of(name.as_str()) }))
}

fn copy_bytes(mut source: File, mut target: File) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return target.sync_data(),
            Ok(n_read) => target.write_all(chunk.get(..n_read).unwrap_or_default())?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use renkei_core::port::Folders as _;
    use renkei_core::{Digest, Sequence};
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn content(text: &str) -> Content {
        Content { n_bytes: text.len() as u64, sha256: Digest(Sha256::digest(text).into()) }
    }

    fn number(path: &Path) -> u64 {
        std::fs::metadata(path).unwrap().ino()
    }

    #[test]
    fn small_files_are_copied_and_large_ones_linked() {
        let root = tempfile::tempdir().unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        std::fs::create_dir_all(root.path().join("001/v1")).unwrap();
        std::fs::write(root.path().join("001/v1/x.csv"), "rows").unwrap();
        let (name, feed) = ("x.csv".parse().unwrap(), "a".parse().unwrap());
        let from = folders.folder(&"001/v1".parse().unwrap()).unwrap();
        for (is_copied, sequence) in [(true, 1), (false, 2)] {
            let shelf = Shelf { feed: &feed, sequence: Sequence(sequence) };
            let place = folders.shelf_or_make(&shelf).unwrap();
            for _ in 0..2 {
                keep(&from, &name, &place, &content("rows"), is_copied).unwrap();
                assert!(is_kept(&place, &name, &content("rows")));
            }
            assert_eq!(folders.kept(&shelf, &name, &content("rows")).unwrap(), Standing::Same);
            assert_eq!(folders.kept(&shelf, &name, &content("sown")).unwrap(), Standing::Other);
            let path = root.path().join(format!(".archive/publications/a/{sequence}/x.csv"));
            assert_eq!(number(&path) == number(&root.path().join("001/v1/x.csv")), !is_copied);
        }
    }

    #[test]
    fn what_is_not_what_was_published_is_not_kept() {
        let root = tempfile::tempdir().unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        let (folder, name): (FolderPath, FileName) = ("001/v1".parse().unwrap(), "x.csv".parse().unwrap());
        let feed = "a".parse().unwrap();
        let shelf = Shelf { feed: &feed, sequence: Sequence(7) };
        let keep = || folders.keep(&folder, &name, &shelf, &content("rows"));
        assert!(matches!(keep(), Err(FolderError::Missing { .. })));
        assert!(!root.path().join(".archive/publications").exists(), "no empty places");
        std::fs::create_dir_all(root.path().join("001/v1")).unwrap();
        std::fs::write(root.path().join("001/v1/x.csv"), "sown").unwrap();
        assert!(matches!(keep(), Err(FolderError::NameTaken { .. })));
        assert_eq!(folders.kept(&shelf, &name, &content("rows")).unwrap(), Standing::Missing);
        std::fs::write(root.path().join("001/v1/x.csv"), "rows").unwrap();
        // What an earlier attempt left half written is written anew.
        std::fs::write(root.path().join(".archive/publications/a/7/x.csv"), "ro").unwrap();
        keep().unwrap();
        assert_eq!(folders.kept(&shelf, &name, &content("rows")).unwrap(), Standing::Same);
    }
}
