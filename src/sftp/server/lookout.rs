//! Looking out for a quick client's next request, instead of sleeping until it comes.
//!
//! Whoever fetches many small files asks for one thing after the other, and a thread that sleeps in between has to be
//! woken for each: where processors are idle, above all virtual ones, that takes longer than what is asked for. So for a
//! client who has been quick a thread stays awake a little. It leaves its processor to whoever else wants it and looks
//! out no more for a while then, half of all processors are never kept awake, and for a client who takes his time, or is
//! far away, it sleeps at once.

use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a thread looks out at most.
const LOOK: Duration = Duration::from_micros(150);
/// A request is quick that comes so soon after the answer before it. In that there is the time to wake a thread.
const QUICK: Duration = Duration::from_micros(250);
/// Each quick request adds one to what a client is trusted with, up to this, …
const MAX_TRUST: u32 = 16;
/// … each that is not takes so much of it, …
const SLOW: u32 = 4;
/// … and with so much of it the next is looked out for.
const ENOUGH_TRUST: u32 = 8;
/// Who looked out for so long was kept from his processor by others who want it, …
const CROWDED: Duration = Duration::from_micros(500);
/// … and sleeps for so long at least when there is nothing to do: those that sleep have their turn sooner.
const REST: Duration = Duration::from_millis(250);
/// Bytes asked and answered in one turn above which a client is not one with many small files.
const LITTLE_BYTES: usize = 16 * 1024;

/// The threads that may look out at once.
#[derive(Debug)]
pub(super) struct Lookouts {
    places: Arc<Semaphore>,
}

impl Lookouts {
    /// On this machine.
    pub(super) fn here() -> Self {
        Self::on(std::thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// On a machine with so many processors.
    fn on(n_processors: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(n_processors / 2)) }
    }

    /// For a client of whom nothing is known yet.
    pub(super) fn lookout(&self) -> Lookout {
        Lookout {
            places: Arc::clone(&self.places),
            trust: 0,
            n_bytes: 0,
            free_since: None,
            rests_until: None,
        }
    }
}

/// How quick one client is.
#[derive(Debug)]
pub(super) struct Lookout {
    places: Arc<Semaphore>,
    trust: u32,
    /// What was asked and answered since there was last nothing to do.
    n_bytes: usize,
    free_since: Option<Instant>,
    rests_until: Option<Instant>,
}

impl Lookout {
    /// So many bytes of requests have come.
    pub(super) fn came(&mut self, n_bytes: usize) {
        self.n_bytes += n_bytes;
        if let Some(since) = self.free_since.take() {
            self.judge(since.elapsed());
        }
    }

    /// So many bytes of replies go.
    pub(super) fn answered(&mut self, n_bytes: usize) {
        self.n_bytes += n_bytes;
    }

    /// There is nothing to do. Looks out until more `has_come`, or until sleeping is better.
    pub(super) async fn look_out(&mut self, has_come: impl Fn() -> bool) {
        let since = Instant::now();
        self.free_since = Some(since);
        if std::mem::take(&mut self.n_bytes) > LITTLE_BYTES {
            self.trust = 0;
        }
        let Some(_place) = self.place(since) else { return };
        let looked = loop {
            // What arrives is brought by tasks of this thread, …
            tokio::task::yield_now().await;
            let looked = since.elapsed();
            if has_come() || looked >= LOOK {
                break looked;
            }
            // … and who brings it may be waiting for its processor.
            std::thread::yield_now();
        };
        if looked >= CROWDED {
            self.rests_until = Some(since + looked + REST);
        }
    }

    /// After the client took so long to ask for more.
    fn judge(&mut self, took: Duration) {
        self.trust =
            if took <= QUICK { MAX_TRUST.min(self.trust + 1) } else { self.trust.saturating_sub(SLOW) };
    }

    fn place(&self, now: Instant) -> Option<OwnedSemaphorePermit> {
        let is_trusted = self.trust >= ENOUGH_TRUST;
        let rests = self.rests_until.is_some_and(|until| now < until);
        (is_trusted && !rests).then(|| Arc::clone(&self.places).try_acquire_owned().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SLOWLY: Duration = Duration::from_millis(1);

    fn quick(lookouts: &Lookouts) -> Lookout {
        let mut lookout = lookouts.lookout();
        (0..ENOUGH_TRUST).for_each(|_| lookout.judge(QUICK));
        lookout
    }

    /// How often it was looked whether something has come, which it has at the third look.
    fn n_looks(lookout: &mut Lookout) -> u32 {
        let looks = Cell::new(0);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(lookout.look_out(|| {
            looks.set(looks.get() + 1);
            looks.get() == 3
        }));
        looks.get()
    }

    #[test]
    fn who_has_been_quick_is_looked_out_for() {
        let lookouts = Lookouts::on(2);
        let mut lookout = lookouts.lookout();
        for _ in 1..ENOUGH_TRUST {
            lookout.judge(QUICK);
            assert_eq!(n_looks(&mut lookout), 0);
        }
        lookout.judge(QUICK);
        assert!(n_looks(&mut lookout) > 0);
    }

    #[test]
    fn who_takes_his_time_is_waited_for_asleep() {
        let lookouts = Lookouts::on(2);
        let mut lookout = quick(&lookouts);
        lookout.judge(SLOWLY);
        assert_eq!(n_looks(&mut lookout), 0);

        // One that was quick for long may be slow now and then, and no more.
        (0..100).for_each(|_| lookout.judge(QUICK));
        lookout.judge(SLOWLY);
        assert!(n_looks(&mut lookout) > 0);
        (0..2).for_each(|_| lookout.judge(SLOWLY));
        assert_eq!(n_looks(&mut lookout), 0);
    }

    #[test]
    fn requests_are_timed_from_when_there_was_nothing_to_do() {
        let lookouts = Lookouts::on(2);
        let mut lookout = quick(&lookouts);
        n_looks(&mut lookout);
        std::thread::sleep(SLOWLY);
        lookout.came(30);
        assert!(lookout.trust < ENOUGH_TRUST);
        // Those that had been asked for ahead are no sign of anything.
        let trust = lookout.trust;
        lookout.came(30);
        assert_eq!(lookout.trust, trust);
    }

    #[test]
    fn who_moves_much_is_not_looked_out_for() {
        let lookouts = Lookouts::on(2);
        let mut lookout = quick(&lookouts);
        lookout.came(LITTLE_BYTES / 2);
        lookout.answered(LITTLE_BYTES / 2);
        assert!(n_looks(&mut lookout) > 0);
        lookout.came(LITTLE_BYTES / 2);
        lookout.answered(LITTLE_BYTES / 2 + 1);
        assert_eq!(n_looks(&mut lookout), 0);
    }

    #[test]
    fn who_is_kept_from_his_processor_sleeps_for_a_while() {
        let lookouts = Lookouts::on(2);
        let mut lookout = quick(&lookouts);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(lookout.look_out(|| {
            std::thread::sleep(CROWDED);
            false
        }));
        let begun = Instant::now();
        assert!(lookout.place(begun).is_none());
        assert!(lookout.place(begun + REST).is_some());
    }

    #[test]
    fn half_of_the_processors_are_left_alone() {
        for (n_processors, n_places) in [(0, 0), (1, 0), (2, 1), (3, 1), (8, 4)] {
            let lookouts = Lookouts::on(n_processors);
            let taken: Vec<_> =
                (0..n_processors).filter_map(|_| quick(&lookouts).place(Instant::now())).collect();
            assert_eq!(taken.len(), n_places, "{n_processors} processors");
            assert_eq!(n_looks(&mut quick(&lookouts)), 0);
            drop(taken);
            assert_eq!(n_looks(&mut quick(&lookouts)) > 0, n_places > 0, "{n_processors} processors");
        }
    }
}
