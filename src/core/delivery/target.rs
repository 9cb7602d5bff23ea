//! A destination (引渡先): who is given what, and on what terms.

use super::window::DeliveryWindows;
use crate::ids::{BusinessId, DestinationId, FeedId};
use crate::retry::RetryPolicy;

/// A destination but for the way there.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryTerms {
    /// Its id.
    pub id: DestinationId,
    /// The system that is given the files.
    pub system: BusinessId,
    /// The feeds it is given, in declared order; each has the system as a receiver.
    pub feeds: Vec<FeedId>,
    /// When it may be given anything.
    pub windows: DeliveryWindows,
    /// How often and how soon it is tried again.
    pub retry: RetryPolicy,
}
