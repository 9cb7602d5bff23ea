//! Whether the wall clock ran evenly since the last look. Time spent suspended is not a jump: it went by.

use chrono::TimeDelta;
use renkei_core::Moment;
use rustix::time::{ClockId, clock_gettime};

/// A difference from here on is a jump; less is how clocks are slewed, and the time between two readings.
const SMALLEST_JUMP_S: i64 = 30;

/// Remembers the last look, by the wall clock and by one that nobody sets.
#[derive(Debug, Default)]
pub(super) struct Jumps {
    last: Option<(Moment, i64)>,
}

impl Jumps {
    /// How far the wall clock was set since the last look; `None` while it runs evenly.
    pub(super) fn look(&mut self, wall: Moment) -> Option<TimeDelta> {
        let steady = steady_s();
        let last = self.last.replace((wall, steady))?;
        jump(last, (wall, steady))
    }
}

fn jump(last: (Moment, i64), now: (Moment, i64)) -> Option<TimeDelta> {
    let set = now.0.since(last.0) - TimeDelta::seconds(now.1 - last.1);
    (set.num_seconds().abs() >= SMALLEST_JUMP_S).then_some(set)
}

/// Seconds since the machine started, those spent suspended included.
fn steady_s() -> i64 {
    clock_gettime(ClockId::Boottime).tv_sec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_was_set_has_jumped() {
        let at = |time: &str| Moment::parse(&format!("2026-10-02T{time}+09:00")).unwrap();
        let check = |wall: &str, steady, expected: Option<i64>| {
            let found = jump((at("01:00:00"), 1000), (at(wall), steady));
            assert_eq!(found.map(|set| set.num_seconds()), expected, "{wall} {steady}");
        };
        check("01:00:15", 1015, None);
        check("01:00:44", 1015, None);
        check("01:00:45", 1015, Some(30));
        // Suspended for eight hours: both clocks went on.
        check("09:00:00", 1000 + 8 * 3600, None);
        check("00:30:00", 1015, Some(-1815));
    }
}
