//! The ports: what the use cases need of disk and database, in words of the house.

mod alerts;
mod folders;
mod records;
mod store;

pub use alerts::{AlertRecord, DeliveryRecord, MessageRecord, MessageState, Opened, WaitingMessage};
pub use folders::{Content, FolderError, Folders, StagedFile};
pub use records::{AuditEntry, CommitKind, CommitRecord, PublicationRecord, RunRecord, RunState, StepRecord};
pub use store::{Numbers, RowChange, RowSet, Snapshot, Store, StoreError, Transaction};
