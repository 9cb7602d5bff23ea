//! What came of one try to tell people, and when to try again.

use chrono::TimeDelta;
use serde::Serialize;

use crate::moment::Moment;

/// A way to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A mail by SMTP.
    Mail,
    /// A program of the municipality's own, such as a job management tool's.
    Command,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Command];

    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Command => "command",
        }
    }

    /// Reads [`Channel::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == text)
    }
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The server took the mail, for at least one of those it is for.
    Sent {
        /// How it refused the others, without mail addresses; empty where it took it for all.
        words: String,
    },
    /// The program ended with this code; 0 is well.
    Exited {
        /// Its exit code; for a signal 128 and its number, as shells count.
        exit_code: i32,
        /// The start of its standard error, at most 4 KiB.
        words: String,
    },
    /// The mail or the program was refused.
    Refused {
        /// By whom and how, without mail addresses.
        words: String,
        /// True when the same message would be refused again.
        is_final: bool,
    },
    /// The server could not be reached, or the program not started.
    Unreachable {
        /// The system's words.
        words: String,
    },
    /// It took too long; a program was ended with all it had started.
    TimedOut,
    /// Tried too often without success: nothing more is tried.
    GivenUp,
}

/// One try, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Which way.
    pub channel: Channel,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl Delivery {
    /// True when people were told.
    pub fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Sent { .. } | Outcome::Exited { exit_code: 0, .. })
    }

    /// True when another try may go better.
    pub fn is_retryable(&self) -> bool {
        let is_over = matches!(self.outcome, Outcome::Refused { is_final: true, .. } | Outcome::GivenUp);
        !self.is_done() && !is_over
    }
}

/// First pause after a failed try, in minutes; each further one is twice as long, up to [`LONGEST_PAUSE_MIN`].
const FIRST_PAUSE_MIN: i64 = 1;
const LONGEST_PAUSE_MIN: i64 = 30;
/// About a day of tries.
const MOST_TRIES: u32 = 52;

/// When to try again after `n_failed` tries, the last one at `last`; `None` when it is time to give up.
pub fn next_try(n_failed: u32, last: Moment) -> Option<Moment> {
    if n_failed >= MOST_TRIES {
        return None;
    }
    let doublings = n_failed.saturating_sub(1).min(16);
    let pause = FIRST_PAUSE_MIN.checked_shl(doublings).unwrap_or(i64::MAX).min(LONGEST_PAUSE_MIN);
    last.local().checked_add_signed(TimeDelta::minutes(pause)).map(Moment::at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_go_better_is_tried_again() {
        let words = String::new;
        for (outcome, is_done, is_retryable) in [
            (Outcome::Sent { words: words() }, true, false),
            (Outcome::Exited { exit_code: 0, words: words() }, true, false),
            (Outcome::Exited { exit_code: 3, words: words() }, false, true),
            (Outcome::Refused { words: words(), is_final: false }, false, true),
            (Outcome::Refused { words: words(), is_final: true }, false, false),
            (Outcome::Unreachable { words: words() }, false, true),
            (Outcome::TimedOut, false, true),
            (Outcome::GivenUp, false, false),
        ] {
            let delivery = Delivery { channel: Channel::Mail, outcome, duration_ms: 0 };
            assert_eq!(
                (delivery.is_done(), delivery.is_retryable()),
                (is_done, is_retryable),
                "{delivery:?}"
            );
        }
    }

    #[test]
    fn tries_become_rarer_and_end_after_a_day() {
        let start = Moment::from_unix(1_790_872_200).unwrap();
        let mut at = start;
        let mut pauses = Vec::new();
        for n_failed in 1.. {
            let Some(next) = next_try(n_failed, at) else { break };
            pauses.push((next.local() - at.local()).num_minutes());
            at = next;
        }
        assert_eq!(pauses[..7], [1, 2, 4, 8, 16, 30, 30]);
        let hours = (at.local() - start.local()).num_hours();
        assert!((23..=25).contains(&hours), "{hours}");
    }
}
