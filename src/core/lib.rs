//! The rules of the hub, pure: layouts, files, encodings, digests, notices, windows, and the ports behind
//! which disk and database stand. No clock, files, network, database or async; `now` is an argument.

pub mod access;
pub mod alert;
pub mod audit;
pub mod calendar;
pub mod csv_file;
pub mod deadline;
pub mod declared;
pub mod delivery;
pub mod dispatch;
pub mod fault;
pub mod feed;
pub mod file_name;
pub mod guard;
pub mod hash;
pub mod hulft;
pub mod ids;
pub mod layout;
pub mod ledger;
pub mod mapping;
pub mod mend;
pub mod moment;
pub mod naming;
pub mod notice;
pub mod order;
pub mod port;
pub mod projection;
pub mod publication;
pub mod pull;
pub mod receive;
pub mod redo;
pub mod retention;
pub mod retry;
pub mod row_check;
mod row_digests;
pub mod schedule;
pub mod state;
pub mod text;
pub mod transfer;

pub use fault::{Class, Fault};
pub use file_name::{FileName, FolderPath, stem_within};
pub use ids::{
    Branch, BusinessId, CommitNo, DestinationId, Digest, FeedId, IdError, IntakeId, InterfaceId, JobId,
    Sequence, Version, Window,
};
pub use moment::Moment;
