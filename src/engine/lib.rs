//! The use cases, written against the ports: load a registry, apply moves, generate and publish, recover,
//! verify. Synchronous code; it knows no particular database and no disk.

mod archive;
mod audit;
pub mod compare;
pub mod conform;
pub mod deliver;
mod error;
mod generate;
mod house;
mod intake;
mod judge;
pub mod ledger;
pub mod mapped;
mod mend;
pub mod night;
pub mod pull;
pub mod receive;
pub mod reconcile;
mod redo;
pub mod retention;
mod run;
mod source_rows;
pub mod transfer;
mod verify;

pub use audit::{accept_audit, verify_audit, walk_audit};
pub use error::EngineError;
pub use generate::{
    Content, Divergence, DivergentRow, Generated, Held, Published, Recovered, discard, generate, mailbox,
    recover, release,
};
pub use house::{Clock, House, NIGHT_POINTS, POINTS, Unwatched, Witness};
pub use intake::{
    Applied, ApplyOptions, InputIssue, IssueList, Loaded, MAX_LISTED, Rejected, Strictness, apply_moves,
    load_residents,
};
pub use judge::{FileJudge, JudgedBatch, JudgedFile, JudgedLine, JudgedRow, KeyIssue, KeyOrder, LineIssue};
pub use mend::{Mended, mend, mend_by_rule, plan_mend_of};
pub use redo::{Redelivered, plan_redelivery, plan_remake_of, redeliver, remake};
pub use verify::{Beside, ChainReport, FileReport, Finding, Given, NoticeReport, verify, verify_watched};
