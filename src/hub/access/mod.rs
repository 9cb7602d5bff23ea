//! Accounts and rights of this hub: what is declared and what was granted come together here.

mod book;
mod desk;
mod errors;
mod proof;

pub(crate) use book::{bars, rulebook};
pub(crate) use desk::AccessDesk;
pub(crate) use errors::AccessFault;
pub(crate) use proof::{Means, Proof, ProofDifference, Rules, Tried, TriedCertificate, prove};
