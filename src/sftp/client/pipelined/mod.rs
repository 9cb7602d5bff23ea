//! The pipelined backend: one connection of russh, with many requests and files in flight.
//!
//! A task of its own always drains the channel, so that no reply that waits for a window can stop the session; another
//! one writes, joining small requests into large packets. Between them stand the calls, each waiting for its answer.

mod calls;
mod connect;
mod files;
mod packets;

pub(crate) use files::PipelinedRemote;
