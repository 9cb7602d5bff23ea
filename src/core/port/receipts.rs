//! The receipts port: taking receipts out of the folders that receivers put them into.
//!
//! A receiver may put a newer receipt in the place of one at any moment. So a receipt first gets a name of the
//! hub's own, is read under that, and goes to the archive from there: what is archived is what was read.

use crate::file_name::{FileName, FolderPath};
use crate::port::{FolderError, Inbox, Share, Shelf};

/// Folders that receipts are put into.
pub trait ReceiptBox: Share + Inbox {
    /// Gives a file another name in its folder by one step; false where nothing has the one or something the other.
    fn claim(&self, folder: &FolderPath, name: &FileName, claimed: &FileName) -> Result<bool, FolderError>;

    /// Lets only its owner read a file from now on, where it is ours to say so.
    fn make_private(&self, folder: &FolderPath, name: &FileName) -> Result<(), FolderError>;

    /// Brings a claimed file to `receipts/FEED/SEQUENCE` of the archive under its first name. What is not there is
    /// well; one of the same name there stays beside it.
    fn file_away(
        &self,
        folder: &FolderPath,
        claimed: &FileName,
        name: &FileName,
        shelf: &Shelf<'_>,
    ) -> Result<(), FolderError>;
}
