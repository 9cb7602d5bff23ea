//! Requests and their answers: any number under way, each answered by its number.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use renkei_core::delivery::DeliveryError;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::packets::{Answer, Ask, Cutter, Malformed, init, read_answer, read_version};
use crate::client::terms::SftpTerms;

/// Requests with data in flight: with 32 KiB each, 2 MiB, which is what OpenSSH's server takes at a time.
const DATA_IN_FLIGHT: usize = 64;
/// Packets that wait to be written.
const QUEUE_PACKETS: usize = 256;
/// So many times as long as an answer may take, one is waited for at most, whatever else is heard meanwhile: at the
/// usual 30 s, half an hour for what is in flight before it.
const MOST_WAITS: u32 = 60;
/// Packets are joined up to this length.
const JOINED_BYTES: usize = 128 * 1024;

/// An SFTP channel.
pub(super) struct Calls {
    terms: SftpTerms,
    out: mpsc::Sender<Vec<u8>>,
    waiting: Waiting,
    next_id: AtomicU32,
    heard: Heard,
    data: Arc<Semaphore>,
    /// What the server offers beyond version 3.
    pub(super) extensions: Vec<String>,
}

/// When the server was last heard. On a slow line an answer stands behind much data of other files: as long as others
/// come, nobody gives up.
type Heard = Arc<Mutex<Instant>>;

/// Who waits for which answer; `None` once the connection is over.
type Waiting = Arc<Mutex<Option<HashMap<u32, Waiter>>>>;

struct Waiter {
    answer: oneshot::Sender<Answer>,
    /// Given back with the answer.
    _place: Option<OwnedSemaphorePermit>,
}

/// An answer that will come.
pub(super) struct Awaited(oneshot::Receiver<Answer>);

impl Calls {
    /// Begins the protocol on a channel on which the subsystem runs.
    pub(super) async fn begin(terms: &SftpTerms, channel: Channel<Msg>) -> Result<Self, DeliveryError> {
        let (mut reader, writer) = channel.split();
        let place = || terms.place();
        let lost =
            |detail: String| DeliveryError::CutOff { place: place(), attempt: "starting SFTP", detail };
        let no_sftp = |_: Malformed| DeliveryError::Protocol {
            place: place(),
            detail: "what answers is no SFTP server of version 3".to_owned(),
        };
        writer.data_bytes(init()).await.map_err(|error| lost(error.to_string()))?;
        let mut cutter = Cutter::default();
        let first = async {
            loop {
                if let Some(packet) = cutter.next().map_err(no_sftp)? {
                    return Ok(packet);
                }
                match reader.wait().await {
                    Some(ChannelMsg::Data { data }) => cutter.add(&data),
                    None | Some(ChannelMsg::Close | ChannelMsg::Eof) => {
                        return Err(lost("the server ended the channel".to_owned()));
                    }
                    Some(_) => {}
                }
            }
        };
        let version =
            tokio::time::timeout(terms.timeout, first).await.map_err(|_| DeliveryError::TimedOut {
                place: place(),
                seconds: terms.timeout.as_secs(),
                attempt: "starting SFTP",
            })??;
        let extensions = read_version(&version).map_err(no_sftp)?;
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let (out, queue) = mpsc::channel(QUEUE_PACKETS);
        tokio::spawn(write_all(writer, queue));
        let heard: Heard = Arc::new(Mutex::new(Instant::now()));
        tokio::spawn(read_all(reader, cutter, Arc::clone(&waiting), Arc::clone(&heard)));
        Ok(Self {
            terms: terms.clone(),
            out,
            waiting,
            next_id: AtomicU32::new(1),
            heard,
            data: Arc::new(Semaphore::new(DATA_IN_FLIGHT)),
            extensions,
        })
    }

    /// Asks and waits for the answer.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Result<Answer, DeliveryError> {
        let awaited = self.ask(ask).await?;
        self.answer(awaited).await
    }

    /// Asks; the answer is waited for later. What is asked first is sent first.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Awaited, DeliveryError> {
        self.queue(ask, None).await
    }

    /// The same for what carries data one way or the other, once there is a place for it.
    pub(super) async fn ask_for_data(&self, ask: Ask<'_>) -> Result<Awaited, DeliveryError> {
        let place = self.in_time(self.terms.timeout, Arc::clone(&self.data).acquire_owned()).await?;
        self.queue(ask, Some(place.map_err(|_| self.lost())?)).await
    }

    /// Waits for an answer.
    pub(super) async fn answer(&self, awaited: Awaited) -> Result<Answer, DeliveryError> {
        self.answer_within(awaited, self.terms.timeout).await
    }

    /// Waits for an answer that the server may take longer for.
    pub(super) async fn answer_within(
        &self,
        awaited: Awaited,
        longest: Duration,
    ) -> Result<Answer, DeliveryError> {
        self.in_time(longest, awaited.0).await?.map_err(|_| self.lost())
    }

    async fn queue(
        &self,
        ask: Ask<'_>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Awaited, DeliveryError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, awaited) = oneshot::channel();
        match lock(&self.waiting).as_mut() {
            Some(waiting) => waiting.insert(id, Waiter { answer, _place: place }),
            None => return Err(self.lost()),
        };
        self.in_time(self.terms.timeout, self.out.send(ask.packet(id))).await?.map_err(|_| self.lost())?;
        Ok(Awaited(awaited))
    }

    /// Waits as long as the server says anything at all, and then as long as an answer may take; not for ever.
    async fn in_time<T>(
        &self,
        longest: Duration,
        future: impl Future<Output = T>,
    ) -> Result<T, DeliveryError> {
        let Self { terms, .. } = self;
        let longest = longest.max(Duration::from_millis(1));
        let (mut future, began) = (pin!(future), Instant::now());
        loop {
            let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let in_all = longest.saturating_mul(MOST_WAITS).saturating_sub(began.elapsed());
            let left = longest.saturating_sub(heard.max(began).elapsed()).min(in_all);
            if left.is_zero() {
                return Err(DeliveryError::TimedOut {
                    place: terms.place(),
                    seconds: longest.as_secs(),
                    attempt: "sending files",
                });
            }
            if let Ok(done) = tokio::time::timeout(left, future.as_mut()).await {
                return Ok(done);
            }
        }
    }

    fn lost(&self) -> DeliveryError {
        let detail = "the server ended it, or the way there broke".to_owned();
        DeliveryError::CutOff { place: self.terms.place(), attempt: "sending files", detail }
    }
}

fn lock(waiting: &Waiting) -> std::sync::MutexGuard<'_, Option<HashMap<u32, Waiter>>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what is queued, small packets joined.
async fn write_all(writer: ChannelWriteHalf<Msg>, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(mut joined) = queue.recv().await {
        while joined.len() < JOINED_BYTES
            && let Ok(next) = queue.try_recv()
        {
            joined.extend_from_slice(&next);
        }
        // Whoever waits for an answer finds out by its not coming.
        if writer.data_bytes(Bytes::from(joined)).await.is_err() {
            return;
        }
    }
    let _ = writer.eof().await;
}

/// Reads answers until the connection ends, and never stops for anything else.
async fn read_all(mut reader: ChannelReadHalf, mut cutter: Cutter, waiting: Waiting, heard: Heard) {
    'connection: loop {
        loop {
            match cutter.next().and_then(|packet| packet.map(|packet| read_answer(&packet)).transpose()) {
                Ok(Some((id, answer))) => {
                    let waiter = lock(&waiting).as_mut().and_then(|waiting| waiting.remove(&id));
                    if let Some(waiter) = waiter {
                        // Whoever asked may have given up meanwhile.
                        let _ = waiter.answer.send(answer);
                    }
                }
                Ok(None) => break,
                Err(Malformed) => break 'connection,
            }
        }
        match reader.wait().await {
            Some(ChannelMsg::Data { data }) => {
                *heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                cutter.add(&data);
            }
            None | Some(ChannelMsg::Close | ChannelMsg::Eof) => break,
            Some(_) => {}
        }
    }
    lock(&waiting).take();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_says_anything_but_the_answer_is_not_waited_for_without_end() {
        let (out, _queue) = mpsc::channel(1);
        let heard: Heard = Arc::new(Mutex::new(Instant::now()));
        let timeout = Duration::from_millis(20);
        let calls = Calls {
            terms: SftpTerms::of_nowhere(timeout),
            out,
            waiting: Arc::new(Mutex::new(Some(HashMap::new()))),
            next_id: AtomicU32::new(1),
            heard: Arc::clone(&heard),
            data: Arc::new(Semaphore::new(1)),
            extensions: Vec::new(),
        };
        let chatter = tokio::spawn(async move {
            loop {
                *heard.lock().unwrap() = Instant::now();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let never = calls.in_time(timeout, std::future::pending::<()>());
        let ended = tokio::time::timeout(Duration::from_mins(1), never).await.unwrap();
        assert!(matches!(ended, Err(DeliveryError::TimedOut { .. })), "{ended:?}");
        chatter.abort();
    }
}
