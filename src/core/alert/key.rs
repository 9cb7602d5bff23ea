//! What makes two alerts the same: the condition they are about.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::alert::word::Word;
use crate::ids::{FeedId, JobId};

/// A condition, unique among open alerts: `deadline/nightly/2026-10-02`. Both kinds of deadline alert are about
/// one condition, so there is one alert and one all-clear.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertKey(String);

impl AlertKey {
    /// A job's run for a business date has failed; `feed` where the work was one feed's.
    pub fn run(job: Option<&JobId>, feed: Option<&FeedId>, date: Option<NaiveDate>) -> Self {
        Self::joined("run-failed", [text(job), text(feed), text(date)])
    }

    /// A job's deadline on a business date.
    pub fn deadline(job: Option<&JobId>, date: Option<NaiveDate>) -> Self {
        Self::joined("deadline", [text(job), text(date), None])
    }

    /// A feed's publication is held by the mass-change guard.
    pub fn change(feed: Option<&FeedId>, date: Option<NaiveDate>) -> Self {
        Self::joined("change-held", [text(feed), text(date), None])
    }

    /// A volume is filling up.
    pub fn disk(volume: &Word) -> Self {
        Self::joined("disk-low", [text(Some(volume)), None, None])
    }

    /// A calendar has no days any more.
    pub fn calendar(calendar: &Word) -> Self {
        Self::joined("calendar-ending", [text(Some(calendar)), None, None])
    }

    /// The scheduler cannot work.
    pub fn scheduler() -> Self {
        Self::joined("scheduler-stopped", [None, None, None])
    }

    /// Partner systems cannot log in.
    pub fn door() -> Self {
        Self::joined("door-shut", [None, None, None])
    }

    /// The audit's chain is broken.
    pub fn audit() -> Self {
        Self::joined("audit-broken", [None, None, None])
    }

    /// What an intake, or a set of one, is in.
    pub fn intake(kind: &str, intake_or_set: &Word) -> Self {
        Self::joined(kind, [text(Some(intake_or_set)), None, None])
    }

    /// A receiver of a feed: that it refused something, or that it is behind.
    pub(super) fn receiver(kind: &str, feed: Option<&FeedId>, receiver: &Word) -> Self {
        Self::joined(kind, [text(feed), text(Some(receiver)), None])
    }

    /// Something that passes by itself, which never stands open.
    pub(super) fn passing(kind: &str) -> Self {
        Self::joined(kind, [None, None, None])
    }

    /// Reads a key as stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn joined(kind: &str, parts: [Option<String>; 3]) -> Self {
        let parts = parts.into_iter().flatten();
        Self(parts.fold(kind.to_owned(), |key, part| format!("{key}/{part}")))
    }
}

fn text(part: Option<impl ToString>) -> Option<String> {
    part.map(|part| part.to_string())
}

impl fmt::Display for AlertKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
