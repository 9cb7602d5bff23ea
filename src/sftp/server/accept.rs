//! The door: connections are taken, counted, turned away or attended until they end.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use russh::server::Config;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use super::algorithms::Suite;
use super::caller::Caller;
use super::connections::Connection;
use super::defender::{Knock, Offence};
use super::gate::{GateEvent, TurnedAway};
use super::house::House;

/// Memory for the stack of a connection's thread.
const STACK_BYTES: usize = 2 * 1024 * 1024;
/// Bytes read from a connection at once. russh asks for a packet in two parts, and a small one comes whole so; of a large
/// one the rest goes straight to where it belongs.
const READ_BYTES: usize = 8 * 1024;
/// Connections are looked at so often for being idle or late.
const LOOK: Duration = Duration::from_secs(1);
/// A connection that ends sooner without a login only looked whether somebody listens.
const GLANCE: Duration = Duration::from_secs(3);
/// A connection that was cut so long ago, and in which nothing has been done since, is not waited for any more.
const LEFT_BEHIND: Duration = Duration::from_secs(10);
/// Pause after the system had no connection to give, for want of descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// On what terms a door's next connection is spoken with.
pub(super) type Terms = Arc<Mutex<Arc<Config>>>;

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
    if let Knock::Banned(_) = house.knock(address) {
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
        thread.spawn(move || {
            // However it ends, its place is free for another then.
            let _place = Place { house: &at_home, no: connection.no };
            runtime.block_on(stay(&at_home, socket, &connection, config, suite));
        })
    });
    if let Err(error) = begun {
        tracing::error!(session.no = no, cause = %error, "a connection's thread could not be started");
        // What it had of the socket has gone with it.
        house.connections.remove(no);
    }
}

/// The place of a connection among all of them.
struct Place<'h> {
    house: &'h House,
    no: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.house.connections.remove(self.no);
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
    let ended = match TcpStream::from_std(socket) {
        Ok(socket) => attend(house, socket, connection, config, suite).await,
        Err(_) => Ended::Over,
    };
    connection.cut();
    match ended {
        // It holds its place until all is put in order, and says that it went after the last thing that it did.
        Ended::Over => connection.all_channels_over().await,
        // Its channels end with the thread.
        Ended::Left => {
            connection.send_away();
            tracing::error!(session.no = connection.no, "left a connection that did not end when it was cut");
        }
    }
    let address = connection.address;
    match connection.account() {
        Some(account) => {
            house.note(GateEvent::LoggedOut { account, address, session_no: connection.no }).await;
        }
        // Refusals have been counted.
        None if !connection.was_refused() => {
            let is_glance = connection.age() < GLANCE;
            let offence = if is_glance { Offence::Glance } else { Offence::Nothing };
            house.offence(address, offence, None).await;
        }
        None => {}
    }
    // Whoever stops the server waits for this: it is on record by then that he went.
    house.connections.remove(connection.no);
}

/// How attending a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// By its end.
    Over,
    /// It was cut and does not end.
    Left,
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
) -> Ended {
    let caller = Caller::new(Arc::clone(house), Arc::clone(connection), suite);
    let conversation = async {
        // What ends a connection is its client's affair; what matters was written down where it was decided.
        let socket = BufReader::with_capacity(READ_BYTES, socket);
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
            () = &mut conversation => return Ended::Over,
            () = tokio::time::sleep(LOOK) => {
                let is_late = !connection.is_in() && begun.elapsed() >= house.login_time;
                let is_idle = connection.is_in() && connection.idle_time() >= house.idle_time;
                if is_late || is_idle {
                    connection.cut();
                }
                let is_left = |time| time >= LEFT_BEHIND && connection.idle_time() >= LEFT_BEHIND;
                if connection.time_since_cut().is_some_and(is_left) {
                    return Ended::Left;
                }
            }
        }
    }
}
