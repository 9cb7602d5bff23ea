//! What a round of one intake came to, for the agent and for the hub.

use renkei_core::IntakeId;
use renkei_core::receive::{Stray, WaitingSet};
use renkei_engine::receive::Look;

use crate::Failure;

/// A round of one intake.
pub(crate) struct IntakeLook {
    pub(crate) intake: IntakeId,
    /// The round, or why it could not be gone.
    pub(crate) outcome: Result<Look, Failure>,
    /// Where the reasons for refused sets are kept.
    pub(crate) refused: Vec<String>,
}

impl IntakeLook {
    /// Sets that have waited for files too long, and files without a notice that have stood too long.
    pub(crate) fn overdue(&self) -> (Vec<&WaitingSet>, Vec<&Stray>) {
        let Ok(look) = &self.outcome else { return (Vec::new(), Vec::new()) };
        (
            look.incomplete.iter().filter(|set| set.is_overdue).collect(),
            look.strays.iter().filter(|stray| stray.is_overdue).collect(),
        )
    }
}
