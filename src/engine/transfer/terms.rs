//! On what terms cases are handled: what a hub declares in `[transfer]`.

use renkei_core::{BusinessId, FolderPath};

/// Where files of cases go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferTerms {
    /// The folder from which certificate information is brought into the CS.
    pub cs_folder: FolderPath,
    /// The systems that prepare for move-ins.
    pub prepare: Vec<PreparingSystem>,
}

/// A system that prepares for move-ins: 国保, 児童手当 and the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparingSystem {
    /// The system.
    pub system: BusinessId,
    /// Whether it may have 個人番号.
    pub with_number: bool,
    /// Its folder.
    pub folder: FolderPath,
}
