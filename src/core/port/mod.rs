//! The ports: what the use cases need of disk and database, in words of the house.

mod alerts;
mod folders;
mod records;
mod runs;
mod store;
mod transfer;

pub use alerts::{AlertRecord, DeliveryRecord, MessageRecord, MessageState, Opened, WaitingMessage};
pub use folders::{Content, FolderError, Folders, OwnEntry, OwnFolder, Shelf, StagedFile, Standing};
pub use records::{AuditEntry, CommitKind, CommitRecord, PublicationRecord, StandingPublication};
pub use runs::{
    AttemptRecord, HoldRecord, JobRecord, RunRecord, RunState, SlotRecord, SlotVerdict, StepRecord, Trigger,
};
pub use store::{Numbers, RowChange, RowSet, Snapshot, Store, StoreError, Transaction};
pub use transfer::{
    HandoverRecord, TransferContent, TransferEvent, TransferReading, TransferRecord, TransferSource,
    TransferWriting, WhichCases,
};
