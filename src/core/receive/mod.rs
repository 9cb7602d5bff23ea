//! Taking in what others hand over: which sets are whole, which may be taken, in what order, and what is answered.
//!
//! Both ends of the link use it: the hub for what systems hand in, the agent for what the hub publishes.

mod convert;
mod holding;
mod judge;
mod opened;
mod pairer;
mod pairing;
mod reason;
mod receipt;
mod terms;

pub use convert::{CodeConversion, Conversion, ConversionIssue};
pub use holding::{Holding, HoldingError, MAX_HOLDING_BYTES, holding_refused};
pub use judge::{Gap, Standing, TakenBefore, judge};
pub use opened::{OpenedError, OpenedRow, OpenedRows, Opening, write_opened_row};
pub use pairer::{HELD_NOTICE_BYTES, Pairer, read_notice};
pub use pairing::{
    FoundSet, Lack, LackKind, Pairing, Patience, PendingCause, PendingNotice, Stray, UnreadableNotice,
    WaitingSet,
};
pub use reason::{Reason, ReasonCode};
pub use receipt::{RECEIPT_ENDING, Receipt, ReceiptError, RowResults};
pub use terms::{AcceptedVersion, Most, RowPolicy, Terms};
