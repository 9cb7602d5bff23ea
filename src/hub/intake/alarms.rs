//! What a person should know of an intake: the alerts that should stand open, at the hub and at an agent alike.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use renkei_core::alert::{Alert, Matter, Word};
use renkei_core::port::{Outcome, SetRecord};
use renkei_core::receive::{ReasonCode, Receipt};
use renkei_core::schedule::Schedule;
use renkei_core::{Digest, IntakeId, Moment};
use renkei_engine::EngineError;

use super::place::place_of;

/// How many sets back the records of an intake are looked at.
pub(crate) const N_LOOKED_BACK: u32 = 200;
/// How far back a time by which something is expected matters, in days.
const DAYS_LOOKED_BACK: i64 = 40;
/// What comes so long after a time that passed without anything is no longer what was late.
const LATEST_H: i64 = 6;
/// Times that are never closer than this are one a day, or fewer.
const LEAST_OF_A_DAY_H: i64 = 20;

/// What is declared of an intake as far as alerts go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'e> {
    /// The intake.
    pub(crate) intake: &'e IntakeId,
    /// By when something is to come on which business dates.
    pub(crate) by: Option<&'e Schedule>,
    /// After how long a set that waits for others is worth an alert.
    pub(crate) gap_after: TimeDelta,
}

/// What stands in an intake's folders.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stands {
    /// Sets and notices that have not been whole for too long.
    pub(crate) n_incomplete: u64,
    /// Files without a notice that have stood there for too long.
    pub(crate) n_strays: u64,
    /// Whole sets, by their notices.
    pub(crate) whole: Vec<Digest>,
}

/// The alerts about an intake that should stand open now; `records` are its last sets, newest first.
pub(crate) fn alerts_of(
    expected: Expected<'_>,
    stands: &Stands,
    records: &[SetRecord],
    now: Moment,
) -> Result<Vec<Alert>, EngineError> {
    let word = Word::of(expected.intake.as_str());
    let mut alerts = Vec::new();
    let newer = records.iter().take_while(|record| record.outcome != Outcome::Taken);
    for record in newer.filter(|record| record.outcome == Outcome::Refused) {
        let place = Word::of(place_of(&record.intake, record.notice_sha256)?.as_str());
        alerts.push(Alert::new(Matter::SetRefused { intake: word.clone(), place }, now));
    }
    let (mut n_waiting, mut n_held) = (0, 0);
    for notice_sha256 in &stands.whole {
        match waits(records, *notice_sha256) {
            Some((Waits::ToBeAllowed, _)) => n_held += 1,
            Some((Waits::ForOthers, since)) if now.since(since) >= expected.gap_after => n_waiting += 1,
            _ => {}
        }
    }
    if stands.n_incomplete > 0 {
        let matter = Matter::SetIncomplete { intake: word.clone(), n_sets: stands.n_incomplete };
        alerts.push(Alert::new(matter, now));
    }
    if n_waiting > 0 {
        alerts.push(Alert::new(Matter::SetWaiting { intake: word.clone(), n_sets: n_waiting }, now));
    }
    if n_held > 0 {
        alerts.push(Alert::new(Matter::SetHeld { intake: word.clone(), n_sets: n_held }, now));
    }
    if stands.n_strays > 0 {
        let matter = Matter::StrayFiles { intake: word.clone(), n_files: stands.n_strays };
        alerts.push(Alert::new(matter, now));
    }
    alerts.extend(nothing_came(expected, records, now));
    Ok(alerts)
}

/// That nothing came by the last time by which something was expected.
pub(crate) fn nothing_came(expected: Expected<'_>, records: &[SetRecord], now: Moment) -> Option<Alert> {
    let dues = expected.by?.between(now.plus(TimeDelta::days(-DAYS_LOOKED_BACK)), now);
    let last = dues.last()?;
    let times: Vec<Moment> = dues.iter().map(|due| due.planned).collect();
    let n_missed = n_missed(&times, &arrivals(records, &times));
    let dates = dues.iter().rev().take(n_missed).map(|due| due.business_date);
    // Of an intake that never had anything it is not known since when.
    let n_dates = if records.is_empty() { n_missed.min(1) } else { dates.collect::<BTreeSet<_>>().len() };
    let matter = Matter::NothingCame {
        intake: Word::of(expected.intake.as_str()),
        expected_by: last.planned,
        n_dates: u32::try_from(n_dates).unwrap_or(u32::MAX),
    };
    (n_dates > 0).then(|| Alert::new(matter, now).of_date(last.business_date))
}

/// The time that passed, where an alert is about nothing having come.
pub(crate) fn late_of(alert: &Alert) -> Option<Moment> {
    match alert.matter {
        Matter::NothingCame { expected_by, .. } => Some(expected_by),
        _ => None,
    }
}

/// When something came, ascending. What is sent again, and what comes beside it for the same business date, is not the
/// next delivery: it counts once, at its first coming. Where more than one delivery a day is expected, each sequence
/// counts.
fn arrivals(records: &[SetRecord], dues: &[Moment]) -> Vec<Moment> {
    let is_each_a_day = dues.windows(2).all(|pair| match pair {
        [one, next] => next.since(*one) >= TimeDelta::hours(LEAST_OF_A_DAY_H),
        _ => true,
    });
    let mut first = BTreeMap::new();
    for record in records {
        let date = record.business_date.unwrap_or_else(|| record.at.date());
        let sequence = record.sequence.filter(|_| !is_each_a_day);
        let at = first.entry((date, sequence)).or_insert(record.at);
        *at = record.at.min(*at);
    }
    let mut arrivals: Vec<Moment> = first.into_values().collect();
    arrivals.sort_unstable();
    arrivals
}

/// For how many of these times in a row, up to the last, nothing came; all ascending. What comes is for the next of
/// them; only where one passed without anything, what comes soon after it is what was late, and not the next one early.
fn n_missed(dues: &[Moment], arrivals: &[Moment]) -> usize {
    let (mut arrivals, mut before, mut n_missed) = (arrivals, None, 0);
    for due in dues {
        let (in_time, later) = arrivals.split_at(arrivals.partition_point(|at| at <= due));
        let was_late = |at: &Moment, before: Moment| {
            at.since(before) <= (due.since(before) / 4).min(TimeDelta::hours(LATEST_H))
        };
        let n_late = match (before, in_time.first()) {
            (Some(before), Some(first)) if n_missed > 0 => usize::from(was_late(first, before)),
            _ => 0,
        };
        n_missed = match (in_time.len() > n_late, in_time.is_empty()) {
            (true, _) => 0,
            (false, true) => n_missed + 1,
            // What was late came, and nothing for this one.
            (false, false) => 1,
        };
        (arrivals, before) = (later, Some(*due));
    }
    if arrivals.is_empty() { n_missed } else { 0 }
}

/// What a set that is whole waits for.
enum Waits {
    ForOthers,
    ToBeAllowed,
}

/// What a set waits for by the last word on it, and since when.
fn waits(records: &[SetRecord], notice_sha256: Digest) -> Option<(Waits, Moment)> {
    let mut of_set = records.iter().filter(|record| record.notice_sha256 == notice_sha256);
    let last = of_set.next().filter(|record| record.outcome == Outcome::Waiting)?;
    let since = of_set
        .take_while(|record| record.outcome == Outcome::Waiting)
        .fold(last.at, |since, record| since.min(record.at));
    let receipt = Receipt::parse(last.receipt.as_bytes()).ok()?;
    let is_held = receipt.reasons.iter().any(|reason| reason.code == ReasonCode::ChangeHeld.as_str());
    Some((if is_held { Waits::ToBeAllowed } else { Waits::ForOthers }, since))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: i64, hour_of_day: i64) -> Moment {
        // 2026-10-01 00:00 in Tokyo.
        Moment::from_unix(1_790_780_400 + days * 86_400 + hour_of_day * 3_600).unwrap()
    }

    /// Expected daily at 5:00 of days 0, 1 and 2; how many of them in a row were missed up to the last.
    #[track_caller]
    fn check(arrivals: &[(i64, i64)], expect: usize) {
        let dues = [day(0, 5), day(1, 5), day(2, 5)];
        let at: Vec<Moment> = arrivals.iter().map(|(days, hour)| day(*days, *hour)).collect();
        assert_eq!(n_missed(&dues, &at), expect, "{arrivals:?}");
    }

    #[test]
    fn what_comes_is_for_the_next_time() {
        check(&[], 3);
        check(&[(0, 4), (1, 4), (2, 4)], 0);
        check(&[(0, 4), (1, 4)], 1);
        check(&[(0, 4)], 2);
        check(&[(0, 4), (1, 4), (1, 6)], 0);
        check(&[(0, 4), (1, 4), (2, 7)], 0);
    }

    #[test]
    fn what_was_late_is_not_the_next_one_early() {
        check(&[(0, 4), (1, 6)], 1);
        check(&[(0, 4), (1, 6), (2, 4)], 0);
        check(&[(0, 4), (1, 6), (2, 6)], 0);
        // Nothing came on day 1; the evening's is for day 2.
        check(&[(0, 4), (1, 22)], 0);
    }

    #[test]
    fn a_sender_who_is_always_early_raises_nothing() {
        check(&[(-1, 12), (0, 12), (1, 12)], 0);
        check(&[(-1, 12), (0, 12)], 1);
    }

    fn record(at: Moment, business_date: Option<&str>, sequence: u32) -> SetRecord {
        SetRecord {
            set_no: 0,
            intake: "jumin".parse().unwrap(),
            notice_name: "n.json".to_owned(),
            notice_sha256: Digest([7; 32]),
            content_sha256: None,
            interface: None,
            version: None,
            feed: None,
            kind: None,
            sequence: Some(renkei_core::Sequence(sequence)),
            business_date: business_date.map(|date| date.parse().unwrap()),
            outcome: Outcome::Taken,
            n_rows: 0,
            counts: renkei_core::port::TakeCounts::default(),
            n_warned: 0,
            n_parked: 0,
            state: None,
            receipt: String::new(),
            run_id: String::new(),
            at,
        }
    }

    #[test]
    fn a_repeat_and_a_correction_are_no_delivery_of_their_own() {
        let records = [
            record(day(1, 8), Some("2026-10-01"), 3),
            record(day(1, 7), Some("2026-10-01"), 2),
            record(day(1, 4), Some("2026-10-01"), 2),
            record(day(1, 9), None, 4),
        ];
        assert_eq!(arrivals(&records, &[day(0, 5), day(1, 5)]), [day(1, 4), day(1, 9)]);
        let hourly = arrivals(&records, &[day(1, 5), day(1, 6)]);
        assert_eq!(hourly, [day(1, 4), day(1, 8), day(1, 9)]);
    }
}
