//! POSIX ACLs of the connection folders and of files in them, read and set on an open descriptor, so that no link
//! leads elsewhere.

use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};

use exacl::{AclEntry, AclEntryKind, Flag, Perm};
use renkei_core::access::{Bits, Lines, PosixAcl, PosixWho};
use renkei_core::port::FolderError;
use renkei_core::{FileName, FolderPath};
use rustix::fs::{FileType, Mode};

use crate::confined::Confined;
use crate::errors::fault;
use crate::root::LocalFolders;

impl LocalFolders {
    /// The rights on a folder as they stand; `None` is the root.
    pub fn acl_of(&self, folder: Option<&FolderPath>) -> Result<PosixAcl, FolderError> {
        let (file, path) = self.opened(folder)?;
        read(&file, &path)
    }

    /// Sets the rights on a folder. A line for a user or group that the machine does not know is refused, and nothing
    /// is set.
    pub fn set_acl(&self, folder: Option<&FolderPath>, acl: &PosixAcl) -> Result<(), FolderError> {
        let (file, path) = self.opened(folder)?;
        let failed = |errno| fault(&path, "given its rights", errno);
        // First: a later change of the mode would cut down the mask.
        let mode = Mode::from_raw_mode(rustix::fs::fstat(&file).map_err(failed)?.st_mode);
        if mode.contains(Mode::SVTX) != acl.is_sticky {
            let mut wanted = mode;
            wanted.set(Mode::SVTX, acl.is_sticky);
            rustix::fs::fchmod(&file, wanted).map_err(failed)?;
        }
        write(&file, &path, acl)
    }

    /// The plain files directly in a folder and the rights on each.
    pub fn file_acls(&self, folder: &FolderPath) -> Result<Vec<(FileName, PosixAcl)>, FolderError> {
        let folder = self.root().below(folder)?;
        let mut found = Vec::new();
        for name in folder.names(FileType::RegularFile)? {
            match folder.file(&name) {
                Ok(file) => {
                    let acl = read(&file, &folder.path_of(name.as_str()))?;
                    found.push((name, acl));
                }
                // Taken away meanwhile.
                Err(FolderError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Sets the rights on a file.
    pub fn set_file_acl(
        &self,
        folder: &FolderPath,
        name: &FileName,
        acl: &PosixAcl,
    ) -> Result<(), FolderError> {
        let folder = self.root().below(folder)?;
        let file = folder.file(name)?;
        write(&file, &folder.path_of(name.as_str()), acl)
    }

    /// Every folder below the root but the hub's own, outermost first.
    pub fn all_folders(&self) -> Result<Vec<FolderPath>, FolderError> {
        let mut found: Vec<FolderPath> = Vec::new();
        let mut left: Vec<Option<FolderPath>> = vec![None];
        while let Some(folder) = left.pop() {
            let names = match folder.as_ref().map_or_else(
                || self.root().names(FileType::Directory),
                |path| self.root().below(path)?.names(FileType::Directory),
            ) {
                // Taken away meanwhile.
                Err(FolderError::Missing { .. }) => continue,
                names => names?,
            };
            let path = |name: FileName| match &folder {
                Some(folder) => format!("{folder}/{name}").parse::<FolderPath>().ok(),
                None => name.as_str().parse().ok(),
            };
            let inner: Vec<FolderPath> = names.into_iter().filter_map(path).collect();
            left.extend(inner.iter().cloned().map(Some));
            found.extend(inner);
        }
        found.sort();
        Ok(found)
    }

    /// The name of the user whose the root is: as whom the hub works.
    pub fn owner(&self) -> Result<String, FolderError> {
        self.owner_of(None)
    }

    /// The name of the user whose a folder is; `None` is the root.
    pub fn owner_of(&self, folder: Option<&FolderPath>) -> Result<String, FolderError> {
        let (file, path) = self.opened(folder)?;
        let status = rustix::fs::fstat(&file).map_err(|errno| fault(&path, "read", errno))?;
        let user = nix::unistd::User::from_uid(status.st_uid.into());
        let user = user.map_err(|errno| fault(&path, "asked for its owner", std::io::Error::from(errno)))?;
        // One without a name is shown by its number, as in any listing.
        Ok(user.map_or_else(|| status.st_uid.to_string(), |user| user.name))
    }

    /// Makes a folder the user's and the group's whose the root is.
    pub fn set_owner(&self, folder: &FolderPath) -> Result<(), FolderError> {
        let ((root, root_path), (file, path)) = (self.opened(None)?, self.opened(Some(folder))?);
        let status = rustix::fs::fstat(&root).map_err(|errno| fault(&root_path, "read", errno))?;
        std::os::unix::fs::fchown(&file, Some(status.st_uid), Some(status.st_gid))
            .map_err(|error| fault(&path, "given its owner", error))
    }

    fn opened(&self, folder: Option<&FolderPath>) -> Result<(File, String), FolderError> {
        let below;
        let folder: &Confined = match folder {
            Some(path) => {
                below = self.root().below(path)?;
                &below
            }
            None => self.root(),
        };
        let path = folder.path_of("").trim_end_matches('/').to_owned();
        let path = if path.is_empty() { "the root".to_owned() } else { path };
        let fd = folder.readable().map_err(|errno| fault(&path, "read", errno))?;
        Ok((File::from(fd), path))
    }
}

/// The name by which the process itself finds what it holds open.
fn own_name(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd())
}

fn read(file: &File, path: &str) -> Result<PosixAcl, FolderError> {
    let failed = |error: std::io::Error| fault(path, "asked for its rights", error);
    let mut acl = PosixAcl::default();
    for entry in exacl::getfacl(own_name(file), None).map_err(failed)? {
        let Some(who) = who(&entry) else { continue };
        let lines = if entry.flags.contains(Flag::DEFAULT) { &mut acl.default } else { &mut acl.access };
        lines.insert(who, bits(entry.perms));
    }
    for lines in [&mut acl.access, &mut acl.default] {
        // One without named lines has no mask: it is the group's bits.
        if let (false, Some(group)) = (lines.contains_key(&PosixWho::Mask), lines.get(&PosixWho::OwningGroup))
        {
            let group = *group;
            lines.insert(PosixWho::Mask, group);
        }
    }
    let status = rustix::fs::fstat(file).map_err(|errno| fault(path, "read", errno))?;
    acl.is_sticky = Mode::from_raw_mode(status.st_mode).contains(Mode::SVTX)
        && FileType::from_raw_mode(status.st_mode) == FileType::Directory;
    Ok(acl)
}

fn write(file: &File, path: &str, acl: &PosixAcl) -> Result<(), FolderError> {
    let lines = |lines: &Lines, flag: Flag| -> Vec<AclEntry> {
        lines.iter().map(|(who, bits)| entry(who, *bits, flag)).collect()
    };
    let mut entries = lines(&acl.access, Flag::empty());
    entries.extend(lines(&acl.default, Flag::DEFAULT));
    exacl::setfacl(&[own_name(file)], &entries, None).map_err(|error| fault(path, "given its rights", error))
}

fn who(entry: &AclEntry) -> Option<PosixWho> {
    match entry.kind {
        AclEntryKind::User if entry.name.is_empty() => Some(PosixWho::Owner),
        AclEntryKind::User => Some(PosixWho::User(entry.name.clone())),
        AclEntryKind::Group if entry.name.is_empty() => Some(PosixWho::OwningGroup),
        AclEntryKind::Group => Some(PosixWho::Group(entry.name.clone())),
        AclEntryKind::Mask => Some(PosixWho::Mask),
        AclEntryKind::Other => Some(PosixWho::Other),
        AclEntryKind::Unknown => None,
    }
}

fn entry(who: &PosixWho, bits: Bits, flag: Flag) -> AclEntry {
    let perms = perms(bits);
    match who {
        PosixWho::Owner => AclEntry::allow_user("", perms, flag),
        PosixWho::User(name) => AclEntry::allow_user(name, perms, flag),
        PosixWho::OwningGroup => AclEntry::allow_group("", perms, flag),
        PosixWho::Group(name) => AclEntry::allow_group(name, perms, flag),
        PosixWho::Mask => AclEntry::allow_mask(perms, flag),
        PosixWho::Other => AclEntry::allow_other(perms, flag),
    }
}

const BITS: [(u8, Perm); 3] = [(Bits::R, Perm::READ), (Bits::W, Perm::WRITE), (Bits::X, Perm::EXECUTE)];

fn bits(perms: Perm) -> Bits {
    Bits(BITS.iter().filter(|(_, perm)| perms.contains(*perm)).map(|(bit, _)| bit).sum())
}

fn perms(bits: Bits) -> Perm {
    BITS.iter().filter(|(bit, _)| bits.0 & bit != 0).fold(Perm::empty(), |perms, (_, perm)| perms | *perm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[(PosixWho, u8)]) -> Lines {
        text.iter().cloned().map(|(who, bits)| (who, Bits(bits))).collect()
    }

    #[test]
    fn rights_are_read_as_they_were_set_and_no_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("a/b/x.csv"), "x").unwrap();
        std::os::unix::fs::symlink("b", root.path().join("a/link")).unwrap();
        let folders = LocalFolders::open(root.path()).unwrap();
        let folder: FolderPath = "a/b".parse().unwrap();
        let base =
            [(PosixWho::Owner, 7), (PosixWho::OwningGroup, 5), (PosixWho::Mask, 7), (PosixWho::Other, 0)];
        let named = [(PosixWho::Group("daemon".to_owned()), 7)];
        let acl = PosixAcl {
            access: lines(&[&base[..], &named].concat()),
            default: lines(&[&base[..], &named].concat()),
            is_sticky: true,
        };
        folders.set_acl(Some(&folder), &acl).unwrap();
        assert_eq!(folders.acl_of(Some(&folder)).unwrap(), acl);
        folders.set_acl(Some(&folder), &PosixAcl { is_sticky: false, ..acl.clone() }).unwrap();
        assert!(!folders.acl_of(Some(&folder)).unwrap().is_sticky);

        let unknown = [(PosixWho::Group("no-such-group-here".to_owned()), 7)];
        let wrong = PosixAcl { access: lines(&[&base[..], &unknown].concat()), ..acl.clone() };
        assert!(folders.set_acl(Some(&folder), &wrong).is_err());
        assert_eq!(folders.acl_of(Some(&folder)).unwrap().access, acl.access);

        let file = PosixAcl { access: acl.access.clone(), ..PosixAcl::default() };
        folders.set_file_acl(&folder, &"x.csv".parse().unwrap(), &file).unwrap();
        assert_eq!(folders.file_acls(&folder).unwrap(), [("x.csv".parse().unwrap(), file)]);

        let link: FolderPath = "a/link".parse().unwrap();
        assert!(matches!(folders.set_acl(Some(&link), &acl), Err(FolderError::Outside { .. })));
        assert!(folders.acl_of(None).unwrap().default.is_empty());
    }
}
