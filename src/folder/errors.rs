//! What the system's error numbers mean in the words of the folder port.

use std::io;

use renkei_core::port::FolderError;
use rustix::io::Errno;

/// The fault behind an error number met while `path` was to be `attempt` (`read`, `written`, …).
///
/// `EXDEV` is taken as the answer of `openat2` to a path that leaves the root; a rename that crosses
/// volumes is told apart where it is done.
pub fn fault(path: &str, attempt: &'static str, source: impl Into<io::Error>) -> FolderError {
    let source = source.into();
    let path = path.to_owned();
    match Errno::from_io_error(&source) {
        Some(Errno::NOSPC | Errno::DQUOT) => FolderError::Full { path, source },
        Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => FolderError::Denied { path, attempt, source },
        Some(Errno::NOENT) => FolderError::Missing { path },
        // ENXIO: a socket, or a pipe without its other end, has the name of a file.
        Some(Errno::LOOP | Errno::NOTDIR | Errno::XDEV | Errno::NXIO) => FolderError::Outside { path },
        _ => FolderError::Unavailable { path, attempt, source },
    }
}

/// Puts the fault inside an `io::Error` of the same kind, for callers that write through `io::Write`.
pub(crate) fn wrap(path: &str, attempt: &'static str, source: io::Error) -> io::Error {
    let kind = source.kind();
    if kind == io::ErrorKind::Interrupted {
        return source;
    }
    io::Error::new(kind, fault(path, attempt, source))
}

/// Takes the fault out again, or makes one.
pub(crate) fn unwrap(path: &str, attempt: &'static str, error: io::Error) -> FolderError {
    error.downcast::<FolderError>().unwrap_or_else(|error| fault(path, attempt, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use renkei_core::Fault;

    #[test]
    fn every_number_has_its_fault() {
        let check = |errno: Errno, code: &str| {
            let fault = fault("001/x.csv", "written", errno);
            assert_eq!(fault.code(), code, "{errno:?}");
            assert!(fault.to_string().contains("001/x.csv"), "{errno:?}: {fault}");
        };
        check(Errno::NOSPC, "folder.full");
        check(Errno::DQUOT, "folder.full");
        check(Errno::ACCESS, "folder.denied");
        check(Errno::PERM, "folder.denied");
        check(Errno::ROFS, "folder.denied");
        check(Errno::NOENT, "folder.missing");
        check(Errno::LOOP, "folder.outside");
        check(Errno::NOTDIR, "folder.outside");
        check(Errno::XDEV, "folder.outside");
        check(Errno::NXIO, "folder.outside");
        check(Errno::IO, "folder.unavailable");
        check(Errno::STALE, "folder.unavailable");
        check(Errno::MFILE, "folder.unavailable");
    }

    #[test]
    fn a_fault_survives_io_write() {
        let wrapped = wrap("a", "written", Errno::NOSPC.into());
        assert_eq!(wrapped.kind(), io::ErrorKind::StorageFull);
        assert_eq!(
            unwrap("b", "written", wrapped).to_string(),
            "no space left on the volume while writing a"
        );
        assert_eq!(unwrap("b", "written", Errno::IO.into()).to_string(), "b could not be written");
        assert_eq!(wrap("a", "written", Errno::INTR.into()).kind(), io::ErrorKind::Interrupted);
    }
}
