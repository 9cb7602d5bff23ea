//! One look at one source.

use std::sync::atomic::{AtomicU64, Ordering};

use renkei_core::delivery::DeliveryWindows;
use renkei_core::port::{DeliveryWatch, PullWay, StoreError};
use renkei_core::pull::{PullLine, PullLook, PullTerms, PullWait};
use renkei_core::{DestinationId, Digest, Fault as _, FileName, FolderPath, Moment};

use super::memory::StoreMemory;
use crate::error::EngineError;
use crate::generate::audit_entry;
use crate::house::House;

/// Whether an intake that looks into a folder has judged a set, by its notice's digest; see
/// [`renkei_core::port::PullMemory::was_judged`].
pub type Judged<'j> = &'j (dyn Fn(&FolderPath, &Digest) -> Result<bool, StoreError> + Sync);

/// A source and the way there.
#[derive(Clone, Copy)]
pub struct Source<'s> {
    /// On what terms.
    pub terms: &'s PullTerms,
    /// By what.
    pub way: &'s dyn PullWay,
    /// Something that differs from look to look, to spread pauses.
    pub dice: &'s (dyn Fn() -> u32 + Sync),
    /// What intakes have on record.
    pub was_judged: Judged<'s>,
}

/// Looks at a source whatever it waits for, fetches what is new and puts how it ended on record. By the scheduler only
/// while it waits for nothing, and then `None` where it waits again: somebody has looked meanwhile.
pub fn pull_source(
    house: House<'_>,
    source: Source<'_>,
    is_by_hand: bool,
) -> Result<Option<(PullLine, PullLook)>, EngineError> {
    let terms = source.terms;
    let line = house.store.snapshot()?.pull_line(&terms.id)?.unwrap_or_else(|| PullLine::new(&terms.id));
    let now = house.clock.now();
    if !is_by_hand && line.waits_for(terms, now) != PullWait::Nothing {
        return Ok(None);
    }
    let always = DeliveryWindows::default();
    // Whoever asks by hand does not wait for a window, nor is he ended by one.
    let windows = if is_by_hand { &always } else { &terms.windows };
    let watch = Watch {
        house,
        what: format!("← {}", terms.id),
        windows,
        closes_at: windows.closes_at(now),
        n_bytes: AtomicU64::new(0),
    };
    let memory = StoreMemory { house, source: &terms.id, was_judged: source.was_judged, is_by_hand };
    let look = source.way.pull(&terms.folders, &memory, &watch);
    house.witness.reached("pull.looked");
    // A person may have put something right while it was under way.
    let mut tx = house.store.begin()?;
    let before = tx.pull_line(&terms.id)?.unwrap_or_else(|| PullLine::new(&terms.id));
    let line = before.clone().after(terms, &look, house.clock.now(), (source.dice)());
    tx.put_pull_line(&line)?;
    let is_news = !look.pulled.is_empty() || line.fault_code != before.fault_code;
    if is_by_hand || is_news {
        let what = format!("pull {}", terms.id);
        tx.append_audit(&audit_entry(house, what, house.reason, result_of(&line, &look)))?;
    }
    tx.commit()?;
    Ok(Some((line, look)))
}

/// Forgets that a set came, so that the next look fetches it again if it is still there; how many files it had, and
/// nothing is put on record where that is none.
pub fn forget_set(house: House<'_>, source: &DestinationId, notice: &FileName) -> Result<u64, EngineError> {
    let mut tx = house.store.begin()?;
    let n_files = tx.forget_pulled(source, notice)?;
    if n_files > 0 {
        let what = format!("pull {source} again");
        tx.append_audit(&audit_entry(house, what, house.reason, format!("{notice} ({n_files} files)")))?;
        tx.commit()?;
    }
    Ok(n_files)
}

fn result_of(line: &PullLine, look: &PullLook) -> String {
    let came = format!("{} sets came, {} failed", look.pulled.len(), look.failed.len());
    match look.fault() {
        None => came,
        Some(fault) => {
            let stopped = if line.is_stopped { ", stopped" } else { "" };
            format!("{came}: ({}){stopped}", fault.code())
        }
    }
}

/// Watches one look: ends it where the work is to end or the window closes.
struct Watch<'w> {
    house: House<'w>,
    what: String,
    windows: &'w DeliveryWindows,
    closes_at: Option<Moment>,
    n_bytes: AtomicU64,
}

impl DeliveryWatch for Watch<'_> {
    fn sent(&self, n_bytes: u64) {
        let n_bytes = self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes;
        self.house.witness.progress(&self.what, n_bytes, 0);
    }

    fn reached(&self, point: &'static str) {
        self.house.witness.reached(point);
    }

    fn wants_stop(&self) -> bool {
        let is_closed = || {
            let now = self.house.clock.now();
            self.closes_at.is_some_and(|at| at <= now) && self.windows.opens_at(now).is_some()
        };
        self.house.witness.wants_stop() || is_closed()
    }
}
