//! A parcel: the files of one publication in the order in which they are given.

use crate::file_name::{FileName, FolderPath};
use crate::hash::sha256;
use crate::ids::{BusinessId, DestinationId, Digest, FeedId, Sequence};
use crate::naming::notice_name;
use crate::notice::Notice;
use crate::port::{Content, PublicationRecord};

/// What a file of a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelPart {
    /// What could not be rendered, for people.
    Report,
    /// Rows.
    Data,
    /// The notice.
    Notice,
}

/// One file of a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelFile {
    /// Its name.
    pub name: FileName,
    /// What it is.
    pub part: ParcelPart,
    /// What it must be.
    pub content: Content,
}

/// A publication as it travels. The notice goes last: whoever sees it finds everything it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The feed.
    pub feed: FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
    /// Where it stands, below the root.
    pub folder: FolderPath,
    /// Reports and data files, in the notice's order.
    pub files: Vec<ParcelFile>,
    /// The notice.
    pub notice: ParcelFile,
}

impl Parcel {
    /// The parcel of a publication; `None` where its record holds no notice, name or folder that can be read.
    pub fn of(record: &PublicationRecord) -> Option<Self> {
        let notice = Notice::parse(record.notice.as_bytes()).ok()?;
        let reports =
            notice.reports.iter().map(|file| (ParcelPart::Report, &file.name, file.n_bytes, file.sha256));
        let data = notice.files.iter().map(|file| (ParcelPart::Data, &file.name, file.n_bytes, file.sha256));
        let files = reports
            .chain(data)
            .map(|(part, name, n_bytes, sha256)| ParcelFile {
                name: name.clone(),
                part,
                content: Content { n_bytes, sha256 },
            })
            .collect();
        let bytes = record.notice.as_bytes();
        let content = Content { n_bytes: bytes.len() as u64, sha256: Digest(sha256(bytes)) };
        Some(Self {
            feed: record.feed.clone(),
            sequence: record.sequence,
            folder: record.folder.parse().ok()?,
            files,
            notice: ParcelFile {
                name: notice_name(&record.stem.parse().ok()?).ok()?,
                part: ParcelPart::Notice,
                content,
            },
        })
    }

    /// All files, the notice last.
    pub fn all(&self) -> impl Iterator<Item = &ParcelFile> {
        self.files.iter().chain([&self.notice])
    }

    /// The bytes of all files.
    pub fn n_bytes(&self) -> u64 {
        self.all().map(|file| file.content.n_bytes).sum()
    }

    /// What the ledger knows the delivery by: the same parcel at the same destination is one event.
    pub fn source_of_event(&self, destination: &DestinationId, receiver: &BusinessId) -> Digest {
        let Self { feed, sequence, notice, .. } = self;
        let text = format!("delivered\u{1f}{destination}\u{1f}{receiver}\u{1f}{feed}\u{1f}{sequence}\u{1f}");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&notice.content.sha256.0);
        Digest(sha256(&bytes))
    }
}
