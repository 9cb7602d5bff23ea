//! The store's part for cases of [`crate::transfer`]: what it keeps of them, and how it is asked.
//!
//! Content and comparison are personal: they are kept sealed under the hub's key, apart from the case's record,
//! and after their erasure they are in no file of the database any more.

use serde::Serialize;

use crate::ids::{CommitNo, Digest};
use crate::port::{Content as FileContent, StoreError};
use crate::transfer::{CaseNo, Comparison, Content, HandoverState, Purpose, Standing};
use crate::{FileName, FolderPath};

/// A file that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferSource {
    /// Its digest, by which it is known again.
    pub sha256: Digest,
    /// Its name as given.
    pub file: String,
    /// Its first case; its cases follow each other.
    pub first_case: CaseNo,
    /// How many cases came of it.
    pub n_cases: u32,
    /// Who took it in.
    pub operator: String,
    /// When.
    pub taken_in_at: String,
}

/// A case but for what it holds of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRecord {
    /// Its number; whoever adds one leaves 0 and the store gives the next.
    pub case_no: CaseNo,
    /// Where it stands. Its certificate follows from its hand-over and is not written here.
    pub standing: Standing,
    /// The file it came in.
    pub source_sha256: Digest,
    /// Its line in that file.
    pub row_no: u64,
    /// 支援措置; false once erased.
    pub is_protected: bool,
    /// The commit that has its move.
    pub commit_no: Option<CommitNo>,
    /// When it came.
    pub received_at: String,
    /// When it changed last.
    pub changed_at: String,
    /// From when its time of keeping counts: its move's day or its decision, whichever is later.
    pub counts_from: Option<String>,
}

/// What a case holds of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferContent {
    /// As taken in; never changed.
    pub raw: Content,
    /// As a clerk verified it.
    pub verified: Option<Content>,
    /// What the last comparison came to.
    pub comparison: Option<Comparison>,
}

/// Something that happened to a case. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferEvent {
    /// The case.
    pub case_no: CaseNo,
    /// When.
    pub at: String,
    /// Who.
    pub operator: String,
    /// What.
    pub event: String,
    /// Why, where a reason was given.
    pub reason: String,
    /// Where the case stood then.
    pub result: String,
}

/// A file of a case on its way to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverRecord {
    /// The case.
    pub case_no: CaseNo,
    /// For whom.
    pub purpose: Purpose,
    /// The folder it goes to.
    pub folder: FolderPath,
    /// The common start of file and notice.
    pub stem: FileName,
    /// Whether the receiver may have 個人番号.
    pub with_number: bool,
    /// How far it is.
    pub state: HandoverState,
    /// What file and notice are known by, from being staged on.
    pub content: Option<(FileContent, FileContent)>,
    /// When it changed last.
    pub changed_at: String,
}

/// Which cases are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichCases {
    /// All.
    All,
    /// Those neither applied nor rejected.
    Undecided,
    /// Those whose content is still there.
    Unerased,
}

/// Reading cases.
pub trait TransferReading {
    /// Cases in the order of their numbers.
    fn transfer_cases(&self, which: WhichCases) -> Result<Vec<TransferRecord>, StoreError>;

    /// One case.
    fn transfer_case(&self, case_no: CaseNo) -> Result<Option<TransferRecord>, StoreError>;

    /// What it holds of the person; `None` once that is erased.
    fn transfer_content(&self, case_no: CaseNo) -> Result<Option<TransferContent>, StoreError>;

    /// What happened to a case, in order.
    fn transfer_events(&self, case_no: CaseNo) -> Result<Vec<TransferEvent>, StoreError>;

    /// The file with this digest, if it was taken in.
    fn transfer_source(&self, sha256: &Digest) -> Result<Option<TransferSource>, StoreError>;

    /// The files of a case, or all that are not with their receivers yet; by case and receiver.
    fn handovers(&self, of: Option<CaseNo>) -> Result<Vec<HandoverRecord>, StoreError>;
}

/// Writing cases.
pub trait TransferWriting: TransferReading {
    /// Records a file that is taken in; one that was before is [`StoreError::Missing`] of a new one's place.
    fn add_transfer_source(&mut self, source: &TransferSource) -> Result<(), StoreError>;

    /// Adds a case under the next number, which is never given again.
    fn add_transfer_case(
        &mut self,
        case: &TransferRecord,
        content: &TransferContent,
    ) -> Result<CaseNo, StoreError>;

    /// Writes how a case stands, over what was.
    fn put_transfer_case(&mut self, case: &TransferRecord) -> Result<(), StoreError>;

    /// Writes what a case holds of the person, over what was. Of an erased case it is [`StoreError::Missing`].
    fn put_transfer_content(&mut self, case_no: CaseNo, content: &TransferContent) -> Result<(), StoreError>;

    /// Erases what a case holds of the person. Once this transaction is durable and no snapshot from before is
    /// held, no file of the database has it any more.
    fn erase_transfer_content(&mut self, case_no: CaseNo) -> Result<(), StoreError>;

    /// Notes what happened to a case.
    fn add_transfer_event(&mut self, event: &TransferEvent) -> Result<(), StoreError>;

    /// Writes a file's way: new, or over the one of its case and receiver.
    fn put_handover(&mut self, handover: &HandoverRecord) -> Result<(), StoreError>;
}
