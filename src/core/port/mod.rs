//! The ports: what the use cases need of disk and database, in words of the house.

mod records;
mod store;

pub use records::{AuditEntry, CommitKind, CommitRecord, PublicationRecord, RunRecord, RunState, StepRecord};
pub use store::{Numbers, RowChange, RowSet, Snapshot, Store, StoreError, Transaction};
