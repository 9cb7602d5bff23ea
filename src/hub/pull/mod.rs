//! Fetching as the hub does it: which server is looked at by whom, one process at a time for each source.

mod puller;
mod way;

pub(crate) use puller::Pullers;
pub(crate) use way::{PullKeeper, open_source, was_judged};
