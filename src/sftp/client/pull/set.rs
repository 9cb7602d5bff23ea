//! Sets that are whole at the server, as their notices tell of them.

use renkei_core::hash::sha256;
use renkei_core::notice::Notice;
use renkei_core::port::Content;
use renkei_core::pull::PulledFile;
use renkei_core::{Digest, FileName};

/// A set that is whole at the server.
pub(super) struct NoticedSet {
    pub(super) name: FileName,
    pub(super) bytes: Vec<u8>,
    pub(super) notice: Notice,
    pub(super) files: Vec<NoticedFile>,
    pub(super) changed_at: Option<u32>,
    /// Files that are not here yet; those that failed stay in it.
    pub(super) n_left: usize,
    pub(super) n_next: usize,
}

/// A file that a notice names, as it stands there.
#[derive(Clone)]
pub(super) struct NoticedFile {
    pub(super) name: FileName,
    pub(super) content: Content,
    pub(super) changed_at: Option<u32>,
}

impl NoticedFile {
    pub(super) fn pulled(&self) -> PulledFile {
        PulledFile {
            name: self.name.clone(),
            n_bytes: self.content.n_bytes,
            changed_at: self.changed_at,
            sha256: self.content.sha256,
        }
    }
}

impl NoticedSet {
    pub(super) fn content(&self) -> Content {
        Content { n_bytes: self.bytes.len() as u64, sha256: Digest(sha256(&self.bytes)) }
    }

    pub(super) fn pulled(&self) -> Vec<PulledFile> {
        let Content { n_bytes, sha256 } = self.content();
        let notice = PulledFile { name: self.name.clone(), n_bytes, changed_at: self.changed_at, sha256 };
        self.files.iter().map(NoticedFile::pulled).chain([notice]).collect()
    }
}

/// The files that a notice names, with what they must be.
pub(super) fn contents(notice: &Notice) -> impl Iterator<Item = (&FileName, Content)> {
    let data = notice.files.iter().map(|file| (&file.name, file.n_bytes, file.sha256));
    let reports = notice.reports.iter().map(|file| (&file.name, file.n_bytes, file.sha256));
    data.chain(reports).map(|(name, n_bytes, sha256)| (name, Content { n_bytes, sha256 }))
}
