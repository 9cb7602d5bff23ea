//! The SSH server that SFTP sessions run in: who gets to the door, who gets in, and how bytes flow.
//!
//! It stands on russh; nothing of that shows outside. It has threads of its own, so that a daemon without async starts
//! and stops it by plain calls.

mod accept;
mod algorithms;
mod caller;
mod certificate;
mod channel;
mod config;
mod connections;
mod defender;
mod gate;
mod handle;
mod house;
mod lookout;
mod pump;
mod waiting;

pub use algorithms::{LegacyAlgorithm, Suite};
pub use config::{DESCRIPTORS_OF_CONNECTION, Listening, ServerConfig};
pub use defender::{Defender, DefenderLimits, Knock, Offence};
pub use gate::{Gate, GateEvent, LoginMeans, TurnedAway};
pub use handle::ServerHandle;
