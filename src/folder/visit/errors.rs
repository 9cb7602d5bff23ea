//! Why a visitor's step was not done, in the few words a wire protocol has for it.

use rustix::io::Errno;

/// What stood in the way. Holds no name: names of visitors' files are not ours to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VisitError {
    /// Nothing there, or nothing a visitor sees: a link, a pipe, the hub's own.
    #[error("no such file or folder")]
    Missing,
    /// The name has a file.
    #[error("the name is taken")]
    Taken,
    /// A folder where a file was wanted.
    #[error("is a folder")]
    IsFolder,
    /// A file where a folder was wanted.
    #[error("is no folder")]
    NotFolder,
    /// A folder that is to go has something in it.
    #[error("the folder is not empty")]
    NotEmpty,
    /// Nothing may be made under this name.
    #[error("not a name that may be given")]
    BadName,
    /// No room.
    #[error("no space left on the volume")]
    Full,
    /// The system lets the hub not do it.
    #[error("the system refuses it")]
    Denied,
    /// Anything else the system says.
    #[error("the system says {0}")]
    System(Errno),
}

impl From<Errno> for VisitError {
    fn from(errno: Errno) -> Self {
        match errno {
            // LOOP and XDEV: a link on the way. NXIO: a pipe or socket. None of these is shown to visitors.
            Errno::NOENT | Errno::LOOP | Errno::XDEV | Errno::NXIO => Self::Missing,
            Errno::EXIST => Self::Taken,
            Errno::ISDIR => Self::IsFolder,
            Errno::NOTDIR => Self::NotFolder,
            Errno::NOTEMPTY => Self::NotEmpty,
            Errno::NAMETOOLONG | Errno::ILSEQ => Self::BadName,
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Self::Full,
            Errno::ACCESS | Errno::PERM | Errno::ROFS => Self::Denied,
            errno => Self::System(errno),
        }
    }
}
