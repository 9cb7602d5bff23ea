//! Destinations that are left alone for a while: nothing could be tried there, and what is due stays due.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use renkei_core::DestinationId;

/// The first rest; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(5);
/// No rest is longer.
const LONGEST: Duration = Duration::from_mins(5);

/// Who rests, by destination.
#[derive(Debug, Default)]
pub(crate) struct Rests {
    of: Mutex<BTreeMap<DestinationId, Rest>>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
    /// How long this one is.
    length: Duration,
}

impl Rests {
    /// Whether a destination is not looked at yet.
    pub(crate) fn has(&self, destination: &DestinationId, now: Instant) -> bool {
        self.lock().get(destination).is_some_and(|rest| now < rest.until)
    }

    /// Leaves it alone: longer each time, until something was tried there.
    pub(crate) fn begin(&self, destination: &DestinationId, now: Instant) {
        let mut of = self.lock();
        let length = of.get(destination).map_or(FIRST, |before| (before.length * 2).min(LONGEST));
        of.insert(destination.clone(), Rest { until: now + length, length });
    }

    /// Something was tried there.
    pub(crate) fn end(&self, destination: &DestinationId) {
        self.lock().remove(destination);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DestinationId, Rest>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_until_something_was_tried() {
        let (rests, began) = (Rests::default(), Instant::now());
        let (tax, care): (DestinationId, DestinationId) = ("tax".parse().unwrap(), "care".parse().unwrap());
        assert!(!rests.has(&tax, began));
        let mut now = began;
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            rests.begin(&tax, now);
            assert!(rests.has(&tax, now + Duration::from_secs(seconds - 1)), "{seconds}");
            assert!(!rests.has(&care, now));
            now += Duration::from_secs(seconds);
            assert!(!rests.has(&tax, now), "{seconds}");
        }
        rests.end(&tax);
        rests.begin(&tax, now);
        assert!(!rests.has(&tax, now + FIRST));
    }
}
