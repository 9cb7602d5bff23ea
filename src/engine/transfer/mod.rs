//! Transfer cases against the ports: taken in once, compared, verified by a clerk, applied as a move in one
//! transaction with the case, handed over once, erased. The rules are in `core::transfer`.

mod compare;
mod decide;
mod erase;
mod events;
mod file;
mod send;
mod take_in;
mod terms;
mod verify;

pub use compare::{compare, compare_new};
pub use decide::{apply, reject};
pub use erase::erase;
pub use file::{CaseFile, CaseRow, read_cases, read_corrections};
pub(crate) use send::stages_on_the_way;
pub use send::{confirm, go_on};
pub use take_in::{CaseSource, TakenIn, take_in};
pub use terms::{PreparingSystem, TransferTerms};
pub use verify::verify;

/// Every point at which a process may be cut off while it works on a case.
pub const TRANSFER_POINTS: [&str; 10] = [
    "transfer.rows-written",
    "transfer.taken-in",
    "transfer.move-written",
    "transfer.applied",
    "transfer.staged",
    "transfer.sending",
    "transfer.file-moved",
    "transfer.notice-moved",
    "transfer.sent",
    "transfer.files-removed",
];
