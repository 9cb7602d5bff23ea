//! The archive: a second name, or a copy, of what was published, so that the same bytes can be given again.
//!
//! That it can be kept is not what a publication waits for: what is missing is made up for at a later start.

use renkei_core::hash::sha256;
use renkei_core::naming::notice_name;
use renkei_core::notice::Notice;
use renkei_core::port::{Content, FolderError, Shelf};
use renkei_core::publication::Progress;
use renkei_core::{Digest, FileName, FolderPath};

use crate::error::EngineError;
use crate::house::House;

/// How many publications a start looks at for ones that the archive lacks.
const N_COMPLETED: u32 = 16;

/// Keeps the files of a publication that stands in its folder, those that are kept already included.
pub(crate) fn keep(
    house: House<'_>,
    folder: &FolderPath,
    notice_name: &FileName,
    notice: &Notice,
    text: &str,
) -> Result<(), FolderError> {
    let shelf = Shelf { feed: &notice.feed, sequence: notice.sequence };
    for (name, content) in files_of(notice) {
        house.folders.keep(folder, name, &shelf, &content)?;
    }
    house.folders.keep(folder, notice_name, &shelf, &content_of_notice(text))
}

/// Keeps what the archive lacks of the publications made last, as far as their folders still have it.
pub(crate) fn complete(house: House<'_>) -> Result<(), EngineError> {
    let last = house.store.snapshot()?.last_publications(None, N_COMPLETED)?;
    for record in last.iter().filter(|record| record.progress == Progress::Published) {
        let notice = Notice::parse(record.notice.as_bytes())?;
        let notice_name = notice_name(&record.stem.parse()?)?;
        if let Err(error) = keep(house, &record.folder.parse()?, &notice_name, &notice, &record.notice) {
            tracing::debug!(
                feed = record.feed.as_str(),
                sequence = record.sequence.0,
                error = %error,
                "a publication cannot be kept in the archive"
            );
        }
    }
    Ok(())
}

/// The files a notice names, reports first, as they are published.
pub(crate) fn files_of(notice: &Notice) -> impl Iterator<Item = (&FileName, Content)> {
    let reports = notice.reports.iter().map(|f| (&f.name, Content { n_bytes: f.n_bytes, sha256: f.sha256 }));
    let data = notice.files.iter().map(|f| (&f.name, Content { n_bytes: f.n_bytes, sha256: f.sha256 }));
    reports.chain(data)
}

/// What a notice's file is known by.
pub(crate) fn content_of_notice(text: &str) -> Content {
    Content { n_bytes: text.len() as u64, sha256: Digest(sha256(text.as_bytes())) }
}
