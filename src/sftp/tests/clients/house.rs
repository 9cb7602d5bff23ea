//! A house for a server under test: folders, an account with a key and a password, and what was written down.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use renkei_core::Moment;
use renkei_core::access::{
    Account, AccountId, AccountKey, AccountState, Authorities, Grantee, LoginRule, Origin, PublicKey, Rights,
    Rule, Rulebook,
};
use renkei_folder::visit::VisitedRoot;
use renkei_sftp::password::hash_password;
use renkei_sftp::server::{Gate, GateEvent, Listening, ServerConfig, ServerHandle, Suite};
use renkei_sftp::session::{Deed, Premises, Visitor};
use renkei_sftp::{HostKey, HostKeyKind};

/// The account's password, from 127.0.0.0/8.
pub(crate) const PASSWORD: &str = "correct horse";

/// What the server asks and tells.
pub(crate) struct TestGate {
    root: VisitedRoot,
    pub(crate) accounts: Mutex<HashMap<AccountId, Account>>,
    pub(crate) rules: Mutex<Arc<Rulebook>>,
    /// How often the rules were asked for, also by whoever still waits for them.
    pub(crate) n_rules_asked: AtomicUsize,
    pub(crate) deeds: Mutex<Vec<String>>,
    pub(crate) events: Mutex<Vec<GateEvent>>,
    pub(crate) authorities: Mutex<Arc<Authorities>>,
}

impl Premises for TestGate {
    fn root(&self) -> &VisitedRoot {
        &self.root
    }

    fn rulebook(&self) -> Arc<Rulebook> {
        self.n_rules_asked.fetch_add(1, Ordering::AcqRel);
        Arc::clone(&self.rules.lock().unwrap())
    }

    fn now(&self) -> Moment {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Moment::from_unix(i64::try_from(now.as_secs()).unwrap()).unwrap()
    }

    fn note(&self, visitor: &Visitor, deed: &Deed<'_>) {
        let show =
            |path: &renkei_folder::visit::VisitPath| String::from_utf8_lossy(&path.to_bytes()).into_owned();
        let text = match deed {
            Deed::Fetched { path, n_bytes, .. } if deed.is_whole_fetch() => {
                format!("fetched {} whole {n_bytes}", show(path))
            }
            Deed::Fetched { path, n_bytes_from_start, .. } => {
                format!("fetched {} {n_bytes_from_start}", show(path))
            }
            Deed::Stored { path, n_bytes, has_replaced } => {
                format!("stored {} {n_bytes}{}", show(path), if *has_replaced { " over another" } else { "" })
            }
            Deed::BrokenOff { path, .. } => format!("broken off {}", show(path)),
            Deed::Renamed { from, to, has_replaced } => format!(
                "renamed {} {}{}",
                show(from),
                show(to),
                if *has_replaced { " over another" } else { "" }
            ),
            Deed::Removed { path } => format!("removed {}", show(path)),
            Deed::FolderMade { path } => format!("folder made {}", show(path)),
            Deed::FolderRemoved { path } => format!("folder removed {}", show(path)),
            Deed::Refused { path, right } => format!("refused {} {}", show(path), right.as_str()),
        };
        self.deeds.lock().unwrap().push(format!("{} {text}", visitor.account.id));
    }
}

impl Gate for TestGate {
    fn account(&self, id: &AccountId) -> Option<Account> {
        self.accounts.lock().unwrap().get(id).cloned()
    }

    fn authorities(&self) -> Arc<Authorities> {
        Arc::clone(&self.authorities.lock().unwrap())
    }

    fn note_gate(&self, event: &GateEvent) {
        self.events.lock().unwrap().push(event.clone());
    }
}

/// A server on a port of its own, with folders that go with it.
pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) gate: Arc<TestGate>,
    pub(crate) address: SocketAddr,
    pub(crate) host_line: String,
    server: Option<ServerHandle>,
}

impl House {
    /// Account `office` of system 015: all rights in `015/inbox`, fetching in `001/feed`, nothing else.
    pub(crate) fn open() -> Self {
        Self::open_with(|_| {})
    }

    pub(crate) fn open_with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        for name in ["015/inbox", "001/feed", "001/secret", ".stage"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        std::fs::write(root.join("001/feed/a.csv"), "\"1\",\"2\"\r\n").unwrap();
        std::fs::write(root.join("001/secret/b.csv"), "secret").unwrap();
        let key = make_key(&folder.path().join("id"), &["-t", "ed25519"]);
        let account = Account {
            id: "office".parse().unwrap(),
            system: "015".parse().unwrap(),
            state: AccountState::Enabled,
            rule: LoginRule::Either,
            keys: vec![AccountKey { key, comment: String::new(), from: Vec::new(), until: None }],
            password_hash: Some(hash_password(PASSWORD).unwrap()),
            addresses: vec!["127.0.0.0/8".parse().unwrap()],
        };
        let rules = vec![rule("015/inbox", Rights::ALL), rule("001/feed", Rights::FETCH)];
        let gate = Arc::new(TestGate {
            root: VisitedRoot::open(&root).unwrap(),
            accounts: Mutex::new([(account.id.clone(), account)].into()),
            rules: Mutex::new(Arc::new(Rulebook::new(rules))),
            n_rules_asked: AtomicUsize::new(0),
            deeds: Mutex::default(),
            events: Mutex::default(),
            authorities: Mutex::default(),
        });
        let listening = Listening { address: "127.0.0.1:0".parse().unwrap(), suite: Suite::strict() };
        let host_key = HostKey::generate(HostKeyKind::Ed25519).unwrap();
        let host_line = host_key.public_line().unwrap();
        let mut config = ServerConfig::new(vec![listening], vec![host_key]);
        change(&mut config);
        let server = ServerHandle::start(&config, Arc::clone(&gate) as Arc<dyn Gate>).unwrap();
        let address = server.addresses()[0];
        Self { folder, gate, address, host_line, server: Some(server) }
    }

    /// A path below the root on disk.
    pub(crate) fn on_disk(&self, path: &str) -> PathBuf {
        self.folder.path().join("root").join(path)
    }

    /// A path for the client's files.
    pub(crate) fn here(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The account's private key.
    pub(crate) fn key_path(&self) -> PathBuf {
        self.here("id")
    }

    pub(crate) fn server(&self) -> &ServerHandle {
        self.server.as_ref().unwrap()
    }

    /// Has the server prove itself by another key from now on.
    pub(crate) fn change_host_key(&mut self) {
        let key = HostKey::generate(HostKeyKind::Ed25519).unwrap();
        self.host_line = key.public_line().unwrap();
        self.server().set_host_keys(&[key]).unwrap();
    }

    pub(crate) fn stop(&mut self, patience: std::time::Duration) {
        self.server.take().unwrap().stop(patience);
    }

    pub(crate) fn set_rules(&self, rules: &[(&str, Rights)]) {
        let rules = rules.iter().map(|(folder, rights)| rule(folder, *rights)).collect();
        *self.gate.rules.lock().unwrap() = Arc::new(Rulebook::new(rules));
    }

    /// What has been written down of what was done.
    pub(crate) fn deeds(&self) -> Vec<String> {
        self.gate.deeds.lock().unwrap().clone()
    }

    /// Waits until something has been written down: the server tells after the client has gone.
    pub(crate) fn wait_for(&self, deed: &str) {
        wait_until(deed, || self.deeds().iter().any(|found| found == deed));
    }

    /// A `known_hosts` that pins the server's key.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        let path = self.here("known_hosts");
        let line = format!("[127.0.0.1]:{} {}\n", self.address.port(), self.host_line);
        std::fs::write(&path, line).unwrap();
        path
    }

    /// Names in the inbox on disk, hidden ones too.
    pub(crate) fn inbox(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.on_disk("015/inbox")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

pub(crate) fn rule(folder: &str, rights: Rights) -> Rule {
    Rule {
        grantee: Grantee::System("015".parse().unwrap()),
        folder: folder.parse().unwrap(),
        rights,
        origin: Origin::Answers,
    }
}

/// Makes a key pair with ssh-keygen; gives the public half.
pub(crate) fn make_key(path: &std::path::Path, arguments: &[&str]) -> PublicKey {
    let made =
        Command::new("ssh-keygen").args(["-q", "-N", "", "-f"]).arg(path).args(arguments).status().unwrap();
    assert!(made.success());
    let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    PublicKey::parse_line(&line).map_or_else(
        |_| {
            // A kind the core does not take: tests that show the refusal hold any other.
            let any = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[9; 32]].concat();
            PublicKey::from_blob(any).unwrap()
        },
        |(key, _)| key,
    )
}

/// Waits until something is so; a minute is for machines under load.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed().as_secs() < 60, "never: {what}");
        std::thread::yield_now();
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
}

/// Bytes that no compression and no zeros hide a mistake in.
pub(crate) fn noise(n_bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(n_bytes + 8);
    while bytes.len() < n_bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(n_bytes);
    bytes
}
