//! The receipt (取込結果): what a taker answers to whoever handed in a set.
//!
//! JSON, one object, written whole into the sender's folder. A reader of format 1 tolerates fields it does not
//! know. It holds counts, codes and places, never a value of a row.

use serde::{Deserialize, Serialize};

use crate::fault::{Class, Fault};
use crate::file_name::FileName;
use crate::ids::{Branch, BusinessId, Digest, FeedId, IdError, IntakeId, InterfaceId, Sequence, Version};
use crate::notice::StateWords;
use crate::port::Outcome;
use crate::publication::Kind;
use crate::receive::reason::Reason;

/// The end of a receipt's name.
pub const RECEIPT_ENDING: &str = ".receipt.json";
/// The format this program writes and reads.
const FORMAT: u32 = 1;
/// The longest receipt that is read, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// One receipt. What a notice that could not be read did not say is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// 1.
    pub format: u32,
    /// 市区町村コード.
    pub municipality: String,
    /// Who answers.
    pub receiver: BusinessId,
    /// The receiver's own name for what it takes.
    pub intake: IntakeId,
    /// The notice's file name as found.
    pub notice: String,
    /// SHA-256 of the notice's bytes.
    pub notice_sha256: Digest,
    /// [`crate::notice::Notice::content_sha256`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_sha256: Option<Digest>,
    /// 連携ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<InterfaceId>,
    /// 枝番.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// 版数.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The sender's feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedId>,
    /// Its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Its number in the feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was refused, or what it waits for: all reasons.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// 追加 / 更新 / 削除 / 警告 / エラー and what stayed.
    pub rows: RowResults,
    /// What the receiver holds afterwards, where it holds something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateWords>,
    /// The last set of the feed that the receiver holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_sequence: Option<Sequence>,
    /// When, with offset.
    pub at: String,
}

/// Rows by what became of them (`codes/import_row_result.csv`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowResults {
    /// 追加.
    pub added: u64,
    /// 更新.
    pub changed: u64,
    /// 削除.
    pub removed: u64,
    /// Rows that were there just so.
    pub unchanged: u64,
    /// 警告: taken in with a warning; also counted above.
    pub warned: u64,
    /// エラー: held back.
    pub parked: u64,
}

/// A receipt that cannot be read. What it holds is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Longer than 4 MiB.
    #[error("the receipt is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not one JSON object of the right shape.
    #[error("the receipt is not well-formed: error at line {line} column {column}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Written in another format.
    #[error("the receipt has format {found}; this program reads format {FORMAT}")]
    Format {
        /// The format found.
        found: u32,
    },
}

impl Fault for ReceiptError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "receipt.too-long",
            Self::Malformed { .. } => "receipt.malformed",
            Self::Format { .. } => "receipt.format",
        }
    }

    fn class(&self) -> Class {
        Class::Partner
    }
}

impl Receipt {
    /// The format of receipts written now.
    pub const FORMAT: u32 = FORMAT;

    /// As written: one JSON object, indented, with a newline at its end.
    pub fn to_json(&self) -> String {
        // Ids, numbers and words only: they always serialise.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a receipt.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_BYTES {
            return Err(ReceiptError::TooLong);
        }
        let receipt: Self = serde_json::from_slice(bytes)
            .map_err(|error| ReceiptError::Malformed { line: error.line(), column: error.column() })?;
        if receipt.format == FORMAT {
            Ok(receipt)
        } else {
            Err(ReceiptError::Format { found: receipt.format })
        }
    }

    /// The name of its file: `<receiver>_<notice's stem>_<outcome>.receipt.json`. The same outcome of the same notice has
    /// the same name, so that a repeat replaces and does not add; where the stem cannot be written as it is, the first
    /// hex digits of the notice's digest keep two notices apart.
    pub fn file_name(&self) -> Result<FileName, IdError> {
        let stem = self.notice.strip_suffix(crate::naming::NOTICE_ENDING).unwrap_or(&self.notice);
        let plain: String = stem.chars().map(|c| if is_plain(c) { c } else { '_' }).take(120).collect();
        let digest = self.notice_sha256.to_string();
        let apart =
            if plain == stem { String::new() } else { format!("-{}", digest.get(..12).unwrap_or_default()) };
        format!("{}_{plain}{apart}_{}{RECEIPT_ENDING}", self.receiver, self.outcome.as_str()).parse()
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            format: FORMAT,
            municipality: "082201".to_owned(),
            receiver: "015".parse().unwrap(),
            intake: "jumin".parse().unwrap(),
            notice: "082201_001o005-00_D_20261002013000_0002.done".to_owned(),
            notice_sha256: Digest([1; 32]),
            content_sha256: None,
            interface: None,
            branch: None,
            version: None,
            feed: None,
            kind: None,
            sequence: None,
            outcome: Outcome::Refused,
            reasons: vec![Reason::of_set(crate::receive::ReasonCode::NoticeMalformed, "line 1".to_owned())],
            rows: RowResults::default(),
            state: None,
            holds_sequence: Some(Sequence(1)),
            at: "2026-10-02T02:00:00+09:00".to_owned(),
        }
    }

    #[test]
    fn receipts_of_two_notices_do_not_overwrite_one_another() {
        let name = |notice: &str, digest: u8| {
            let notice_sha256 = Digest([digest; 32]);
            Receipt { notice: notice.to_owned(), notice_sha256, ..receipt() }.file_name().unwrap()
        };
        for notices in [
            ["住民_1.done", "税_1.done"],
            [&format!("{}1.done", "x".repeat(150)), &format!("{}2.done", "x".repeat(150))],
        ] {
            assert_ne!(name(notices[0], 1), name(notices[1], 2));
            assert_eq!(name(notices[0], 1), name(notices[0], 1));
        }
        assert_eq!(name("a_1.done", 1).as_str(), "015_a_1_refused.receipt.json");
    }

    #[test]
    fn a_receipt_reads_what_it_wrote_and_tolerates_more() {
        let text = receipt().to_json();
        assert_eq!(Receipt::parse(text.as_bytes()), Ok(receipt()));
        let more = text.replacen('{', "{ \"later\": {},", 1);
        assert_eq!(Receipt::parse(more.as_bytes()), Ok(receipt()));
        for length in 0..text.trim_end().len() {
            assert!(Receipt::parse(&text.as_bytes()[..length]).is_err(), "cut at {length}");
        }
        let other = text.replace("\"format\": 1", "\"format\": 7");
        assert_eq!(Receipt::parse(other.as_bytes()), Err(ReceiptError::Format { found: 7 }));
    }

    #[test]
    fn its_name_is_plain_whatever_the_notice_was_called() {
        let name = receipt().file_name().unwrap();
        assert_eq!(name.as_str(), "015_082201_001o005-00_D_20261002013000_0002_refused.receipt.json");
        let hostile = Receipt { notice: format!("../\u{0}\n宛{}", "x".repeat(400)), ..receipt() };
        assert!(hostile.file_name().unwrap().as_str().len() < 200);
    }
}
