//! One try of one delivery.

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use renkei_core::delivery::{
    DeliveryAttempt, DeliveryError, DeliveryLine, DeliveryState, DeliveryTerms, DeliveryWindows, Parcel,
    ParcelFile, begun, deliverable, ended, stopped_by_window, worn_out,
};
use renkei_core::ledger::{EventKind, LedgerEvent};
use renkei_core::port::{
    DeliveryWatch, FolderError, HandedOver, ParcelSource, PublicationRecord, Shelf, Transaction, Transport,
};
use renkei_core::publication::Progress;
use renkei_core::{Fault as _, Moment};

use crate::error::EngineError;
use crate::generate::audit_entry;
use crate::house::House;

/// The most characters kept of why a try failed.
const DETAIL_CHARS: usize = 500;

/// A destination and the way there.
#[derive(Clone, Copy)]
pub struct Way<'w> {
    /// On what terms.
    pub terms: &'w DeliveryTerms,
    /// By what.
    pub transport: &'w dyn Transport,
    /// Something that differs from try to try, to spread pauses.
    pub dice: &'w (dyn Fn() -> u32 + Sync),
}

/// A try that ended and is on record.
#[derive(Debug)]
pub struct Delivered {
    /// The line as it stands now.
    pub line: DeliveryLine,
    /// What came of it.
    pub outcome: Result<HandedOver, DeliveryError>,
}

/// Delivers what is due at a destination, one after the other, until nothing is or the work is asked to end; `each` is
/// told of every try and says whether to go on.
pub fn deliver_due(
    house: House<'_>,
    way: Way<'_>,
    each: &mut dyn FnMut(&Delivered) -> ControlFlow<()>,
) -> Result<(), EngineError> {
    loop {
        if house.witness.wants_stop() {
            return Ok(());
        }
        let snapshot = house.store.snapshot()?;
        let lines = snapshot.delivery_lines(Some(&way.terms.id), true)?;
        let Some(line) = deliverable(way.terms, &lines, house.clock.now()).into_iter().next() else {
            return Ok(());
        };
        let last = snapshot.delivery_attempts(&line.feed, line.sequence, &line.destination)?.pop();
        drop(snapshot);
        let delivered = match worn_out(way.terms, line, last.as_ref()) {
            None => deliver_one(house, way, line)?,
            Some(error) => end_worn_out(house, way, line, error)?,
        };
        // What somebody decided meanwhile stands; the next look tells what is due now.
        let Some(delivered) = delivered else { continue };
        let goes_on = each(&delivered);
        if goes_on.is_break() || matches!(delivered.outcome, Err(DeliveryError::Stopped)) {
            return Ok(());
        }
    }
}

/// The line as it stands, where it is due: others may have given it up, or delivered it, since it was looked at.
fn still_due(tx: &dyn Transaction, line: &DeliveryLine) -> Result<Option<DeliveryLine>, EngineError> {
    let line = tx.delivery_line(&line.feed, line.sequence, &line.destination)?;
    Ok(line.filter(|line| line.state == DeliveryState::Due))
}

/// Ends a line that is not to be tried again; nothing is given. `None` where it is not due any more.
fn end_worn_out(
    house: House<'_>,
    way: Way<'_>,
    line: &DeliveryLine,
    error: DeliveryError,
) -> Result<Option<Delivered>, EngineError> {
    let mut tx = house.store.begin()?;
    let Some(line) = still_due(tx.as_ref(), line)? else { return Ok(None) };
    let line = ended(way.terms, &line, Err(&error), house.clock.now(), (way.dice)());
    tx.put_delivery_line(&line)?;
    append(house, tx.as_mut(), &line, Err(&error))?;
    tx.commit()?;
    Ok(Some(Delivered { line, outcome: Err(error) }))
}

/// Tries one line that is due, whatever it waits for, and records how it ended. `None` where it is not due any more.
pub fn deliver_one(
    house: House<'_>,
    way: Way<'_>,
    line: &DeliveryLine,
) -> Result<Option<Delivered>, EngineError> {
    let record = house.store.snapshot()?.publication(&line.feed, line.sequence)?;
    let record = record.filter(|record| record.progress == Progress::Published);
    let parcel = record.as_ref().and_then(Parcel::of);
    let mut tx = house.store.begin()?;
    let Some(line) = still_due(tx.as_ref(), line)? else { return Ok(None) };
    let before = tx.delivery_attempts(&line.feed, line.sequence, &line.destination)?;
    let line = begun(&line, parcel.as_ref().map_or(0, Parcel::n_bytes));
    let attempt = DeliveryAttempt {
        feed: line.feed.clone(),
        sequence: line.sequence,
        destination: line.destination.clone(),
        attempt_no: line.n_attempts,
        operator: house.operator.to_owned(),
        started_at: house.clock.now(),
        ended_at: None,
        fault_code: None,
        fault_class: None,
        n_files_sent: 0,
        n_files_there: 0,
        n_bytes_sent: 0,
        detail: None,
    };
    tx.put_delivery_line(&line)?;
    tx.put_delivery_attempt(&attempt)?;
    tx.commit()?;
    house.witness.reached("deliver.begun");
    let watch = Watch::of(house, way.terms, &line);
    let outcome = match (&record, &parcel) {
        (Some(record), Some(parcel)) => {
            let source = HubSource { house, record, parcel };
            way.transport.hand_over(parcel, &source, &watch)
        }
        _ => Err(DeliveryError::NoParcel),
    };
    let outcome = match outcome {
        Err(DeliveryError::Stopped) if watch.is_closed() && !watch.must_end() => {
            Err(stopped_by_window(&line, &before, watch.has_kept_something()))
        }
        outcome => outcome,
    };
    let attempt = watch.counted(attempt);
    house.witness.reached("deliver.handed-over");
    let line = ended(way.terms, &line, outcome.as_ref(), house.clock.now(), (way.dice)());
    record_end(house, &line, attempt, parcel.as_ref(), outcome.as_ref())?;
    house.witness.reached("deliver.recorded");
    Ok(Some(Delivered { line, outcome }))
}

fn record_end(
    house: House<'_>,
    line: &DeliveryLine,
    attempt: DeliveryAttempt,
    parcel: Option<&Parcel>,
    outcome: Result<&HandedOver, &DeliveryError>,
) -> Result<(), EngineError> {
    let now = house.clock.now();
    let attempt = DeliveryAttempt { ended_at: Some(now), ..attempt };
    let attempt = match outcome {
        Ok(done) => DeliveryAttempt {
            n_files_sent: done.n_files_sent,
            n_files_there: done.n_files_there,
            n_bytes_sent: done.n_bytes_sent,
            ..attempt
        },
        Err(error) => DeliveryAttempt {
            fault_code: Some(error.code().to_owned()),
            fault_class: Some(error.class()),
            detail: Some(error.told().chars().take(DETAIL_CHARS).collect()),
            ..attempt
        },
    };
    let mut tx = house.store.begin()?;
    // A person may have given the line up while it was under way; what arrived is on record all the same.
    let stands = tx.delivery_line(&line.feed, line.sequence, &line.destination)?;
    let is_given_up = stands.is_some_and(|stands| !stands.state.is_open());
    if outcome.is_ok() || !is_given_up {
        tx.put_delivery_line(line)?;
    }
    tx.put_delivery_attempt(&attempt)?;
    if let (Ok(_), Some(parcel)) = (outcome, parcel) {
        tx.record_ledger_event(&event(line, parcel, now))?;
    }
    if !matches!(outcome, Err(DeliveryError::Stopped)) {
        append(house, tx.as_mut(), line, outcome)?;
    }
    Ok(tx.commit()?)
}

fn append(
    house: House<'_>,
    tx: &mut dyn Transaction,
    line: &DeliveryLine,
    outcome: Result<&HandedOver, &DeliveryError>,
) -> Result<(), EngineError> {
    let what = format!("deliver {} {} to {}", line.feed, line.sequence, line.destination);
    let result = match outcome {
        Ok(done) => format!("{} files sent, {} there already", done.n_files_sent, done.n_files_there),
        Err(error) => format!("{} ({})", error.code(), line.state.as_str()),
    };
    tx.append_audit(&audit_entry(house, what, house.reason, result))?;
    Ok(())
}

fn event(line: &DeliveryLine, parcel: &Parcel, now: Moment) -> LedgerEvent {
    LedgerEvent {
        feed: line.feed.clone(),
        sequence: line.sequence,
        receiver: line.receiver.clone(),
        kind: EventKind::Delivered,
        at: now,
        source: parcel.source_of_event(&line.destination, &line.receiver),
        reasons: Vec::new(),
        holds: None,
        state: None,
        recorded_at: now,
    }
}

/// The hub's own folders; where a receiver took a file out of them, the archive.
struct HubSource<'s> {
    house: House<'s>,
    record: &'s PublicationRecord,
    parcel: &'s Parcel,
}

impl ParcelSource for HubSource<'_> {
    fn open(&self, file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError> {
        if file.name == self.parcel.notice.name {
            // The record is the notice, byte for byte; a receiver may have removed the file.
            return Ok(Box::new(std::io::Cursor::new(self.record.notice.clone().into_bytes())));
        }
        let folders = self.house.folders;
        match folders.read(&self.parcel.folder, &file.name) {
            Err(FolderError::Missing { .. }) => {
                let place = Shelf { feed: &self.parcel.feed, sequence: self.parcel.sequence };
                folders.read_kept(&place, &file.name).map_err(DeliveryError::Source)
            }
            read => read.map_err(DeliveryError::Source),
        }
    }
}

/// Watches one try: counts, tells, and ends it where the work is to end or the destination's window closes.
struct Watch<'w> {
    house: House<'w>,
    what: String,
    windows: &'w DeliveryWindows,
    /// Not before this does a window close that is open now.
    closes_at: Option<Moment>,
    n_bytes: u64,
    n_bytes_sent: AtomicU64,
    n_bytes_discarded: AtomicU64,
    n_files_sent: AtomicU64,
    n_files_there: AtomicU64,
}

impl<'w> Watch<'w> {
    fn of(house: House<'w>, terms: &'w DeliveryTerms, line: &DeliveryLine) -> Self {
        Self {
            house,
            what: format!("{} → {}", line.feed, line.destination),
            windows: &terms.windows,
            closes_at: terms.windows.closes_at(house.clock.now()),
            n_bytes: line.n_bytes,
            n_bytes_sent: AtomicU64::new(0),
            n_bytes_discarded: AtomicU64::new(0),
            n_files_sent: AtomicU64::new(0),
            n_files_there: AtomicU64::new(0),
        }
    }

    fn counted(&self, attempt: DeliveryAttempt) -> DeliveryAttempt {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        DeliveryAttempt {
            n_files_sent: read(&self.n_files_sent),
            n_files_there: read(&self.n_files_there),
            n_bytes_sent: read(&self.n_bytes_sent),
            ..attempt
        }
    }

    /// Whether anything arrived that a later try can build on.
    fn has_kept_something(&self) -> bool {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        read(&self.n_files_sent) > 0 || read(&self.n_bytes_sent) > read(&self.n_bytes_discarded)
    }

    fn is_closed(&self) -> bool {
        let Some(closes_at) = self.closes_at else { return false };
        let now = self.house.clock.now();
        closes_at <= now && self.windows.opens_at(now).is_some()
    }
}

impl DeliveryWatch for Watch<'_> {
    fn sent(&self, n_bytes: u64) {
        let n_sent = self.n_bytes_sent.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes;
        self.house.witness.progress(&self.what, n_sent.min(self.n_bytes), self.n_bytes);
    }

    fn discarded(&self, n_bytes: u64) {
        self.n_bytes_discarded.fetch_add(n_bytes, Ordering::Relaxed);
    }

    fn file_over(&self, was_there: bool) {
        let count = if was_there { &self.n_files_there } else { &self.n_files_sent };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn wants_stop(&self) -> bool {
        self.must_end() || self.is_closed()
    }

    fn must_end(&self) -> bool {
        self.house.witness.wants_stop()
    }
}
