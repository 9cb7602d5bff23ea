//! Whether a night's work will be done in time, judged before it is late: from how long it took before.

use chrono::TimeDelta;
use serde::Serialize;

use crate::moment::Moment;

/// Of so many past runs a job's typical duration is taken.
pub const N_RUNS_LOOKED_AT: usize = 20;

/// How far a job's work for a business date has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Done at this time.
    Done(Moment),
    /// Under way since.
    Running(Moment),
    /// Not started; it can start at this time at the earliest.
    Waiting(Moment),
}

/// How a job stands against its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "standing")]
pub enum Standing {
    /// Done, or expected to be done in time.
    InTime,
    /// Not done, and it will be late, or too little time is left: "will finish 04:40, limit 05:00".
    Near {
        /// When it will be done, where past runs tell.
        #[serde(skip)]
        finish: Option<Moment>,
    },
    /// The deadline went by and it is not done.
    Passed,
}

/// The duration that four of five past runs kept, in milliseconds; `None` without past runs.
pub fn typical_ms(past_ms: &[u64]) -> Option<u64> {
    let mut sorted: Vec<u64> = past_ms.iter().copied().take(N_RUNS_LOOKED_AT).collect();
    sorted.sort_unstable();
    let place = (sorted.len() * 4).div_ceil(5).checked_sub(1)?;
    sorted.get(place).copied()
}

/// When work will be done, where past runs tell.
pub fn forecast(progress: Progress, typical_ms: Option<u64>, now: Moment) -> Option<Moment> {
    let start = match progress {
        Progress::Done(at) => return Some(at),
        Progress::Running(since) => since,
        Progress::Waiting(earliest) => earliest.max(now),
    };
    let typical = TimeDelta::milliseconds(i64::try_from(typical_ms?).unwrap_or(i64::MAX / 2));
    // A run that takes longer than usual ends now at the earliest.
    Some(start.plus(typical).max(now))
}

/// How a job stands. `warning` is how long before the deadline work that is not done is worth a warning
/// whatever the forecast, so that nobody waits for a run that never started.
pub fn assess(
    deadline: Moment,
    warning: TimeDelta,
    progress: Progress,
    typical_ms: Option<u64>,
    now: Moment,
) -> Standing {
    if let Progress::Done(at) = progress {
        return if at <= deadline { Standing::InTime } else { Standing::Passed };
    }
    if now > deadline {
        return Standing::Passed;
    }
    let finish = forecast(progress, typical_ms, now);
    let is_near = now >= deadline.plus(-warning);
    if is_near || finish.is_some_and(|finish| finish > deadline) {
        Standing::Near { finish }
    } else {
        Standing::InTime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Moment {
        Moment::parse(&format!("2026-10-02T{time}:00+09:00")).unwrap()
    }

    #[test]
    fn four_of_five_runs_keep_the_typical_duration() {
        assert_eq!(typical_ms(&[]), None);
        assert_eq!(typical_ms(&[7]), Some(7));
        assert_eq!(typical_ms(&[50, 10, 40, 20, 30]), Some(40));
        let newest_first: Vec<u64> = std::iter::repeat_n(1, N_RUNS_LOOKED_AT).chain([99; 80]).collect();
        assert_eq!(typical_ms(&newest_first), Some(1), "older runs do not count");
    }

    #[test]
    fn a_late_end_is_seen_before_the_deadline() {
        let limit = at("05:00");
        let warning = TimeDelta::minutes(30);
        let minutes = |n: u64| Some(n * 60_000);
        let check = |progress, typical, now: &str, expected| {
            assert_eq!(assess(limit, warning, progress, typical, at(now)), expected, "{progress:?} {now}");
        };
        check(Progress::Running(at("04:00")), minutes(20), "04:10", Standing::InTime);
        check(
            Progress::Running(at("04:00")),
            minutes(90),
            "04:10",
            Standing::Near { finish: Some(at("05:30")) },
        );
        // It should have been done at 04:20: it may end any minute, and there is little time left.
        check(
            Progress::Running(at("04:00")),
            minutes(20),
            "04:40",
            Standing::Near { finish: Some(at("04:40")) },
        );
        check(Progress::Running(at("04:00")), None, "04:10", Standing::InTime);
        check(Progress::Running(at("04:00")), minutes(20), "05:01", Standing::Passed);
        // Nothing has started at all.
        check(Progress::Waiting(at("02:00")), None, "04:29", Standing::InTime);
        check(Progress::Waiting(at("02:00")), None, "04:30", Standing::Near { finish: None });
        check(
            Progress::Waiting(at("02:00")),
            minutes(60),
            "04:15",
            Standing::Near { finish: Some(at("05:15")) },
        );
        check(
            Progress::Waiting(at("04:30")),
            minutes(45),
            "01:00",
            Standing::Near { finish: Some(at("05:15")) },
        );
        check(Progress::Waiting(at("02:00")), None, "05:30", Standing::Passed);
        check(Progress::Done(at("05:00")), None, "09:00", Standing::InTime);
        check(Progress::Done(at("05:01")), None, "09:00", Standing::Passed);
    }
}
