//! The transport port over SFTP: data files side by side, then the notice.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt as _};
use renkei_core::delivery::{DeliveryError, Parcel, ParcelFile};
use renkei_core::port::{DeliveryWatch, HandedOver, ParcelSource, Transport};

use super::blocking::{BlockingRemote, at_once};
use super::give::{Given, give_file};
use super::outgoing::Under;
use super::pipelined::PipelinedRemote;
use super::terms::{Backend, SftpTerms};

/// A partner's SFTP server behind the transport port.
#[derive(Debug, Clone)]
pub struct SftpTransport {
    terms: SftpTerms,
}

impl SftpTransport {
    /// By these terms; nothing is connected before it is needed.
    pub const fn new(terms: SftpTerms) -> Self {
        Self { terms }
    }

    pub(super) const fn terms(&self) -> &SftpTerms {
        &self.terms
    }

    /// One session for each thread; a thread takes the next file when it is done with one.
    fn hand_over_blocking(&self, parcel: &Parcel, under: &Under<'_>) -> Result<HandedOver, DeliveryError> {
        let next = AtomicUsize::new(0);
        let has_failed = AtomicBool::new(false);
        let total = Mutex::new(HandedOver::default());
        let first = BlockingRemote::connect(&self.terms)?;
        let work = |remote: &BlockingRemote<'_>| -> Result<(), DeliveryError> {
            while !has_failed.load(Ordering::Relaxed)
                && let Some(file) = parcel.files.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let given = at_once(give_file(remote, &self.terms, file, under));
                let given = given.inspect_err(|_| has_failed.store(true, Ordering::Relaxed))?;
                count(&mut total.lock().unwrap_or_else(PoisonError::into_inner), given, under);
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let n_more = self.terms.parallel.min(parcel.files.len()).saturating_sub(1);
            let others: Vec<_> = (0..n_more)
                .map(|_| {
                    scope.spawn(|| {
                        // A server that takes no more sessions still takes the files over the ones there are.
                        match BlockingRemote::connect(&self.terms) {
                            Ok(remote) => work(&remote),
                            Err(error) => {
                                tracing::debug!(%error, "one session less");
                                Ok(())
                            }
                        }
                    })
                })
                .collect();
            let mut result = work(&first);
            for other in others {
                let ended = other.join().unwrap_or(Err(DeliveryError::Worker));
                result = result.and(ended);
            }
            result
        })?;
        let given = at_once(give_file(&first, &self.terms, &parcel.notice, under))?;
        let mut total = total.into_inner().unwrap_or_else(PoisonError::into_inner);
        count(&mut total, given, under);
        Ok(total)
    }

    async fn hand_over_pipelined(
        &self,
        parcel: &Parcel,
        under: &Under<'_>,
    ) -> Result<HandedOver, DeliveryError> {
        let remote = PipelinedRemote::connect(&self.terms).await?;
        let give = |file| give_file(&remote, &self.terms, file, under);
        let mut total = HandedOver::default();
        let files: Vec<&ParcelFile> = parcel.files.iter().collect();
        let mut under_way = stream::iter(files).map(give).buffer_unordered(self.terms.parallel.max(1));
        while let Some(given) = under_way.next().await {
            count(&mut total, given?, under);
        }
        drop(under_way);
        count(&mut total, give(&parcel.notice).await?, under);
        remote.end().await;
        Ok(total)
    }

    async fn probe_pipelined(&self) -> Result<String, DeliveryError> {
        let remote = PipelinedRemote::connect(&self.terms).await?;
        let is_there = self.terms.folder.is_empty() || remote.is_there(&self.terms.folder).await?;
        let offers = remote.extensions().join(" ");
        remote.end().await;
        self.probed(&format!("offers: {offers}"), is_there)
    }

    fn probed(&self, met: &str, has_folder: bool) -> Result<String, DeliveryError> {
        let Self { terms } = self;
        if has_folder {
            Ok(format!("{} logged in as {}; {met}", terms.place(), terms.user))
        } else {
            let detail = "there is no such folder".to_owned();
            Err(DeliveryError::Refused { name: terms.folder.clone(), detail })
        }
    }
}

fn count(total: &mut HandedOver, given: Given, under: &Under<'_>) {
    under.watch.file_over(given == Given::There);
    match given {
        Given::Sent(n_bytes) => {
            total.n_files_sent += 1;
            total.n_bytes_sent += n_bytes;
        }
        Given::There => total.n_files_there += 1,
    }
}

/// Runs on this thread until it is done; the session's own tasks run on it too.
pub(super) fn run<T>(future: impl Future<Output = Result<T, DeliveryError>>) -> Result<T, DeliveryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|_| DeliveryError::Worker)?.block_on(future)
}

/// How often it is looked whether the work is to end while it waits.
const LOOK: Duration = Duration::from_millis(250);

/// The same, and no longer than `patience` after it was asked to end: while an answer is waited for nobody asks, and
/// whatever is cut off there goes on the next time.
pub(super) fn run_under<T>(
    under: &Under<'_>,
    patience: Duration,
    future: impl Future<Output = Result<T, DeliveryError>>,
) -> Result<T, DeliveryError> {
    run(async {
        let overdue = async {
            while !under.watch.wants_stop() {
                tokio::time::sleep(LOOK).await;
            }
            tokio::time::sleep(patience).await;
        };
        match select(pin!(future), pin!(overdue)).await {
            Either::Left((done, _)) => done,
            Either::Right(((), _)) => Err(DeliveryError::Stopped),
        }
    })
}

impl Transport for SftpTransport {
    fn hand_over(
        &self,
        parcel: &Parcel,
        source: &dyn ParcelSource,
        watch: &dyn DeliveryWatch,
    ) -> Result<HandedOver, DeliveryError> {
        let under = Under::new(source, watch, self.terms.bytes_per_second);
        match self.terms.backend {
            Backend::Ssh2 => self.hand_over_blocking(parcel, &under),
            Backend::Pipelined => {
                let patience = self.terms.patience(parcel.n_bytes());
                run_under(&under, patience, self.hand_over_pipelined(parcel, &under))
            }
        }
    }

    fn probe(&self) -> Result<String, DeliveryError> {
        match self.terms.backend {
            Backend::Ssh2 => {
                let remote = BlockingRemote::connect(&self.terms)?;
                let has_folder = self.terms.folder.is_empty() || remote.is_there(&self.terms.folder)?;
                self.probed(&remote.software(), has_folder)
            }
            Backend::Pipelined => run(self.probe_pipelined()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::source::NothingToGive;

    struct Stopping;

    impl DeliveryWatch for Stopping {
        fn sent(&self, _n_bytes: u64) {}
        fn wants_stop(&self) -> bool {
            true
        }
    }

    #[test]
    fn what_waits_for_an_answer_ends_too_when_it_is_asked_to() {
        let under = Under::new(&NothingToGive, &Stopping, None);
        let waits = std::future::pending::<Result<(), DeliveryError>>();
        let ended = run_under(&under, Duration::from_millis(10), waits);
        assert!(matches!(ended, Err(DeliveryError::Stopped)), "{ended:?}");
    }
}
