//! The way from an SSH channel to the task that serves its SFTP session.
//!
//! russh hands a channel's bytes through a queue of its own and stops reading the connection while that is full, also
//! the messages that open the window for what is being sent. So whoever sends must never keep the queue from being
//! emptied: this pump empties it into a queue without such ties, and holds back only while nothing waits to be sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use russh::{ChannelMsg, ChannelReadHalf};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// Bytes queued above which no more are taken, unless sending has stopped.
const HOLD_BYTES: usize = 16 * 1024 * 1024;
/// Bytes queued above which the session is ended: its client sends and does not read.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Bytes that a queued piece costs beside its content.
const PIECE_BYTES: usize = 128;
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

    /// Waits until there is room, or until sending stands still: then reading on may be what sets it going.
    async fn room(&self) {
        while self.n_queued_bytes.load(Ordering::Acquire) > HOLD_BYTES {
            let n_sent = self.n_sent.load(Ordering::Acquire);
            let was_sending = self.is_sending.load(Ordering::Acquire);
            let is_still = tokio::time::timeout(STILL, self.taken.notified()).await.is_err();
            let has_not_sent = n_sent == self.n_sent.load(Ordering::Acquire);
            if is_still && was_sending && has_not_sent && self.is_sending.load(Ordering::Acquire) {
                return;
            }
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

/// What comes next, once there is room for it; `None` too once the task has ended, whatever it left in the queue.
async fn next<M>(
    queue: &UnboundedSender<Bytes>,
    gauge: &Gauge,
    coming: impl Future<Output = Option<M>>,
) -> Option<M> {
    let in_turn = async {
        gauge.room().await;
        coming.await
    };
    tokio::select! {
        () = queue.closed() => None,
        message = in_turn => message,
    }
}

/// Brings what arrives on a channel to the task's queue until either ends.
pub(super) async fn pump(
    channel: &mut ChannelReadHalf,
    queue: UnboundedSender<Bytes>,
    gauge: Arc<Gauge>,
) -> PumpEnd {
    loop {
        match next(&queue, &gauge, channel.wait()).await {
            Some(ChannelMsg::Data { data }) => {
                let n_bytes = data.len() + PIECE_BYTES;
                if gauge.n_queued_bytes.fetch_add(n_bytes, Ordering::AcqRel) + n_bytes > MAX_BYTES {
                    return PumpEnd::Overrun;
                }
                if queue.send(data).is_err() {
                    return PumpEnd::Closed;
                }
            }
            // After the client's end of file nothing more is asked; what was asked is still answered.
            Some(ChannelMsg::Eof) => return PumpEnd::Asked,
            Some(ChannelMsg::Close) | None => return PumpEnd::Closed,
            Some(_) => {}
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

    /// What `next` gives within a minute; an error if it still waits then.
    fn next_within(
        queue: &UnboundedSender<Bytes>,
        gauge: &Gauge,
        coming: impl Future<Output = Option<u8>>,
    ) -> Option<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let waited = runtime.block_on(async {
            tokio::time::timeout(Duration::from_mins(1), next(queue, gauge, coming)).await
        });
        waited.expect("the pump still waits")
    }

    #[test]
    fn a_task_that_ended_ends_the_pump_whatever_it_left() {
        let (queue, rest) = tokio::sync::mpsc::unbounded_channel();
        drop(rest);
        for n_queued_bytes in [0, HOLD_BYTES + 1] {
            let gauge = Gauge { n_queued_bytes: n_queued_bytes.into(), ..Gauge::default() };
            // A client that says nothing more.
            assert_eq!(next_within(&queue, &gauge, std::future::pending()), None, "{n_queued_bytes}");
        }
    }

    #[test]
    fn what_comes_is_taken_while_there_is_room() {
        let (queue, _rest) = tokio::sync::mpsc::unbounded_channel();
        assert_eq!(next_within(&queue, &Gauge::default(), std::future::ready(Some(7))), Some(7));
    }
}
