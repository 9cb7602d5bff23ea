//! How long what is kept is kept.

use chrono::TimeDelta;

/// How long each kind of thing is kept at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Published files in the connection folders, from their sealing. A month's work and a few days.
    pub publications: TimeDelta,
    /// Publications in the archive, from when they were put there. A year and a month, so that last year's can be
    /// compared.
    pub archive: TimeDelta,
    /// What was refused, from when it was put aside.
    pub quarantine: TimeDelta,
    /// Reports for the operator, from when they were written.
    pub reports: TimeDelta,
    /// What comparing receivers' rows came to, with keys and values, beside the database; from when it was written.
    pub differences: TimeDelta,
    /// What the hub answered in folders of systems: receipts, reports on check files; from when it was put there.
    pub answers: TimeDelta,
    /// Rows on deliveries, receipts, alerts and comparisons, from when they were written. Three years, as runs; the
    /// last of each receiver stays.
    pub records: TimeDelta,
    /// Runs with their tries, steps and slots, from their end. Three years.
    pub runs: TimeDelta,
    /// Slots, from their planned time; at least [`Rules::SHORTEST_SLOTS`] and as long as missed ones are caught
    /// up, because a slot on record is what keeps it from running twice.
    pub slots: TimeDelta,
    /// Lines of the audit. Ten years.
    pub audit: TimeDelta,
    /// Files of the daemon's log, one a day.
    pub logs: TimeDelta,
    /// What transfer cases hold of people, from the day of their move or their rejection, whichever is later. As
    /// long as the forms they stand for (住民異動届, a year), and a month in which last year's is still asked for;
    /// longer would keep 個人番号 without need.
    pub transfer: TimeDelta,
}

impl Rules {
    /// Slots are kept at least so long.
    pub const SHORTEST_SLOTS: TimeDelta = TimeDelta::days(400);
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            publications: TimeDelta::days(35),
            archive: TimeDelta::days(400),
            quarantine: TimeDelta::days(90),
            reports: TimeDelta::days(400),
            differences: TimeDelta::days(90),
            answers: TimeDelta::days(90),
            records: TimeDelta::days(1095),
            runs: TimeDelta::days(1095),
            slots: TimeDelta::days(1095),
            audit: TimeDelta::days(3650),
            logs: TimeDelta::days(90),
            transfer: TimeDelta::days(400),
        }
    }
}
