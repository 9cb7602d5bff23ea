//! A thread that serves one SFTP channel: its file work may wait for a disk without holding anybody else up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use russh::server::Msg;
use russh::{Channel, ChannelWriteHalf};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

use super::connections::Connection;
use super::pump::{Gauge, PumpEnd, pump, until_closed};
use crate::session::Session;
use crate::wire::Framing;

/// Memory for the thread's stack.
const STACK_BYTES: usize = 512 * 1024;
/// Replies are sent when so many bytes wait, …
const SEND_BYTES: usize = 64 * 1024;
/// … or so many replies, and whenever no whole request waits.
const SEND_REPLIES: usize = 16;

/// Serves a session on a channel, until either ends.
pub(super) fn start(
    channel: Channel<Msg>,
    session: Session,
    connection: Arc<Connection>,
) -> std::io::Result<()> {
    let (mut read_half, write_half) = channel.split();
    let (sender, queue) = unbounded_channel();
    // Nothing is said on it: it ends when nobody is there any more to read what is sent.
    let (there, client) = watch::channel(());
    let gauge = Arc::new(Gauge::default());
    let runtime = Handle::current();
    let worker = Worker {
        session,
        write_half,
        client,
        gauge: Arc::clone(&gauge),
        connection: Arc::clone(&connection),
        runtime: runtime.clone(),
        out: Vec::new(),
        n_replies: 0,
        is_busy: false,
    };
    connection.begin_channel();
    let serving = Arc::clone(&connection);
    let thread = std::thread::Builder::new().name("sftp-session".to_owned()).stack_size(STACK_BYTES);
    let started = thread.spawn(move || {
        worker.run(queue);
        serving.end_channel();
    });
    if let Err(error) = started {
        connection.end_channel();
        return Err(error);
    }
    runtime.spawn(async move {
        match pump(&mut read_half, sender, gauge).await {
            PumpEnd::Closed => {}
            PumpEnd::Asked => until_closed(&mut read_half).await,
            PumpEnd::Overrun => {
                tracing::warn!(
                    session.no = connection.no,
                    "ended a client that sends requests and reads no replies"
                );
                connection.cut();
            }
        }
        drop(there);
    });
    Ok(())
}

struct Worker {
    session: Session,
    write_half: ChannelWriteHalf<Msg>,
    client: watch::Receiver<()>,
    gauge: Arc<Gauge>,
    connection: Arc<Connection>,
    runtime: Handle,
    out: Vec<u8>,
    n_replies: usize,
    is_busy: bool,
}

/// The client has gone, or is to go.
struct Ended;

impl Worker {
    fn run(mut self, mut queue: UnboundedReceiver<Bytes>) {
        let mut framing = Framing::default();
        while let Some(piece) = queue.blocking_recv() {
            framing.push(&piece);
            let stepped = self.answer_all(&mut framing);
            self.gauge.took(piece.len());
            self.connection.touch();
            self.show_busy();
            if self.has_gone() && !self.session.is_bringing() {
                break;
            }
            let is_due = self.n_replies >= SEND_REPLIES || queue.is_empty();
            if stepped.is_err() || (is_due && self.send().is_err()) {
                break;
            }
        }
        self.end();
    }

    fn answer_all(&mut self, framing: &mut Framing) -> Result<(), Ended> {
        loop {
            let step = match framing.next_packet() {
                Ok(None) => return Ok(()),
                Ok(Some(packet)) => self.session.answer(packet, &mut self.out),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = step {
                tracing::warn!(session.no = self.connection.no, cause = %error, "ended a session by its client's fault");
                // What was answered before is sent yet.
                let _ = self.send();
                return Err(Ended);
            }
            self.n_replies += 1;
            if self.out.len() >= SEND_BYTES {
                self.send()?;
            }
        }
    }

    fn send(&mut self) -> Result<(), Ended> {
        self.n_replies = 0;
        if self.out.is_empty() {
            return Ok(());
        }
        let bytes = Bytes::from(std::mem::take(&mut self.out));
        self.gauge.begin_sending();
        let Self { write_half, client, runtime, .. } = self;
        let sent = runtime.block_on(async {
            tokio::select! {
                sent = write_half.data_bytes(bytes) => sent.map_err(|_| Ended),
                // russh waits for room in the client's window even when there is no client any more. What he asked
                // for before is still done: it may end what he brought.
                _ = client.changed() => Ok(()),
            }
        });
        self.gauge.end_sending();
        sent
    }

    fn has_gone(&self) -> bool {
        self.client.has_changed().is_err()
    }

    /// Shows whether something is open, for a stop that lets work come to its end.
    fn show_busy(&mut self) {
        let is_busy = self.session.has_open();
        if is_busy != self.is_busy {
            self.is_busy = is_busy;
            if is_busy {
                self.connection.n_busy.fetch_add(1, Ordering::AcqRel);
            } else {
                self.connection.n_busy.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }

    fn end(self) {
        let Self { session, write_half, connection, runtime, is_busy, .. } = self;
        // Uploads that broke off are put in order before the client could come again.
        drop(session);
        if is_busy {
            connection.n_busy.fetch_sub(1, Ordering::AcqRel);
        }
        runtime.block_on(async {
            // The connection may have gone; then nobody is left to tell.
            let _ = write_half.exit_status(0).await;
            let _ = write_half.eof().await;
            let _ = write_half.close().await;
        });
    }
}
