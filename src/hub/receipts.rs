//! Receipts of the declared systems into the ledger: for the daemon and for commands.

use renkei_core::port::ReceiptBox;
use renkei_core::{BusinessId, FeedId};
use renkei_engine::ledger::{ReceiptsTaken, Receiving, take_in_receipts};
use renkei_engine::{EngineError, House};

use crate::config::Config;

/// Takes in what stands in the systems' folders.
pub(crate) fn take_in(
    house: House<'_>,
    letters: &dyn ReceiptBox,
    config: &Config,
) -> Result<ReceiptsTaken, EngineError> {
    let systems: Vec<BusinessId> = config.systems.iter().map(|system| system.id.clone()).collect();
    let is_receiver = |system: &BusinessId, feed: &FeedId| {
        config.feed(feed.as_str()).is_some_and(|feed| feed.receiver(system).is_some())
    };
    take_in_receipts(house, letters, &Receiving { systems: &systems, is_receiver: &is_receiver })
}
