//! A bound on bytes per second.

/// The most milliseconds of sending that may be saved up while nothing is sent.
const MOST_SAVED_MS: u64 = 250;

/// Says how long to wait before more is sent. Time is given in, in milliseconds of any clock that only goes forwards.
#[derive(Debug, Clone)]
pub struct Pace {
    bytes_per_second: u64,
    /// When what was promised so far will have been sent, in microseconds.
    busy_until_us: u64,
}

impl Pace {
    /// So many bytes a second, at least 1.
    pub fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), busy_until_us: 0 }
    }

    /// Takes leave to send so many bytes, and gives the milliseconds to wait before they go.
    pub fn take(&mut self, n_bytes: u64, now_ms: u64) -> u64 {
        let instant_us = now_ms.saturating_mul(1000);
        let earliest_us = instant_us.saturating_sub(MOST_SAVED_MS * 1000);
        let start_us = self.busy_until_us.max(earliest_us);
        let lasts_us = u128::from(n_bytes) * 1_000_000 / u128::from(self.bytes_per_second);
        self.busy_until_us = start_us.saturating_add(u64::try_from(lasts_us).unwrap_or(u64::MAX));
        start_us.saturating_sub(instant_us).div_ceil(1000)
    }
}
