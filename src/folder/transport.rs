//! The transport port onto a folder of this machine, or one that is mounted here.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use renkei_core::FolderPath;
use renkei_core::delivery::{DeliveryError, Parcel, ParcelFile};
use renkei_core::hash::Hasher;
use renkei_core::port::{DeliveryWatch, FolderError, HandedOver, ParcelSource, Standing, Transport};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::confined::{Confined, PUBLISHED_FOLDER};
use crate::errors::fault;
use crate::publish::compare_until;

const COPY_BYTES: usize = 256 * 1024;

/// A folder into which publications are put. Its root must be there: what is not mounted is not made.
#[derive(Debug, Clone)]
pub struct FolderTransport {
    root: PathBuf,
    folder: Option<FolderPath>,
    must_be_mounted: bool,
}

impl FolderTransport {
    /// Into a folder below a root, or into the root itself.
    pub fn new(root: &Path, folder: Option<FolderPath>) -> Self {
        Self { root: root.to_owned(), folder, must_be_mounted: false }
    }

    /// Only while something is mounted at the root: what is below a mount point that nothing is mounted at is this
    /// machine's own disk, and nobody would find it.
    #[must_use]
    pub fn mounted(self, must_be_mounted: bool) -> Self {
        Self { must_be_mounted, ..self }
    }

    /// The root is opened at each use, because a volume may be mounted anew below a daemon that runs on.
    fn target(&self) -> Result<Confined, DeliveryError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd =
            rustix::fs::openat(CWD, &self.root, flags, Mode::empty()).map_err(|errno| self.unread(errno))?;
        if self.must_be_mounted && !is_mount_point(&fd).map_err(|errno| self.unread(errno))? {
            return Err(DeliveryError::NotMounted { path: self.root.display().to_string() });
        }
        let mut at = Confined::root(fd);
        for part in self.folder.iter().flat_map(FolderPath::parts) {
            let (next, is_made) = at.folder_or_make(part, PUBLISHED_FOLDER).map_err(DeliveryError::Folder)?;
            if is_made {
                at.sync().map_err(DeliveryError::Folder)?;
            }
            at = next;
        }
        Ok(at)
    }

    fn unread(&self, errno: Errno) -> DeliveryError {
        DeliveryError::Folder(fault(&self.root.display().to_string(), "read", errno))
    }
}

/// Whether a folder is on another device than the one it is in.
fn is_mount_point(folder: &OwnedFd) -> Result<bool, Errno> {
    let parent = rustix::fs::statat(folder, "..", AtFlags::empty())?;
    Ok(rustix::fs::fstat(folder)?.st_dev != parent.st_dev)
}

impl Transport for FolderTransport {
    fn hand_over(
        &self,
        parcel: &Parcel,
        source: &dyn ParcelSource,
        watch: &dyn DeliveryWatch,
    ) -> Result<HandedOver, DeliveryError> {
        let target = self.target()?;
        let mut total = HandedOver::default();
        for file in &parcel.files {
            give(&target, file, source, watch, &mut total)?;
        }
        // The names of what the notice tells of are durable before it is there.
        target.sync().map_err(DeliveryError::Folder)?;
        give(&target, &parcel.notice, source, watch, &mut total)?;
        target.sync().map_err(DeliveryError::Folder)?;
        Ok(total)
    }

    fn probe(&self) -> Result<String, DeliveryError> {
        let mounted = if self.must_be_mounted { ", and is mounted" } else { "" };
        self.target().map(|target| format!("{} can be used{mounted}", target.shown()))
    }
}

fn give(
    target: &Confined,
    file: &ParcelFile,
    source: &dyn ParcelSource,
    watch: &dyn DeliveryWatch,
    total: &mut HandedOver,
) -> Result<(), DeliveryError> {
    let taken = || DeliveryError::NameTaken { name: file.name.to_string() };
    let standing = || {
        compare_until(target, &file.name, &file.content, &|| watch.wants_stop())
            .map_err(DeliveryError::Folder)?
            .ok_or(DeliveryError::Stopped)
    };
    match standing()? {
        Standing::Same => {
            total.n_files_there += 1;
            watch.file_over(true);
            return Ok(());
        }
        Standing::Other => return Err(taken()),
        Standing::Missing => {}
    }
    let hidden = format!(".{}.part", file.name);
    unlink(target, &hidden).map_err(DeliveryError::Folder)?;
    let mut n_bytes = 0;
    if let Err(error) = copy(target, &hidden, file, source, watch, &mut n_bytes) {
        // It is written anew the next time, and holds room until then.
        let _ = unlink(target, &hidden);
        watch.discarded(n_bytes);
        return Err(error);
    }
    match place(target, &hidden, file.name.as_str()) {
        Ok(()) => {}
        // Somebody was faster; it may have been ourselves, cut off after the renaming.
        Err(Errno::EXIST) => {
            unlink(target, &hidden).map_err(DeliveryError::Folder)?;
            if standing()? != Standing::Same {
                return Err(taken());
            }
        }
        Err(errno) => {
            return Err(DeliveryError::Folder(fault(&target.path_of(file.name.as_str()), "moved", errno)));
        }
    }
    watch.file_over(false);
    total.n_files_sent += 1;
    total.n_bytes_sent += file.content.n_bytes;
    Ok(())
}

fn copy(
    target: &Confined,
    hidden: &str,
    file: &ParcelFile,
    source: &dyn ParcelSource,
    watch: &dyn DeliveryWatch,
    n_bytes: &mut u64,
) -> Result<(), DeliveryError> {
    let path = target.path_of(file.name.as_str());
    let failed = |error: std::io::Error| DeliveryError::Folder(fault(&path, "written", error));
    let mut reader = source.open(file)?;
    let mut to = target
        .new_hidden_file(hidden)
        .map_err(|errno| DeliveryError::Folder(fault(&path, "created", errno)))?;
    let (mut buffer, mut hasher) = (vec![0; COPY_BYTES], Hasher::new());
    loop {
        if watch.wants_stop() {
            return Err(DeliveryError::Stopped);
        }
        let n_read = match reader.read(&mut buffer) {
            Ok(n_read) => n_read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let path = file.name.to_string();
                let source = FolderError::Unavailable { path, attempt: "read", source: error };
                return Err(DeliveryError::Source(source));
            }
        };
        if n_read == 0 {
            break;
        }
        let chunk = buffer.get(..n_read).unwrap_or_default();
        hasher.update(chunk);
        to.write_all(chunk).map_err(failed)?;
        *n_bytes += n_read as u64;
        watch.sent(n_read as u64);
    }
    if *n_bytes != file.content.n_bytes || hasher.finish() != file.content.sha256 {
        return Err(DeliveryError::SourceChanged { name: file.name.to_string() });
    }
    to.sync_data().map_err(failed)
}

/// Gives a hidden file its name; `EEXIST` if that is taken.
pub(crate) fn place(target: &Confined, hidden: &str, name: &str) -> Result<(), Errno> {
    let fd = target.fd();
    match rustix::fs::renameat_with(fd, hidden, fd, name, RenameFlags::NOREPLACE) {
        // FUSE, NFS and CIFS know no NOREPLACE. A plain rename would replace a file of the name.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            match rustix::fs::linkat(fd, hidden, fd, name, AtFlags::empty()) {
                // Nor second names: then only a look is left, and nobody else writes there.
                Err(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP) => {
                    if target.kind_of(name)?.is_some() {
                        return Err(Errno::EXIST);
                    }
                    rustix::fs::renameat(fd, hidden, fd, name)
                }
                linked => linked.and_then(|()| rustix::fs::unlinkat(fd, hidden, AtFlags::empty())),
            }
        }
        answer => answer,
    }
}

fn unlink(target: &Confined, name: &str) -> Result<(), FolderError> {
    match rustix::fs::unlinkat(target.fd(), name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(fault(&target.path_of(name), "removed", errno)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use renkei_core::delivery::ParcelPart;
    use renkei_core::port::Content;
    use renkei_core::{Digest, Fault as _};

    use super::*;

    struct Unwatched;

    impl DeliveryWatch for Unwatched {
        fn sent(&self, _n_bytes: u64) {}
        fn wants_stop(&self) -> bool {
            false
        }
    }

    /// Every file holds its own name.
    struct Names;

    impl ParcelSource for Names {
        fn open(&self, file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError> {
            Ok(Box::new(std::io::Cursor::new(file.name.to_string().into_bytes())))
        }
    }

    fn parcel() -> Parcel {
        let file = |name: &str| ParcelFile {
            name: name.parse().unwrap(),
            part: ParcelPart::Data,
            content: Content {
                n_bytes: name.len() as u64,
                sha256: Digest(renkei_core::hash::sha256(name.as_bytes())),
            },
        };
        Parcel {
            feed: "a".parse().unwrap(),
            sequence: renkei_core::Sequence(1),
            folder: "001/a".parse().unwrap(),
            files: vec![file("one.csv"), file("two.csv")],
            notice: file("set.done"),
        }
    }

    #[test]
    fn a_parcel_is_put_once_and_never_over_anything() {
        let root = tempfile::tempdir().unwrap();
        let transport = FolderTransport::new(root.path(), Some("015/in".parse().unwrap()));
        let give = || transport.hand_over(&parcel(), &Names, &Unwatched);
        assert_eq!(give().unwrap(), HandedOver { n_files_sent: 3, n_files_there: 0, n_bytes_sent: 22 });
        assert_eq!(give().unwrap(), HandedOver { n_files_sent: 0, n_files_there: 3, n_bytes_sent: 0 });
        let at = |name: &str| root.path().join("015/in").join(name);
        std::fs::remove_file(at("set.done")).unwrap();
        std::fs::write(at("two.csv"), "other").unwrap();
        assert_eq!(give().unwrap_err().code(), "delivery.name-taken");
        assert_eq!(std::fs::read_to_string(at("two.csv")).unwrap(), "other");
        assert!(!at("set.done").exists());
        std::fs::remove_file(at("two.csv")).unwrap();
        std::fs::write(at(".two.csv.part"), "what a cut-off one left").unwrap();
        assert_eq!(give().unwrap().n_files_sent, 2);
        assert_eq!(std::fs::read_dir(root.path().join("015/in")).unwrap().count(), 3);
    }

    #[test]
    fn a_root_that_is_not_there_is_not_made() {
        let root = tempfile::tempdir().unwrap();
        let transport = FolderTransport::new(&root.path().join("mount"), None);
        let error = transport.hand_over(&parcel(), &Names, &Unwatched).unwrap_err();
        assert_eq!((error.code(), error.class()), ("folder.missing", renkei_core::Class::Retry));
        assert!(transport.probe().is_err());
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_root_that_nothing_is_mounted_at_takes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let transport = FolderTransport::new(root.path(), None).mounted(true);
        let error = transport.hand_over(&parcel(), &Names, &Unwatched).unwrap_err();
        assert_eq!((error.code(), error.class()), ("delivery.not-mounted", renkei_core::Class::Retry));
        assert_eq!(transport.probe().unwrap_err().code(), "delivery.not-mounted");
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        // Everywhere tests run, this one is.
        let there = FolderTransport::new(Path::new("/proc"), None).mounted(true).probe().unwrap();
        assert!(there.ends_with("and is mounted"), "{there}");
    }

    #[test]
    fn what_stands_there_is_compared_no_longer_than_wanted() {
        struct Stopping;
        impl DeliveryWatch for Stopping {
            fn sent(&self, _n_bytes: u64) {}
            fn wants_stop(&self) -> bool {
                true
            }
        }
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("one.csv"), "one.csv").unwrap();
        let transport = FolderTransport::new(root.path(), None);
        let stopped = transport.hand_over(&parcel(), &Names, &Stopping);
        assert!(matches!(stopped, Err(DeliveryError::Stopped)), "{stopped:?}");
    }

    #[test]
    fn what_a_stop_leaves_of_a_file_is_told_to_be_of_no_use() {
        use std::sync::atomic::{AtomicU64, Ordering};

        /// Stops in the first file, after its bytes.
        #[derive(Default)]
        struct Counting(AtomicU64, AtomicU64);
        impl DeliveryWatch for Counting {
            fn sent(&self, n_bytes: u64) {
                self.0.fetch_add(n_bytes, Ordering::Relaxed);
            }
            fn discarded(&self, n_bytes: u64) {
                self.1.fetch_add(n_bytes, Ordering::Relaxed);
            }
            fn wants_stop(&self) -> bool {
                self.0.load(Ordering::Relaxed) > 0
            }
        }
        let (root, watch) = (tempfile::tempdir().unwrap(), Counting::default());
        let stopped = FolderTransport::new(root.path(), None).hand_over(&parcel(), &Names, &watch);
        assert!(matches!(stopped, Err(DeliveryError::Stopped)), "{stopped:?}");
        assert_eq!((watch.0.into_inner(), watch.1.into_inner()), (7, 7));
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn both_ways_of_placing_keep_a_taken_name() {
        let root = tempfile::tempdir().unwrap();
        let target = FolderTransport::new(root.path(), None).target().unwrap();
        std::fs::write(root.path().join("taken"), "old").unwrap();
        std::fs::write(root.path().join("hidden"), "new").unwrap();
        assert_eq!(place(&target, "hidden", "taken"), Err(Errno::EXIST));
        assert_eq!(std::fs::read_to_string(root.path().join("taken")).unwrap(), "old");
        assert_eq!(place(&target, "hidden", "free"), Ok(()));
        assert_eq!(std::fs::read_to_string(root.path().join("free")).unwrap(), "new");
    }
}
