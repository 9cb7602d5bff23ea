//! The folders of a receiver that may read a share and not write to it: what it keeps is in a root of its own.

use std::io::Read;

use renkei_core::port::{FolderError, Inbox, IntakeShelf, SeenFile, Share, WhyRefused};
use renkei_core::{FileName, FolderPath};

use crate::inbox::{copy_to, each_notice_last, found};
use crate::root::LocalFolders;
use crate::share::ReadOnlyShare;

/// Somebody else's share to take from, and folders of the receiver's own for quarantine and answers.
#[derive(Debug)]
pub struct ReceiverFolders {
    share: ReadOnlyShare,
    own: LocalFolders,
}

impl ReceiverFolders {
    /// The share, and the receiver's own root.
    pub fn new(share: ReadOnlyShare, own: LocalFolders) -> Self {
        Self { share, own }
    }

    /// The receiver's own folders.
    pub fn own(&self) -> &LocalFolders {
        &self.own
    }
}

impl Share for ReceiverFolders {
    fn look(&self, folder: &FolderPath) -> Result<Vec<SeenFile>, FolderError> {
        self.share.look(folder)
    }

    fn open(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        self.share.open(folder, name)
    }
}

impl Inbox for ReceiverFolders {
    /// Nothing: whoever publishes decides how long a publication stands.
    fn take_away(&self, _: &FolderPath, _: &[FileName], _: &IntakeShelf<'_>) -> Result<(), FolderError> {
        Ok(())
    }

    fn refuse_set(
        &self,
        folder: &FolderPath,
        names: &[FileName],
        place: &FileName,
        why: &WhyRefused<'_>,
    ) -> Result<String, FolderError> {
        let place = self.own.refusal(place, why)?;
        if let Some(from) = found(self.share.folder(folder))? {
            each_notice_last(names, &[&place], |name| copy_to(&from, name.as_str(), name, &place))?;
        }
        Ok(place.shown().to_owned())
    }

    /// Into the receiver's own root.
    fn answer(&self, folder: &FolderPath, name: &FileName, bytes: &[u8]) -> Result<(), FolderError> {
        self.own.answer(folder, name, bytes)
    }
}
