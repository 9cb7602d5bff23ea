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
}

impl Order {
    /// The feeds it writes to: no two runs may write to one feed at a time.
    pub fn feeds(&self) -> &[FeedId] {
        match self {
            Self::Publish { feeds, .. } => feeds,
            Self::Retention {} | Self::Receive { .. } => &[],
        }
    }

    /// What else it has to itself: no two runs take in the same intake at a time.
    pub fn alone_with(&self) -> Vec<String> {
        match self {
            Self::Receive { intakes } => intakes.iter().map(|intake| format!("intake:{intake}")).collect(),
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
        for text in ["", "{}", r#"{"do":"print"}"#, r#"{"do":"retention","fast":true}"#] {
            assert_eq!(Order::parse(text), None, "{text}");
        }
    }
}
