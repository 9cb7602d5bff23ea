//! The agent: how a consuming system takes in what a hub publishes, with the same code the hub itself uses.
//!
//! One small TOML says whose files are taken from where, in which versions, and where their rows go.

mod alarms;
mod allowed;
mod config;
mod conversion;
mod desk;
mod found;
mod hand_over;
#[cfg(test)]
mod hostile;
mod keep;
mod memory;
mod opening;
mod round;
mod server;
mod state;
mod stop;
mod sweeping;

pub(crate) use alarms::Alarms;
pub(crate) use allowed::note_allowed;
pub(crate) use config::ReadAgent;
pub(crate) use opening::OpenedFor;
pub(crate) use round::Agent;

use renkei_core::port::SeenName;

pub(crate) use stop::{Stop, Stoppable};

/// A name as it can be shown.
pub(crate) fn shown(name: &SeenName) -> &str {
    match name {
        SeenName::Plain(name) => name.as_str(),
        SeenName::Odd(escaped) => escaped,
    }
}
