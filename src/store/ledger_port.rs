//! The port's methods for the ledger, for snapshots and transactions.

use renkei_core::ledger::{LedgerEvent, PublishedSet};
use renkei_core::notice::StateWords;
use renkei_core::port::{LedgerReading, LedgerWriting, StoreError};
use renkei_core::{BusinessId, Digest, FeedId, Sequence};

use crate::ledger;
use crate::snapshot::SqliteSnapshot;
use crate::transaction::SqliteTransaction;

macro_rules! reading {
    ($($type:ty),+) => {
        $(impl LedgerReading for $type {
            fn ledger_events(
                &self,
                feed: Option<&FeedId>,
                sequence: Option<Sequence>,
                receiver: Option<&BusinessId>,
            ) -> Result<Vec<LedgerEvent>, StoreError> {
                Ok(ledger::events(&self.connection, feed, sequence, receiver)?)
            }

            fn has_ledger_source(&self, source: &Digest) -> Result<bool, StoreError> {
                Ok(ledger::has_source(&self.connection, source)?)
            }

            fn published_sets(&self, feed: &FeedId) -> Result<Vec<PublishedSet>, StoreError> {
                Ok(ledger::published_sets(&self.connection, feed)?)
            }

            fn published_state(
                &self,
                feed: &FeedId,
                sequence: Sequence,
            ) -> Result<Option<StateWords>, StoreError> {
                Ok(ledger::published_state(&self.connection, feed, sequence)?)
            }

            fn published_as(&self, stem: &str) -> Result<Vec<(FeedId, Sequence)>, StoreError> {
                Ok(ledger::published_as(&self.connection, stem)?)
            }
        })+
    };
}

reading!(SqliteSnapshot<'_>, SqliteTransaction<'_>);

impl LedgerWriting for SqliteTransaction<'_> {
    fn record_ledger_event(&mut self, event: &LedgerEvent) -> Result<bool, StoreError> {
        Ok(ledger::record(&self.connection, event)?)
    }
}
