//! Reading a file that must be its owner's alone: looked at when it is open, so that it cannot be another one by the time
//! it is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::{MOST_BYTES, SecretError};

/// Bytes of a file that say whether it is encrypted.
const BEGINNING_BYTES: usize = 16;

/// Who may use a file that is a secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Its owner alone.
    Own,
    /// What systemd put into a service's credentials: root's, with a line for the service's user, whose mask shows as
    /// the group's right to read.
    Credential,
}

/// What is wrong with who may use a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// No plain file.
    NoPlainFile,
    /// Others than its owner may use it: the bits of its mode.
    Mode(u32),
    /// It belongs to this user, who is neither root nor who runs this.
    Owner(u32),
}

/// What is wrong with who may use a secret's file; `None` where nothing is.
pub fn exposure(metadata: &Metadata) -> Option<Exposure> {
    exposed(metadata, Guard::Own, own_uid())
}

/// For a process of user `own`. Root reads for a service that has a user of its own, whose files these are.
fn exposed(metadata: &Metadata, guard: Guard, own: u32) -> Option<Exposure> {
    let (mode, owner) = (metadata.mode() & 0o777, metadata.uid());
    let barred = match guard {
        Guard::Credential if owner == 0 && metadata.gid() == 0 => 0o037,
        _ => 0o077,
    };
    match () {
        () if !metadata.is_file() => Some(Exposure::NoPlainFile),
        () if mode & barred != 0 => Some(Exposure::Mode(mode)),
        () if ![0, owner].contains(&own) && owner != 0 => Some(Exposure::Owner(owner)),
        () => None,
    }
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The whole text of a file that is its owner's alone.
pub(crate) fn read(path: &Path, guard: Guard) -> Result<Zeroizing<String>, SecretError> {
    let failed = |source| SecretError::Unreadable { path: path.to_owned(), source };
    let mut file = open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let path = path.to_owned();
    match exposed(&metadata, guard, own_uid()) {
        None => {}
        Some(Exposure::NoPlainFile) => return Err(SecretError::NoPlainFile { path }),
        Some(Exposure::Mode(mode)) => return Err(SecretError::Exposed { path, mode }),
        Some(Exposure::Owner(owner)) => {
            return Err(SecretError::ForeignOwner { path, owner, own: own_uid() });
        }
    }
    if metadata.len() > 2 * MOST_BYTES {
        return Err(SecretError::TooLong { path });
    }
    // Room for all of it at once: a buffer that grows leaves copies behind that nobody wipes.
    let room = usize::try_from(metadata.len()).unwrap_or(0) + 1;
    let mut text = Zeroizing::new(String::with_capacity(room));
    match (&mut file).take(metadata.len()).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(SecretError::NoText { path }),
        Err(source) => Err(SecretError::Unreadable { path, source }),
    }
}

/// How a plain file begins, whoever may use it: as much as says whether it is encrypted.
pub(crate) fn beginning(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(BEGINNING_BYTES));
    file.take(BEGINNING_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A pipe or a terminal must not hold anybody up.
fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    #[test]
    fn a_secret_is_its_users_or_roots_and_root_reads_for_anybody() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        let mine = own_uid();
        let check = |own, expected| {
            let metadata = file.path().metadata().unwrap();
            assert_eq!(exposed(&metadata, Guard::Own, own), expected, "{own}");
        };
        check(mine, None);
        check(0, None);
        if mine == 0 {
            check(1000, None);
            chown(file.path(), Some(1000), None).unwrap();
            check(1000, None);
            check(0, None);
            check(1001, Some(Exposure::Owner(1000)));
        } else {
            check(mine + 1, Some(Exposure::Owner(mine)));
        }
    }
}
