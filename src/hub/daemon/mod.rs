//! The scheduler daemon: looks at the clock, starts what is due, and stays up.
//!
//! The rules are in `core`, their place in the database in `engine::night`; here are the threads, signals and
//! the socket. It takes the root's lock only while runs are at work, so that an operator's commands and the
//! daemon take turns as writers.

mod alarms;
mod audit;
mod chain;
mod checks;
mod control;
mod deliveries;
mod descriptors;
mod head;
mod inboxes;
mod jumps;
mod keeper;
mod live;
mod look;
mod notify;
mod receipts;
mod sources;
mod standstill;
mod visitors;
mod worker;

pub(crate) use control::{DaemonLink, LiveRun};
pub(crate) use keeper::run;
pub(crate) use worker::dice;
