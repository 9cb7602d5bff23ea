//! What is due at a destination, and what follows a try.
//!
//! Publications of a feed go to a destination in order: a receiver who is given 7 before 6 would have to wait, and
//! one who cannot check the chain would take them the wrong way round. Feeds do not wait for one another, nor do
//! destinations.

use std::collections::BTreeSet;

use super::fault::DeliveryError;
use super::line::{DeliveryAttempt, DeliveryLine, DeliveryState};
use super::target::DeliveryTerms;
use crate::fault::Fault as _;
use crate::ids::{FeedId, Sequence};
use crate::moment::Moment;
use crate::port::HandedOver;
use crate::retry::{Next, after_fault, pause_left};

/// The code of [`DeliveryError::WindowTooShort`], by which earlier tries that ended so are known.
const WINDOW_TOO_SHORT: &str = "delivery.window-too-short";

/// What an open delivery waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// Nothing: it is next.
    Nothing,
    /// Its feed is not given to that destination any more.
    NotDeclared,
    /// An earlier publication of its feed.
    Earlier(Sequence),
    /// The time of its next try.
    Retry(Moment),
    /// The destination's window.
    Window(Moment),
    /// A person.
    Person,
}

/// The lines of one destination that may be tried now, oldest feed entry first. `lines` are its open lines in any
/// order. At most one of each feed: the next one is due when this one is delivered.
pub fn deliverable<'l>(
    terms: &DeliveryTerms,
    lines: &'l [DeliveryLine],
    now: Moment,
) -> Vec<&'l DeliveryLine> {
    let standings = standing(terms, lines, now);
    let mut due: Vec<&DeliveryLine> = standings
        .into_iter()
        .filter(|(_, waiting)| *waiting == Waiting::Nothing)
        .map(|(line, _)| line)
        .collect();
    // Whoever waits longest goes first, so that one busy feed does not starve another.
    due.sort_by(|one, other| {
        (one.since, &one.feed, one.sequence).cmp(&(other.since, &other.feed, other.sequence))
    });
    due
}

/// The open lines of one destination in order of feed and number, each with what it waits for.
pub fn standing<'l>(
    terms: &DeliveryTerms,
    lines: &'l [DeliveryLine],
    now: Moment,
) -> Vec<(&'l DeliveryLine, Waiting)> {
    let mut open: Vec<&DeliveryLine> =
        lines.iter().filter(|line| line.destination == terms.id && line.state.is_open()).collect();
    open.sort_by(|one, other| (&one.feed, one.sequence).cmp(&(&other.feed, other.sequence)));
    let window = terms.windows.opens_at(now);
    let mut first_of: BTreeSet<(&FeedId, Sequence)> = BTreeSet::new();
    open.into_iter()
        .map(|line| {
            let earlier = first_of.iter().find(|(feed, _)| *feed == &line.feed).map(|(_, first)| *first);
            let pause = line.next_at.and_then(|next_at| pause_left(&terms.retry, next_at, now));
            // What was delivered before and is to be given once more holds no later one up while it pauses.
            if earlier.is_none() && (line.delivered_at.is_none() || pause.is_none()) {
                first_of.insert((&line.feed, line.sequence));
            }
            let waiting = match (line.state, earlier) {
                _ if !terms.feeds.contains(&line.feed) => Waiting::NotDeclared,
                (DeliveryState::Stopped, _) => Waiting::Person,
                (_, Some(earlier)) => Waiting::Earlier(earlier),
                _ => match (pause, window) {
                    (Some(next_at), _) => Waiting::Retry(next_at),
                    (None, Some(opens_at)) => Waiting::Window(opens_at),
                    (None, None) => Waiting::Nothing,
                },
            };
            (line, waiting)
        })
        .collect()
}

/// The line while a try is under way. It counts from its beginning, so that one in which the process ended counts too.
pub fn begun(line: &DeliveryLine, n_bytes: u64) -> DeliveryLine {
    DeliveryLine {
        n_tries: line.n_tries + 1,
        n_attempts: line.n_attempts + 1,
        next_at: None,
        n_bytes,
        ..line.clone()
    }
}

/// The fault of a line that was tried as often as it may be, and whose last try has no end: the process ended in it. It
/// is not tried again by itself. A last try that ended leaves it due only where fewer tries are declared now.
pub fn worn_out(
    terms: &DeliveryTerms,
    line: &DeliveryLine,
    last: Option<&DeliveryAttempt>,
) -> Option<DeliveryError> {
    let n_tries = line.n_tries;
    let is_cut_off = last.is_some_and(|last| last.ended_at.is_none());
    (is_cut_off && n_tries >= terms.retry.n_tries).then_some(DeliveryError::Unfinished { n_tries })
}

/// What a try comes to that the end of a window stopped: [`DeliveryError::Stopped`], and the next window goes on with
/// it; or, where nothing was kept of it, how often in a row that was so. `before` are the tries before it, oldest first.
pub fn stopped_by_window(
    line: &DeliveryLine,
    before: &[DeliveryAttempt],
    has_kept_something: bool,
) -> DeliveryError {
    if has_kept_something {
        return DeliveryError::Stopped;
    }
    let in_vain = |attempt: &&DeliveryAttempt| {
        attempt.fault_code.as_deref() == Some(WINDOW_TOO_SHORT)
            || (attempt.fault_code.is_some() && attempt.n_files_sent == 0 && attempt.n_bytes_sent == 0)
    };
    let since = before.iter().rev().take_while(|attempt| attempt.started_at >= line.since);
    let ends = since.take_while(in_vain).filter(|one| one.fault_code.as_deref() == Some(WINDOW_TOO_SHORT));
    let n_times = u32::try_from(ends.count()).unwrap_or(u32::MAX).saturating_add(1);
    DeliveryError::WindowTooShort { n_times, n_bytes: line.n_bytes }
}

/// The line after a try that [`begun`] counted. `dice` spreads the pause as in [`after_fault`].
pub fn ended(
    terms: &DeliveryTerms,
    line: &DeliveryLine,
    outcome: Result<&HandedOver, &DeliveryError>,
    now: Moment,
    dice: u32,
) -> DeliveryLine {
    let line = line.clone();
    match outcome {
        Ok(_) => DeliveryLine {
            state: DeliveryState::Delivered,
            next_at: None,
            fault_code: None,
            fault_class: None,
            delivered_at: Some(now),
            ..line
        },
        // Asked to end is no failure: it counts as no try and goes on at the next look.
        Err(DeliveryError::Stopped | DeliveryError::WindowTooShort { n_times: 0 | 1, .. }) => {
            DeliveryLine { n_tries: line.n_tries.saturating_sub(1), next_at: None, ..line }
        }
        Err(error) => {
            let next = after_fault(&terms.retry, error.class(), line.n_tries, now, dice);
            let (state, next_at) = match next {
                Next::TryAgain(at) => (DeliveryState::Due, Some(at)),
                // What was delivered before stays so: that it could not be given once more holds no later one up.
                Next::Stop if line.delivered_at.is_some() => {
                    return DeliveryLine {
                        state: DeliveryState::Delivered,
                        next_at: None,
                        fault_code: None,
                        fault_class: None,
                        ..line
                    };
                }
                Next::Stop => (DeliveryState::Stopped, None),
            };
            DeliveryLine {
                state,
                next_at,
                fault_code: Some(error.code().to_owned()),
                fault_class: Some(error.class()),
                ..line
            }
        }
    }
}
