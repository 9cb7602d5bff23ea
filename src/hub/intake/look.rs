//! What a round of one intake came to, for the agent and for the hub.

use renkei_core::receive::{PendingNotice, Stray, WaitingSet};
use renkei_core::{IntakeId, Moment};
use renkei_engine::receive::Look;

use crate::Failure;

/// A round of one intake.
pub(crate) struct IntakeLook {
    pub(crate) intake: IntakeId,
    /// The round, or why it could not be gone.
    pub(crate) outcome: Result<Look, Failure>,
    /// Where the reasons for refused sets are kept.
    pub(crate) refused: Vec<String>,
    /// By when something should have come that did not.
    pub(crate) late: Option<Moment>,
}

impl IntakeLook {
    /// Notices that have not been whole for too long.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = &PendingNotice> {
        let pending = self.outcome.iter().flat_map(|look| &look.pending);
        pending.filter(|notice| notice.is_overdue)
    }

    /// Sets that have waited for files too long, and files without a notice that have stood too long.
    pub(crate) fn overdue(&self) -> (Vec<&WaitingSet>, Vec<&Stray>) {
        let Ok(look) = &self.outcome else { return (Vec::new(), Vec::new()) };
        (
            look.incomplete.iter().filter(|set| set.is_overdue).collect(),
            look.strays.iter().filter(|stray| stray.is_overdue).collect(),
        )
    }
}
