//! What verifying found.

use renkei_core::Sequence;
use renkei_core::notice::StateWords;
use serde::Serialize;

use crate::intake::{InputIssue, IssueList};

/// What was found of all the notices given.
#[derive(Debug, Clone, Serialize)]
pub struct ChainReport {
    /// Each notice by itself, in the order of the chain.
    pub notices: Vec<NoticeReport>,
    /// What does not fit between them.
    pub chain_issues: Vec<InputIssue>,
    /// The state after the last, proven by the files; only where the chain starts with a full.
    pub proven_state: Option<StateWords>,
}

/// What was found of one publication.
#[derive(Debug, Clone, Serialize)]
pub struct NoticeReport {
    /// How the notice was given.
    pub notice: String,
    /// The feed, as the notice says.
    pub feed: String,
    /// 版数.
    pub version: String,
    /// The content.
    pub kind: String,
    /// Its number.
    pub sequence: Option<Sequence>,
    /// What is wrong with the notice itself.
    pub issues: Vec<InputIssue>,
    /// Its data files.
    pub files: Vec<FileReport>,
}

/// What was found of one file.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport {
    /// Its name.
    pub name: String,
    /// Rows read, header not counted.
    pub n_rows: u64,
    /// Bytes read.
    pub n_bytes: u64,
    /// What is wrong with it.
    pub issues: IssueList,
}

impl ChainReport {
    /// True when nothing but warnings was found.
    pub fn is_sound(&self) -> bool {
        self.chain_issues.is_empty() && self.notices.iter().all(NoticeReport::is_sound)
    }
}

impl NoticeReport {
    /// True when nothing but warnings was found.
    pub fn is_sound(&self) -> bool {
        self.issues.is_empty() && self.files.iter().all(|file| file.issues.n_errors == 0)
    }

    pub(super) fn issue(&mut self, rule: &str, detail: String) {
        self.issues.push(InputIssue::of_row(0, rule, detail));
    }
}
