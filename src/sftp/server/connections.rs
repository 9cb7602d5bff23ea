//! Connections as they stand: how many, from where, who is in, and a way to end each.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use renkei_core::Moment;
use renkei_core::access::{
    Account, AccountId, Authorities, LoginOutcome, LoginRefusal, Offer, UserCertificate, decide_login,
};

use tokio::sync::Notify;

use super::config::ServerConfig;
use super::defender::{Offence, place};
use super::gate::TurnedAway;

/// By what somebody got in.
#[derive(Debug, Clone)]
pub(super) struct Login {
    /// The account as it stood then.
    pub(super) account: Account,
    /// What he proved last, …
    pub(super) offer: Offer,
    /// … and what before, for an account that needs both.
    pub(super) proven: Option<Offer>,
    /// The certificate of the one that was a key with one.
    pub(super) certificate: Option<UserCertificate>,
}

impl Login {
    /// Whether it would still be let in by the account as it stands now. A password is another once its hash is, and a
    /// certificate is judged anew.
    fn is_good(
        &self,
        account: Option<&Account>,
        authorities: &Authorities,
        address: IpAddr,
        now: Moment,
    ) -> bool {
        let has_password = account.is_some_and(|now| now.password_hash == self.account.password_hash);
        let judged_anew = || match &self.certificate {
            Some(certificate) => authorities.judge(certificate, &self.account.id, address, now),
            None => Err(LoginRefusal::OtherAuthority),
        };
        let anew = |offer| match offer {
            Offer::Password { is_right } => Offer::Password { is_right: is_right && has_password },
            Offer::Certificate { key, .. } => Offer::Certificate { key, judged: judged_anew() },
            key @ Offer::Key(_) => key,
        };
        decide_login(account, address, anew(self.offer), self.proven.map(anew), now) == LoginOutcome::In
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// The login's number.
    pub(super) no: u64,
    pub(super) address: IpAddr,
    socket: TcpStream,
    begun: Instant,
    login: Mutex<Option<Login>>,
    has_logged_in: AtomicBool,
    was_refused: AtomicBool,
    n_refused_keys: AtomicU32,
    /// Milliseconds after `begun` of the last sign of life: a request was taken up, or something of a reply was taken.
    last_moved_ms: AtomicU64,
    /// Requests that are done where waiting is allowed.
    n_elsewhere: AtomicUsize,
    /// Milliseconds after `begun` of its first being cut.
    cut_ms: OnceLock<u64>,
    is_sent_away: AtomicBool,
    /// Channels in which something is open or to be answered.
    pub(super) n_busy: AtomicUsize,
    /// SFTP channels at work.
    pub(super) n_channels: AtomicUsize,
    channel_over: Notify,
    /// Those of all connections: they outlive their connection by what they have to put in order.
    n_at_work: Arc<AtomicUsize>,
}

impl Connection {
    pub(super) fn is_in(&self) -> bool {
        self.has_logged_in.load(Ordering::Acquire)
    }

    pub(super) fn account(&self) -> Option<AccountId> {
        self.login().as_ref().map(|login| login.account.id.clone())
    }

    fn login(&self) -> std::sync::MutexGuard<'_, Option<Login>> {
        self.login.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn let_in(&self, login: Login) {
        *self.login() = Some(login);
        self.touch();
        self.has_logged_in.store(true, Ordering::Release);
    }

    /// Whether what let somebody in would let him in now, where `accounts` are those that are; nobody is in where
    /// nobody has logged in.
    pub(super) fn would_be_in(&self, accounts: &[Account], authorities: &Authorities, now: Moment) -> bool {
        self.login().as_ref().is_some_and(|login| {
            let account = accounts.iter().find(|account| account.id == login.account.id);
            login.is_good(account, authorities, self.address, now)
        })
    }

    /// Somebody was refused here, which has been counted.
    pub(super) fn refused(&self, offence: Offence) {
        self.n_refused_keys.fetch_add(u32::from(offence == Offence::Key), Ordering::AcqRel);
        self.was_refused.store(true, Ordering::Release);
    }

    /// Keys that were refused here.
    pub(super) fn n_refused_keys(&self) -> u32 {
        self.n_refused_keys.load(Ordering::Acquire)
    }

    pub(super) fn was_refused(&self) -> bool {
        self.was_refused.load(Ordering::Acquire)
    }

    /// A request is taken up, or the client took something of a reply.
    pub(super) fn touch(&self) {
        self.last_moved_ms.store(self.age_ms(), Ordering::Relaxed);
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long it has stood.
    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// How long nothing has moved; nobody is idle for whom something is done.
    pub(super) fn idle_time(&self) -> Duration {
        if self.n_elsewhere.load(Ordering::Acquire) > 0 {
            return Duration::ZERO;
        }
        let last = Duration::from_millis(self.last_moved_ms.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(last)
    }

    /// Whether nothing is open or to be answered, and nothing has moved for so long.
    pub(super) fn is_quiet_for(&self, time: Duration) -> bool {
        // In this order: the answer that ends what was open is a sign of life before it counts as ended.
        self.n_busy.load(Ordering::Acquire) == 0 && self.idle_time() >= time
    }

    /// Something is done for it where waiting is allowed, however long that takes.
    pub(super) async fn elsewhere<T>(&self, doing: impl Future<Output = T>) -> T {
        self.n_elsewhere.fetch_add(1, Ordering::AcqRel);
        let done = doing.await;
        self.n_elsewhere.fetch_sub(1, Ordering::AcqRel);
        self.touch();
        done
    }

    /// An SFTP channel is at work until what is given is dropped.
    pub(super) fn begin_channel(self: &Arc<Self>) -> AtWork {
        self.n_channels.fetch_add(1, Ordering::AcqRel);
        self.n_at_work.fetch_add(1, Ordering::AcqRel);
        AtWork { connection: Arc::clone(self) }
    }

    /// Waits until no SFTP channel is at work. One waits at a time.
    pub(super) async fn all_channels_over(&self) {
        while self.n_channels.load(Ordering::Acquire) > 0 {
            self.channel_over.notified().await;
        }
    }

    /// Ends it, and what it has asked for and was not yet done is not done any more. Says whether that is news.
    pub(super) fn send_away(&self) -> bool {
        let is_news = !self.is_sent_away.swap(true, Ordering::AcqRel);
        self.cut();
        is_news
    }

    pub(super) fn is_sent_away(&self) -> bool {
        self.is_sent_away.load(Ordering::Acquire)
    }

    /// How long ago it was cut; `None` if it was not.
    pub(super) fn time_since_cut(&self) -> Option<Duration> {
        self.cut_ms.get().map(|cut_ms| self.begun.elapsed().saturating_sub(Duration::from_millis(*cut_ms)))
    }

    /// Ends it: whoever reads or writes finds it closed. What was asked for before is still done.
    pub(super) fn cut(&self) {
        self.cut_ms.get_or_init(|| self.age_ms());
        // It may have been closed already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// An SFTP channel of a connection's is at work.
pub(super) struct AtWork {
    connection: Arc<Connection>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let connection = &self.connection;
        connection.n_channels.fetch_sub(1, Ordering::AcqRel);
        connection.n_at_work.fetch_sub(1, Ordering::AcqRel);
        // Kept where nobody waits yet.
        connection.channel_over.notify_one();
    }
}

/// All connections, with their limits.
#[derive(Debug)]
pub(super) struct Connections {
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    n_given: AtomicU64,
    n_at_work: Arc<AtomicUsize>,
    max_all: usize,
    max_per_address: usize,
    max_unauthenticated: usize,
    max_unauthenticated_per_address: usize,
}

impl Connections {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            open: Mutex::default(),
            n_given: AtomicU64::new(0),
            n_at_work: Arc::default(),
            max_all: config.max_connections,
            max_per_address: config.max_per_address,
            max_unauthenticated: config.max_unauthenticated,
            max_unauthenticated_per_address: config.max_unauthenticated_per_address,
        }
    }

    /// Takes a connection in, if there is room for it.
    pub(super) fn admit(&self, address: IpAddr, socket: TcpStream) -> Result<Arc<Connection>, TurnedAway> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= self.max_all {
            return Err(TurnedAway::HouseFull);
        }
        // One stranger must not keep everybody else out: he has a share of the door, and no more of it.
        let (mut n_here, mut n_waiting, mut n_waiting_here) = (0, 0, 0);
        for one in open.values() {
            let (is_here, is_waiting) = (place(one.address) == place(address), !one.is_in());
            n_here += usize::from(is_here);
            n_waiting += usize::from(is_waiting);
            n_waiting_here += usize::from(is_here && is_waiting);
        }
        if n_here >= self.max_per_address || n_waiting_here >= self.max_unauthenticated_per_address {
            return Err(TurnedAway::AddressFull);
        }
        if n_waiting >= self.max_unauthenticated {
            return Err(TurnedAway::DoorFull);
        }
        let no = self.n_given.fetch_add(1, Ordering::Relaxed) + 1;
        let connection = Arc::new(Connection {
            no,
            address,
            socket,
            begun: Instant::now(),
            login: Mutex::default(),
            has_logged_in: AtomicBool::new(false),
            was_refused: AtomicBool::new(false),
            n_refused_keys: AtomicU32::new(0),
            last_moved_ms: AtomicU64::new(0),
            n_elsewhere: AtomicUsize::new(0),
            cut_ms: OnceLock::new(),
            is_sent_away: AtomicBool::new(false),
            n_busy: AtomicUsize::new(0),
            n_channels: AtomicUsize::new(0),
            channel_over: Notify::new(),
            n_at_work: Arc::clone(&self.n_at_work),
        });
        open.insert(no, Arc::clone(&connection));
        Ok(connection)
    }

    pub(super) fn remove(&self, no: u64) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&no);
    }

    /// SFTP channels at work, also those whose connection has gone.
    pub(super) fn n_at_work(&self) -> usize {
        self.n_at_work.load(Ordering::Acquire)
    }

    pub(super) fn all(&self) -> Vec<Arc<Connection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use renkei_core::access::{AccountKey, AccountState, LoginRule, PublicKey};

    use super::*;

    fn key() -> PublicKey {
        PublicKey::from_blob([&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[1; 32]].concat()).unwrap()
    }

    fn login() -> Login {
        let account = Account {
            id: "office".parse().unwrap(),
            system: "015".parse().unwrap(),
            state: AccountState::Enabled,
            rule: LoginRule::Either,
            keys: vec![AccountKey { key: key(), comment: String::new(), from: Vec::new(), until: None }],
            password_hash: Some("one".to_owned()),
            addresses: vec!["192.0.2.0/24".parse().unwrap()],
        };
        Login { account, offer: Offer::Key(key().fingerprint()), proven: None, certificate: None }
    }

    #[test]
    fn whoever_would_be_refused_now_is_no_longer_in() {
        let by_key = login();
        let by_password = Login { offer: Offer::Password { is_right: true }, ..login() };
        let by_both = Login { proven: Some(Offer::Password { is_right: true }), ..login() };
        let check = |change: fn(&mut Account), expect: [bool; 3]| {
            let mut account = login().account;
            change(&mut account);
            let found = [&by_key, &by_password, &by_both].map(|login| {
                let now = Moment::parse("2026-11-22T00:00:00").unwrap();
                login.is_good(Some(&account), &Authorities::default(), "192.0.2.1".parse().unwrap(), now)
            });
            assert_eq!(found, expect, "{account:?}");
        };
        check(|_| {}, [true; 3]);
        check(|account| account.state = AccountState::Disabled, [false; 3]);
        check(|account| account.keys.clear(), [false, true, false]);
        check(|account| account.keys[0].until = Moment::parse("2026-11-21T00:00:00"), [false, true, false]);
        check(|account| account.keys[0].from = vec!["10.0.0.0/8".parse().unwrap()], [false, true, false]);
        check(|account| account.rule = LoginRule::Both, [false, false, true]);
        // Of an account that needs one of two, the one proven last is enough.
        check(|account| account.password_hash = Some("other".to_owned()), [true, false, true]);
        check(|account| account.addresses.clear(), [true, false, true]);
        let gone = by_key.is_good(
            None,
            &Authorities::default(),
            "192.0.2.1".parse().unwrap(),
            Moment::parse("2026-11-22T00:00:00").unwrap(),
        );
        assert!(!gone);
    }

    #[test]
    fn a_stranger_has_a_share_of_the_door_and_no_more() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let config = ServerConfig {
            max_per_address: 6,
            max_unauthenticated: 20,
            max_unauthenticated_per_address: 3,
            ..ServerConfig::new(Vec::new(), Vec::new())
        };
        let connections = Connections::new(&config);
        let admit = |address: &str| {
            let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            connections.admit(address.parse().unwrap(), socket).map(|connection| connection.no)
        };
        let of = |no| connections.all().into_iter().find(|one| one.no == no).unwrap();
        // One line of IPv6 has a whole /64 to come from.
        for n in 1..=3 {
            admit(&format!("2001:db8::{n}")).unwrap();
        }
        assert_eq!(admit("2001:db8::4").unwrap_err(), TurnedAway::AddressFull);
        let in_house = admit("192.0.2.1").unwrap();
        admit("2001:db8:0:1::1").unwrap();
        // Whoever is in does not count at the door, but he counts.
        of(in_house).let_in(login());
        for _ in 0..5 {
            let no = admit("::ffff:192.0.2.1").unwrap();
            of(no).let_in(login());
        }
        assert_eq!(admit("192.0.2.1").unwrap_err(), TurnedAway::AddressFull);
        // Many lines together fill it yet.
        let n_more = (2..40).take_while(|n| admit(&format!("2001:db8:0:{n}::1")).is_ok()).count();
        assert_eq!(n_more, 16);
        assert_eq!(admit("198.51.100.1").unwrap_err(), TurnedAway::DoorFull);
    }
}
