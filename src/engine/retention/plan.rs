//! What may go, kind by kind: what a plan is.

use std::collections::BTreeMap;

use renkei_core::audit::AuditLink;
use renkei_core::port::OwnFolder;
use renkei_core::retention::Kept;
use renkei_core::transfer::CaseNo;
use renkei_core::{FeedId, FileName, FolderPath, Moment, Sequence};
use serde::Serialize;

/// A kind of thing that is kept for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Published files in the connection folders.
    Publications,
    /// Publications in the archive.
    Archive,
    /// What was refused.
    Quarantine,
    /// Reports for the operator.
    Reports,
    /// Diffs for single receivers in their mailboxes.
    Mailboxes,
    /// What the hub answered in folders of systems.
    Answers,
    /// Reports on rows that differ.
    Differences,
    /// Runs with tries, steps and slots.
    Runs,
    /// What transfer cases hold of people.
    Transfers,
}

impl Area {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Publications,
        Self::Archive,
        Self::Quarantine,
        Self::Reports,
        Self::Mailboxes,
        Self::Answers,
        Self::Differences,
        Self::Runs,
        Self::Transfers,
    ];

    /// The word in the audit and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publications => "publications",
            Self::Archive => "archive",
            Self::Quarantine => "quarantine",
            Self::Reports => "reports",
            Self::Mailboxes => "mailboxes",
            Self::Answers => "answers",
            Self::Differences => "differences",
            Self::Runs => "runs",
            Self::Transfers => "transfers",
        }
    }
}

/// One thing that goes.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionItem {
    /// A publication as `FEED SEQUENCE`, a diff for one receiver as `FEED BASE-SEQUENCE RECEIVER`, a path in the hub's own folder, a run's id, a transfer case's number.
    pub what: String,
    /// How many files it has.
    pub n_files: u64,
    /// Their bytes.
    pub n_bytes: u64,
    /// From when its time counts.
    pub since: String,
    #[serde(skip)]
    pub(super) target: Target,
}

/// Where to lay hands on it.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Published { feed: FeedId, sequence: Sequence, folder: FolderPath, names: Vec<FileName> },
    Own(OwnFolder, FolderPath),
    Mending { run_id: String, folder: FolderPath, names: Vec<FileName> },
    Answer { folder: FolderPath, name: FileName },
    Run,
    Transfer(CaseNo),
}

/// What goes of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct AreaPlan {
    /// The kind.
    pub area: Area,
    /// The rule, in days.
    pub days: i64,
    /// What goes.
    pub remove: Vec<RetentionItem>,
    /// How many are kept, by reason.
    pub kept: BTreeMap<Kept, u64>,
}

impl AreaPlan {
    /// Files and bytes that go.
    pub fn size(&self) -> (u64, u64) {
        self.remove.iter().fold((0, 0), |(files, bytes), item| (files + item.n_files, bytes + item.n_bytes))
    }
}

/// Lines of the audit that go: all from its start through one.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct AuditCut {
    /// The last line that goes, with its chain value: the audit's new base.
    #[serde(serialize_with = "audit_no")]
    pub through: AuditLink,
    /// How many lines.
    pub n_lines: u64,
}

/// Everything that may go now.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionPlan {
    /// When it was made.
    pub at: String,
    /// By kind.
    pub areas: Vec<AreaPlan>,
    /// Slots that were skipped without a run and are old enough.
    pub n_skipped_slots: u64,
    /// The rule for rows on deliveries, receipts, alerts and comparisons, in days.
    pub records_days: i64,
    /// Such rows that are old enough.
    pub n_old_records: u64,
    /// The audit's rule, in days.
    pub audit_days: i64,
    /// What goes of the audit.
    pub audit: Option<AuditCut>,
    #[serde(skip)]
    pub(super) slots_before: Moment,
    #[serde(skip)]
    pub(super) records_before: Moment,
}

impl RetentionPlan {
    /// True when nothing goes.
    pub fn is_empty(&self) -> bool {
        self.areas.iter().all(|area| area.remove.is_empty())
            && self.n_skipped_slots + self.n_old_records == 0
            && self.audit.is_none()
    }
}

fn audit_no<S: serde::Serializer>(link: &AuditLink, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(link.audit_no)
}
