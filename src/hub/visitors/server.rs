//! The SFTP server in the daemon: started with it, kept to the rules as they stand, stopped with it.

use std::sync::Arc;
use std::time::Duration;

use renkei_core::access::Fingerprint;
use renkei_sftp::HostKey;
use renkei_sftp::server::{
    DESCRIPTORS_OF_CONNECTION, DefenderLimits, Listening, ServerConfig, ServerHandle, Suite,
};
use renkei_sftp::session::HandleLimits;

use super::house::VisitedHouse;
use super::keys::HostKeys;
use crate::Failure;
use crate::clock::HubClock;
use crate::config::{Config, SftpConfig};

/// The server at work.
pub(crate) struct Server {
    handle: ServerHandle,
    house: Arc<VisitedHouse>,
    /// The host keys it proves itself by.
    shown: Vec<Fingerprint>,
}

impl Server {
    /// Starts it where `[sftp]` declares that it listens.
    pub(crate) fn start(config: &Config, clock: HubClock) -> Result<Option<Self>, Failure> {
        let Some(sftp) = &config.sftp else { return Ok(None) };
        if sftp.listening.is_empty() {
            return Ok(None);
        }
        let keys = host_keys(config)?;
        let shown = keys.iter().map(HostKey::fingerprint).collect();
        let house = Arc::new(VisitedHouse::open(config, clock)?);
        let gate: Arc<VisitedHouse> = Arc::clone(&house);
        let settings = settings(sftp, keys);
        let handle = ServerHandle::start(&settings, gate)?;
        for address in handle.addresses() {
            tracing::info!(%address, "partner systems can log in by SFTP");
        }
        Ok(Some(Self { handle, house, shown }))
    }

    /// Proves itself by the host keys that are there now, if they are others; sessions go on.
    pub(crate) fn renew_host_keys(&mut self, config: &Config) -> Result<(), Failure> {
        let keys = host_keys(config)?;
        let shown: Vec<_> = keys.iter().map(HostKey::fingerprint).collect();
        if shown != self.shown {
            self.handle.set_host_keys(&keys)?;
            self.shown = shown;
            tracing::info!(keys = keys.len(), "partner systems are shown other host keys from now on");
        }
        Ok(())
    }

    /// Goes by the rules and accounts as they stand now: who was stopped is sent away.
    pub(crate) fn keep(&self, config: &Config) {
        if let Err(error) = self.house.refresh(config) {
            tracing::error!(%error, "the rules cannot be read, so visitors may do nothing until they can");
        }
        self.house.tell_refusals();
        match self.house.accounts() {
            Ok(accounts) => {
                for account in self.handle.recheck(&accounts) {
                    tracing::warn!(%account, "what a login stood on was taken away: its sessions end");
                }
            }
            Err(error) => tracing::debug!(%error, "accounts are looked at the next time"),
        }
    }

    /// Stops it; uploads that are at work have so long. What was done is written down then, also where something that
    /// hangs keeps a session's thread, and the house with it.
    pub(crate) fn stop(self, patience: Duration) {
        self.handle.stop(patience);
        self.house.close_books();
    }
}

fn host_keys(config: &Config) -> Result<Vec<HostKey>, Failure> {
    Ok(HostKeys::of(config)?.read()?.into_iter().map(|(_, key)| key).collect())
}

fn settings(sftp: &SftpConfig, keys: Vec<HostKey>) -> ServerConfig {
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
        handles: handle_limits(rustix::process::getrlimit(rustix::process::Resource::Nofile).current, sftp),
        defender: DefenderLimits { ban_points: sftp.ban_points, ..DefenderLimits::default() },
        ..ServerConfig::new(listening.collect(), keys)
    }
}

/// Descriptors kept for the database, runs, logs and whatever else the daemon does.
const OTHER_DESCRIPTORS: u64 = 256;

/// How much visitors may have open together where the process may open `n_descriptors`; a handle is two of them. One
/// account has a quarter.
fn handle_limits(n_descriptors: Option<u64>, sftp: &SftpConfig) -> HandleLimits {
    let n_connections = u64::try_from(sftp.max_connections.0).unwrap_or(u64::MAX);
    let taken = n_connections.saturating_mul(DESCRIPTORS_OF_CONNECTION).saturating_add(OTHER_DESCRIPTORS);
    let n_handles = n_descriptors.unwrap_or(u64::MAX).saturating_sub(taken) / 2;
    let all = usize::try_from(n_handles).unwrap_or(usize::MAX).clamp(64, 16_384);
    HandleLimits { all, per_account: (all / 4).clamp(32, 1024) }
}

#[cfg(test)]
mod tests {
    use renkei_core::access::{Account, AccountState, Authorities, LoginRule, Right};
    use renkei_core::port::Store as _;
    use renkei_folder::visit::VisitPath;
    use renkei_sftp::session::{Deed, Premises as _, Visitor};

    use super::*;
    use crate::init::{NewHub, init};

    #[test]
    fn a_stop_has_all_written_down_though_a_session_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let hub = NewHub {
            municipality: "082201".parse().unwrap(),
            name: "つくば市".to_owned(),
            keeps_existing: false,
        };
        init(folder.path(), &hub).unwrap();
        let path = folder.path().join("hub.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}\n[sftp]\nlisten = [\"127.0.0.1:0\"]\n")).unwrap();
        let config = Config::load(folder.path()).unwrap();
        HostKeys::of(&config).unwrap().make_at_first().unwrap();
        let server = Server::start(&config, HubClock::system()).unwrap().unwrap();
        let account = Account {
            id: "office".parse().unwrap(),
            system: "015".parse().unwrap(),
            state: AccountState::Enabled,
            rule: LoginRule::Either,
            keys: Vec::new(),
            password_hash: None,
            addresses: Vec::new(),
        };
        let visitor = Visitor { account, address: None, session_no: 1 };
        let path = VisitPath::parse(b"/x").unwrap();
        // As a thread has it that is still there. What is refused again is told at the end of its minute, or of all.
        let house = Arc::clone(&server.house);
        for _ in 0..3 {
            house.note(&visitor, &Deed::Refused { path: &path, right: Right::Read });
        }
        server.stop(Duration::ZERO);
        let store = crate::premises::open_store(&config, Duration::from_secs(30), true).unwrap();
        let lines = store.snapshot().unwrap().audit(0, 100).unwrap();
        let results: Vec<_> = lines
            .iter()
            .filter(|line| line.operator == "sftp:office")
            .map(|line| line.result.as_str())
            .collect();
        assert_eq!(results, ["refused", "refused 2 times more"]);
    }

    #[test]
    fn what_visitors_open_is_within_what_the_process_may() {
        let sftp = SftpConfig {
            listening: Vec::new(),
            host_keys: "keys".into(),
            banner: String::new(),
            idle: Duration::ZERO,
            max_connections: (256, 64),
            max_logging_in: 12,
            ban_points: 50,
            keep_broken_off: Duration::ZERO,
            authorities: Authorities::default(),
        };
        let check = |n_descriptors, all, per_account| {
            assert_eq!(
                handle_limits(n_descriptors, &sftp),
                HandleLimits { all, per_account },
                "{n_descriptors:?}"
            );
        };
        check(Some(64), 64, 32);
        check(Some(1024), 64, 32);
        check(Some(2048), 128, 32);
        check(Some(65_536), 16_384, 1024);
        check(None, 16_384, 1024);
        check(Some(10_000), 4104, 1024);
    }
}
