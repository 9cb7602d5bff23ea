//! What every use case works with: the ports, the clock, and somebody who watches.

use renkei_core::Moment;
use renkei_core::port::{Folders, Store};
use renkei_core::retention::Rules;
use renkei_registry::MunicipalityCode;

use crate::error::EngineError;

/// The ports and settings a use case runs against.
#[derive(Clone, Copy)]
pub struct House<'h> {
    /// The database.
    pub store: &'h dyn Store,
    /// The connection folders.
    pub folders: &'h dyn Folders,
    /// Whose registry it is.
    pub municipality: MunicipalityCode,
    /// The time of day, to show and record.
    pub clock: &'h dyn Clock,
    /// Who watches.
    pub witness: &'h dyn Witness,
    /// Who asked for the work.
    pub operator: &'h str,
    /// Why, in the words of who asked; empty where nobody needed to say.
    pub reason: &'h str,
    /// The run that the work is a part of.
    pub parent: Option<&'h str>,
    /// How long what is kept is kept.
    pub retention: &'h Rules,
}

impl House<'_> {
    /// Ends the work here with [`EngineError::Stopped`] when that is asked for. Only where nothing is lost by it.
    pub(crate) fn may_go_on(&self) -> Result<(), EngineError> {
        if self.witness.wants_stop() { Err(EngineError::Stopped) } else { Ok(()) }
    }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The wall-clock time now.
    fn now(&self) -> Moment;
}

/// Is told how far the work is: to draw progress, and in tests to end the process at a point.
pub trait Witness: Send + Sync {
    /// A point of [`POINTS`] is reached: what comes before it is done, what comes after it is not.
    fn reached(&self, point: &'static str);
    /// `done` of about `total` rows of `what` are behind.
    fn progress(&self, what: &str, done: u64, total: u64);
    /// Whether the work is to end at its next safe point; asked often.
    fn wants_stop(&self) -> bool {
        false
    }
}

/// A witness who looks away.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Witness for Unwatched {
    fn reached(&self, _point: &'static str) {}
    fn progress(&self, _what: &str, _done: u64, _total: u64) {}
}

/// Every point at which a process may be cut off and must be able to go on, in order within a use case.
pub const POINTS: [&str; 24] = [
    "load.rows-written",
    "load.committed",
    "apply.rows-written",
    "apply.committed",
    "publish.run-recorded",
    "publish.staging",
    "publish.staged",
    "publish.sealed",
    "publish.first-file-moved",
    "publish.data-moved",
    "publish.notice-staged",
    "publish.notice-moved",
    "publish.archived",
    "publish.settled",
    "publish.held",
    "release.begun",
    "release.recorded",
    "discard.recorded",
    "redeliver.begun",
    "redeliver.first-file-back",
    "redeliver.data-back",
    "redeliver.notice-given",
    "recover.finished-one",
    "recover.done",
];

/// The points of a run of a job, beside those of what it does: queued, begun, and its end on record.
pub const NIGHT_POINTS: [&str; 3] = ["night.queued", "night.started", "night.concluded"];
