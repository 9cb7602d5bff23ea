//! The hub's clock: the system's, or one that stands still where a command must give the same result twice.

use std::time::{SystemTime, UNIX_EPOCH};

use renkei_core::Moment;
use renkei_engine::Clock;

/// Tells the wall-clock time of Asia/Tokyo.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HubClock {
    /// The system's time.
    System,
    /// Always this.
    Fixed(Moment),
}

impl HubClock {
    /// The system's clock. In test builds `RENKEI_NOW` (unix seconds) stops it.
    pub(crate) fn system() -> Self {
        #[cfg(feature = "failpoints")]
        if let Some(moment) =
            std::env::var("RENKEI_NOW").ok().and_then(|text| text.parse().ok()).and_then(Moment::from_unix)
        {
            return Self::Fixed(moment);
        }
        Self::System
    }
}

impl Clock for HubClock {
    fn now(&self) -> Moment {
        match self {
            Self::Fixed(moment) => *moment,
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let seconds = i64::try_from(since.as_secs()).unwrap_or(0);
                Moment::from_unix(seconds).unwrap_or_else(|| Moment::at(chrono::NaiveDateTime::default()))
            }
        }
    }
}
