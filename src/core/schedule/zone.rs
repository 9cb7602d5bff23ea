//! Wall-clock times of a job's own zone, as moments.

use chrono::{Duration, NaiveDateTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;

use crate::moment::Moment;

/// The hub's own zone.
pub(super) const TOKYO: Tz = chrono_tz::Asia::Tokyo;

/// The moment at which a zone's clocks first show `local`, or anything later: a time that is left out when
/// clocks go forward is the first instant after the gap, one that comes twice is its first coming.
pub(super) fn moment_at(zone: Tz, local: NaiveDateTime) -> Option<Moment> {
    if zone == TOKYO {
        return Some(Moment::at(local));
    }
    let utc = match zone.from_local_datetime(&local).earliest() {
        Some(found) => found.naive_utc(),
        None => end_of_gap(zone, local)?,
    };
    utc.checked_add_signed(Duration::hours(9)).map(Moment::at)
}

/// The instant (UTC) at which clocks go forward over `local`.
fn end_of_gap(zone: Tz, local: NaiveDateTime) -> Option<NaiveDateTime> {
    let is_past = |utc: NaiveDateTime| {
        let offset = zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
        utc.checked_add_signed(Duration::seconds(offset.into())).is_some_and(|shown| shown >= local)
    };
    // No zone is further than 14 hours from UTC, and no gap is longer than a day.
    let mut before = local.checked_sub_signed(Duration::days(2))?;
    let mut seconds = Duration::days(4).num_seconds();
    while seconds > 1 {
        let half = seconds / 2;
        let middle = before.checked_add_signed(Duration::seconds(half))?;
        if is_past(middle) {
            seconds = half;
        } else {
            before = middle;
            seconds -= half;
        }
    }
    before.checked_add_signed(Duration::seconds(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: Tz, local: &str, expected: &str) {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        assert_eq!(
            moment_at(zone, local).unwrap().to_string(),
            format!("{expected}+09:00"),
            "{zone} {local}"
        );
    }

    #[test]
    fn gaps_run_after_and_overlaps_once() {
        check(TOKYO, "2026-10-02 01:30", "2026-10-02T01:30:00");
        check(Tz::Europe__Berlin, "2026-06-01 12:00", "2026-06-01T19:00:00");
        // Clocks go from 02:00 to 03:00 (01:00 UTC).
        check(Tz::Europe__Berlin, "2026-03-29 01:59", "2026-03-29T09:59:00");
        check(Tz::Europe__Berlin, "2026-03-29 02:00", "2026-03-29T10:00:00");
        check(Tz::Europe__Berlin, "2026-03-29 02:59", "2026-03-29T10:00:00");
        check(Tz::Europe__Berlin, "2026-03-29 03:00", "2026-03-29T10:00:00");
        // 02:00 to 03:00 comes twice (first at 00:00 UTC).
        check(Tz::Europe__Berlin, "2026-10-25 02:30", "2026-10-25T09:30:00");
        check(Tz::Europe__Berlin, "2026-10-25 03:00", "2026-10-25T11:00:00");
        // A whole day is left out.
        check(Tz::Pacific__Apia, "2011-12-30 12:00", "2011-12-30T19:00:00");
        check(Tz::America__Los_Angeles, "2026-03-08 02:15", "2026-03-08T19:00:00");
    }
}
