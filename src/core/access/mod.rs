//! Who may do what in which folder (WT資料 2.1.3, 2.2.4): accounts, logins and rights, decided by pure functions.
//!
//! Every way to a file asks here: the SFTP server, the POSIX rights set on the folders, and the proof of both.

mod account;
mod bar;
mod certificate;
mod derive;
mod key;
mod login;
mod network;
mod operation;
mod posix;
mod right;
mod rule;
mod rulebook;
#[cfg(test)]
mod rulebook_tests;

pub use account::{Account, AccountId, AccountKey, AccountState, LoginRule};
pub use bar::{Bar, BarCause, BarOf, Passage, bars_of, bars_of_passages};
pub use certificate::{Authorities, Authority, CertificateName, Revoked, UserCertificate};
pub use derive::{Declared, derive_rules};
pub use key::{Fingerprint, KeyAlgorithm, KeyError, PublicKey};
pub use login::{LoginOutcome, LoginRefusal, Offer, decide_login, password_is_worth_checking};
pub use network::{NetworkError, SourceNetwork};
pub use operation::{Operation, Verdict};
pub use posix::{
    AclDifference, Bits, DeclaredAcl, Lines, LocalGroup, LocalPeople, PosixAcl, PosixWho, posix_plan,
};
pub use right::{Right, Rights, RightsError};
pub use rule::{Grantee, Origin, Rule};
pub use rulebook::{Decision, Rulebook, Sight};
