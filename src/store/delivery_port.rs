//! The port's methods for deliveries, for snapshots and transactions.

use renkei_core::delivery::{DeliveryAttempt, DeliveryLine, TrustedKey};
use renkei_core::port::{DeliveryReading, DeliveryWriting, StoreError};
use renkei_core::{DestinationId, FeedId, Sequence};

use crate::delivery;
use crate::snapshot::SqliteSnapshot;
use crate::transaction::SqliteTransaction;

macro_rules! reading {
    ($($type:ty),+) => {
        $(impl DeliveryReading for $type {
            fn delivery_lines(
                &self,
                destination: Option<&DestinationId>,
                only_open: bool,
            ) -> Result<Vec<DeliveryLine>, StoreError> {
                Ok(delivery::lines(&self.connection, destination, only_open)?)
            }

            fn delivery_line(
                &self,
                feed: &FeedId,
                sequence: Sequence,
                destination: &DestinationId,
            ) -> Result<Option<DeliveryLine>, StoreError> {
                Ok(delivery::line(&self.connection, feed, sequence, destination)?)
            }

            fn delivery_attempts(
                &self,
                feed: &FeedId,
                sequence: Sequence,
                destination: &DestinationId,
            ) -> Result<Vec<DeliveryAttempt>, StoreError> {
                Ok(delivery::attempts(&self.connection, feed, sequence, destination)?)
            }

            fn last_delivery_attempts(
                &self,
                destination: &DestinationId,
                n_most: u32,
            ) -> Result<Vec<DeliveryAttempt>, StoreError> {
                Ok(delivery::last_attempts(&self.connection, destination, n_most)?)
            }

            fn undelivered(
                &self,
                feed: &FeedId,
                destination: &DestinationId,
            ) -> Result<Vec<Sequence>, StoreError> {
                Ok(delivery::undelivered(&self.connection, feed, destination)?)
            }

            fn trusted_keys(&self, destination: &DestinationId) -> Result<Vec<TrustedKey>, StoreError> {
                Ok(delivery::keys(&self.connection, destination)?)
            }
        })+
    };
}

reading!(SqliteSnapshot<'_>, SqliteTransaction<'_>);

impl DeliveryWriting for SqliteTransaction<'_> {
    fn put_delivery_line(&mut self, line: &DeliveryLine) -> Result<(), StoreError> {
        Ok(delivery::put_line(&self.connection, line)?)
    }

    fn put_delivery_attempt(&mut self, attempt: &DeliveryAttempt) -> Result<(), StoreError> {
        Ok(delivery::put_attempt(&self.connection, attempt)?)
    }

    fn trust_key(&mut self, key: &TrustedKey) -> Result<bool, StoreError> {
        Ok(delivery::trust(&self.connection, key)?)
    }

    fn distrust_keys_but(
        &mut self,
        destination: &DestinationId,
        place: &str,
        fingerprint: &str,
    ) -> Result<u64, StoreError> {
        Ok(delivery::distrust_but(&self.connection, destination, place, fingerprint)?)
    }
}
