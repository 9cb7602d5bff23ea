//! Where work may wait for a disk: threads of their own, of which no account has more than a few at a time.
//!
//! What waits cannot be ended from outside, and logins and what is written down need the same threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use renkei_core::access::AccountId;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// What is done at once for one account, …
const OF_ACCOUNT: usize = 4;
/// … and for all of them: half of the threads there are.
const OF_ALL: usize = 256;

/// The threads, and who has how many of them.
pub(super) struct WaitingRooms {
    runtime: Handle,
    all: Arc<Semaphore>,
    accounts: Mutex<HashMap<AccountId, Weak<Semaphore>>>,
}

/// What one account has of them.
pub(super) struct WaitingRoom {
    runtime: Handle,
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

impl WaitingRooms {
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, all: Arc::new(Semaphore::new(OF_ALL)), accounts: Mutex::default() }
    }

    /// An account's, whichever of its connections asks.
    pub(super) fn of(&self, account: &AccountId) -> WaitingRoom {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let own = accounts.get(account).and_then(Weak::upgrade).unwrap_or_else(|| {
            accounts.retain(|_, own| own.strong_count() > 0);
            let own = Arc::new(Semaphore::new(OF_ACCOUNT));
            accounts.insert(account.clone(), Arc::downgrade(&own));
            own
        });
        WaitingRoom { runtime: self.runtime.clone(), all: Arc::clone(&self.all), own }
    }
}

impl WaitingRoom {
    /// Has something done when it is the account's turn; `None` where that panicked.
    pub(super) async fn have_done<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let own = Arc::clone(&self.own).acquire_owned().await.ok()?;
        self.have_done_as(own, work).await
    }

    /// Has a session that is over put in order what it leaves, whatever else is done for its account: until then its
    /// connection has a place, and where many are cut at once their places would all be taken.
    pub(super) async fn have_ended<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.have_done_as((), work).await
    }

    async fn have_done_as<T: Send + 'static>(
        &self,
        own: impl Send + 'static,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        let done = self.runtime.spawn_blocking(move || {
            // Held until it is done, also where nobody waits for it any more.
            let _turn = (own, all);
            work()
        });
        done.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn an_account_waits_for_itself_and_for_nobody_else() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let rooms = Arc::new(WaitingRooms::new(runtime.handle().clone()));
        let (began, has_begun) = channel();
        let (go_on, waits) = channel::<()>();
        let waits = Arc::new(Mutex::new(waits));
        for _ in 0..2 * OF_ACCOUNT {
            let (room, began, waits) = (rooms.of(&"one".parse().unwrap()), began.clone(), Arc::clone(&waits));
            runtime.spawn(async move {
                room.have_done(move || {
                    began.send(()).unwrap();
                    waits.lock().unwrap().recv()
                })
                .await
            });
        }
        for _ in 0..OF_ACCOUNT {
            has_begun.recv().unwrap();
        }
        let own = rooms.of(&"one".parse().unwrap()).own;
        assert_eq!(own.available_permits(), 0, "the others wait for their turn");
        assert!(has_begun.try_recv().is_err());
        let other = rooms.of(&"other".parse().unwrap());
        assert_eq!(runtime.block_on(other.have_done(|| 7)), Some(7));
        // Nor does the end of a session wait for what else is done for its account.
        let ended = rooms.of(&"one".parse().unwrap());
        assert_eq!(runtime.block_on(ended.have_ended(|| 7)), Some(7));
        for _ in 0..2 * OF_ACCOUNT {
            go_on.send(()).unwrap();
        }
        for _ in 0..OF_ACCOUNT {
            has_begun.recv().unwrap();
        }
    }
}
