//! A task that serves one SFTP channel, on its connection's own thread.
//!
//! A client with many small files asks for one thing after the other, so what counts for it is how soon each answer
//! comes, and that is how often one thread has to wake another. Most requests are therefore done where they arrive. What
//! waits for a disk by its nature is done elsewhere, so that the connection still answers meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};

use super::connections::Connection;
use super::lookout::Lookout;
use super::pump::{Gauge, PumpEnd, pump, until_closed};
use super::waiting::WaitingRoom;
use crate::session::{Session, SessionError};
use crate::wire::Framing;

/// Replies are sent when so many bytes wait, and so many at once, …
const SEND_BYTES: usize = 64 * 1024;
/// … or so many replies, and whenever no whole request waits.
const SEND_REPLIES: usize = 16;

/// A channel that was opened and has no session yet. Dropped, it is read no more.
pub(super) struct Unused {
    write_half: ChannelWriteHalf<Msg>,
    starter: oneshot::Sender<Begun>,
}

/// Where what arrives goes once a session has begun.
struct Begun {
    queue: UnboundedSender<Bytes>,
    gauge: Arc<Gauge>,
    /// Nothing is said on it: it ends when nobody is there any more to read what is sent.
    there: watch::Sender<()>,
}

impl Unused {
    /// Reads a channel from its opening: while the queue of one is full, russh reads nothing at all of its connection,
    /// nor does it see that it was cut.
    pub(super) fn open(channel: Channel<Msg>, connection: Arc<Connection>) -> Self {
        let (mut read_half, write_half) = channel.split();
        let (starter, begun) = oneshot::channel();
        tokio::spawn(async move {
            if let Some(begun) = until_begun(&mut read_half, begun, &connection).await {
                bring(&mut read_half, begun, &connection).await;
            }
        });
        Self { write_half, starter }
    }

    /// Serves a session on it, until either ends. `waiting` is where work may wait for a disk. Says whether it began.
    pub(super) fn start(
        self,
        session: Session,
        connection: &Arc<Connection>,
        waiting: WaitingRoom,
        lookout: Lookout,
    ) -> bool {
        let (queue, arriving) = unbounded_channel();
        let (there, client) = watch::channel(());
        let gauge = Arc::new(Gauge::default());
        let worker = Worker {
            write_half: self.write_half,
            client,
            gauge: Arc::clone(&gauge),
            connection: Arc::clone(connection),
            waiting,
            lookout,
            out: Vec::new(),
            n_replies: 0,
            is_busy: false,
            has_lost: false,
        };
        let at_work = connection.begin_channel();
        let has_begun = self.starter.send(Begun { queue, gauge, there }).is_ok();
        tokio::spawn(async move {
            worker.run(session, arriving).await;
            drop(at_work);
        });
        has_begun
    }
}

/// Reads until a session begins; `None` where none will. Whoever sends data before that is sent away.
async fn until_begun(
    read_half: &mut ChannelReadHalf,
    mut begun: oneshot::Receiver<Begun>,
    connection: &Connection,
) -> Option<Begun> {
    loop {
        tokio::select! {
            biased;
            begun = &mut begun => return begun.ok(),
            message = read_half.wait() => match message {
                Some(ChannelMsg::Data { .. } | ChannelMsg::ExtendedData { .. }) => {
                    tracing::warn!(session.no = connection.no, "ended a client that sends data to no session");
                    connection.cut();
                    return None;
                }
                Some(ChannelMsg::Close) | None => return None,
                Some(_) => {}
            }
        }
    }
}

/// Brings what arrives to its session, until either ends.
async fn bring(read_half: &mut ChannelReadHalf, begun: Begun, connection: &Connection) {
    let Begun { queue, gauge, there } = begun;
    match pump(read_half, queue, gauge).await {
        PumpEnd::Closed => {}
        PumpEnd::Asked => until_closed(read_half).await,
        PumpEnd::Overrun => {
            tracing::warn!(
                session.no = connection.no,
                "ended a client that sends requests and reads no replies"
            );
            connection.cut();
        }
    }
    drop(there);
}

struct Worker {
    write_half: ChannelWriteHalf<Msg>,
    client: watch::Receiver<()>,
    gauge: Arc<Gauge>,
    connection: Arc<Connection>,
    waiting: WaitingRoom,
    lookout: Lookout,
    out: Vec<u8>,
    n_replies: usize,
    is_busy: bool,
    /// The client went before all that he was answered was sent.
    has_lost: bool,
}

/// The client has gone, or is to go.
struct Ended;

impl Worker {
    async fn run(mut self, session: Session, mut queue: UnboundedReceiver<Bytes>) {
        // Away only while something is done elsewhere; lost where that panicked.
        let mut session = Some(session);
        let mut framing = Framing::default();
        while let Some(piece) = queue.recv().await {
            self.lookout.came(piece.len());
            framing.push(&piece);
            let stepped = self.answer_all(&mut session, &mut framing).await;
            self.gauge.took(piece.len());
            let has_open = session.as_ref().is_some_and(Session::has_open);
            // Whoever has yet to be told that his file is there is not cut before that.
            self.show_busy(has_open || !self.out.is_empty());
            if self.has_gone() && !session.as_ref().is_some_and(Session::is_bringing) {
                break;
            }
            let is_due = self.n_replies >= SEND_REPLIES || queue.is_empty();
            if stepped.is_err() || (is_due && self.send(session.as_mut()).await.is_err()) {
                break;
            }
            self.show_busy(has_open || !self.out.is_empty());
            if queue.is_empty() {
                self.lookout.look_out(|| !queue.is_empty() || queue.is_closed()).await;
            }
        }
        self.end(session).await;
    }

    async fn answer_all(
        &mut self,
        session: &mut Option<Session>,
        framing: &mut Framing,
    ) -> Result<(), Ended> {
        loop {
            // Of whom was sent away nothing more is done, whatever he has asked for ahead.
            if self.connection.is_sent_away() {
                return Err(Ended);
            }
            self.connection.touch();
            let step = match (framing.next_packet(), &mut *session) {
                (Ok(None), _) => return Ok(()),
                (Ok(Some(packet)), Some(here)) if !here.waits_for_disk(packet) => {
                    here.answer(packet, &mut self.out)
                }
                (Ok(Some(packet)), away) => {
                    let (packet, out) = (packet.to_vec(), std::mem::take(&mut self.out));
                    let answered = self.elsewhere(away.take(), packet, out).await;
                    let Some((back, out, answered)) = answered else { return Err(Ended) };
                    *session = Some(back);
                    self.out = out;
                    let Some(answered) = answered else { return Err(Ended) };
                    answered
                }
                (Err(error), _) => Err(error.into()),
            };
            if let Err(error) = step {
                tracing::warn!(session.no = self.connection.no, cause = %error, "ended a session by its client's fault");
                // What was answered before is sent yet.
                let _ = self.send(session.as_mut()).await;
                return Err(Ended);
            }
            self.n_replies += 1;
            if self.out.len() >= SEND_BYTES {
                self.send(session.as_mut()).await?;
            }
        }
    }

    /// Answers a packet where waiting is allowed; `None` where the session was lost by that.
    async fn elsewhere(
        &self,
        session: Option<Session>,
        packet: Vec<u8>,
        mut out: Vec<u8>,
    ) -> Option<(Session, Vec<u8>, Option<Result<(), SessionError>>)> {
        let mut session = session?;
        let connection = Arc::clone(&self.connection);
        let answered = self.waiting.have_done(move || {
            // Its turn may have taken long to come.
            let answered = (!connection.is_sent_away()).then(|| session.answer(&packet, &mut out));
            (session, out, answered)
        });
        self.connection.elsewhere(answered).await
    }

    /// Sends what was answered, and has the session know that it was.
    async fn send(&mut self, session: Option<&mut Session>) -> Result<(), Ended> {
        self.n_replies = 0;
        if self.out.is_empty() {
            return Ok(());
        }
        let mut bytes = Bytes::from(std::mem::take(&mut self.out));
        self.lookout.answered(bytes.len());
        self.gauge.begin_sending();
        let mut sent = Ok(());
        // In pieces, because a slow client takes its time for a long reply and is not idle meanwhile.
        while !bytes.is_empty() && sent.is_ok() {
            let piece = bytes.split_to(SEND_BYTES.min(bytes.len()));
            sent = tokio::select! {
                sent = self.write_half.data_bytes(piece) => sent.map_err(|_| Ended),
                // russh waits for room in the client's window even when there is no client any more. What he asked
                // for before is still done: it may end what he brought.
                _ = self.client.changed() => {
                    self.has_lost = true;
                    break;
                }
            };
            self.gauge.moved();
            self.connection.touch();
        }
        self.gauge.end_sending();
        if let (Ok(()), false, Some(session)) = (&sent, self.has_lost, session) {
            session.sent();
        }
        sent
    }

    fn has_gone(&self) -> bool {
        self.client.has_changed().is_err()
    }

    /// Shows whether something is open, for a stop that lets work come to its end.
    fn show_busy(&mut self, is_busy: bool) {
        if is_busy != self.is_busy {
            self.is_busy = is_busy;
            if is_busy {
                self.connection.n_busy.fetch_add(1, Ordering::AcqRel);
            } else {
                self.connection.n_busy.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }

    async fn end(mut self, session: Option<Session>) {
        // Uploads that broke off are put in order before the client could come again.
        if session.as_ref().is_some_and(Session::has_open) {
            let _ = self.waiting.have_ended(move || drop(session)).await;
        } else {
            drop(session);
        }
        self.show_busy(false);
        // The connection may have gone; then nobody is left to tell.
        let _ = self.write_half.exit_status(0).await;
        let _ = self.write_half.eof().await;
        let _ = self.write_half.close().await;
    }
}
