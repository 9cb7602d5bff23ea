//! What becomes of the files of a set that was judged: to the archive or the quarantine, and the answer.
//!
//! Files are moved by one step each, never removed: a sender who puts another file under the name at that moment
//! finds it moved, or still there, but not gone.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};

use renkei_core::hash::Hasher;
use renkei_core::port::{Content, FolderError, Inbox, IntakeShelf, StagedFile as _, Standing, WhyRefused};
use renkei_core::{FileName, FolderPath};
use rustix::fs::{AtFlags, FileType, RenameFlags};
use rustix::io::Errno;

use crate::confined::{Confined, OWN_FOLDER};
use crate::errors::{fault, unwrap};
use crate::publish::compare;
use crate::root::LocalFolders;

/// The folder of sets in the archive.
pub(crate) const INTAKE: &str = "intake";
/// How many files of one name a place keeps.
const MOST_OF_A_NAME: u32 = 10_000;
/// What is being written in a place, until it has its name.
const UNDER_WAY: &str = ".under-way";
/// What a file's name begins with once it is claimed to be copied to another volume.
pub(crate) const CLAIM: &str = ".taking-";
/// Bytes copied at a time.
const CHUNK_BYTES: usize = 1 << 18;

impl Inbox for LocalFolders {
    fn take_away(
        &self,
        folder: &FolderPath,
        names: &[FileName],
        at: &IntakeShelf<'_>,
    ) -> Result<(), FolderError> {
        let Some(from) = found(self.folder(folder))? else { return Ok(()) };
        let set = format!("{}-{}", at.feed, at.sequence);
        let parts = [INTAKE, at.intake.as_str(), &set];
        let place = self.archive_folder()?.way_or_make(&parts, OWN_FOLDER)?;
        each_notice_last(names, &[&place, &from], |name| move_to(&from, name, &place))
    }

    fn refuse_set(
        &self,
        folder: &FolderPath,
        names: &[FileName],
        place: &FileName,
        why: &WhyRefused<'_>,
    ) -> Result<String, FolderError> {
        let place = self.refusal(place, why)?;
        if let Some(from) = found(self.folder(folder))? {
            each_notice_last(names, &[&place, &from], |name| move_to(&from, name, &place))?;
        }
        Ok(place.shown().to_owned())
    }

    fn answer(&self, folder: &FolderPath, name: &FileName, bytes: &[u8]) -> Result<(), FolderError> {
        self.make_stage(name)?;
        let mut file = self.create_staged(name, name)?;
        file.write_all(bytes).map_err(|error| unwrap(&format!("{folder}/{name}"), "written", error))?;
        Box::new(file).finish()?;
        self.replace_published(name, name, folder)?;
        self.remove_stage(name)
    }
}

impl LocalFolders {
    /// A place of the quarantine with the reasons in it. They are there before the files, so that these never lie
    /// there without.
    pub(crate) fn refusal(&self, place: &FileName, why: &WhyRefused<'_>) -> Result<Confined, FolderError> {
        let place = self.quarantine_folder()?.way_or_make(&[place.as_str()], OWN_FOLDER)?;
        for (name, text) in [("reason.json", why.json), ("reason.txt", why.text)] {
            let path = place.path_of(name);
            place.remove_all(OsStr::new(UNDER_WAY))?;
            let mut file = place.new_own_file(UNDER_WAY).map_err(|errno| fault(&path, "created", errno))?;
            let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
            written.map_err(|error| fault(&path, "written", error))?;
            rustix::fs::renameat(place.fd(), UNDER_WAY, place.fd(), name)
                .map_err(|errno| fault(&path, "moved", errno))?;
        }
        place.sync()?;
        Ok(place)
    }
}

/// The folder, if it is there.
pub(crate) fn found(folder: Result<Confined, FolderError>) -> Result<Option<Confined>, FolderError> {
    match folder {
        Err(FolderError::Missing { .. }) => Ok(None),
        folder => folder.map(Some),
    }
}

/// Deals with all files, and with the last, the notice, when all others are durably where they should be.
pub(crate) fn each_notice_last(
    names: &[FileName],
    folders: &[&Confined],
    mut each: impl FnMut(&FileName) -> Result<(), FolderError>,
) -> Result<(), FolderError> {
    let Some((notice, others)) = names.split_last() else { return Ok(()) };
    others.iter().try_for_each(&mut each)?;
    folders.iter().try_for_each(|folder| folder.sync())?;
    each(notice)?;
    folders.iter().try_for_each(|folder| folder.sync())
}

/// Moves whatever has the name to the place; none there is well.
fn move_to(from: &Confined, name: &FileName, place: &Confined) -> Result<(), FolderError> {
    let text = name.as_str();
    // An earlier attempt across volumes may have got as far as this.
    let claim = format!("{CLAIM}{text}");
    let claimed = from.kind_of(&claim).map_err(|errno| fault(&from.path_of(text), "read", errno))?;
    if claimed == Some(FileType::RegularFile) {
        bring_across(from, &claim, name, place)?;
    }
    let mut across = false;
    in_free_place(place, name, |to| match rename_new(from, text, to, text) {
        Err(Errno::NOENT) => Ok(()),
        Err(Errno::XDEV) => {
            across = true;
            Ok(())
        }
        answer => answer,
    })?;
    // Of what is no file there is nothing to copy: it stays, and is seen as what belongs to no set.
    if across && from.kind_of(text) == Ok(Some(FileType::RegularFile)) {
        match rename_new(from, text, from, &claim) {
            Ok(()) => bring_across(from, &claim, name, place)?,
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(fault(&from.path_of(text), "moved", errno)),
        }
    }
    Ok(())
}

/// Copies a claimed file and then removes it. What was copied already by an attempt that was cut off is not kept
/// twice.
pub(crate) fn bring_across(
    from: &Confined,
    claim: &str,
    name: &FileName,
    place: &Confined,
) -> Result<(), FolderError> {
    copy_to(from, claim, name, place)?;
    rustix::fs::unlinkat(from.fd(), claim, AtFlags::empty())
        .map_err(|errno| fault(&from.path_of(claim), "removed", errno))
}

/// Copies a file to the place under `name`, once however often this is repeated; none there, or what is no plain
/// file, is well. Of a file that grows meanwhile only what it was long at first is copied.
pub(crate) fn copy_to(
    from: &Confined,
    source: &str,
    name: &FileName,
    place: &Confined,
) -> Result<(), FolderError> {
    let mut file = match from.own_file(source) {
        Err(FolderError::Missing { .. } | FolderError::Outside { .. }) => return Ok(()),
        file => file?,
    };
    let (read_path, path) = (from.path_of(source), place.path_of(name.as_str()));
    let length = file.metadata().map_err(|error| fault(&read_path, "read", error))?.len();
    place.remove_all(OsStr::new(UNDER_WAY))?;
    let mut copy = place.new_own_file(UNDER_WAY).map_err(|errno| fault(&path, "created", errno))?;
    let (mut hasher, mut n_bytes, mut chunk) = (Hasher::new(), 0_u64, vec![0; CHUNK_BYTES]);
    let mut limited = (&mut file).take(length);
    loop {
        let n_read = match limited.read(&mut chunk) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            answer => answer.map_err(|error| fault(&read_path, "read", error))?,
        };
        if n_read == 0 {
            break;
        }
        let bytes = chunk.get(..n_read).unwrap_or_default();
        hasher.update(bytes);
        n_bytes += bytes.len() as u64;
        copy.write_all(bytes).map_err(|error| fault(&path, "written", error))?;
    }
    copy.sync_data().map_err(|error| fault(&path, "written", error))?;
    let content = Content { n_bytes, sha256: hasher.finish() };
    in_free_place(place, name, |to| match rename_new(place, UNDER_WAY, to, name.as_str()) {
        Err(Errno::EXIST) if compare(to, name, &content).is_ok_and(|found| found == Standing::Same) => {
            rustix::fs::unlinkat(place.fd(), UNDER_WAY, AtFlags::empty())
        }
        answer => answer,
    })
}

/// Tries a place, then the folders `again-2`, `again-3`, … in it, while the name is taken there.
pub(crate) fn in_free_place(
    place: &Confined,
    name: &FileName,
    mut attempt: impl FnMut(&Confined) -> Result<(), Errno>,
) -> Result<(), FolderError> {
    let path = place.path_of(name.as_str());
    let failed = |errno| fault(&path, "moved", errno);
    match attempt(place) {
        Err(Errno::EXIST) => {}
        answer => return answer.map_err(failed),
    }
    for number in 2..=MOST_OF_A_NAME {
        let (again, is_made) = place.folder_or_make(&format!("again-{number}"), OWN_FOLDER)?;
        if is_made {
            place.sync()?;
        }
        match attempt(&again) {
            Err(Errno::EXIST) => {}
            answer => return answer.map_err(failed).and_then(|()| again.sync()),
        }
    }
    Err(FolderError::NameTaken { path })
}

/// Renames; `EEXIST` if the name is taken. The target is a folder in which nobody else makes files, so on volumes
/// that do not know this kind of rename it is enough to look before.
pub(crate) fn rename_new(from: &Confined, name: &str, to: &Confined, new_name: &str) -> Result<(), Errno> {
    match rustix::fs::renameat_with(from.fd(), name, to.fd(), new_name, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match to.kind_of(new_name)? {
            Some(_) => Err(Errno::EXIST),
            None => rustix::fs::renameat(from.fd(), name, to.fd(), new_name),
        },
        answer => answer,
    }
}
