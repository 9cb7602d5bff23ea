//! Refuses network file systems: SQLite's locks and shared memory are not to be trusted there.

use std::path::Path;

use renkei_core::port::StoreError;

/// The name of the network file system that has this `f_type`, or `None` for a local one.
///
/// The numbers are those of `statfs(2)` and the kernel's `magic.h`; signed and unsigned platforms agree
/// in the low 32 bits. FUSE is refused as a whole, because `sshfs`, GlusterFS and S3 mounts all show so.
pub(crate) fn kind_of(f_type: u64) -> Option<&'static str> {
    Some(match f_type & 0xffff_ffff {
        0x6969 => "NFS",
        0x517b => "SMB",
        0xfe53_4d42 => "SMB2",
        0xff53_4d42 => "CIFS",
        0x6573_5546 => "FUSE",
        0x0102_1997 => "9P",
        0x00c3_6400 => "Ceph",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x564c => "NCP",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x7461_636f => "OCFS2",
        0x0116_1970 => "GFS2",
        0x1983_0326 => "BeeGFS",
        _ => return None,
    })
}

/// Fails when `path`, or the folder it is to be made in, is on a network file system.
pub(crate) fn require_local(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let statfs = rustix::fs::statfs(path)
        .or_else(|_| rustix::fs::statfs(folder))
        .map_err(|error| StoreError::Unavailable { detail: format!("{}: {error}", folder.display()) })?;
    // The field's type differs by platform; its low 32 bits do not.
    #[expect(clippy::cast_sign_loss, reason = "only the bits matter")]
    match kind_of(statfs.f_type as u64) {
        Some(kind) => Err(StoreError::NetworkVolume { kind, path: path.display().to_string() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_number() {
        for (f_type, kind) in [
            (0x6969, Some("NFS")),
            (0x517b, Some("SMB")),
            (0xfe53_4d42, Some("SMB2")),
            (0xffff_ffff_fe53_4d42, Some("SMB2")),
            (0xff53_4d42, Some("CIFS")),
            (0x6573_5546, Some("FUSE")),
            (0x0102_1997, Some("9P")),
            (0x00c3_6400, Some("Ceph")),
            (0x5346_414f, Some("AFS")),
            (0xef53, None),
            (0x5846_5342, None),
            (0x9123_683e, None),
            (0x0102_1994, None),
            (0x794c_7630, None),
        ] {
            assert_eq!(kind_of(f_type), kind, "{f_type:#x}");
        }
    }

    #[test]
    fn the_temporary_folder_is_local_and_a_missing_folder_is_unavailable() {
        let folder = tempfile::tempdir().unwrap();
        require_local(&folder.path().join("new.db")).unwrap();
        let error = require_local(&folder.path().join("missing/new.db")).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
}
