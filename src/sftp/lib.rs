//! SFTP: the server's side for accounts with rights per folder, and the client's side for partners.

pub mod client;
mod errors;
mod host_key;
pub mod password;
pub mod probe;
pub mod server;
pub mod session;
pub mod wire;

pub use errors::SftpError;
pub use host_key::{HostKey, HostKeyKind};
