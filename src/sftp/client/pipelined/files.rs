//! Files over pipelined calls.

use std::collections::VecDeque;
use std::time::Duration;

use renkei_core::Digest;
use renkei_core::delivery::DeliveryError;
use renkei_core::hash::Hasher;
use russh::Disconnect;
use russh::client::Handle;

use super::calls::{Awaited, Calls};
use super::connect::{Gate, connect, in_time, of_error};
use super::packets::{Answer, Ask, read_check};
use crate::client::login::{Asked, of_status, plain, status};
use crate::client::outgoing::{Outgoing, Under};
use crate::client::remote::folder_path;
use crate::client::remote::{Attributes, Each, Pieces, Remote, Renamed, Seen};
use crate::client::terms::SftpTerms;

/// What every server of version 3 takes in one request.
const CHUNK_BYTES: usize = 32 * 1024;
/// Requests under way for one file that is read back.
const READS_AHEAD: usize = 48;
/// The same for all files together, and for one of many.
const READS_AHEAD_IN_ALL: usize = 256;
const LEAST_READS_AHEAD: usize = 4;

/// A connection with its SFTP channel.
pub(crate) struct PipelinedRemote<'t> {
    terms: &'t SftpTerms,
    handle: Handle<Gate>,
    calls: Calls,
    has_fsync: bool,
    tells_digests: bool,
}

impl<'t> PipelinedRemote<'t> {
    /// Connects, checks the host key, logs in.
    pub(crate) async fn connect(terms: &'t SftpTerms) -> Result<Self, DeliveryError> {
        let handle = connect(terms).await?;
        let attempt = "starting SFTP";
        let failed = |error: russh::Error| of_error(terms, &error, attempt);
        let channel = in_time(terms, attempt, handle.channel_open_session()).await?.map_err(failed)?;
        in_time(terms, attempt, channel.request_subsystem(false, "sftp")).await?.map_err(failed)?;
        let calls = Calls::begin(terms, channel).await?;
        let offers = |name: &str| calls.extensions.iter().any(|offered| offered == name);
        let (has_fsync, tells_digests) =
            (offers("fsync@openssh.com"), offers("check-file") || offers("check-file-name"));
        Ok(Self { terms, handle, calls, has_fsync, tells_digests })
    }

    /// Says good-bye.
    pub(crate) async fn end(self) {
        // The server sees the connection's end anyway.
        let _ =
            in_time(self.terms, "ending", self.handle.disconnect(Disconnect::ByApplication, "", "en")).await;
    }

    /// Whether something has the path.
    pub(crate) async fn is_there(&self, path: &str) -> Result<bool, DeliveryError> {
        Ok(self.length(path).await?.is_some())
    }

    /// What the server offers beyond version 3.
    pub(crate) fn extensions(&self) -> &[String] {
        &self.calls.extensions
    }

    fn of_answer(&self, answer: &Answer, asked: Asked, path: &str) -> DeliveryError {
        match answer {
            Answer::Status { code, words } => of_status(self.terms, asked, *code, &plain(words), path),
            _ => self.unexpected(),
        }
    }

    fn unexpected(&self) -> DeliveryError {
        let detail = "it answered something else than was asked".to_owned();
        DeliveryError::Protocol { place: self.terms.place(), detail }
    }

    fn length_of(&self, answer: &Answer, path: &str) -> Result<Option<u64>, DeliveryError> {
        match answer {
            Answer::Attributes(found) => Ok(Some(found.n_bytes.unwrap_or(0))),
            Answer::Status { code: status::NO_SUCH_FILE | status::NO_SUCH_PATH, .. } => Ok(None),
            other => Err(self.of_answer(other, Asked::Name, path)),
        }
    }

    async fn open(&self, ask: Ask<'_>, path: &str) -> Result<Vec<u8>, DeliveryError> {
        match self.calls.call(ask).await? {
            Answer::Handle(handle) => Ok(handle),
            other => Err(self.of_answer(&other, Asked::Name, path)),
        }
    }

    /// Waits for the oldest answers, each as long as said, until at most `most` are left.
    async fn settle(
        &self,
        acks: &mut VecDeque<Awaited>,
        most: usize,
        path: &str,
        longest: Duration,
    ) -> Result<(), DeliveryError> {
        while acks.len() > most
            && let Some(ack) = acks.pop_front()
        {
            match self.calls.answer_within(ack, longest).await? {
                Answer::Status { code: status::OK, .. } => {}
                other => return Err(self.of_answer(&other, Asked::Bytes, path)),
            }
        }
        Ok(())
    }

    /// Writes everything and closes, whatever comes of it: the server must not run out of handles.
    async fn write(
        &self,
        handle: &[u8],
        path: &str,
        outgoing: &mut Outgoing<'_>,
    ) -> Result<Option<u64>, DeliveryError> {
        let mut acks = VecDeque::new();
        let usual = self.terms.timeout;
        loop {
            let offset = outgoing.n_read();
            let chunk = match next_chunk(outgoing).await {
                Ok(chunk) => chunk,
                Err(error) => {
                    // What is under way arrives, so that a later try goes on from there.
                    let _ = self.settle(&mut acks, 0, path, usual).await;
                    return Err(error);
                }
            };
            if chunk.is_empty() {
                break;
            }
            acks.push_back(self.calls.ask_for_data(Ask::Write { handle, offset, bytes: &chunk }).await?);
            outgoing.under.watch.sent(chunk.len() as u64);
            self.settle(&mut acks, READS_AHEAD, path, usual).await?;
        }
        // All three go out with the last bytes: on a long way each answer that is waited for costs a round trip.
        if self.has_fsync {
            acks.push_back(self.calls.ask(Ask::Fsync { handle }).await?);
        }
        let length = self.calls.ask(Ask::FStat { handle }).await?;
        // A large file takes a server long to make durable.
        let patience = self.terms.patience(outgoing.n_read());
        self.settle(&mut acks, 0, path, patience).await?;
        match self.calls.answer_within(length, patience).await? {
            Answer::Attributes(found) => Ok(found.n_bytes),
            _ => Ok(None),
        }
    }

    async fn read_back(&self, path: &str, n_bytes: u64, under: &Under<'_>) -> Result<Digest, DeliveryError> {
        let mut hasher = Hasher::new();
        let mut into = |bytes: &[u8]| {
            hasher.update(bytes);
            Ok(())
        };
        self.fetch(path, 0, n_bytes, under, &mut into).await?;
        Ok(hasher.finish())
    }

    /// How many reads are ahead of one file: what comes faster than it is taken waits in memory.
    fn reads_ahead(&self) -> usize {
        (READS_AHEAD_IN_ALL / self.terms.parallel.max(1)).clamp(LEAST_READS_AHEAD, READS_AHEAD)
    }

    async fn read_all(
        &self,
        handle: &[u8],
        path: &str,
        (from, to): (u64, u64),
        under: &Under<'_>,
        into: Pieces<'_>,
    ) -> Result<(), DeliveryError> {
        let (piece, most_ahead) = (under.piece(CHUNK_BYTES), self.reads_ahead());
        let mut ahead: VecDeque<(u64, u32, Awaited)> = VecDeque::new();
        let mut asked = from;
        loop {
            while asked < to && ahead.len() < most_ahead {
                let n = u32::try_from((to - asked).min(piece as u64)).unwrap_or(0);
                under.wait_async(piece).await?;
                let ask = Ask::Read { handle, offset: asked, n_bytes: n };
                ahead.push_back((asked, n, self.calls.ask_for_data(ask).await?));
                asked += u64::from(n);
            }
            let Some((mut offset, mut n_left, first)) = ahead.pop_front() else { return Ok(()) };
            let mut answer = self.calls.answer(first).await?;
            loop {
                match answer {
                    Answer::Data(bytes) if !bytes.is_empty() => {
                        // A server that gives more than was asked for would shift all that follows.
                        let n_read = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                        n_left = n_left.checked_sub(n_read).ok_or_else(|| self.unexpected())?;
                        into(&bytes)?;
                        offset += u64::from(n_read);
                    }
                    Answer::Status { code: status::EOF, .. } | Answer::Data(_) => return Ok(()),
                    other => return Err(self.of_answer(&other, Asked::Name, path)),
                }
                if n_left == 0 {
                    break;
                }
                // A server may give less than was asked for.
                answer = self.calls.call(Ask::Read { handle, offset, n_bytes: n_left }).await?;
            }
        }
    }

    async fn list_all(&self, handle: &[u8], folder: &str, each: Each<'_>) -> Result<(), DeliveryError> {
        loop {
            match self.calls.call(Ask::ReadFolder { handle }).await? {
                Answer::Names(names) => names.iter().try_for_each(|(name, found)| each(name, *found))?,
                Answer::Status { code: status::EOF, .. } => return Ok(()),
                other => return Err(self.of_answer(&other, Asked::Name, folder)),
            }
        }
    }

    /// Closes a handle, whatever was done with it.
    async fn closed<T>(&self, handle: &[u8], done: Result<T, DeliveryError>) -> Result<T, DeliveryError> {
        let closed = self.calls.call(Ask::Close { handle }).await;
        let done = done?;
        closed.map(|_| done)
    }
}

/// The next bytes of a file, once they may go.
async fn next_chunk(outgoing: &mut Outgoing<'_>) -> Result<Vec<u8>, DeliveryError> {
    let chunk = outgoing.next(outgoing.under.piece(CHUNK_BYTES))?;
    outgoing.under.wait_async(chunk.len()).await?;
    Ok(chunk)
}

impl Remote for PipelinedRemote<'_> {
    async fn look(&self, path: &str, part: &str) -> Result<Seen, DeliveryError> {
        let finished = self.calls.ask(Ask::Stat { path }).await?;
        let of_part = self.calls.ask(Ask::Stat { path: part }).await?;
        let finished = self.length_of(&self.calls.answer(finished).await?, path)?;
        let part = self.length_of(&self.calls.answer(of_part).await?, part)?;
        Ok(Seen { finished, part })
    }

    async fn length(&self, path: &str) -> Result<Option<u64>, DeliveryError> {
        self.length_of(&self.calls.call(Ask::Stat { path }).await?, path)
    }

    async fn digest(&self, path: &str, n_bytes: u64, under: &Under<'_>) -> Result<Digest, DeliveryError> {
        match self.told_digest(path, n_bytes).await? {
            Some(told) => Ok(told),
            None => self.read_back(path, n_bytes, under).await,
        }
    }

    async fn told_digest(&self, path: &str, n_bytes: u64) -> Result<Option<Digest>, DeliveryError> {
        // A length of 0 means the whole file there.
        if !self.tells_digests || n_bytes == 0 {
            return Ok(None);
        }
        let asked = self.calls.ask(Ask::CheckFile { path, n_bytes }).await?;
        match self.calls.answer_within(asked, self.terms.patience(n_bytes)).await {
            Ok(Answer::Extended(reply)) => Ok(read_check(&reply).map(Digest)),
            // One that takes too long is no worse than one that does not offer it.
            Ok(_) | Err(DeliveryError::TimedOut { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, path: &str, outgoing: &mut Outgoing<'_>) -> Result<(), DeliveryError> {
        let truncates = outgoing.n_read() == 0;
        let handle = self.open(Ask::OpenToWrite { path, truncates }, path).await?;
        let written = self.write(&handle, path, outgoing).await;
        let closed = self.calls.ask(Ask::Close { handle: &handle }).await;
        let length = written?;
        match self.calls.answer(closed?).await? {
            Answer::Status { code: status::OK, .. } => {}
            other => return Err(self.of_answer(&other, Asked::Bytes, path)),
        }
        let expected = outgoing.n_read();
        // A server that does not keep to the order may have told the length too early.
        let length = if length == Some(expected) { length } else { self.length(path).await? };
        if length == Some(expected) {
            Ok(())
        } else {
            Err(DeliveryError::Damaged { name: outgoing.file.name.to_string() })
        }
    }

    async fn rename(&self, from: &str, to: &str) -> Result<Renamed, DeliveryError> {
        match self.calls.call(Ask::Rename { from, to }).await? {
            Answer::Status { code: status::OK, .. } => Ok(Renamed::Done),
            Answer::Status { code, words } => {
                let words = plain(&words);
                Ok(Renamed::Refused(if words.is_empty() { format!("SFTP status {code}") } else { words }))
            }
            _ => Err(self.unexpected()),
        }
    }

    async fn look_at(&self, path: &str) -> Result<Option<Attributes>, DeliveryError> {
        match self.calls.call(Ask::LStat { path }).await? {
            Answer::Attributes(found) => Ok(Some(found)),
            Answer::Status { code: status::NO_SUCH_FILE | status::NO_SUCH_PATH, .. } => Ok(None),
            other => Err(self.of_answer(&other, Asked::Name, path)),
        }
    }

    async fn list(&self, folder: &str, each: Each<'_>) -> Result<bool, DeliveryError> {
        let handle = match self.calls.call(Ask::OpenFolder { path: folder_path(folder) }).await? {
            Answer::Handle(handle) => handle,
            Answer::Status { code: status::NO_SUCH_FILE | status::NO_SUCH_PATH, .. } => return Ok(false),
            other => return Err(self.of_answer(&other, Asked::Name, folder)),
        };
        let listed = self.list_all(&handle, folder, each).await;
        self.closed(&handle, listed).await.map(|()| true)
    }

    async fn fetch(
        &self,
        path: &str,
        from: u64,
        to: u64,
        under: &Under<'_>,
        into: Pieces<'_>,
    ) -> Result<(), DeliveryError> {
        let handle = self.open(Ask::OpenToRead { path }, path).await?;
        let read = self.read_all(&handle, path, (from, to), under, into).await;
        self.closed(&handle, read).await
    }

    async fn remove(&self, path: &str) -> Result<(), DeliveryError> {
        match self.calls.call(Ask::Remove { path }).await? {
            Answer::Status { code: status::OK | status::NO_SUCH_FILE | status::NO_SUCH_PATH, .. } => Ok(()),
            other => Err(self.of_answer(&other, Asked::Name, path)),
        }
    }
}
