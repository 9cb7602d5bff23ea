//! Whether a receipt is what it says, before it comes into the ledger.

use crate::fault::Fault as _;
use crate::ids::{BusinessId, Digest, FeedId, Sequence};
use crate::moment::Moment;
use crate::port::Outcome;
use crate::receive::{ReasonCode, Receipt, ReceiptError};

/// Words of reasons beside [`ReasonCode`]: a set waits for others, a set is not the receiver's.
const MORE_WORDS: [&str; 2] = ["gap", "passed"];
/// A code that this program does not know.
const UNKNOWN: &str = "unknown";
/// No more codes than these are kept of a receipt.
const MOST_WORDS: usize = 20;

/// Why a receipt is put to quarantine. Nothing of what it holds is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] ReceiptError),
    /// It says that another system answers than the one whose folder it is in.
    #[error("it is in the folder of system {of} and names another receiver")]
    OtherReceiver {
        /// Whose folder it is in.
        of: BusinessId,
    },
    /// It is of another municipality.
    #[error("it is of another municipality")]
    OtherMunicipality,
    /// Its time cannot be read.
    #[error("its time is none")]
    NoTime,
    /// It answers a feed that the system is no receiver of.
    #[error("system {of} is no receiver of the feed it names")]
    NoReceiver {
        /// Whose folder it is in.
        of: BusinessId,
    },
    /// It answers a publication that was never made.
    #[error("no publication is what it answers")]
    UnknownPublication,
    /// It answers other content than was published.
    #[error("publication {sequence} of feed {feed} has other content than it says")]
    OtherContent {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
    },
}

impl ReceiptFault {
    /// The code in the reason beside it and in the audit.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::OtherReceiver { .. } => "receipt.other-receiver",
            Self::OtherMunicipality => "receipt.other-municipality",
            Self::NoTime => "receipt.no-time",
            Self::NoReceiver { .. } => "receipt.no-receiver",
            Self::UnknownPublication => "receipt.unknown-publication",
            Self::OtherContent { .. } => "receipt.other-content",
        }
    }

    /// `reason.json` beside a receipt in quarantine.
    pub fn as_json(&self, folder: &str, file: &str, source: &Digest) -> String {
        let value = serde_json::json!({
            "what": "receipt", "folder": folder, "file": file, "sha256": source, "code": self.code(),
            "detail": self.to_string(),
        });
        format!("{value:#}\n")
    }

    /// What it means and what to do, in Japanese.
    pub const fn text_ja(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "取込結果として読めません。受け手に作り直してもらってください。",
            Self::OtherReceiver { .. } => {
                "フォルダのシステムと違う受け手を名乗っています。だれが置いたかを確かめてください。"
            }
            Self::OtherMunicipality => "別の市区町村の取込結果です。受け手の設定を確かめてください。",
            Self::NoTime => "日時が読めません。時差の付いた日時で作り直してもらってください。",
            Self::NoReceiver { .. } => {
                "この系列の受け手ではありません。hub.toml の receivers か、受け手の設定を確かめてください。"
            }
            Self::UnknownPublication => {
                "この取込結果に当たる配信はありません。受け手が何を取り込んだかを確かめてください。"
            }
            Self::OtherContent { .. } => {
                "配信した内容と違うものを取り込んだとあります。受け手が取り込んだファイルを確かめてください。"
            }
        }
    }
}

/// Checks what can be told without the publication; gives when it was answered. `of` is whose folder it is in.
pub fn check_receipt(
    receipt: &Receipt,
    of: &BusinessId,
    municipality: &str,
    is_receiver: impl FnOnce(&FeedId) -> bool,
) -> Result<Moment, ReceiptFault> {
    if receipt.receiver != *of {
        return Err(ReceiptFault::OtherReceiver { of: of.clone() });
    }
    if receipt.municipality != municipality {
        return Err(ReceiptFault::OtherMunicipality);
    }
    if let Some(feed) = &receipt.feed
        && !is_receiver(feed)
    {
        return Err(ReceiptFault::NoReceiver { of: of.clone() });
    }
    let at = chrono::DateTime::parse_from_rfc3339(&receipt.at).ok();
    at.and_then(|at| Moment::from_unix(at.timestamp())).ok_or(ReceiptFault::NoTime)
}

/// The codes of a receipt's reasons that this program knows, each once and in order; any others are one `unknown`.
/// `published` is what the publication is: a refusal of something else says so, because then what stood in the
/// folder was not what was published.
pub fn reason_words(receipt: &Receipt, published: &Digest) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for reason in &receipt.reasons {
        let is_known =
            ReasonCode::parse(&reason.code).is_some() || MORE_WORDS.contains(&reason.code.as_str());
        let word = if is_known { reason.code.as_str() } else { UNKNOWN };
        if words.len() < MOST_WORDS && !words.iter().any(|earlier| earlier == word) {
            words.push(word.to_owned());
        }
    }
    let is_other = receipt.content_sha256.as_ref().is_some_and(|found| found != published);
    if receipt.outcome == Outcome::Refused && is_other {
        words.push("not-as-published".to_owned());
    }
    words
}
