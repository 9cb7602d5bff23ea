//! What a receiver says it holds: the small file by which two sides find out whether they agree (整合性確認).
//!
//! JSON, one object, 256 sums and no row: who reads it learns nothing of anybody.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::fault::{Class, Fault};
use crate::ids::{Digest, FeedId, IntakeId, Sequence, Version};
use crate::port::IntakeHead;
use crate::state::{BUCKETS, FeedState};

/// The format this program writes and reads.
const FORMAT: u32 = 1;
/// The longest file that is read, in bytes; a usual one has 20,000.
pub const MAX_HOLDING_BYTES: usize = 256 << 10;

/// What a receiver holds of a feed, as of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// 1.
    pub format: u32,
    /// The receiver's own name for what it takes.
    pub intake: IntakeId,
    /// The feed.
    pub feed: FeedId,
    /// 版数.
    pub version: Version,
    /// The last publication taken in.
    pub sequence: Sequence,
    /// Its business date.
    pub business_date: NaiveDate,
    /// Rows held.
    pub n_rows: u64,
    /// [`FeedState::digest`].
    pub digest: Digest,
    /// The sum of each of the 256 buckets.
    pub buckets: Vec<Digest>,
}

/// A file that is not what a receiver holds. What stands in it is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the receiver's state cannot be used: {what}")]
pub struct HoldingError {
    /// Why.
    pub what: &'static str,
}

/// `reason.json` beside a receiver's file in quarantine.
pub fn holding_refused(folder: &str, file: &str, fault: &dyn Fault) -> String {
    let (code, detail) = (fault.code(), fault.to_string());
    let value = serde_json::json!({
        "what": "holding", "folder": folder, "file": file, "code": code, "detail": detail,
    });
    format!("{value:#}\n")
}

impl Fault for HoldingError {
    fn code(&self) -> &'static str {
        "holding.unusable"
    }

    fn class(&self) -> Class {
        Class::Partner
    }
}

impl Holding {
    /// Of an intake that stands at `head`.
    pub fn of(intake: &IntakeId, head: &IntakeHead) -> Self {
        let bytes = head.state.to_bytes();
        let (buckets, _) = bytes.as_chunks::<32>();
        Self {
            format: FORMAT,
            intake: intake.clone(),
            feed: head.feed.clone(),
            version: head.version,
            sequence: head.sequence,
            business_date: head.business_date,
            n_rows: u64::try_from(head.state.n_rows()).unwrap_or(0),
            digest: head.state.digest(),
            buckets: buckets.iter().map(|sum| Digest(*sum)).collect(),
        }
    }

    /// The file: indented, with a newline at its end.
    pub fn to_json(&self) -> Result<String, HoldingError> {
        let text = serde_json::to_string_pretty(self);
        Ok(text.map_err(|_| HoldingError { what: "it cannot be written" })? + "\n")
    }

    /// Reads a file and checks that it does not contradict itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, HoldingError> {
        let wrong = |what| Err(HoldingError { what });
        if bytes.len() > MAX_HOLDING_BYTES {
            return wrong("it is too long");
        }
        let Ok(holding) = serde_json::from_slice::<Self>(bytes) else {
            return wrong("it is not well-formed");
        };
        holding.check()?;
        Ok(holding)
    }

    /// Checks that it does not contradict itself.
    pub(super) fn check(&self) -> Result<(), HoldingError> {
        if self.format != FORMAT {
            return Err(HoldingError { what: "it is in another format" });
        }
        match self.state() {
            Some(state) if state.digest() == self.digest => Ok(()),
            _ => Err(HoldingError { what: "its sums do not give its digest" }),
        }
    }

    /// The state; `None` where there are not 256 sums.
    pub fn state(&self) -> Option<FeedState> {
        let bytes: Vec<u8> = self.buckets.iter().flat_map(|sum| sum.0).collect();
        let n_rows = i64::try_from(self.n_rows).ok()?;
        (self.buckets.len() == BUCKETS).then(|| FeedState::from_bytes(n_rows, &bytes)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Moment;
    use crate::state::{RowDigest, bucket_of};

    fn holding() -> Holding {
        let mut state = FeedState::empty();
        for row in ["a", "b", "c"] {
            state.add(bucket_of([row.as_bytes()]), &RowDigest::of(row.as_bytes()));
        }
        let head = IntakeHead {
            feed: "001o005-v1.1".parse().unwrap(),
            version: "1.1".parse().unwrap(),
            sequence: Sequence(7),
            content_sha256: Digest([1; 32]),
            state,
            business_date: "2026-10-05".parse().unwrap(),
            taken_at: Moment::from_unix(0).unwrap(),
        };
        Holding::of(&"residents".parse().unwrap(), &head)
    }

    #[test]
    fn what_is_written_is_read_and_gives_the_state() {
        let text = holding().to_json().unwrap();
        let read = Holding::parse(text.as_bytes()).unwrap();
        assert_eq!(read, holding());
        let state = read.state().unwrap();
        assert_eq!((state.n_rows(), state.digest()), (3, read.digest));
        assert!(text.len() < MAX_HOLDING_BYTES / 4, "{} bytes", text.len());
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let check = |change: fn(&mut Holding), what: &str| {
            let mut changed = holding();
            change(&mut changed);
            let refused = Holding::parse(changed.to_json().unwrap().as_bytes()).unwrap_err();
            assert_eq!(refused.what, what);
        };
        check(|holding| holding.format = 2, "it is in another format");
        check(|holding| holding.buckets.truncate(255), "its sums do not give its digest");
        check(|holding| holding.buckets[3].0[0] ^= 1, "its sums do not give its digest");
        let long = vec![b' '; MAX_HOLDING_BYTES + 1];
        assert_eq!(Holding::parse(&long).unwrap_err().what, "it is too long");
        assert_eq!(Holding::parse(b"{}").unwrap_err().what, "it is not well-formed");
    }
}
