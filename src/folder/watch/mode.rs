//! How a folder is watched, and which volumes give no events.

use std::path::Path;

/// How a folder is watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WatchMode {
    /// By the system's events, where its volume gives them and there is room for one more watch; else polled.
    #[default]
    Auto,
    /// By the system's events whatever its volume is; polled only where there is no room for one more watch.
    Inotify,
    /// Looked at again and again.
    Poll,
}

impl WatchMode {
    /// The word in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Inotify => "inotify",
            Self::Poll => "poll",
        }
    }

    /// Reads [`WatchMode::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auto, Self::Inotify, Self::Poll].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// Types of volumes (`statfs`, `linux/magic.h`) on which others write without the system seeing it: NFS, SMB in its
/// three kinds, FUSE (sshfs), Ceph, 9P, AFS, shared folders of `VirtualBox`; and, from their own sources, Lustre and GPFS.
const REMOTE_VOLUMES: [u32; 11] = [
    0x0000_6969,
    0x0000_517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x6573_5546,
    0x00c3_6400,
    0x0102_1997,
    0x5346_414f,
    0x786f_4256,
    0x0bd0_0bd0,
    0x4750_4653,
];

/// True when no events are to be expected from the volume of a path. One that cannot be asked is taken as local:
/// watching it will tell.
pub(super) fn is_remote(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|found| is_remote_type(found.f_type))
}

/// The type is 32 bits, whatever the machine makes of it.
fn is_remote_type(f_type: i64) -> bool {
    u32::try_from(f_type & 0xffff_ffff).is_ok_and(|f_type| REMOTE_VOLUMES.contains(&f_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for mode in [WatchMode::Auto, WatchMode::Inotify, WatchMode::Poll] {
            assert_eq!(WatchMode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(WatchMode::parse("Poll"), None);
    }

    #[test]
    fn remote_volumes_are_told_apart() {
        for (f_type, is) in [
            (0x6969, true),
            (0xfe53_4d42, true),
            (-11_317_950, true),
            (0x0bd0_0bd0, true),
            (0x4750_4653, true),
            (0x786f_4256, true),
            (0xef53, false),
        ] {
            assert_eq!(is_remote_type(f_type), is, "{f_type:#x}");
        }
        assert!(!is_remote(Path::new("/proc")) && !is_remote(Path::new("/nowhere")));
    }
}
