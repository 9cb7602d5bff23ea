//! Redeliver: the same bytes again, notice last.

use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

use crate::file_name::FileName;
use crate::ids::{Digest, FeedId, Sequence};
use crate::port::{Content, PublicationRecord, Standing};
use crate::publication::{Kind, Progress};

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RedeliverFrom {
    /// With the data files: those that are missing or changed are put back, then the notice is given again.
    Data,
    /// With the notice alone; the data files must stand.
    Notice,
}

/// What a file is to its publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Rows.
    Data,
    /// A report beside them.
    Report,
    /// The completion notice.
    Notice,
}

/// One data file or report as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Its name.
    pub name: FileName,
    /// What it is.
    pub role: Role,
    /// What it must be.
    pub content: Content,
    /// What stands in the folder.
    pub in_folder: Standing,
    /// What the archive has; not asked where the folder has it.
    pub in_archive: Option<Standing>,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct RedeliverFacts<'f> {
    /// The publication.
    pub record: &'f PublicationRecord,
    /// Its reports and data files, in the order in which they are published.
    pub files: Vec<FileFacts>,
    /// Its notice.
    pub notice: FileFacts,
    /// The last sequence the feed has given out.
    pub last_sequence: Sequence,
}

/// What will be done to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileStep {
    /// It stands as it should.
    Leave,
    /// It is missing, and comes back from the archive.
    PutBack,
    /// Something else has its name: that goes to the quarantine, and it comes back from the archive.
    Replace,
    /// It is put into the folder anew, whether it stands or not, so that who watches sees it.
    GiveAgain,
    /// It is needed, and the archive does not have it.
    Impossible,
}

/// One file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFile {
    /// Its name.
    pub name: FileName,
    /// What it is.
    pub role: Role,
    /// Bytes.
    pub n_bytes: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// What stands in the folder.
    pub in_folder: Standing,
    /// What the archive has, where that was asked.
    pub in_archive: Option<Standing>,
    /// What will be done.
    pub step: FileStep,
}

/// Why a publication is not given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum RedeliverRefusal {
    /// It waits for a release and was never given.
    Held,
    /// It was discarded and never given.
    Discarded,
    /// It was cut off and never stood whole in its folder.
    Unsettled,
    /// A file is to come back that the archive does not have.
    NotKept {
        /// The file.
        file: FileName,
    },
    /// A file is to come back whose bytes in the archive are not those that were published.
    KeptOtherwise {
        /// The file.
        file: FileName,
    },
    /// The notice alone was asked for, and a file it names does not stand.
    DataNotWhole {
        /// The file.
        file: FileName,
    },
}

impl fmt::Display for RedeliverRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("it is held; release or discard it"),
            Self::Discarded => f.write_str("it was discarded and never given"),
            Self::Unsettled => f.write_str("it was cut off and never stood whole in its folder; remake it"),
            Self::NotKept { file } => write!(f, "the archive does not have {file}; remake it"),
            Self::KeptOtherwise { file } => {
                write!(f, "{file} in the archive is not what was published; remake it")
            }
            Self::DataNotWhole { file } => write!(f, "{file} does not stand as published; begin from data"),
        }
    }
}

/// What follows for receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum RedeliverFollow {
    /// Who took it in before recognises the sequence as a repeat and changes nothing.
    SeenAsRepeat,
    /// Who lacks it takes it in, and then the later ones in order.
    LaterStandAfterIt {
        /// How many.
        n_later: u32,
        /// The last of them.
        last: Sequence,
    },
}

/// What a redelivery does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RedeliverPlan {
    /// The feed.
    pub feed: FeedId,
    /// The publication.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// Its business date.
    pub business_date: NaiveDate,
    /// Its folder, below the root.
    pub folder: String,
    /// Where it begins.
    pub from: RedeliverFrom,
    /// File by file, in order; the notice last.
    pub files: Vec<PlannedFile>,
    /// Why it will not be done; empty if it will.
    pub refusals: Vec<RedeliverRefusal>,
    /// What follows.
    pub follows: Vec<RedeliverFollow>,
}

impl RedeliverPlan {
    /// True when it can be carried out.
    pub fn is_allowed(&self) -> bool {
        self.refusals.is_empty()
    }

    /// How many files come back from the archive.
    pub fn n_back(&self) -> usize {
        let is_back = |file: &&PlannedFile| matches!(file.step, FileStep::PutBack | FileStep::Replace);
        self.files.iter().filter(is_back).count()
    }
}

/// Plans.
pub fn plan_redeliver(facts: RedeliverFacts<'_>, from: RedeliverFrom) -> RedeliverPlan {
    let RedeliverFacts { record, files, notice, last_sequence } = facts;
    let mut refusals = Vec::new();
    match record.progress {
        Progress::Published => {}
        Progress::Held => refusals.push(RedeliverRefusal::Held),
        Progress::Discarded => refusals.push(RedeliverRefusal::Discarded),
        Progress::Sealed => refusals.push(RedeliverRefusal::Unsettled),
    }
    let is_given = refusals.is_empty();
    let mut planned = Vec::new();
    for file in files {
        let (step, refusal) = data_step(&file, from);
        // What never stood in its folder is not looked for file by file.
        refusals.extend(refusal.filter(|_| is_given));
        planned.push(planned_file(file, step));
    }
    planned.push(planned_file(notice, FileStep::GiveAgain));
    let mut follows = vec![RedeliverFollow::SeenAsRepeat];
    let n_later = last_sequence.0.saturating_sub(record.sequence.0);
    if n_later > 0 {
        follows.push(RedeliverFollow::LaterStandAfterIt { n_later, last: last_sequence });
    }
    RedeliverPlan {
        feed: record.feed.clone(),
        sequence: record.sequence,
        kind: record.kind,
        business_date: record.business_date,
        folder: record.folder.clone(),
        from,
        files: planned,
        refusals,
        follows,
    }
}

fn data_step(file: &FileFacts, from: RedeliverFrom) -> (FileStep, Option<RedeliverRefusal>) {
    let name = || file.name.clone();
    let step = match file.in_folder {
        Standing::Same => return (FileStep::Leave, None),
        Standing::Missing => FileStep::PutBack,
        Standing::Other => FileStep::Replace,
    };
    match (from, file.in_archive) {
        (RedeliverFrom::Notice, _) => {
            (FileStep::Impossible, Some(RedeliverRefusal::DataNotWhole { file: name() }))
        }
        (RedeliverFrom::Data, Some(Standing::Same)) => (step, None),
        (RedeliverFrom::Data, Some(Standing::Other)) => {
            (FileStep::Impossible, Some(RedeliverRefusal::KeptOtherwise { file: name() }))
        }
        (RedeliverFrom::Data, Some(Standing::Missing) | None) => {
            (FileStep::Impossible, Some(RedeliverRefusal::NotKept { file: name() }))
        }
    }
}

fn planned_file(file: FileFacts, step: FileStep) -> PlannedFile {
    let FileFacts { name, role, content, in_folder, in_archive } = file;
    PlannedFile { name, role, n_bytes: content.n_bytes, sha256: content.sha256, in_folder, in_archive, step }
}
