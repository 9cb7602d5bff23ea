//! How the slots of a job are kept, whatever the clock does.
//!
//! The keeper holds, per job, a watermark *accounted through* and one record for each slot that had a verdict.
//! At every look at the clock it asks [`look`] and does, in one transaction and in this order:
//!
//! 1. Where [`Look::forgets_skipped_after`] says so, it deletes the records of skipped slots planned after that
//!    moment: the clock was set back, so they are in the future again and can still run.
//! 2. It records each slot of [`Look::slots`] that has no record yet. One that has a record is left as it is: a
//!    slot that ran (or waits, or runs) never runs again, however often the clock passes its planned time.
//! 3. It sets the watermark to [`Look::through`].
//!
//! Time spent suspended and long downtime are steps forward like any other; a step of years is
//! taken in parts ([`Reach::Part`]). A job that is new, enabled
//! again, or has another schedule than before (`Schedule::sha256`) starts with the watermark at now: it owes
//! nothing from before.

use chrono::Duration;

use super::catch_up::{Accounted, CatchUpRule, account_through};
use super::types::Schedule;
use crate::moment::Moment;

/// The most that is settled by one look. Longer steps, of a hub long off or a clock gone wild, are taken in
/// parts, so that a look has an end.
pub const LONGEST_STEP: Duration = Duration::days(400);

/// Where the watermark goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The new watermark: every slot planned up to here has a verdict.
    pub through: Moment,
    /// Set when the clock was set back: skipped slots planned after this moment are forgotten.
    pub forgets_skipped_after: Option<Moment>,
}

/// The watermark after a look at the clock. It follows the clock: forward by at most [`LONGEST_STEP`], and
/// back when the clock was set back, for else the slots between would be lost.
pub fn watermark_after(previous: Moment, now: Moment) -> Step {
    if now < previous {
        return Step { through: now, forgets_skipped_after: Some(now) };
    }
    Step { through: now.min(previous.plus(LONGEST_STEP)), forgets_skipped_after: None }
}

/// What a look at the clock means for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Set when the clock was set back: records of skipped slots planned after this moment are deleted.
    pub forgets_skipped_after: Option<Moment>,
    /// Slots to record, ascending; those recorded already stay as they are.
    pub slots: Vec<Accounted>,
    /// The new watermark.
    pub through: Moment,
    /// How far that is.
    pub reach: Reach,
}

/// How far a look came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To the moment looked at.
    Now,
    /// Not so far: look again at once.
    Part,
    /// To where the schedule's calendar ends. The job has no slots until someone adds to the calendar, which
    /// must be told to people.
    CalendarEnd,
}

/// Looks at the clock for one job whose slots are accounted through `previous`. Where the schedule's calendar
/// has run out the watermark waits at its end, and nothing after it is judged.
pub fn look(schedule: &Schedule, rule: &CatchUpRule, previous: Moment, now: Moment) -> Look {
    let step = watermark_after(previous, now);
    // Never back behind where it was because of a calendar: that would be a clock set back.
    let known = schedule.settled_through(step.through).max(previous);
    let through = step.through.min(known);
    let reach = match () {
        () if through < step.through => Reach::CalendarEnd,
        () if through < now => Reach::Part,
        () => Reach::Now,
    };
    let slots = account_through(schedule, rule, previous, through, now);
    Look { forgets_skipped_after: step.forgets_skipped_after, slots, through, reach }
}
