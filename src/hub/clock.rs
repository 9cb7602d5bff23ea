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
    /// From a moment on, faster than the system's: `at_unix` is when it showed `moment`.
    #[cfg(feature = "failpoints")]
    Fast {
        /// What it showed.
        moment: Moment,
        /// When, in unix seconds of the system.
        at_unix: i64,
        /// How many seconds go by in one.
        rate: i64,
    },
}

impl HubClock {
    /// The system's clock. In test builds `RENKEI_NOW` (unix seconds) stops it, and `RENKEI_CLOCK`
    /// (`<unix seconds it showed>@<unix seconds of the system>*<rate>`) makes it go faster.
    pub(crate) fn system() -> Self {
        #[cfg(feature = "failpoints")]
        if let Some(fast) = std::env::var("RENKEI_CLOCK").ok().and_then(|text| Self::parse_fast(&text)) {
            return fast;
        }
        #[cfg(feature = "failpoints")]
        if let Some(moment) =
            std::env::var("RENKEI_NOW").ok().and_then(|text| text.parse().ok()).and_then(Moment::from_unix)
        {
            return Self::Fixed(moment);
        }
        Self::System
    }

    #[cfg(feature = "failpoints")]
    fn parse_fast(text: &str) -> Option<Self> {
        let (moment, rest) = text.split_once('@')?;
        let (at_unix, rate) = rest.split_once('*')?;
        let moment = Moment::from_unix(moment.parse().ok()?)?;
        Some(Self::Fast { moment, at_unix: at_unix.parse().ok()?, rate: rate.parse().ok()? })
    }
}

impl HubClock {
    /// The seconds since 1970 that it shows.
    pub(crate) fn unix_seconds(self) -> i64 {
        self.now().unix()
    }
}

fn system_unix() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}

impl Clock for HubClock {
    fn now(&self) -> Moment {
        match self {
            Self::Fixed(moment) => *moment,
            #[cfg(feature = "failpoints")]
            Self::Fast { moment, at_unix, rate } => {
                moment.plus(chrono::TimeDelta::seconds((system_unix() - at_unix).saturating_mul(*rate)))
            }
            Self::System => Moment::from_unix(system_unix())
                .unwrap_or_else(|| Moment::at(chrono::NaiveDateTime::default())),
        }
    }
}
