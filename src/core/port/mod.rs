//! The ports: what the use cases need of disk and database, in words of the house.

mod access;
mod alerts;
mod delivery;
mod folders;
mod inbox;
mod intake;
mod ledger;
mod mending;
mod pull;
mod receipts;
mod records;
mod runs;
mod share;
mod store;
mod transfer;

pub use access::{AccessReading, AccessWriting, GrantEntry};
pub use alerts::{AlertRecord, DeliveryRecord, MessageRecord, MessageState, Opened, WaitingMessage};
pub use delivery::{DeliveryReading, DeliveryWatch, DeliveryWriting, HandedOver, ParcelSource, Transport};
pub use folders::{Content, FolderError, Folders, OwnEntry, OwnFolder, Shelf, StagedFile, Standing};
pub use inbox::{Inbox, IntakeShelf, WhyRefused};
pub use intake::{
    HeldRow, IntakeHead, IntakeStore, Outcome, SetRecord, StagedRow, TableSpec, TakeCounts, TakeMode, Taking,
};
pub use ledger::{LedgerReading, LedgerWriting};
pub use mending::{MendingReading, MendingRecord, MendingWriting, ReconciliationRecord};
pub use pull::{PullMemory, PullReading, PullWay, PullWriting, PulledPlace};
pub use receipts::ReceiptBox;
pub use records::{AuditEntry, CommitKind, CommitRecord, PublicationRecord, StandingPublication};
pub use runs::{
    AttemptRecord, HoldRecord, JobRecord, RunRecord, RunState, SlotRecord, SlotVerdict, StepRecord, Trigger,
};
pub use share::{FileStamp, SeenFile, SeenKind, SeenName, Share};
pub use store::{Numbers, RowChange, RowSet, Snapshot, Store, StoreError, Transaction};
pub use transfer::{
    HandoverRecord, TransferContent, TransferEvent, TransferReading, TransferRecord, TransferSource,
    TransferWriting, WhichCases,
};
