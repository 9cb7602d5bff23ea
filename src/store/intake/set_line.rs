//! A set on record as a line of plain columns, and back: the same columns in every database.

use renkei_core::port::{IntakeHead, Outcome, SetRecord, StoreError, TakeCounts};
use renkei_core::publication::Kind;
use renkei_core::state::FeedState;
use renkei_core::{Digest, Moment, Sequence};

/// The columns of `intake_set` after `set_no` and `intake_no`, in the order of [`SetLine`].
pub(crate) const COLUMNS: [&str; 22] = [
    "notice_name",
    "notice_sha256",
    "content_sha256",
    "interface",
    "branch",
    "version",
    "feed",
    "kind",
    "sequence",
    "business_date",
    "outcome",
    "n_rows",
    "n_added",
    "n_changed",
    "n_removed",
    "n_unchanged",
    "n_absent",
    "n_warned",
    "n_parked",
    "receipt",
    "run_id",
    "noted_at",
];
/// How many sets of an intake keep the state after them.
pub(crate) const STATES_KEPT: i64 = 8;

/// One line.
pub(crate) struct SetLine {
    pub(crate) set_no: i64,
    pub(crate) intake: String,
    pub(crate) notice_name: String,
    pub(crate) notice_sha256: Vec<u8>,
    pub(crate) content_sha256: Option<Vec<u8>>,
    /// `interface`, `branch`, `version`, `feed`, `kind`.
    pub(crate) words: [Option<String>; 5],
    pub(crate) sequence: Option<i64>,
    pub(crate) business_date: Option<String>,
    pub(crate) outcome: String,
    /// `n_rows` to `n_parked`.
    pub(crate) numbers: [i64; 8],
    pub(crate) receipt: String,
    pub(crate) run_id: String,
    pub(crate) noted_at: String,
    /// Rows and sums of the state after it, where they are kept.
    pub(crate) state: Option<(i64, Vec<u8>)>,
}

impl SetLine {
    /// The line of a record; its number and intake are for whoever writes it.
    pub(crate) fn of(record: &SetRecord, counts: &TakeCounts) -> Self {
        let int = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let text = |shown: &dyn ToString| shown.to_string();
        Self {
            set_no: 0,
            intake: record.intake.to_string(),
            notice_name: record.notice_name.clone(),
            notice_sha256: record.notice_sha256.0.to_vec(),
            content_sha256: record.content_sha256.map(|digest| digest.0.to_vec()),
            words: [
                record.interface.as_ref().map(|(interface, _)| text(interface)),
                record.interface.as_ref().map(|(_, branch)| text(branch)),
                record.version.as_ref().map(|version| text(version)),
                record.feed.as_ref().map(|feed| text(feed)),
                record.kind.map(|kind| kind.as_str().to_owned()),
            ],
            sequence: record.sequence.map(|sequence| i64::from(sequence.0)),
            business_date: record.business_date.map(|date| text(&date)),
            outcome: record.outcome.as_str().to_owned(),
            numbers: [
                record.n_rows,
                counts.added,
                counts.changed,
                counts.removed,
                counts.unchanged,
                counts.absent,
                record.n_warned,
                record.n_parked,
            ]
            .map(int),
            receipt: record.receipt.clone(),
            run_id: record.run_id.clone(),
            noted_at: text(&record.at),
            state: record.state.as_ref().map(|state| (state.n_rows(), state.to_bytes())),
        }
    }

    /// The record of a line. What is not as this program writes it is damage.
    pub(crate) fn record(self) -> Result<SetRecord, StoreError> {
        let set_no = self.set_no;
        let damage = |column: &'static str| StoreError::Corrupt {
            detail: format!("{column} of set {set_no} on record"),
        };
        let number = |number: i64| u64::try_from(number).map_err(|_| damage("a count"));
        let digest = |bytes: &[u8]| bytes.try_into().map(Digest).map_err(|_| damage("a digest"));
        let [interface, branch, version, feed, kind] = &self.words;
        let interface = match (interface, branch) {
            (Some(interface), Some(branch)) => Some((
                interface.parse().map_err(|_| damage("interface"))?,
                branch.parse().map_err(|_| damage("branch"))?,
            )),
            _ => None,
        };
        let [n_rows, added, changed, removed, unchanged, absent, n_warned, n_parked] = self.numbers;
        Ok(SetRecord {
            set_no: number(set_no)?,
            intake: self.intake.parse().map_err(|_| damage("intake"))?,
            notice_name: self.notice_name,
            notice_sha256: digest(&self.notice_sha256)?,
            content_sha256: self.content_sha256.as_deref().map(digest).transpose()?,
            interface,
            version: version.as_deref().map(str::parse).transpose().map_err(|_| damage("version"))?,
            feed: feed.as_deref().map(str::parse).transpose().map_err(|_| damage("feed"))?,
            kind: kind.as_deref().map(|word| Kind::parse(word).ok_or_else(|| damage("kind"))).transpose()?,
            sequence: self
                .sequence
                .map(|number| u32::try_from(number).map(Sequence).map_err(|_| damage("sequence")))
                .transpose()?,
            business_date: self
                .business_date
                .map(|text| text.parse().map_err(|_| damage("business_date")))
                .transpose()?,
            outcome: Outcome::parse(&self.outcome).ok_or_else(|| damage("outcome"))?,
            n_rows: number(n_rows)?,
            counts: TakeCounts {
                added: number(added)?,
                changed: number(changed)?,
                removed: number(removed)?,
                unchanged: number(unchanged)?,
                absent: number(absent)?,
            },
            n_warned: number(n_warned)?,
            n_parked: number(n_parked)?,
            state: self
                .state
                .map(|(n_rows, sums)| FeedState::from_bytes(n_rows, &sums).ok_or_else(|| damage("state")))
                .transpose()?,
            receipt: self.receipt,
            run_id: self.run_id,
            at: Moment::parse(&self.noted_at).ok_or_else(|| damage("noted_at"))?,
        })
    }
}

/// What an intake stands at after a set. A set that was taken in says all of this.
pub(crate) fn head_after(record: &SetRecord) -> Result<IntakeHead, StoreError> {
    let head = || {
        Some(IntakeHead {
            feed: record.feed.clone()?,
            version: record.version?,
            sequence: record.sequence?,
            content_sha256: record.content_sha256?,
            state: record.state.clone()?,
            business_date: record.business_date?,
            taken_at: record.at,
        })
    };
    let missing =
        || StoreError::Missing { what: "feed, sequence, content or state of a set taken in".to_owned() };
    head().filter(|_| record.outcome == Outcome::Taken).ok_or_else(missing)
}
