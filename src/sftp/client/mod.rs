//! The client's side: publications are given to partners' SFTP servers, and sets are fetched from them.
//!
//! What is done with a file is written once (`give`, `pull`) against `remote::Remote`; two libraries stand behind it.
//! `ssh2` is the plain one: a thread and a session for each file under way. `pipelined` stands on russh and keeps many
//! requests and files in flight on one connection, for long distances and many small files.

mod blocking;
mod fingerprint;
mod give;
mod incoming;
mod login;
mod outgoing;
mod pipelined;
mod pull;
mod put;
mod remote;
mod secret;
mod source;
mod terms;
mod transport;

pub use fingerprint::{Fingerprint, NoFingerprint};
pub use secret::{Secret, SecretSource};
pub use source::SftpSource;
pub use terms::{Backend, LoginTerms, SftpTerms};
pub use transport::SftpTransport;
