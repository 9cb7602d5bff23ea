//! The server's settings; every default is one that can stay.

use std::net::SocketAddr;
use std::time::Duration;

use super::algorithms::Suite;
use super::defender::DefenderLimits;
use crate::HostKey;
use crate::session::HandleLimits;

/// An address that is listened at, and what may be spoken there.
///
/// Algorithms are agreed before anybody has said who he is, so older ones can be allowed only by where somebody
/// connects to. An account for an old partner is therefore sent to a listening address of its own.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The address; port 0 takes any that is free.
    pub address: SocketAddr,
    /// The algorithms.
    pub suite: Suite,
}

/// Descriptors of the system that a connection takes, beside those of its files: its socket and a second one to end it
/// by, and four of its thread's own.
pub const DESCRIPTORS_OF_CONNECTION: u64 = 6;

/// How the server runs.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where to listen.
    pub listening: Vec<Listening>,
    /// Keys the server proves itself by; at least one.
    pub host_keys: Vec<HostKey>,
    /// Text shown before login; empty for none.
    pub banner: String,
    /// Connections in all.
    pub max_connections: usize,
    /// Connections from one address; in IPv6 from one /64, which one line has.
    pub max_per_address: usize,
    /// Connections that have not logged in.
    pub max_unauthenticated: usize,
    /// Connections from one address, or one /64, that have not logged in. What opens several at once, such as rclone,
    /// is at the door with twelve of them at most.
    pub max_unauthenticated_per_address: usize,
    /// Time within which somebody must have logged in.
    pub login_time: Duration,
    /// Time after which a connection is ended for which nothing was asked, done or taken.
    pub idle_time: Duration,
    /// Silence after which the client is asked whether it is still there; three times without an answer end it.
    pub keep_alive: Duration,
    /// Bytes after which new keys are agreed; at most 1 GiB.
    pub rekey_bytes: usize,
    /// Time after which new keys are agreed.
    pub rekey_time: Duration,
    /// Time that every refused login takes at least, longer than a password's check; the defender's delay comes on top.
    pub refusal_time: Duration,
    /// When guessing is slowed and banned.
    pub defender: DefenderLimits,
    /// Files and folders that sessions may have open together. All of them, twice, beside
    /// [`DESCRIPTORS_OF_CONNECTION`] for each connection, must be within what the system gives the process.
    pub handles: HandleLimits,
}

impl ServerConfig {
    /// Defaults with these addresses and keys.
    pub fn new(listening: Vec<Listening>, host_keys: Vec<HostKey>) -> Self {
        Self {
            listening,
            host_keys,
            banner: String::new(),
            max_connections: 256,
            max_per_address: 64,
            max_unauthenticated: 64,
            max_unauthenticated_per_address: 12,
            login_time: Duration::from_secs(30),
            idle_time: Duration::from_mins(15),
            keep_alive: Duration::from_secs(15),
            rekey_bytes: 1 << 30,
            rekey_time: Duration::from_hours(1),
            refusal_time: Duration::from_millis(300),
            defender: DefenderLimits::default(),
            handles: HandleLimits { all: 4096, per_account: 1024 },
        }
    }
}
