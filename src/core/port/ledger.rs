//! The store's part for the ledger of [`crate::ledger`].

use chrono::NaiveDate;

use crate::ids::{BusinessId, Digest, FeedId, Sequence};
use crate::ledger::{LedgerEvent, PublishedSet, ReceiverWindow, Standing, stand};
use crate::notice::StateWords;
use crate::port::StoreError;

/// Reading the ledger.
pub trait LedgerReading {
    /// Events in the order in which they came: of one feed, publication or receiver, or of all.
    fn ledger_events(
        &self,
        feed: Option<&FeedId>,
        sequence: Option<Sequence>,
        receiver: Option<&BusinessId>,
    ) -> Result<Vec<LedgerEvent>, StoreError>;

    /// Whether an event that came from this is there.
    fn has_ledger_source(&self, source: &Digest) -> Result<bool, StoreError>;

    /// The publications of a feed that stand or stood in its folder, in order.
    fn published_sets(&self, feed: &FeedId) -> Result<Vec<PublishedSet>, StoreError>;

    /// What whoever took in a publication holds after it.
    fn published_state(&self, feed: &FeedId, sequence: Sequence) -> Result<Option<StateWords>, StoreError>;

    /// The publications whose files begin with this stem, by feed and sequence.
    fn published_as(&self, stem: &str) -> Result<Vec<(FeedId, Sequence)>, StoreError>;

    /// How a receiver of a feed stands on a day.
    fn receiver_standing(
        &self,
        feed: &FeedId,
        receiver: &BusinessId,
        window: &ReceiverWindow,
        today: NaiveDate,
    ) -> Result<Standing, StoreError> {
        let events = self.ledger_events(Some(feed), None, Some(receiver))?;
        let mut standing = stand(&events, &self.published_sets(feed)?, window, today);
        if let Some((sequence, event)) = crate::ledger::held(&events)
            && let (Some(theirs), Some(ours)) = (event.state, self.published_state(feed, sequence)?)
        {
            standing.is_state_equal = Some(theirs == ours);
        }
        Ok(standing)
    }
}

/// Writing the ledger.
pub trait LedgerWriting: LedgerReading {
    /// Records an event; false, and nothing written, where one from the same source is there.
    fn record_ledger_event(&mut self, event: &LedgerEvent) -> Result<bool, StoreError>;
}
