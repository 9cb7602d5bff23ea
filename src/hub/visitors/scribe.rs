//! Writes down what visitors do: lines of the audit, and what receivers fetched in the ledger.
//!
//! Sessions must not wait for the database, so lines go into a queue and one thread writes them, many in one
//! transaction. What the database does not take now is tried again until it does; at a stop all is written first. When
//! too many wait, whoever did something waits for room, and what strangers can cause is counted instead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use renkei_core::ledger::{EventKind, LedgerEvent};
use renkei_core::naming::stems_of;
use renkei_core::port::{AuditEntry, LedgerReading, MendingReading, Store as _, StoreError};
use renkei_core::publication::Progress;
use renkei_core::{BusinessId, Class, Digest, Fault as _, FeedId, Moment, Sequence, hash};
use renkei_store::SqliteStore;

/// Most lines of one transaction.
const MOST_LINES: usize = 1000;
/// Most notes that wait.
const MOST_WAITING: usize = 10_000;
/// How long a deed waits for room on the desk, …
const ROOM_WAIT: Duration = Duration::from_secs(10);
/// … and how often it looks.
const ROOM_LOOK: Duration = Duration::from_millis(20);
/// Tries that the database refuses before notes are tried one by one: it may be one of them.
const TRIES_TOGETHER: u32 = 10;
/// Tries from one warning to the next.
const TRIES_UNTOLD: u32 = 120;
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
    /// The folder, from the root; diffs for one receiver stand in folders of their own.
    pub(crate) folder: String,
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

/// What becomes of a note when too many wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Somebody did something: he waits until it is on the desk.
    Deed,
    /// Somebody was refused or turned away: only its number is kept.
    Refusal,
}

/// Notes for which there was no room.
#[derive(Debug, Default)]
struct Lost {
    n_notes: u64,
    /// When the last would have been written down.
    at: String,
}

/// The writer's desk. Dropped, it writes what is left.
pub(crate) struct Scribe {
    queue: Mutex<Option<SyncSender<Note>>>,
    lost: Arc<Mutex<Lost>>,
    is_closing: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Scribe {
    /// Starts the thread.
    pub(crate) fn start(store: Arc<SqliteStore>) -> std::io::Result<Self> {
        let (queue, notes) = sync_channel(MOST_WAITING);
        let (lost, is_closing) = (Arc::default(), Arc::default());
        let desk = Desk { notes, lost: Arc::clone(&lost), is_closing: Arc::clone(&is_closing) };
        let thread = std::thread::Builder::new()
            .name("sftp notes".to_owned())
            .spawn(move || desk.write(|notes| record(&store, notes)))?;
        Ok(Self { queue: Mutex::new(Some(queue)), lost, is_closing, thread: Mutex::new(Some(thread)) })
    }

    /// Puts something on the desk.
    pub(crate) fn note(&self, note: Note, weight: Weight) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let until = Instant::now() + ROOM_WAIT;
        let mut note = note;
        while let Some(queue) = &queue {
            match queue.try_send(note) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) if weight == Weight::Deed && Instant::now() < until => {
                    note = back;
                }
                Err(TrySendError::Full(back)) => {
                    if weight == Weight::Deed {
                        // What is only counted in the audit can be looked up here.
                        tracing::error!(deed = ?back, "a visitor's deed found no room on the desk for 10 s and stands in this log alone");
                    }
                    let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
                    lost.n_notes += 1;
                    lost.at = back.at();
                    return;
                }
                Err(TrySendError::Disconnected(_)) => break,
            }
            std::thread::sleep(ROOM_LOOK);
        }
        tracing::error!("a visitor's deed could not be written down: the writer has ended");
    }

    /// Writes what is left and takes no more.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer of visitors' deeds ended early");
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        self.close();
    }
}

impl Note {
    fn at(&self) -> String {
        match self {
            Self::Line(entry) => entry.at.clone(),
            Self::Fetched(fetch) => fetch.at.to_string(),
        }
    }
}

/// The writer's side of the desk.
struct Desk {
    notes: Receiver<Note>,
    lost: Arc<Mutex<Lost>>,
    is_closing: Arc<AtomicBool>,
}

impl Desk {
    /// Has notes written, many at once, until no more come. `record` writes all it is given, or nothing.
    fn write(self, mut record: impl FnMut(&[Note]) -> Result<(), StoreError>) {
        let mut waiting: Vec<Note> = Vec::new();
        let mut n_tries = 0;
        let mut closing_since: Option<Instant> = None;
        loop {
            if waiting.is_empty() {
                match self.notes.recv() {
                    Ok(note) => waiting.push(note),
                    Err(_) => match self.line_of_lost() {
                        Some(line) => waiting.push(line),
                        None => return,
                    },
                }
            }
            waiting.extend(self.line_of_lost());
            while waiting.len() < MOST_LINES {
                match self.notes.try_recv() {
                    Ok(note) => waiting.push(note),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            let Err(error) = record(&waiting) else {
                waiting.clear();
                n_tries = 0;
                continue;
            };
            if n_tries % TRIES_UNTOLD == 0 {
                tracing::warn!(lines = waiting.len(), %error, "visitors' deeds wait to be written down");
            }
            n_tries += 1;
            if n_tries >= TRIES_TOGETHER {
                one_by_one(&mut waiting, &mut record);
            }
            if waiting.is_empty() {
                n_tries = 0;
                continue;
            }
            if self.is_closing.load(Ordering::Acquire)
                && closing_since.get_or_insert_with(Instant::now).elapsed() > LAST_TIME
            {
                let n_lost = waiting.len() + self.notes.try_iter().count();
                tracing::error!(lines = n_lost, "visitors' deeds are lost: the database takes nothing");
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The line that says how many notes had no room.
    fn line_of_lost(&self) -> Option<Note> {
        let lost = std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner));
        (lost.n_notes > 0).then(|| {
            tracing::error!(
                lines = lost.n_notes,
                "more was to be written down of visitors than the database took"
            );
            let result = format!("{} lines left out: too many waited", lost.n_notes);
            Note::Line(AuditEntry::new(lost.at, "sftp", "keep the audit".to_owned(), "", result))
        })
    }
}

/// Tries notes one by one. Where the database takes a line, what it does not take is at fault itself and is set aside:
/// one note must not keep all that come after it. What the database had no time or room for waits on.
fn one_by_one(waiting: &mut Vec<Note>, record: &mut impl FnMut(&[Note]) -> Result<(), StoreError>) {
    let mut refused = Vec::new();
    let mut n_lines = 0;
    for note in std::mem::take(waiting) {
        match record(std::slice::from_ref(&note)) {
            Ok(()) => n_lines += usize::from(matches!(note, Note::Line(_))),
            Err(error) => refused.push((note, error)),
        }
    }
    if n_lines == 0 {
        waiting.extend(refused.into_iter().map(|(note, _)| note));
        return;
    }
    for (note, error) in refused {
        if is_the_databases(&error) {
            waiting.push(note);
            continue;
        }
        tracing::error!(at = note.at(), %error, "a note of a visitor's deed is set aside: the database does not take it");
    }
}

/// Whether a fault is the database's, whatever it was given.
fn is_the_databases(error: &StoreError) -> bool {
    error.class() == Class::Retry || matches!(error, StoreError::Full { .. } | StoreError::Unavailable { .. })
}

fn record(store: &SqliteStore, notes: &[Note]) -> Result<(), StoreError> {
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
    tx.commit()
}

/// The ledger's lines of a fetch: one for the publication the file is of, or the one that a diff for this receiver alone
/// leads to, and none where it is of none.
fn events(
    ledger: &(impl LedgerReading + MendingReading + ?Sized),
    fetch: &Fetch,
) -> Result<Vec<LedgerEvent>, StoreError> {
    let mut events = Vec::new();
    for stem in stems_of(&fetch.name) {
        for (feed, sequence) in ledger.published_as(stem)? {
            if fetch.feeds.contains(&feed) {
                events.push(event(fetch, feed, sequence, None));
            }
        }
        let Some(feed) = mended_feed(&fetch.folder) else { continue };
        for mending in ledger.mendings(Some(&feed), Some(Progress::Published))? {
            if mending.folder == fetch.folder && mending.stem == stem {
                events.push(event(fetch, mending.feed, mending.sequence, Some("mend")));
            }
        }
    }
    Ok(events)
}

/// The feed of a folder for one receiver, `015/mend/FEED`.
pub(super) fn mended_feed(folder: &str) -> Option<FeedId> {
    let mut parts = folder.split('/').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("mend"), Some(feed), None) => feed.parse().ok(),
        _ => None,
    }
}

fn event(fetch: &Fetch, feed: FeedId, sequence: Sequence, way: Option<&str>) -> LedgerEvent {
    let of = format!(
        "fetched\n{feed}\n{sequence}\n{}\n{}\n{}\n{}\n{}",
        fetch.receiver, fetch.name, fetch.at, fetch.session_no, fetch.is_whole
    );
    let extent = if fetch.is_whole { "whole" } else { "part" };
    // A name of ours has no space but where a template gave it one.
    let mut reasons = vec![extent.to_owned(), fetch.name.replace(' ', "_")];
    reasons.extend(way.map(str::to_owned));
    LedgerEvent {
        feed,
        sequence,
        receiver: fetch.receiver.clone(),
        kind: EventKind::Fetched,
        at: fetch.at,
        source: Digest(hash::sha256(of.as_bytes())),
        reasons,
        holds: None,
        state: None,
        recorded_at: fetch.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(action: &str) -> Note {
        Note::Line(AuditEntry::new("now".to_owned(), "sftp:office", action.to_owned(), "", "done".to_owned()))
    }

    fn actions(notes: &[Note]) -> Vec<String> {
        let action = |note: &Note| match note {
            Note::Line(entry) => entry.action.clone(),
            Note::Fetched(_) => String::new(),
        };
        notes.iter().map(action).collect()
    }

    fn refused() -> StoreError {
        StoreError::Missing { what: "anything".to_owned() }
    }

    #[test]
    fn a_note_that_is_never_taken_is_set_aside_and_the_others_are_written() {
        let written = std::cell::RefCell::new(Vec::new());
        let mut record = |notes: &[Note]| {
            let actions = actions(notes);
            if actions.iter().any(|action| action == "bad") {
                return Err(refused());
            }
            written.borrow_mut().extend(actions);
            Ok(())
        };
        let mut waiting = vec![line("one"), line("bad"), line("two")];
        one_by_one(&mut waiting, &mut record);
        assert!(waiting.is_empty());
        assert_eq!(*written.borrow(), ["one", "two"]);
        // Where nothing is taken, it is the database's fault.
        let mut waiting = vec![line("bad"), line("bad")];
        one_by_one(&mut waiting, &mut record);
        assert_eq!(actions(&waiting), ["bad", "bad"]);
    }

    #[test]
    fn a_note_that_the_database_had_no_time_for_waits_on() {
        let full = || StoreError::Full { detail: String::new() };
        for fault in [|| StoreError::Busy, full] {
            let mut written = Vec::new();
            let mut n_calls = 0;
            let mut record = |notes: &[Note]| {
                n_calls += 1;
                if n_calls % 2 == 0 {
                    return Err(fault());
                }
                written.extend(actions(notes));
                Ok(())
            };
            let mut waiting = vec![line("one"), line("two"), line("three"), line("four")];
            one_by_one(&mut waiting, &mut record);
            assert_eq!(actions(&waiting), ["two", "four"]);
            assert_eq!(written, ["one", "three"]);
        }
    }

    #[test]
    fn what_has_no_room_is_counted_in_a_line() {
        let (queue, notes) = sync_channel(2);
        let scribe = Scribe {
            queue: Mutex::new(Some(queue)),
            lost: Arc::default(),
            is_closing: Arc::default(),
            thread: Mutex::default(),
        };
        for _ in 0..5 {
            scribe.note(line("refused"), Weight::Refusal);
        }
        let desk = Desk { notes, lost: Arc::clone(&scribe.lost), is_closing: Arc::default() };
        drop(scribe);
        let mut written = Vec::new();
        desk.write(|notes| {
            written.extend(notes.iter().map(|note| match note {
                Note::Line(entry) => format!("{}: {}", entry.action, entry.result),
                Note::Fetched(_) => String::new(),
            }));
            Ok(())
        });
        written.sort();
        assert_eq!(
            written,
            ["keep the audit: 3 lines left out: too many waited", "refused: done", "refused: done"]
        );
    }

    #[test]
    fn the_folder_for_one_receiver_names_its_feed() {
        let check = |folder: &str, expect: Option<&str>| {
            assert_eq!(mended_feed(folder).map(|feed| feed.to_string()).as_deref(), expect, "{folder}");
        };
        check("015/mend/address", Some("address"));
        check("015/mend", None);
        check("015/mend/address/more", None);
        check("015/work/address", None);
    }
}
