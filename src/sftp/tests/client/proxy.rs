//! A way between client and server that a test controls.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Forwards connections to a server until it is dropped with the process.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many more bytes go towards the server before everything is cut.
    left: Arc<AtomicU64>,
    /// The same on the way back.
    left_back: Arc<AtomicU64>,
    /// Bytes a second of each connection, each way; 0 for as fast as it goes.
    rate: Arc<AtomicU64>,
}

impl Proxy {
    /// Before a server on a port of this machine.
    pub(crate) fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let left_back = Arc::new(AtomicU64::new(u64::MAX));
        let rate = Arc::new(AtomicU64::new(0));
        let shared = (Arc::clone(&left), Arc::clone(&rate), Arc::clone(&left_back));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let address = SocketAddr::from(([127, 0, 0, 1], server_port));
                let Ok(server) = TcpStream::connect(address) else { continue };
                let (to, from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (left, rate, left_back) = shared.clone();
                let rate_back = Arc::clone(&rate);
                std::thread::spawn(move || pump(from, to, &left, &rate));
                std::thread::spawn(move || pump(server, client, &left_back, &rate_back));
            }
        });
        Self { port, left, left_back, rate }
    }

    /// Cuts once so many more bytes went towards the server; new connections then fail too.
    pub(crate) fn cut_after(&self, n_bytes: u64) {
        self.left.store(n_bytes, Ordering::SeqCst);
    }

    /// Cuts once so many more bytes came back.
    pub(crate) fn cut_back_after(&self, n_bytes: u64) {
        self.left_back.store(n_bytes, Ordering::SeqCst);
    }

    /// Lets so many bytes a second go each way on each connection.
    pub(crate) fn slow_to(&self, bytes_per_second: u64) {
        self.rate.store(bytes_per_second, Ordering::SeqCst);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a pause need not be exact")]
fn pump(mut from: TcpStream, mut to: TcpStream, left: &AtomicU64, rate: &AtomicU64) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(n_read) = from.read(&mut buffer) {
        let rate = rate.load(Ordering::SeqCst);
        if rate > 0 {
            std::thread::sleep(Duration::from_secs_f64(n_read as f64 / rate as f64));
        }
        let before = left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(n_read as u64)))
            .unwrap();
        let allowed = n_read.min(usize::try_from(before).unwrap_or(usize::MAX));
        if n_read == 0 || to.write_all(&buffer[..allowed]).is_err() || allowed < n_read {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
