//! The judgements of the checks; the checks themselves are tried on a whole hub.

use super::*;

const GIB: u64 = 1 << 30;

#[test]
fn room_is_judged_by_what_a_night_needs() {
    for (free, total, expected) in [
        (0, 100 * GIB, Level::Problem),
        (GIB - 1, 2 * GIB, Level::Problem),
        (GIB, 2 * GIB, Level::Warning),
        (5 * GIB, 200 * GIB, Level::Warning),
        (5 * GIB, 100 * GIB, Level::Ok),
        (49 * GIB, 1000 * GIB, Level::Warning),
        (50 * GIB, 10_000 * GIB, Level::Ok),
    ] {
        assert_eq!(volumes::judge(free, total), expected, "{free} of {total}");
    }
}

#[test]
fn a_clock_behind_the_record_is_a_problem() {
    let at = |seconds: i64| Moment::from_unix(1_790_872_200 + seconds).unwrap();
    for (last, expected) in
        [(None, Level::Ok), (Some(-86_400), Level::Ok), (Some(60), Level::Ok), (Some(61), Level::Problem)]
    {
        let finding = clock::judge(at(0), last.map(at));
        assert_eq!(finding.level, expected, "{last:?}");
        assert_eq!(finding.remedy.is_some(), expected != Level::Ok);
    }
    for (word, expected) in [("yes", Level::Ok), ("no", Level::Warning), ("", Level::Ok), ("?", Level::Ok)] {
        assert_eq!(clock::of_state(word).level, expected, "{word:?}");
    }
}

#[test]
fn a_calendar_warns_a_quarter_ahead() {
    let date = |text: &str| text.parse().unwrap();
    for (through, expected) in [
        ("2026-12-31", Level::Ok),
        ("2026-12-30", Level::Warning),
        ("2026-10-16", Level::Warning),
        ("2026-10-15", Level::Problem),
        ("2026-01-01", Level::Problem),
    ] {
        let finding = calendar_ending("holidays", date(through), date("2026-10-02"));
        assert_eq!(finding.level, expected, "{through}");
    }
}
