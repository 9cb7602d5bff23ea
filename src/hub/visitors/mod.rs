//! Partner systems that come in by SFTP: the house they visit, what is written down of them, and the server's keys.

mod errors;
mod house;
mod keys;
mod scribe;
mod server;

pub(crate) use errors::VisitorFault;
pub(crate) use house::VisitedHouse;
pub(crate) use keys::{HostKeys, KeyKind};
pub(crate) use server::Server;
