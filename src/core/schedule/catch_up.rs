//! What becomes of slots that nobody saw in time: every one is run, caught up, or skipped with a reason.

use std::fmt;

use chrono::Duration;

use super::due::Due;
use super::types::Schedule;
use crate::moment::Moment;

/// A slot seen later than this after its planned time is a missed one.
pub const GRACE: Duration = Duration::minutes(5);

/// Which missed slots are run late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// None.
    None,
    /// Only the last slot, and only when no later one is on time: enough for work that takes up all that
    /// gathered, such as a diff.
    Latest,
    /// Every one.
    All,
}

impl CatchUp {
    /// The word in TOML.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Latest => "latest",
            Self::All => "all",
        }
    }
}

/// A job's rule for missed slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatchUpRule {
    /// Which are run late.
    pub rule: CatchUp,
    /// How late at most, after the planned time.
    pub within: Duration,
}

impl Default for CatchUpRule {
    fn default() -> Self {
        Self { rule: CatchUp::Latest, within: Duration::days(2) }
    }
}

/// A slot with what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounted {
    /// The slot.
    pub due: Due,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What becomes of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It runs, and was seen in time.
    OnTime,
    /// It runs late.
    CaughtUp,
    /// It does not run.
    Skipped(Missed),
}

/// Why a slot does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missed {
    /// The job catches nothing up.
    NoCatchUp,
    /// A later slot does its work.
    Superseded {
        /// The later slot.
        by: Due,
    },
    /// It was found later than the job's bound allows.
    TooLate {
        /// How late.
        by: Duration,
        /// The bound.
        within: Duration,
    },
    /// The job was disabled: it owes nothing. Told by whoever keeps jobs, not by [`account`].
    Disabled,
}

impl Missed {
    /// A stable word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCatchUp => "no-catch-up",
            Self::Superseded { .. } => "superseded",
            Self::TooLate { .. } => "too-late",
            Self::Disabled => "disabled",
        }
    }

    /// The same in Japanese.
    pub fn in_japanese(self) -> String {
        match self {
            Self::NoCatchUp => "停止中に過ぎ、取り戻さない設定（catch_up = \"none\"）".to_owned(),
            Self::Superseded { by } => format!("停止中に過ぎ、{} の回がまとめて行う", by.planned),
            Self::TooLate { by, within } => {
                format!("停止中に過ぎ、{} 遅れで、限度 {} を超えた", about(by), about(within))
            }
            Self::Disabled => "ジョブが無効だった".to_owned(),
        }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCatchUp => f.write_str("missed, and the job catches nothing up (catch_up = \"none\")"),
            Self::Superseded { by } => write!(f, "missed, and the slot of {} does its work", by.planned),
            Self::TooLate { by, within } => {
                write!(f, "found {} late, and the job catches up within {}", about(*by), about(*within))
            }
            Self::Disabled => f.write_str("the job was disabled"),
        }
    }
}

/// In the two largest units that say something: `3d 4h`, `12m`.
fn about(duration: Duration) -> String {
    let minutes = duration.num_minutes();
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => format!("{m}m"),
        (0, h, 0) => format!("{h}h"),
        (0, h, m) => format!("{h}h {m}m"),
        (d, 0, _) => format!("{d}d"),
        (d, h, _) => format!("{d}d {h}h"),
    }
}

/// Gives every slot planned in (after, now] exactly one verdict, as seen at `now`.
pub fn account(schedule: &Schedule, rule: &CatchUpRule, after: Moment, now: Moment) -> Vec<Accounted> {
    account_through(schedule, rule, after, now, now)
}

/// Gives every slot planned in (after, through] its verdict as seen at `now`, which is not before `through`:
/// after a very long time slots are settled part by part, and the verdicts are those of the whole.
pub fn account_through(
    schedule: &Schedule,
    rule: &CatchUpRule,
    after: Moment,
    through: Moment,
    now: Moment,
) -> Vec<Accounted> {
    let through = through.min(now);
    let oldest = now.plus(-rule.within.max(GRACE) - Duration::seconds(1));
    let latest = schedule.between(oldest, now).pop();
    let verdict = |due: Due| {
        let late = now.since(due.planned);
        if late <= GRACE {
            return Verdict::OnTime;
        }
        if rule.rule == CatchUp::None {
            return Verdict::Skipped(Missed::NoCatchUp);
        }
        match latest.filter(|latest| *latest > due) {
            Some(by) if rule.rule == CatchUp::Latest => Verdict::Skipped(Missed::Superseded { by }),
            _ if late > rule.within => Verdict::Skipped(Missed::TooLate { by: late, within: rule.within }),
            _ => Verdict::CaughtUp,
        }
    };
    let dues = schedule.between(after, through).into_iter();
    dues.map(|due| Accounted { due, verdict: verdict(due) }).collect()
}
