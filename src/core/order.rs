//! What a run of a job is to do, as kept with the run: it must still be known after a restart with other
//! declarations.

use serde::{Deserialize, Serialize};

use crate::ids::{FeedId, IntakeId};
use crate::publication::Kind;

/// The work of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Order {
    /// Make and publish files.
    Publish {
        /// The feeds, in order.
        feeds: Vec<FeedId>,
        /// [`Kind::Full`] or [`Kind::Diff`].
        content: Kind,
    },
    /// Remove what the retention rules no longer keep.
    Retention {},
    /// Take in what systems hand in.
    Receive {
        /// The intakes, in order.
        intakes: Vec<IntakeId>,
    },
    /// Compare what receivers say they hold with what they were given.
    Reconcile {
        /// The feeds.
        feeds: Vec<FeedId>,
    },
    /// Bring receivers that lack or refused something to what their feed holds, by their rules.
    Mend {
        /// The feeds.
        feeds: Vec<FeedId>,
    },
}

impl Order {
    /// The feeds it writes to: no two runs may write to one feed at a time.
    pub fn feeds(&self) -> &[FeedId] {
        match self {
            Self::Publish { feeds, .. } | Self::Mend { feeds } => feeds,
            Self::Retention {} | Self::Receive { .. } | Self::Reconcile { .. } => &[],
        }
    }

    /// What else it has to itself: no two runs take in the same intake at a time.
    pub fn alone_with(&self) -> Vec<String> {
        match self {
            Self::Receive { intakes } => intakes.iter().map(|intake| format!("intake:{intake}")).collect(),
            Self::Reconcile { .. } => vec!["reconcile".to_owned()],
            Self::Mend { .. } => vec!["mend".to_owned()],
            Self::Publish { .. } | Self::Retention {} => Vec::new(),
        }
    }

    /// As kept with a run.
    pub fn to_json(&self) -> String {
        // Ids and words only: they always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads [`Order::to_json`]; `None` for a part's empty order or one of a later program.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_back() {
        let feeds = vec!["001o005-v1.1".parse().unwrap()];
        let order = Order::Publish { feeds, content: Kind::Diff };
        assert_eq!(order.to_json(), r#"{"do":"publish","feeds":["001o005-v1.1"],"content":"diff"}"#);
        assert_eq!(Order::parse(&order.to_json()), Some(order));
        assert_eq!(Order::parse(&Order::Retention {}.to_json()), Some(Order::Retention {}));
        let receive = Order::Receive { intakes: vec!["kaigo".parse().unwrap()] };
        assert_eq!(receive.to_json(), r#"{"do":"receive","intakes":["kaigo"]}"#);
        assert_eq!(Order::parse(&receive.to_json()), Some(receive.clone()));
        assert_eq!((receive.feeds(), receive.alone_with()), (&[][..], vec!["intake:kaigo".to_owned()]));
        let feeds = vec!["001o005-v1.1".parse().unwrap()];
        let reconcile = Order::Reconcile { feeds: feeds.clone() };
        assert_eq!(reconcile.to_json(), r#"{"do":"reconcile","feeds":["001o005-v1.1"]}"#);
        assert_eq!(Order::parse(&reconcile.to_json()), Some(reconcile.clone()));
        let mend = Order::Mend { feeds: feeds.clone() };
        assert_eq!(Order::parse(&mend.to_json()), Some(mend.clone()));
        // Comparing writes to no feed, mending may.
        assert_eq!((reconcile.feeds(), mend.feeds()), (&[][..], feeds.as_slice()));
        for text in ["", "{}", r#"{"do":"print"}"#, r#"{"do":"retention","fast":true}"#] {
            assert_eq!(Order::parse(text), None, "{text}");
        }
    }
}
