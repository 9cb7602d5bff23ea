//! A way between client and server that a test controls.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Forwards connections to a server until it is dropped with the process.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// How many more bytes go towards the server before everything is cut.
    pub(crate) left: Arc<AtomicU64>,
}

impl Proxy {
    /// Before a server on a port of this machine.
    pub(crate) fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let shared = Arc::clone(&left);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let address = SocketAddr::from(([127, 0, 0, 1], server_port));
                let Ok(server) = TcpStream::connect(address) else { continue };
                let (to, from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let left = Arc::clone(&shared);
                std::thread::spawn(move || pump(from, to, Some(&left)));
                std::thread::spawn(move || pump(server, client, None));
            }
        });
        Self { port, left }
    }

    /// Cuts once so many more bytes went towards the server; new connections then fail too.
    pub(crate) fn cut_after(&self, n_bytes: u64) {
        self.left.store(n_bytes, Ordering::SeqCst);
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, left: Option<&AtomicU64>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(n_read) = from.read(&mut buffer) {
        let allowed = left.map_or(n_read, |left| {
            let before = left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    Some(left.saturating_sub(n_read as u64))
                })
                .unwrap();
            n_read.min(usize::try_from(before).unwrap_or(usize::MAX))
        });
        if n_read == 0 || to.write_all(&buffer[..allowed]).is_err() || allowed < n_read {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
