//! Starting the server, asking how it stands, and stopping it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use renkei_core::access::{Account, AccountId};
use russh::server::Config;
use russh::{Limits, MethodKind, MethodSet, SshId};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::accept::{Terms, accept};
use super::config::{Listening, ServerConfig};
use super::gate::Gate;
use super::house::House;
use crate::{HostKey, SftpError};

/// Bytes a client may send ahead on a channel.
const WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// Bytes of a packet: larger ones trouble some clients.
const PACKET_BYTES: u32 = 32 * 1024;
/// Messages from sessions to a connection on their way: more would be out of the processor's nearest memory before they are
/// encrypted.
const EVENT_SLOTS: usize = 16;
/// Pieces from a connection to a channel on their way; see `server::pump`.
const CHANNEL_SLOTS: usize = 256;
/// Refusals after which a connection is ended. Clients with an agent show key after key.
const MAX_ATTEMPTS: usize = 12;
/// A stop looks so often whether everybody has gone.
const STOP_LOOK: Duration = Duration::from_millis(20);
/// A connection without anything open is ended by a stop once nothing has moved for so long: its last answer may still
/// be on its way to the network.
const STOP_QUIET: Duration = Duration::from_millis(200);
/// Time for connections that were cut to put their uploads in order.
const CUT_TIME: Duration = Duration::from_secs(5);

/// A server at work. Dropped, it cuts every connection.
pub struct ServerHandle {
    runtime: Option<Runtime>,
    house: Arc<House>,
    doors: Vec<JoinHandle<()>>,
    addresses: Vec<SocketAddr>,
    settings: ServerConfig,
    /// In the order of the configuration.
    terms: Vec<Terms>,
}

impl ServerHandle {
    /// Starts a server: when this returns, it is listening.
    pub fn start(config: &ServerConfig, gate: Arc<dyn Gate>) -> Result<Self, SftpError> {
        if config.host_keys.is_empty() {
            return Err(SftpError::NoHostKey);
        }
        // For the doors, and for what waits; connections have threads of their own.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sftp-door")
            .enable_all()
            .build()
            .map_err(|source| SftpError::Threads { source })?;
        let house = Arc::new(House::new(gate, config, runtime.handle().clone()));
        let terms_of =
            |listening| Terms::new(Mutex::new(Arc::new(russh_config(config, listening, &config.host_keys))));
        let mut started = Self {
            runtime: None,
            house,
            doors: Vec::new(),
            addresses: Vec::new(),
            settings: config.clone(),
            terms: config.listening.iter().map(terms_of).collect(),
        };
        for (listening, terms) in config.listening.iter().zip(started.terms.clone()) {
            let (door, address) = runtime.block_on(open_door(&started.house, listening, terms))?;
            started.doors.push(door);
            started.addresses.push(address);
        }
        started.runtime = Some(runtime);
        Ok(started)
    }

    /// Where it listens, in the order of the configuration.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Connections that are open, also those that have not logged in.
    pub fn n_connections(&self) -> usize {
        self.house.connections.all().len()
    }

    /// SFTP sessions at work, also those that have yet to put in order what a connection left that has gone.
    pub fn n_sessions(&self) -> usize {
        self.house.connections.n_at_work()
    }

    /// The accounts that are logged in, each once.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        self.house.connections.all().iter().filter_map(|connection| connection.account()).collect()
    }

    /// Proves itself by these keys to whoever comes from now on; who is here is not disturbed.
    pub fn set_host_keys(&self, keys: &[HostKey]) -> Result<(), SftpError> {
        if keys.is_empty() {
            return Err(SftpError::NoHostKey);
        }
        for (listening, terms) in self.settings.listening.iter().zip(&self.terms) {
            let config = Arc::new(russh_config(&self.settings, listening, keys));
            *terms.lock().unwrap_or_else(PoisonError::into_inner) = config;
        }
        Ok(())
    }

    /// Ends every login that would be refused now, where `accounts` are all that there are: the account is gone or
    /// stopped, its key or password was taken away or has ended, or it needs more than was proven. What such a client
    /// asked for and was not yet done is not done. Says whose.
    pub fn recheck(&self, accounts: &[Account]) -> Vec<AccountId> {
        let (now, authorities) = (self.house.gate.now(), self.house.gate.authorities());
        let connections = self.house.connections.all().into_iter();
        let over = connections.filter(|one| one.is_in() && !one.would_be_in(accounts, &authorities, now));
        over.filter(|connection| connection.send_away())
            .filter_map(|connection| connection.account())
            .collect()
    }

    /// Stops: no more connections are taken, those without anything open are ended as soon as they are quiet, the others
    /// when they are done or after `patience`.
    pub fn stop(mut self, patience: Duration) {
        self.close_doors();
        let until = Instant::now() + patience;
        loop {
            let open = self.house.connections.all();
            let is_over = Instant::now() >= until;
            for connection in &open {
                if is_over {
                    connection.send_away();
                } else if connection.is_quiet_for(STOP_QUIET) {
                    connection.cut();
                }
            }
            if open.is_empty() || is_over {
                break;
            }
            std::thread::sleep(STOP_LOOK);
        }
        self.end();
    }

    fn close_doors(&mut self) {
        for door in self.doors.drain(..) {
            door.abort();
        }
    }

    fn end(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let until = Instant::now() + CUT_TIME;
        loop {
            let open = self.house.connections.all();
            for connection in &open {
                connection.send_away();
            }
            let is_quiet = open.is_empty() && self.house.connections.n_at_work() == 0;
            if is_quiet || Instant::now() >= until {
                break;
            }
            std::thread::sleep(STOP_LOOK);
        }
        runtime.shutdown_timeout(CUT_TIME);
        // Threads of connections that have ended let go of the house last of all.
        while Arc::strong_count(&self.house) > 1 && Instant::now() < until {
            std::thread::sleep(STOP_LOOK);
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.close_doors();
        self.end();
    }
}

async fn open_door(
    house: &Arc<House>,
    listening: &Listening,
    terms: Terms,
) -> Result<(JoinHandle<()>, SocketAddr), SftpError> {
    let failed = |source| SftpError::Listen { address: listening.address, source };
    let listener = TcpListener::bind(listening.address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let door = tokio::spawn(accept(Arc::clone(house), listener, terms, listening.suite.clone()));
    Ok((door, address))
}

fn russh_config(config: &ServerConfig, listening: &Listening, keys: &[HostKey]) -> Config {
    // More would let a nonce come twice.
    let rekey_bytes = config.rekey_bytes.clamp(1 << 20, 1 << 30);
    Config {
        // What runs here is nobody's business.
        server_id: SshId::Standard("SSH-2.0-renkei".into()),
        methods: MethodSet::from([MethodKind::PublicKey, MethodKind::Password].as_slice()),
        auth_rejection_time: config.refusal_time,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: keys.iter().map(|key| key.0.clone()).collect(),
        limits: Limits::new(rekey_bytes, rekey_bytes, config.rekey_time),
        window_size: WINDOW_BYTES,
        maximum_packet_size: PACKET_BYTES,
        channel_buffer_size: CHANNEL_SLOTS,
        event_buffer_size: EVENT_SLOTS,
        preferred: listening.suite.preferred(),
        max_auth_attempts: MAX_ATTEMPTS,
        // Idle connections are ended by the door, which knows requests from answers to being asked.
        inactivity_timeout: None,
        keepalive_interval: Some(config.keep_alive),
        keepalive_max: 3,
        nodelay: true,
        ..Config::default()
    }
}
