//! Writes down what visitors do: lines of the audit, and what receivers fetched in the ledger.
//!
//! Sessions must not wait for the database, so lines go into a queue and one thread writes them, many in one
//! transaction. What the database does not take now is tried again until it does; at a stop all is written first.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use renkei_core::ledger::{EventKind, LedgerEvent};
use renkei_core::naming::stems_of;
use renkei_core::port::{AuditEntry, LedgerReading, Store as _, StoreError};
use renkei_core::{BusinessId, Digest, FeedId, Moment, hash};
use renkei_store::SqliteStore;

/// Most lines of one transaction.
const MOST_LINES: usize = 1000;
/// How long a pause after the database took nothing.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a stop waits for the database to take the rest.
const LAST_TIME: Duration = Duration::from_secs(20);

/// Something to be written down.
#[derive(Debug)]
pub(crate) enum Note {
    /// A line of the audit.
    Line(AuditEntry),
    /// A receiver fetched a file.
    Fetched(Fetch),
}

/// A file that was fetched from a feed's folder.
#[derive(Debug)]
pub(crate) struct Fetch {
    /// The feeds whose folder it is in.
    pub(crate) feeds: Vec<FeedId>,
    /// Its name.
    pub(crate) name: String,
    /// Who.
    pub(crate) receiver: BusinessId,
    /// When it ended.
    pub(crate) at: Moment,
    /// Which login.
    pub(crate) session_no: u64,
    /// True when it was fetched to its end.
    pub(crate) is_whole: bool,
}

/// The writer's desk. Dropped, it writes what is left.
pub(crate) struct Scribe {
    queue: Mutex<Option<Sender<Note>>>,
    thread: Option<JoinHandle<()>>,
}

impl Scribe {
    /// Starts the thread.
    pub(crate) fn start(store: Arc<SqliteStore>) -> std::io::Result<Self> {
        let (queue, notes) = channel();
        let thread =
            std::thread::Builder::new().name("sftp notes".to_owned()).spawn(move || write(&store, &notes))?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Some(thread) })
    }

    /// Puts something on the desk; never waits.
    pub(crate) fn note(&self, note: Note) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.as_ref().is_none_or(|queue| queue.send(note).is_err()) {
            tracing::error!("a visitor's deed could not be written down: the writer has ended");
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of visitors' deeds ended early");
        }
    }
}

fn write(store: &SqliteStore, notes: &Receiver<Note>) {
    let mut waiting: Vec<Note> = Vec::new();
    let mut gave_up_at: Option<Instant> = None;
    loop {
        let mut is_ended = false;
        if waiting.is_empty() {
            match notes.recv() {
                Ok(note) => waiting.push(note),
                Err(_) => return,
            }
        } else {
            // The last try took nothing.
            match notes.recv_timeout(PAUSE) {
                Ok(note) => waiting.push(note),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    is_ended = true;
                    std::thread::sleep(PAUSE);
                }
            }
        }
        waiting.extend(notes.try_iter().take(MOST_LINES.saturating_sub(waiting.len())));
        match record(store, waiting.get(..MOST_LINES).unwrap_or(&waiting)) {
            Ok(n_written) => drop(waiting.drain(..n_written)),
            Err(error) => {
                tracing::warn!(lines = waiting.len(), %error, "visitors' deeds wait to be written down");
                let since = *gave_up_at.get_or_insert_with(Instant::now);
                if is_ended && since.elapsed() > LAST_TIME {
                    tracing::error!(
                        lines = waiting.len(),
                        "visitors' deeds are lost: the database takes nothing"
                    );
                    return;
                }
            }
        }
        if !is_ended {
            gave_up_at = None;
        }
    }
}

fn record(store: &SqliteStore, notes: &[Note]) -> Result<usize, StoreError> {
    let mut tx = store.begin()?;
    for note in notes {
        match note {
            Note::Line(entry) => tx.append_audit(entry)?,
            Note::Fetched(fetch) => {
                for event in events(tx.as_ref(), fetch)? {
                    tx.record_ledger_event(&event)?;
                }
            }
        }
    }
    tx.commit()?;
    Ok(notes.len())
}

/// The ledger's lines of a fetch: one for the publication the file is of, and none where it is of none.
fn events(ledger: &(impl LedgerReading + ?Sized), fetch: &Fetch) -> Result<Vec<LedgerEvent>, StoreError> {
    let mut events = Vec::new();
    for stem in stems_of(&fetch.name) {
        for (feed, sequence) in ledger.published_as(stem)? {
            if !fetch.feeds.contains(&feed) {
                continue;
            }
            let of = format!(
                "fetched\n{feed}\n{sequence}\n{}\n{}\n{}\n{}\n{}",
                fetch.receiver, fetch.name, fetch.at, fetch.session_no, fetch.is_whole
            );
            let extent = if fetch.is_whole { "whole" } else { "part" };
            events.push(LedgerEvent {
                feed,
                sequence,
                receiver: fetch.receiver.clone(),
                kind: EventKind::Fetched,
                at: fetch.at,
                source: Digest(hash::sha256(of.as_bytes())),
                // A name of ours has no space but where a template gave it one.
                reasons: vec![extent.to_owned(), fetch.name.replace(' ', "_")],
                holds: None,
                state: None,
                recorded_at: fetch.at,
            });
        }
    }
    Ok(events)
}
