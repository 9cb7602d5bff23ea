//! The door: connections are taken, counted, turned away or attended until they end.

use crate::password::is_password_of;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use russh::server::Config;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::algorithms::Suite;
use super::caller::Caller;
use super::config::ServerConfig;
use super::connections::{Connection, Connections};
use super::defender::{Defender, Knock, Offence, place};
use super::gate::{Gate, GateEvent, TurnedAway};
use crate::session::{Premises, Shares};

/// Memory for the stack of a connection's thread.
const STACK_BYTES: usize = 2 * 1024 * 1024;
/// Passwords checked at once: each takes 19 MiB and a core.
const MAX_CHECKS: usize = 2;
/// Connections are looked at so often for being idle or late.
const LOOK: Duration = Duration::from_secs(1);
/// Of an address that is turned away it is told so often.
const TELL: Duration = Duration::from_mins(1);
/// Addresses of which it is remembered that it was told.
const MAX_TOLD: usize = 1000;
/// A connection that ends sooner without a login is nobody's offence: it only looked whether somebody listens.
const GLANCE: Duration = Duration::from_secs(3);
/// Pause after the system had no connection to give, for want of descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// On what terms a door's next connection is spoken with.
pub(super) type Terms = Arc<Mutex<Arc<Config>>>;

/// What all connections share.
pub(super) struct House {
    pub(super) gate: Arc<dyn Gate>,
    pub(super) banner: String,
    pub(super) connections: Connections,
    /// What sessions have in common.
    pub(super) shares: Arc<Shares>,
    defender: Mutex<Defender>,
    told: Mutex<Told>,
    checks: Semaphore,
    /// Where work may wait.
    pub(super) waiting: Handle,
    begun: Instant,
    login_time: Duration,
    idle_time: Duration,
    refusal_time: Duration,
}

impl House {
    pub(super) fn new(gate: Arc<dyn Gate>, config: &ServerConfig, waiting: Handle) -> Self {
        Self {
            gate,
            waiting,
            banner: config.banner.clone(),
            connections: Connections::new(config),
            shares: Shares::new(config.handles),
            defender: Mutex::new(Defender::new(config.defender)),
            told: Mutex::default(),
            checks: Semaphore::new(MAX_CHECKS),
            begun: Instant::now(),
            login_time: config.login_time,
            idle_time: config.idle_time,
            refusal_time: config.refusal_time,
        }
    }

    pub(super) fn premises(&self) -> Arc<dyn Premises> {
        Arc::<dyn Gate>::clone(&self.gate)
    }

    /// Writes down what happened, where waiting is allowed.
    pub(super) async fn note(&self, event: GateEvent) {
        let gate = Arc::clone(&self.gate);
        // Only a panic in the gate ends this early; the runtime has told of it.
        let _ = self.waiting.spawn_blocking(move || gate.note_gate(&event)).await;
    }

    /// Counts an offence and writes it down; gives the time to wait before it is answered.
    pub(super) async fn offence(
        &self,
        address: IpAddr,
        offence: Offence,
        event: Option<GateEvent>,
    ) -> Duration {
        let now = self.begun.elapsed();
        let (delay, ban) = self.defender().offence(address, offence, now);
        if let Some(event) = event {
            self.note(event).await;
        }
        if let Some(time) = ban {
            tracing::warn!(%address, seconds = time.as_secs(), "banned an address that guesses");
            self.note(GateEvent::Banned { address, time }).await;
            for connection in self.connections.all() {
                if place(connection.address) == place(address) && !connection.is_in() {
                    connection.cut();
                }
            }
        }
        delay
    }

    pub(super) fn success(&self, connection: &Connection) {
        let now = self.begun.elapsed();
        self.defender().success(connection.address, connection.n_refused_keys(), now);
    }

    /// When a refusal may be told of what was asked at `begun`. It hangs on nothing but that and the `delay`, so that
    /// nobody learns from the time whether a password was checked at all, unless checks have to wait for one another.
    pub(super) fn refusal_at(&self, begun: Instant, delay: Duration) -> Instant {
        begun + self.refusal_time + delay
    }

    /// Checks a password where it may take its time; a few at once.
    pub(super) async fn is_password(&self, password: Zeroizing<String>, hash: String) -> bool {
        let Ok(_permit) = self.checks.acquire().await else { return false };
        let checked = self.waiting.spawn_blocking(move || is_password_of(password.as_bytes(), &hash));
        checked.await.unwrap_or(false)
    }

    fn defender(&self) -> std::sync::MutexGuard<'_, Defender> {
        self.defender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn turn_away(&self, address: IpAddr, why: TurnedAway) {
        let now = self.begun.elapsed();
        let is_news = self.told.lock().unwrap_or_else(PoisonError::into_inner).is_news(address, now);
        if is_news {
            self.note(GateEvent::TurnedAway { address, why }).await;
        }
    }
}

/// Of whom it was told that he was turned away, and when.
#[derive(Debug, Default)]
struct Told(HashMap<IpAddr, Duration>);

impl Told {
    /// Whether it is to be told now: once in a while of each place, and of no more places than that in the while.
    fn is_news(&mut self, address: IpAddr, now: Duration) -> bool {
        if self.0.len() >= MAX_TOLD {
            self.0.retain(|_, at| now.saturating_sub(*at) < TELL);
        }
        let place = place(address);
        let is_known = self.0.get(&place).is_some_and(|at| now.saturating_sub(*at) < TELL);
        let is_news = !is_known && (self.0.len() < MAX_TOLD || self.0.contains_key(&place));
        if is_news {
            self.0.insert(place, now);
        }
        is_news
    }
}

/// Takes connections until the task is ended. A failing `accept` is tried again: one is no reason to stop.
pub(super) async fn accept(house: Arc<House>, listener: TcpListener, terms: Terms, suite: Suite) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                let address = house.gate.seen_as(peer.ip().to_canonical());
                match admit(&house, socket, address) {
                    Ok(Some((socket, connection))) => {
                        let config = Arc::clone(&terms.lock().unwrap_or_else(PoisonError::into_inner));
                        begin(&house, socket, connection, config, suite.clone());
                    }
                    Ok(None) => {}
                    Err(why) => {
                        let house = Arc::clone(&house);
                        tokio::spawn(async move { house.turn_away(address, why).await });
                    }
                }
            }
            Err(error) => {
                tracing::warn!(cause = %error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

type Admitted = Option<(std::net::TcpStream, Arc<Connection>)>;

/// Takes a connection in, if there is room for it; `None` for one that has gone again.
fn admit(house: &House, socket: TcpStream, address: IpAddr) -> Result<Admitted, TurnedAway> {
    let now = house.begun.elapsed();
    if let Knock::Banned(_) = house.defender().knock(address, now) {
        return Err(TurnedAway::Banned);
    }
    let Some((socket, second)) = twice(socket) else { return Ok(None) };
    let connection = house.connections.admit(address, second)?;
    Ok(Some((socket, connection)))
}

/// Attends a connection on a thread of its own.
fn begin(
    house: &Arc<House>,
    socket: std::net::TcpStream,
    connection: Arc<Connection>,
    config: Arc<Config>,
    suite: Suite,
) {
    let (at_home, no) = (Arc::clone(house), connection.no);
    let begun = Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        let thread = std::thread::Builder::new().name("sftp".to_owned()).stack_size(STACK_BYTES);
        thread.spawn(move || runtime.block_on(stay(&at_home, socket, &connection, config, suite)))
    });
    if let Err(error) = begun {
        tracing::error!(session.no = no, cause = %error, "a connection's thread could not be started");
        // What it had of the socket has gone with it.
        house.connections.remove(no);
    }
}

/// Attends a connection from its beginning to its end, and what it left to be put in order.
async fn stay(
    house: &Arc<House>,
    socket: std::net::TcpStream,
    connection: &Arc<Connection>,
    config: Arc<Config>,
    suite: Suite,
) {
    if let Ok(socket) = TcpStream::from_std(socket) {
        attend(house, socket, connection, config, suite).await;
    }
    connection.cut();
    let address = connection.address;
    match connection.account() {
        Some(account) => {
            house.note(GateEvent::LoggedOut { account, address, session_no: connection.no }).await;
        }
        // Refusals have been counted.
        None if connection.age() >= GLANCE && !connection.was_refused() => {
            house.offence(address, Offence::Nothing, None).await;
        }
        None => {}
    }
    // Whoever stops the server waits for this: it is on record by then that he went.
    house.connections.remove(connection.no);
    connection.all_channels_over().await;
}

/// The socket, and another descriptor of it by which it can be ended from outside.
fn twice(socket: TcpStream) -> Option<(std::net::TcpStream, std::net::TcpStream)> {
    // Without it, small replies wait for the client's acknowledgement of those before.
    socket.set_nodelay(true).ok()?;
    let socket = socket.into_std().ok()?;
    let second = socket.try_clone().ok()?;
    Some((socket, second))
}

async fn attend(
    house: &Arc<House>,
    socket: TcpStream,
    connection: &Arc<Connection>,
    config: Arc<Config>,
    suite: Suite,
) {
    let caller = Caller::new(Arc::clone(house), Arc::clone(connection), suite);
    let conversation = async {
        // What ends a connection is its client's affair; what matters was written down where it was decided.
        match russh::server::run_stream(config, socket, caller).await {
            Ok(running) => {
                if let Err(error) = running.await {
                    tracing::debug!(session.no = connection.no, cause = %error, "a connection ended");
                }
            }
            Err(error) => tracing::debug!(session.no = connection.no, cause = %error, "no greeting"),
        }
    };
    tokio::pin!(conversation);
    let begun = Instant::now();
    loop {
        tokio::select! {
            () = &mut conversation => return,
            () = tokio::time::sleep(LOOK) => {
                let is_late = !connection.is_in() && begun.elapsed() >= house.login_time;
                let is_idle = connection.is_in() && connection.idle_time() >= house.idle_time;
                if is_late || is_idle {
                    connection.cut();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_turned_away_is_told_of_once_in_a_while_however_many_come() {
        let mut told = Told::default();
        let address =
            |n: usize| IpAddr::from([10, 1, u8::try_from(n / 250).unwrap(), u8::try_from(n % 250).unwrap()]);
        assert!(told.is_news(address(0), Duration::ZERO));
        assert!(!told.is_news(address(0), TELL / 2));
        let n_told = (0..3 * MAX_TOLD).filter(|n| told.is_news(address(*n), TELL / 2)).count();
        assert_eq!(n_told, MAX_TOLD - 1);
        assert!(told.is_news(address(0), TELL));
        assert!(told.is_news(address(2 * MAX_TOLD), TELL * 2), "there is room again");
    }
}
