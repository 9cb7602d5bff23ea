//! What conformance came to.

use chrono::NaiveDate;
use renkei_core::Sequence;
use renkei_core::notice::StateWords;
use serde::Serialize;

use crate::intake::InputIssue;

/// What was found of everything given.
#[derive(Debug, Clone, Serialize)]
pub struct ConformReport {
    /// 1.
    pub format: u32,
    /// Of everything together.
    pub verdict: Verdict,
    /// Errors in all.
    pub n_errors: u64,
    /// Warnings in all.
    pub n_warnings: u64,
    /// Each notice with its files, and each data file given alone.
    pub sets: Vec<SetConformance>,
    /// What does not fit between notices.
    pub chain_issues: Vec<InputIssue>,
    /// The state after the last notice, proven by the files; only where the notices have a full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven_state: Option<StateWords>,
}

/// What was found of one notice with its files, or of a data file alone.
#[derive(Debug, Clone, Serialize)]
pub struct SetConformance {
    /// How it was given.
    pub name: String,
    /// 連携ID with 枝番; empty where the notice cannot be read.
    pub interface: String,
    /// The layout's name, if its version is known.
    pub layout_name: String,
    /// 版数.
    pub version: String,
    /// The feed, as the notice says; empty without one.
    pub feed: String,
    /// The content; empty without a notice.
    pub kind: String,
    /// Its number in the feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// The day whose code tables and versions held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_date: Option<NaiveDate>,
    /// Of this one.
    pub verdict: Verdict,
    /// Errors, those of rows included.
    pub n_errors: u64,
    /// Warnings, those of rows included.
    pub n_warnings: u64,
    /// What is wrong with notice and names.
    pub issues: Vec<InputIssue>,
    /// Its data files.
    pub files: Vec<FileCount>,
    /// What is wrong with rows, by rule and column; the most frequent first.
    pub rules: Vec<RuleCount>,
}

/// How a partner's file is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// 適合: nothing is wrong.
    Conforms,
    /// 適合（警告あり）: it would be taken in, with warnings.
    ConformsWithWarnings,
    /// 不適合.
    DoesNotConform,
}

/// One data file in short.
#[derive(Debug, Clone, Serialize)]
pub struct FileCount {
    /// Its name.
    pub name: String,
    /// Rows read, header not counted.
    pub n_rows: u64,
    /// Bytes read.
    pub n_bytes: u64,
    /// Errors.
    pub n_errors: u64,
    /// Warnings.
    pub n_warnings: u64,
}

/// How often a rule is broken in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// The rule's word.
    pub rule: String,
    /// The column; empty for rows and files as a whole.
    pub column: String,
    /// True when it only warns.
    pub is_warning: bool,
    /// How often.
    pub count: u64,
    /// The first places.
    pub first: Vec<Place>,
}

/// Where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The data file.
    pub file: String,
    /// The line, from 1; the header is line 1, and 0 is the file as a whole.
    pub row: u64,
    /// What was found, where the rule does not say enough.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Verdict {
    /// The verdict on so many errors and warnings.
    pub const fn of(n_errors: u64, n_warnings: u64) -> Self {
        match (n_errors, n_warnings) {
            (0, 0) => Self::Conforms,
            (0, _) => Self::ConformsWithWarnings,
            _ => Self::DoesNotConform,
        }
    }

    /// True unless something is wrong.
    pub const fn conforms(self) -> bool {
        !matches!(self, Self::DoesNotConform)
    }
}

impl ConformReport {
    /// The report on sets and on what does not fit between them.
    pub fn new(
        sets: Vec<SetConformance>,
        chain_issues: Vec<InputIssue>,
        proven_state: Option<StateWords>,
    ) -> Self {
        let n_errors = sets.iter().map(|set| set.n_errors).sum::<u64>() + chain_issues.len() as u64;
        let n_warnings = sets.iter().map(|set| set.n_warnings).sum();
        let verdict = Verdict::of(n_errors, n_warnings);
        Self { format: 1, verdict, n_errors, n_warnings, sets, chain_issues, proven_state }
    }
}
