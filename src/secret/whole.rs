//! Writing a secret's file: whole and durable, or not at all, and for its owner alone.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::SecretError;
use crate::sealed::name_of;

/// How what is being written is called until it is whole.
pub(crate) const WRITING: &str = ".writing";

/// Writes a file whole and for its owner alone, and has it durable; over another only where that is asked for.
pub(crate) fn write_whole(path: &Path, text: &str, replaces: bool) -> Result<(), SecretError> {
    let place = || -> io::Result<()> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let hidden = folder.join(format!(".{}.{}{WRITING}", name_of(path), std::process::id()));
        let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Of a process of that number that was killed here.
                std::fs::remove_file(&hidden)?;
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden)?
            }
            opened => opened?,
        };
        let standing = path.symlink_metadata().ok();
        let standing = standing.filter(|one| replaces && one.is_file() && one.uid() != 0);
        let owner = standing.map_or_else(|| folder.metadata(), Ok)?;
        let placed = give_to(&file, &owner)
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.sync_all())
            .and_then(|()| {
                if replaces { std::fs::rename(&hidden, path) } else { std::fs::hard_link(&hidden, path) }
            });
        // Renamed, it is gone already.
        let _ = std::fs::remove_file(&hidden);
        // After a power failure it is still the one that was told of.
        placed.and_then(|()| File::open(folder)).and_then(|folder| folder.sync_all())
    };
    place().map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => SecretError::There { path: path.to_owned() },
        _ => SecretError::Unwritable { path: path.to_owned(), source },
    })
}

/// What root puts there is for whoever had the file that it takes the place of, or else has the folder: such as the user
/// of a service.
fn give_to(file: &File, owner: &Metadata) -> io::Result<()> {
    if file.metadata()?.uid() != 0 || owner.uid() == 0 {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()))
}
