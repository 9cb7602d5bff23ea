//! The SFTP server in the daemon: started with it, kept to the rules as they stand, stopped with it.

use std::sync::Arc;
use std::time::Duration;

use renkei_folder::LocalFolders;
use renkei_sftp::server::{DefenderLimits, Listening, ServerConfig, ServerHandle, Suite};

use super::house::VisitedHouse;
use super::keys::HostKeys;
use crate::Failure;
use crate::clock::HubClock;
use crate::config::{Config, SftpConfig};

/// Seconds between two sweeps of what broken-off uploads left.
const SWEEP_SECONDS: i64 = 3600;

/// The server at work.
pub(crate) struct Server {
    handle: ServerHandle,
    house: Arc<VisitedHouse>,
    swept_at: i64,
}

impl Server {
    /// Starts it where `[sftp]` declares that it listens.
    pub(crate) fn start(config: &Config, clock: HubClock) -> Result<Option<Self>, Failure> {
        let Some(sftp) = &config.sftp else { return Ok(None) };
        if sftp.listening.is_empty() {
            return Ok(None);
        }
        let keys = HostKeys::at(&sftp.host_keys).read()?;
        let house = Arc::new(VisitedHouse::open(config, clock)?);
        let gate: Arc<VisitedHouse> = Arc::clone(&house);
        let settings = settings(sftp, keys.into_iter().map(|(_, key)| key).collect());
        let handle = ServerHandle::start(&settings, gate)?;
        for address in handle.addresses() {
            tracing::info!(%address, "partner systems can log in by SFTP");
        }
        Ok(Some(Self { handle, house, swept_at: i64::MIN }))
    }

    /// Goes by the rules and accounts as they stand now: who was stopped is sent away, what a dead session left is
    /// swept.
    pub(crate) fn keep(&mut self, config: &Config, folders: &LocalFolders, unix_seconds: i64) {
        if let Err(error) = self.house.refresh(config) {
            tracing::error!(%error, "the rules cannot be read, so visitors may do nothing until they can");
        }
        self.house.make_folders(folders);
        match self.house.accounts() {
            Ok(accounts) => {
                for account in self.handle.recheck(&accounts) {
                    tracing::warn!(%account, "what a login stood on was taken away: its sessions end");
                }
            }
            Err(error) => tracing::debug!(%error, "accounts are looked at the next time"),
        }
        if unix_seconds.saturating_sub(self.swept_at) >= SWEEP_SECONDS
            && let Some(sftp) = &config.sftp
        {
            self.swept_at = unix_seconds;
            self.house.sweep(unix_seconds, sftp.keep_broken_off);
        }
    }

    /// Stops it; uploads that are at work have so long.
    pub(crate) fn stop(self, patience: Duration) {
        self.handle.stop(patience);
    }
}

fn settings(sftp: &SftpConfig, keys: Vec<renkei_sftp::HostKey>) -> ServerConfig {
    let listening = sftp.listening.iter().map(|at| Listening {
        address: at.address,
        suite: if at.legacy.is_empty() { Suite::strict() } else { Suite::with_legacy(at.legacy.clone()) },
    });
    ServerConfig {
        banner: sftp.banner.clone(),
        max_connections: sftp.max_connections.0,
        max_per_address: sftp.max_connections.1,
        max_unauthenticated_per_address: sftp.max_logging_in,
        idle_time: sftp.idle,
        defender: DefenderLimits { ban_points: sftp.ban_points, ..DefenderLimits::default() },
        ..ServerConfig::new(listening.collect(), keys)
    }
}
