//! The way from an SSH channel to the task that serves its SFTP session.
//!
//! russh hands a channel's bytes through a queue of its own and stops reading the connection while that is full, also
//! the messages that open the window for what is being sent. So whoever sends must never keep the queue from being
//! emptied: this pump empties it into a queue without such ties, and holds back only while nothing waits to be sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use russh::{ChannelMsg, ChannelReadHalf};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// Bytes queued above which no more are taken, unless sending has stopped.
const HOLD_BYTES: usize = 16 * 1024 * 1024;
/// Bytes queued above which the session is ended: its client sends and does not read.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Bytes that a queued piece costs beside its content.
const PIECE_BYTES: usize = 128;
/// Bytes queued above which small pieces are put together: a client may ask for a whole file in a million requests before
/// it reads the first answer.
const GATHER_BYTES: usize = 1024 * 1024;
/// Bytes of what is put together.
const GATHERED_BYTES: usize = 16 * 1024;
/// How long sending may stand still before it counts as waiting for the client.
const STILL: Duration = Duration::from_millis(20);

/// What the pump and the serving task know of each other.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    n_queued_bytes: AtomicUsize,
    taken: Notify,
    is_sending: AtomicBool,
    n_sent: AtomicU64,
}

impl Gauge {
    /// Gives the task a piece, whose content has been counted. Where it has ended, that is seen next.
    fn put(&self, queue: &UnboundedSender<Bytes>, piece: Bytes) {
        self.n_queued_bytes.fetch_add(PIECE_BYTES, Ordering::AcqRel);
        let _ = queue.send(piece);
    }

    /// The task has dealt with a piece.
    pub(super) fn took(&self, n_bytes: usize) {
        self.n_queued_bytes.fetch_sub(n_bytes + PIECE_BYTES, Ordering::AcqRel);
        self.taken.notify_one();
    }

    pub(super) fn begin_sending(&self) {
        self.is_sending.store(true, Ordering::Release);
    }

    /// The client had room for some of it.
    pub(super) fn moved(&self) {
        self.n_sent.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn end_sending(&self) {
        self.is_sending.store(false, Ordering::Release);
    }

    /// Waits until there is room, or until sending stands still: then reading on may be what sets it going. What does
    /// stands behind all that was asked for ahead, so from then on there is room for as long as something is being sent.
    async fn room(&self, is_freed: &mut bool) {
        while self.n_queued_bytes.load(Ordering::Acquire) > HOLD_BYTES {
            let was_sending = self.is_sending.load(Ordering::Acquire);
            if *is_freed && was_sending {
                return;
            }
            let n_sent = self.n_sent.load(Ordering::Acquire);
            let is_still = tokio::time::timeout(STILL, self.taken.notified()).await.is_err();
            let has_not_sent = n_sent == self.n_sent.load(Ordering::Acquire);
            *is_freed = is_still && was_sending && has_not_sent;
        }
        *is_freed = false;
    }

    /// Waits until the task will soon have nothing to do.
    async fn hungry(&self, n_gathered_bytes: usize) {
        while self.n_queued_bytes.load(Ordering::Acquire) > GATHER_BYTES + n_gathered_bytes {
            self.taken.notified().await;
        }
    }
}

/// How a channel came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PumpEnd {
    /// Its client closed it or has gone, or its session has ended.
    Closed,
    /// Its client asks for nothing more, and may still read what he is answered.
    Asked,
    /// Too much waits.
    Overrun,
}

/// Where messages come from.
pub(super) trait Coming {
    /// The next; `None` after the last.
    fn next(&mut self) -> impl Future<Output = Option<ChannelMsg>> + Send;
}

impl Coming for ChannelReadHalf {
    fn next(&mut self) -> impl Future<Output = Option<ChannelMsg>> + Send {
        self.wait()
    }
}

/// Brings what arrives on a channel to the task's queue until either ends.
pub(super) async fn pump(
    channel: &mut impl Coming,
    queue: UnboundedSender<Bytes>,
    gauge: Arc<Gauge>,
) -> PumpEnd {
    let mut gathered = BytesMut::new();
    let mut is_freed = false;
    loop {
        let in_turn = async {
            gauge.room(&mut is_freed).await;
            channel.next().await
        };
        let message = tokio::select! {
            // Whatever it left in the queue.
            () = queue.closed() => return PumpEnd::Closed,
            () = gauge.hungry(gathered.len()), if !gathered.is_empty() => {
                gauge.put(&queue, gathered.split().freeze());
                continue;
            }
            message = in_turn => message,
        };
        let Some(ChannelMsg::Data { data }) = message else {
            if matches!(message, Some(ChannelMsg::Eof | ChannelMsg::Close) | None) && !gathered.is_empty() {
                gauge.put(&queue, gathered.split().freeze());
            }
            match message {
                // After the client's end of file nothing more is asked; what was asked is still answered.
                Some(ChannelMsg::Eof) => return PumpEnd::Asked,
                Some(ChannelMsg::Close) | None => return PumpEnd::Closed,
                Some(_) => continue,
            }
        };
        let n_queued_bytes = gauge.n_queued_bytes.fetch_add(data.len(), Ordering::AcqRel) + data.len();
        if n_queued_bytes > MAX_BYTES {
            return PumpEnd::Overrun;
        }
        let is_piece = data.len() >= GATHERED_BYTES || n_queued_bytes <= GATHER_BYTES;
        if gathered.is_empty() && is_piece {
            gauge.put(&queue, data);
            continue;
        }
        gathered.extend_from_slice(&data);
        if gathered.len() >= GATHERED_BYTES {
            gauge.put(&queue, gathered.split().freeze());
        }
    }
}

/// Waits until nobody is there any more.
pub(super) async fn until_closed(channel: &mut ChannelReadHalf) {
    while !matches!(channel.wait().await, Some(ChannelMsg::Close) | None) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    const REQUEST: usize = 33;

    impl Coming for UnboundedReceiver<ChannelMsg> {
        fn next(&mut self) -> impl Future<Output = Option<ChannelMsg>> + Send {
            self.recv()
        }
    }

    fn request(no: usize) -> ChannelMsg {
        let mut data = vec![0; REQUEST];
        data[..8].copy_from_slice(&no.to_be_bytes());
        ChannelMsg::Data { data: data.into() }
    }

    /// Whether requests are there in their order, each once.
    fn is_in_order(all: &[u8]) -> bool {
        all.chunks(REQUEST).enumerate().all(|(no, request)| request[..8] == no.to_be_bytes())
    }

    /// What something gives within a minute; an error if it still waits then.
    fn within_a_minute<T>(doing: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let waited = runtime.block_on(async { tokio::time::timeout(Duration::from_mins(1), doing).await });
        waited.expect("it still waits")
    }

    #[test]
    fn a_task_that_ended_ends_the_pump_whatever_it_left() {
        let (queue, rest) = unbounded_channel();
        drop(rest);
        for n_queued_bytes in [0, HOLD_BYTES + 1] {
            let gauge = Gauge { n_queued_bytes: n_queued_bytes.into(), ..Gauge::default() };
            // A client that says nothing more.
            let (_client, mut coming) = unbounded_channel();
            let ended = within_a_minute(pump(&mut coming, queue.clone(), gauge.into()));
            assert_eq!(ended, PumpEnd::Closed, "{n_queued_bytes}");
        }
    }

    #[test]
    fn whoever_asks_for_a_whole_large_file_ahead_is_listened_to() {
        let (queue, mut rest) = unbounded_channel::<Bytes>();
        let (client, mut coming) = unbounded_channel();
        // More than are held back, and far more than would end the session if each cost a piece: 22 GB in blocks of 32 KiB.
        let n_requests = 700_000;
        assert!((HOLD_BYTES + 1..MAX_BYTES).contains(&(n_requests * REQUEST)));
        for no in 0..n_requests {
            client.send(request(no)).unwrap();
        }
        client.send(ChannelMsg::Eof).unwrap();
        // The client's window is full, and what opens it comes last.
        let gauge = Arc::new(Gauge::default());
        gauge.begin_sending();
        assert_eq!(within_a_minute(pump(&mut coming, queue, Arc::clone(&gauge))), PumpEnd::Asked);
        let mut all = Vec::new();
        while let Ok(piece) = rest.try_recv() {
            gauge.took(piece.len());
            all.extend_from_slice(&piece);
        }
        assert_eq!(all.len(), n_requests * REQUEST);
        assert!(is_in_order(&all));
        assert_eq!(gauge.n_queued_bytes.load(Ordering::Acquire), 0);
    }

    #[test]
    fn what_was_put_together_reaches_a_task_that_waits_for_it() {
        let (queue, mut rest) = unbounded_channel::<Bytes>();
        let (client, mut coming) = unbounded_channel();
        let n_requests = 20_000;
        for no in 0..n_requests {
            client.send(request(no)).unwrap();
        }
        let gauge = Arc::new(Gauge::default());
        let task = async {
            let mut all = Vec::new();
            while all.len() < n_requests * REQUEST {
                let piece = rest.recv().await.unwrap();
                all.extend_from_slice(&piece);
                gauge.took(piece.len());
                tokio::task::yield_now().await;
            }
            all
        };
        // The client asks for nothing more, and does not go either.
        let all = within_a_minute(async {
            tokio::select! {
                all = task => all,
                _ = pump(&mut coming, queue, Arc::clone(&gauge)) => Vec::new(),
            }
        });
        assert!(!all.is_empty() && is_in_order(&all));
        drop(client);
    }

    #[test]
    fn whoever_sends_more_than_is_taken_is_ended() {
        let (queue, _rest) = unbounded_channel();
        let (client, mut coming) = unbounded_channel();
        for _ in 0..=MAX_BYTES / (1 << 20) {
            client.send(ChannelMsg::Data { data: vec![0; 1 << 20].into() }).unwrap();
        }
        let gauge = Arc::new(Gauge::default());
        gauge.begin_sending();
        assert_eq!(within_a_minute(pump(&mut coming, queue, gauge)), PumpEnd::Overrun);
    }
}
