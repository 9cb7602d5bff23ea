//! One try of one run, on a thread of its own. A panic ends the run, never the daemon.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use renkei_core::feed::Feed;
use renkei_core::port::RunRecord;
use renkei_core::retry::RetryPolicy;
use renkei_core::{Fault as _, FeedId, JobId};
use renkei_engine::night::{Outcome, conclude, work};
use renkei_engine::{EngineError, House, Witness as _};

use super::live::Live;
use super::look::causes;
use crate::config::Config;
use crate::intake::HubReceiving;
use crate::premises::Premises;

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What a try needs, owned, for its thread.
pub(super) struct Task {
    pub(super) premises: Arc<Premises>,
    pub(super) feeds: Arc<Vec<Feed>>,
    pub(super) run: RunRecord,
    pub(super) policy: RetryPolicy,
    pub(super) config: Arc<Config>,
}

/// A try that ended.
pub(super) enum Ended {
    /// On record; the run as it stands now, and the faults of its feeds.
    Recorded { run: RunRecord, outcome: Outcome },
    /// It could not be recorded: the daemon tries again to record it.
    Unrecorded { task: Task, outcome: Outcome },
}

/// Keeps panics of any thread off standard error, where a message could quote a value, and notes where they
/// were. For the whole process, once.
pub(super) fn note_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "?".to_owned(), ToString::to_string);
        PLACE.with(|kept| kept.replace(Some(place.clone())));
        tracing::error!(place, "a thread stopped where it never should");
    }));
}

/// Does the work of a run and records how it ended.
pub(super) fn do_work(task: Task, live: &Live) -> Ended {
    let run = &task.run;
    let span = tracing::info_span!("run", run.id = run.run_id, job = run.job.as_ref().map(JobId::as_str));
    let _in_run = span.enter();
    let witness = live.enter(&run.run_id, &run.what);
    let house = House { retention: &task.config.retention, ..task.premises.house(&witness, &run.operator) };
    let receiving = HubReceiving { premises: &task.premises, config: &task.config };
    let outcome = catch_unwind(AssertUnwindSafe(|| work(house, &task.feeds, &receiving, run)))
        .unwrap_or_else(|_| {
            let place = PLACE.with(RefCell::take).unwrap_or_else(|| "?".to_owned());
            Outcome::Failed(vec![(None, EngineError::Panic { place })])
        });
    if let Outcome::Failed(faults) = &outcome {
        for (feed, error) in faults {
            let (feed, causes) = (feed.as_ref().map(FeedId::as_str), causes(error));
            tracing::error!(feed, fault.code = error.code(), "the run failed: {causes}");
        }
    }
    witness.progress("", 0, 0);
    record(task, outcome)
}

/// Records how a try ended.
pub(super) fn record(task: Task, outcome: Outcome) -> Ended {
    let house = task.premises.house(&renkei_engine::Unwatched, &task.run.operator);
    match conclude(house, &task.run, &outcome, &task.policy, dice()) {
        Ok(run) => Ended::Recorded { run, outcome },
        Err(error) => {
            tracing::error!(run.id = task.run.run_id, %error, "the end of a run could not be recorded; it is tried again");
            Ended::Unrecorded { task, outcome }
        }
    }
}

/// Something that differs from try to try, to spread pauses.
pub(crate) fn dice() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    // The state is made anew from the system's randomness.
    u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(0)
}
