//! What all connections share: who is there, who guesses, and where what happens is written down.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::config::ServerConfig;
use super::connections::{Connection, Connections};
use super::defender::{Defender, Knock, Offence, place};
use super::gate::{Gate, GateEvent, TurnedAway};
use super::lookout::Lookouts;
use super::waiting::WaitingRooms;
use crate::password::is_password_of;
use crate::session::{Premises, Shares};

/// Passwords checked at once: each takes 19 MiB and a core.
const MAX_CHECKS: usize = 2;
/// Of an address that is turned away it is told so often.
const TELL: Duration = Duration::from_mins(1);
/// Addresses of which it is remembered that it was told.
const MAX_TOLD: usize = 1000;

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
    /// Where an account's work may wait.
    pub(super) rooms: WaitingRooms,
    /// Who may stay awake for the next request.
    pub(super) lookouts: Lookouts,
    begun: Instant,
    pub(super) login_time: Duration,
    pub(super) idle_time: Duration,
    refusal_time: Duration,
}

impl House {
    pub(super) fn new(gate: Arc<dyn Gate>, config: &ServerConfig, waiting: Handle) -> Self {
        Self {
            gate,
            rooms: WaitingRooms::new(waiting.clone()),
            waiting,
            banner: config.banner.clone(),
            connections: Connections::new(config),
            shares: Shares::new(config.handles),
            defender: Mutex::new(Defender::new(config.defender)),
            told: Mutex::default(),
            checks: Semaphore::new(MAX_CHECKS),
            lookouts: Lookouts::here(),
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

    /// Whether an address may knock now.
    pub(super) fn knock(&self, address: IpAddr) -> Knock {
        let now = self.begun.elapsed();
        self.defender().knock(address, now)
    }

    fn defender(&self) -> std::sync::MutexGuard<'_, Defender> {
        self.defender.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn turn_away(&self, address: IpAddr, why: TurnedAway) {
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
