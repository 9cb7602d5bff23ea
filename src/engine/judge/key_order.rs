//! Telling keys apart: by their order, or by remembering them.

use std::cmp::Ordering;

use super::key_set::KeySet;

/// Whether rows must come in key order, which also shows that no key comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrder {
    /// Ascending, as the hub writes them. Costs no memory.
    Ascending,
    /// In any order. Costs some twenty bytes a row.
    Any,
    /// For the taker to tell apart.
    Unchecked,
}

/// What is wrong with a row's key among the keys before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyIssue {
    /// A row before it has the same key.
    Duplicate,
    /// The row before it has a greater key.
    NotInOrder,
}

impl KeyIssue {
    /// The rule's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate-key",
            Self::NotInOrder => "not-in-key-order",
        }
    }
}

/// The keys met so far. Not to be shown: a key is a person's number.
pub(super) enum Keys {
    Last(Option<Vec<u8>>),
    All(Box<KeySet>),
    Unchecked,
}

impl Keys {
    pub(super) fn new(order: KeyOrder) -> Self {
        match order {
            KeyOrder::Ascending => Self::Last(None),
            KeyOrder::Any => Self::All(Box::default()),
            KeyOrder::Unchecked => Self::Unchecked,
        }
    }

    /// Takes note of a row's key.
    pub(super) fn meet(&mut self, key: &[u8]) -> Option<KeyIssue> {
        match self {
            Self::All(keys) => (!keys.insert(key)).then_some(KeyIssue::Duplicate),
            Self::Last(Some(before)) => {
                let issue = match compare(before, key) {
                    Ordering::Less => None,
                    Ordering::Equal => Some(KeyIssue::Duplicate),
                    Ordering::Greater => Some(KeyIssue::NotInOrder),
                };
                before.clear();
                before.extend_from_slice(key);
                issue
            }
            Self::Unchecked => None,
            Self::Last(last) => {
                *last = Some(key.to_vec());
                None
            }
        }
    }
}

/// Keys order field by field, numbers by value.
fn compare(one: &[u8], other: &[u8]) -> Ordering {
    fn fields(key: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
        key.split(|byte| *byte == 0x1f).map(|field| {
            let is_number = !field.is_empty() && field.iter().all(u8::is_ascii_digit);
            let zeros = if is_number { field.iter().take_while(|byte| **byte == b'0').count() } else { 0 };
            let significant = field.get(zeros..).unwrap_or_default();
            (if is_number { significant.len() } else { 0 }, significant)
        })
    }
    fields(one).cmp(fields(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_keys_order_by_value() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        for (one, other, expect) in [
            ("000000000000009", "000000000000010", Less),
            ("7\u{1f}9\u{1f}0", "7\u{1f}10\u{1f}0", Less),
            ("7\u{1f}10\u{1f}1", "7\u{1f}10\u{1f}0", Greater),
            ("0", "00", Equal),
            ("a", "b", Less),
        ] {
            assert_eq!(compare(one.as_bytes(), other.as_bytes()), expect, "{one:?} {other:?}");
        }
    }

    #[test]
    fn keys_are_told_apart_in_both_ways() {
        let met = |order, keys: &[&str]| {
            let mut known = Keys::new(order);
            keys.iter().map(|key| known.meet(key.as_bytes())).collect::<Vec<_>>()
        };
        let (duplicate, out_of_order) = (Some(KeyIssue::Duplicate), Some(KeyIssue::NotInOrder));
        assert_eq!(
            met(KeyOrder::Ascending, &["1", "2", "2", "1", "3"]),
            [None, None, duplicate, out_of_order, None]
        );
        assert_eq!(met(KeyOrder::Any, &["2", "1", "2", "3", "1"]), [None, None, duplicate, None, duplicate]);
    }
}
