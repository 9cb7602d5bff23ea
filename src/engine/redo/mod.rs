//! The recovery verbs: facts for their plans, and carrying the plans out.

mod redeliver;
mod remake;

use renkei_core::port::PublicationRecord;
use renkei_core::{FeedId, Sequence};

pub use redeliver::{Redelivered, plan_redelivery, redeliver};
pub use remake::{plan_remake_of, remake};

use crate::error::EngineError;
use crate::house::House;

/// The publication that has a sequence.
fn publication(
    house: House<'_>,
    feed: &FeedId,
    sequence: Sequence,
) -> Result<PublicationRecord, EngineError> {
    let found = house.store.snapshot()?.publication(feed, sequence)?;
    found.ok_or_else(|| EngineError::NoSuchPublication { feed: feed.clone(), sequence })
}
