//! Partner systems that come in by SFTP: the house they visit, what is written down of them, and the server's keys.

mod by_others;
mod errors;
mod grounds;
mod house;
mod keys;
mod refusals;
mod scribe;
mod server;
mod stay;

pub(crate) use by_others::ByOthers;
pub(crate) use errors::VisitorFault;
pub(crate) use grounds::Grounds;
pub(crate) use house::{VisitStep, VisitedHouse};
pub(crate) use keys::{HostKeys, KeyKind};
pub(crate) use server::Server;
pub(crate) use stay::Stay;
