//! A source (取得元): whose server is fetched from, how it stands, and when the next look is.

use chrono::TimeDelta;

use super::folder::PullFolder;
use super::look::{PullLook, UnfinishedSince};
use crate::delivery::{DeliveryError, DeliveryWindows};
use crate::fault::{Class, Fault as _};
use crate::file_name::FileName;
use crate::ids::DestinationId;
use crate::moment::Moment;
use crate::retry::{Next, RetryPolicy, after_fault, pause_left};

/// The most characters kept of why a look failed.
const DETAIL_CHARS: usize = 500;
/// So many faults of one look are told.
const MOST_TOLD: usize = 5;
/// So many unfinished sets are kept an eye on, those that have been for longest.
const MOST_UNFINISHED: usize = 100;

/// A source but for the way there.
#[derive(Debug, Clone, PartialEq)]
pub struct PullTerms {
    /// Its id; destinations have others.
    pub id: DestinationId,
    /// The folders that are fetched from, in order.
    pub folders: Vec<PullFolder>,
    /// How long after a look the next one is.
    pub every: TimeDelta,
    /// When it may be looked at.
    pub windows: DeliveryWindows,
    /// How often and how soon it is tried again when nothing could be looked at.
    pub retry: RetryPolicy,
    /// How long it may fail before somebody is told.
    pub failing_after: TimeDelta,
}

/// What is on record of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullLine {
    /// The source.
    pub source: DestinationId,
    /// When the last look ended; `None` before the first.
    pub looked_at: Option<Moment>,
    /// When something came last.
    pub pulled_at: Option<Moment>,
    /// How many sets came then.
    pub n_sets: u64,
    /// Sets that are not whole there, at the last look.
    pub n_unfinished: u64,
    /// Since when each of them is not, the first of them by the look.
    pub unfinished: Vec<UnfinishedSince>,
    /// Looks in a row that a fault ended.
    pub n_tries: u32,
    /// No look before this.
    pub next_at: Option<Moment>,
    /// Whether a person must look: it is not looked at by itself.
    pub is_stopped: bool,
    /// The code of the last look's fault; `None` where it had none.
    pub fault_code: Option<String>,
    /// That fault's class.
    pub fault_class: Option<Class>,
    /// Since when looks fail.
    pub failing_since: Option<Moment>,
    /// What failed, in plain words.
    pub detail: Option<String>,
}

/// What a source waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullWait {
    /// Nothing: it is looked at now.
    Nothing,
    /// The time of its next look.
    Next(Moment),
    /// Its window.
    Window(Moment),
    /// A person.
    Person,
}

impl PullLine {
    /// Of a source that was never looked at.
    pub fn new(source: &DestinationId) -> Self {
        Self {
            source: source.clone(),
            looked_at: None,
            pulled_at: None,
            n_sets: 0,
            n_unfinished: 0,
            unfinished: Vec::new(),
            n_tries: 0,
            next_at: None,
            is_stopped: false,
            fault_code: None,
            fault_class: None,
            failing_since: None,
            detail: None,
        }
    }

    /// The same, looked at as soon as it may be: a person has put right what stopped it.
    #[must_use]
    pub fn again(self) -> Self {
        Self { n_tries: 0, next_at: None, is_stopped: false, ..self }
    }

    /// What it waits for.
    pub fn waits_for(&self, terms: &PullTerms, now: Moment) -> PullWait {
        if self.is_stopped {
            return PullWait::Person;
        }
        // A clock that was set back makes no wait longer than one between two looks.
        let bound = RetryPolicy { longest_pause: terms.every.max(terms.retry.longest_pause), ..terms.retry };
        match (self.next_at.and_then(|at| pause_left(&bound, at, now)), terms.windows.opens_at(now)) {
            (Some(at), _) => PullWait::Next(at),
            (None, Some(opens_at)) => PullWait::Window(opens_at),
            (None, None) => PullWait::Nothing,
        }
    }

    /// Whether somebody is to be told of it.
    pub fn is_alarming(&self, terms: &PullTerms, now: Moment) -> bool {
        self.is_stopped || self.failing_since.is_some_and(|since| now.since(since) >= terms.failing_after)
    }

    /// The line after a look. What one set has wrong stops no look; what ended one is tried again by its class. `dice`
    /// spreads the pause as in [`after_fault`].
    #[must_use]
    pub fn after(self, terms: &PullTerms, look: &PullLook, now: Moment, dice: u32) -> Self {
        let n_sets = look.pulled.len() as u64;
        let (pulled_at, n_sets) =
            if n_sets > 0 { (Some(now), n_sets) } else { (self.pulled_at, self.n_sets) };
        let came = Self { pulled_at, n_sets, ..self };
        if matches!(look.end, Err(DeliveryError::Stopped)) {
            // Asked to end is no failure; what was under way goes on at the next look.
            return Self { next_at: None, ..came };
        }
        let next = now.plus(terms.every);
        let (n_tries, next_at, is_stopped) = match &look.end {
            Ok(()) => (0, Some(next), false),
            Err(error) => {
                let n_tries = came.n_tries + 1;
                match after_fault(&terms.retry, error.class(), n_tries, now, dice) {
                    Next::TryAgain(at) => (n_tries, Some(at), false),
                    Next::Stop => (n_tries, None, true),
                }
            }
        };
        let unfinished = still_unfinished(&came.unfinished, look, now);
        let lasting = unfinished.iter().filter(|set| now.since(set.since) >= terms.failing_after);
        let lasting: Vec<(Moment, DeliveryError)> = lasting
            .filter_map(|set| {
                let found =
                    look.unfinished.iter().find(|one| one.notice == set.notice && one.from == set.from)?;
                let (name, n_lacking) = (found.notice.to_string(), found.n_lacking);
                Some((set.since, DeliveryError::NeverWhole { name, n_lacking }))
            })
            .collect();
        let fault = look.fault().or(lasting.first().map(|(_, fault)| fault));
        let since = came.failing_since.into_iter().chain(lasting.iter().map(|(since, _)| *since)).min();
        let mut told = vec![look.told()];
        told.extend(lasting.iter().map(|(_, fault)| fault.told()).take(MOST_TOLD));
        told.retain(|words| !words.is_empty());
        let told = told.join("; ");
        Self {
            looked_at: Some(now),
            n_unfinished: look.unfinished.len() as u64,
            n_tries,
            next_at,
            is_stopped,
            fault_code: fault.map(|fault| fault.code().to_owned()),
            fault_class: fault.map(DeliveryError::class),
            // One that a clock wrote down that was set back since would never be long ago.
            failing_since: fault.and(Some(since.map_or(now, |since| since.min(now)))),
            unfinished,
            detail: (!told.is_empty()).then(|| told.chars().take(DETAIL_CHARS).collect()),
            ..came
        }
    }
}

/// The sets that a look found unfinished, each since when; what it did not look at stays as it was.
fn still_unfinished(before: &[UnfinishedSince], look: &PullLook, now: Moment) -> Vec<UnfinishedSince> {
    let known = |from: &str, notice: &FileName| {
        before.iter().find(|known| known.from == from && known.notice == *notice)
    };
    let found = look.unfinished.iter().map(|set| UnfinishedSince {
        from: set.from.clone(),
        notice: set.notice.clone(),
        since: known(&set.from, &set.notice).map_or(now, |known| known.since.min(now)),
    });
    let mut all: Vec<UnfinishedSince> = found.collect();
    if look.end.is_err() {
        let is_found = |set: &UnfinishedSince| {
            look.unfinished.iter().any(|one| one.from == set.from && one.notice == set.notice)
                || look.pulled.iter().any(|one| one.notice == set.notice)
        };
        all.extend(before.iter().filter(|set| !is_found(set)).cloned());
    }
    all.sort_by_key(|set| set.since);
    all.truncate(MOST_UNFINISHED);
    all
}

impl PullLook {
    /// What failed, in plain words, the first few.
    pub fn told(&self) -> String {
        let end = self.end.as_ref().err().map(DeliveryError::told);
        let failed = self.failed.iter().map(|failed| match &failed.notice {
            Some(notice) => format!("{notice}: {}", failed.error.told()),
            None => format!("{}: {}", failed.from, failed.error.told()),
        });
        end.into_iter().chain(failed).take(MOST_TOLD).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::{FailedSet, UnfinishedSet};

    fn terms() -> PullTerms {
        PullTerms {
            id: "kokuho".parse().unwrap(),
            folders: Vec::new(),
            every: TimeDelta::minutes(5),
            windows: DeliveryWindows::new(vec!["21:00-29:00".parse().unwrap()]),
            retry: RetryPolicy { n_tries: 2, ..RetryPolicy::default() },
            failing_after: TimeDelta::hours(2),
        }
    }

    fn night() -> Moment {
        Moment::parse("2026-10-02T01:30:00+09:00").unwrap()
    }

    fn ended(error: DeliveryError) -> PullLook {
        PullLook { end: Err(error), ..PullLook::default() }
    }

    fn cut() -> DeliveryError {
        DeliveryError::CutOff { place: "h:22".to_owned(), attempt: "x", detail: String::new() }
    }

    #[test]
    fn looks_follow_one_another_in_its_windows() {
        let (terms, line) = (terms(), PullLine::new(&terms().id));
        assert_eq!(line.waits_for(&terms, night()), PullWait::Nothing);
        let line = line.after(&terms, &PullLook::default(), night(), 0);
        let next = night().plus(terms.every);
        assert_eq!(line.waits_for(&terms, night()), PullWait::Next(next));
        assert_eq!(line.waits_for(&terms, next), PullWait::Nothing);
        let noon = Moment::parse("2026-10-02T12:00:00+09:00").unwrap();
        let evening = Moment::parse("2026-10-02T21:00:00+09:00").unwrap();
        assert_eq!(line.waits_for(&terms, noon), PullWait::Window(evening));
        // A clock that was set back by a year.
        let before = night().plus(TimeDelta::days(-365));
        assert_eq!(line.waits_for(&terms, before), PullWait::Nothing);
    }

    #[test]
    fn the_class_decides_what_follows_a_look_that_was_ended() {
        let (terms, line) = (terms(), PullLine::new(&terms().id));
        let once = line.clone().after(&terms, &ended(cut()), night(), 0);
        assert!(!once.is_stopped && once.next_at.is_some() && !once.is_alarming(&terms, night()));
        let twice = once.clone().after(&terms, &ended(cut()), night(), 0);
        assert_eq!(twice.waits_for(&terms, night()), PullWait::Person);
        assert!(twice.is_alarming(&terms, night()));
        assert_eq!(twice.again().waits_for(&terms, night()), PullWait::Nothing);
        let key = DeliveryError::HostKeyChanged { place: "h:22".to_owned(), fingerprint: "x".to_owned() };
        assert!(line.clone().after(&terms, &ended(key), night(), 0).is_stopped);
        let stopped = once.clone().after(&terms, &ended(DeliveryError::Stopped), night(), 0);
        assert_eq!((stopped.n_tries, stopped.next_at), (once.n_tries, None));
    }

    #[test]
    fn one_set_stops_nothing_and_is_told_of_when_it_lasts() {
        let (terms, line) = (terms(), PullLine::new(&terms().id));
        let failed = |error| PullLook {
            failed: vec![FailedSet {
                from: "out".to_owned(),
                notice: Some("a.done".parse().unwrap()),
                error,
            }],
            ..PullLook::default()
        };
        let taken = || failed(DeliveryError::TakenHere { name: "a.csv".to_owned() });
        let line = line.after(&terms, &taken(), night(), 0);
        assert_eq!(line.waits_for(&terms, night().plus(terms.every)), PullWait::Nothing);
        assert_eq!(line.fault_code.as_deref(), Some("pull.taken-here"));
        assert!(!line.is_alarming(&terms, night().plus(TimeDelta::minutes(119))));
        let later = night().plus(TimeDelta::hours(2));
        let line = line.after(&terms, &taken(), later, 0);
        assert!(line.is_alarming(&terms, later));
        let well = line.after(&terms, &PullLook::default(), later, 0);
        assert_eq!((well.failing_since, well.fault_code, well.detail), (None, None, None));
    }

    #[test]
    fn a_set_that_never_becomes_whole_is_told_of_and_others_are_not_taken_for_it() {
        let (terms, line) = (terms(), PullLine::new(&terms().id));
        let lacking = |notices: &[&str]| PullLook {
            unfinished: notices
                .iter()
                .map(|notice| UnfinishedSet {
                    from: "out".to_owned(),
                    notice: notice.parse().unwrap(),
                    n_lacking: 2,
                })
                .collect(),
            ..PullLook::default()
        };
        let later = |minutes| night().plus(TimeDelta::minutes(minutes));
        let line = line.after(&terms, &lacking(&["a.done"]), night(), 0);
        assert_eq!((line.n_unfinished, line.fault_code.as_deref()), (1, None));
        assert!(!line.is_alarming(&terms, later(500)));
        // What is brought meanwhile has just begun; a look that was cut short tells nothing of it.
        let line = line.after(&terms, &lacking(&["b.done", "a.done"]), later(60), 0);
        let line = line.after(&terms, &ended(cut()), later(90), 0);
        let line = line.after(&terms, &lacking(&["a.done", "c.done"]), later(120), 0);
        assert!(line.is_alarming(&terms, later(120)));
        assert_eq!(line.fault_code.as_deref(), Some("pull.never-whole"));
        assert_eq!((line.fault_class, line.failing_since), (Some(Class::Partner), Some(night())));
        let detail = line.detail.clone().unwrap();
        assert!(detail.contains("a.done") && !detail.contains("c.done"), "{detail}");
        let well = line.after(&terms, &lacking(&["c.done"]), later(125), 0);
        assert_eq!((well.failing_since, well.fault_code.as_deref()), (None, None));
        assert_eq!(well.unfinished.len(), 1);
    }

    #[test]
    fn a_clock_that_is_set_back_mutes_no_alarm() {
        let (terms, line) = (terms(), PullLine::new(&terms().id));
        let ahead = night().plus(TimeDelta::days(365));
        let line = line.after(&terms, &ended(cut()), ahead, 0);
        let line = line.after(&terms, &ended(cut()), night(), 0);
        assert_eq!(line.failing_since, Some(night()));
    }
}
