//! The night: slots become runs, runs wait and start, tries are concluded and made again. The rules are in
//! `core`; this is their place in the database. Whoever calls it brings the clock and the threads.

mod ask;
mod board;
mod conclude;
mod deadlines;
mod held;
mod plan;
mod queue;
mod rescue;
mod slots;
mod work;

pub use ask::{Again, ask, left_of, run_in_place};
pub use board::{JobLine, JobStanding, board};
pub use conclude::{begin, cancel_waiting, conclude};
pub use deadlines::{DeadlineStanding, deadlines, forecast_of};
pub use held::settle_held;
pub use plan::{After, Deadline, NightJob, NightPlan, Timing};
pub use queue::{Queued, queue};
pub use rescue::{Rescued, rescue};
pub use slots::{SlotsSeen, account_slots, close_books, is_enabled};
pub use work::{NoIntakes, Outcome, Receiving, work};
