//! Online move-outs (転出届) and transfer certificate information (転出証明書情報): one case for each person, from
//! being taken in to being erased. Pure: what a case is, which way it may go, how it compares with the registry
//! (突合), which move and which files come of it.
//!
//! What was taken in is never changed; what a clerk verified stands beside it. A clerk's command confirms, nothing
//! is applied by itself. Certificate information goes to the resident network server (CS) once, and there is no
//! sending again: 「既に送信した転出証明書情報について、CSに手動で再送信できること」 is one of the functions the
//! standard says not to build (改定資料 3-1, 実装しない機能).

mod certificate;
mod columns;
mod comparison;
mod content;
mod field;
mod handover;
mod kind;
mod movement;
mod number;
mod search;
mod state;
mod variant;

#[cfg(test)]
mod comparison_tests;
#[cfg(test)]
mod state_tests;

pub use certificate::{certificate_csv, preparation_csv};
pub use columns::{content_of, is_column};
pub use comparison::{Comparison, Concern, Difference, DifferenceKind, compare};
pub use content::{Content, ContentIssue};
pub use field::{Field, OwnField};
pub use handover::{
    Evidence, HandoverState, Purpose, Resume, handover_notice, judge_sending, preparation_folder,
};
pub use kind::CaseKind;
pub use movement::{MoveGap, move_of};
pub use number::CaseNo;
pub use search::{FoundBy, Search};
pub use state::{CaseState, Certificate, Event, Outcome, Refused, Standing};
pub use variant::is_variant;
