//! The completion notice (格納完了通知): published last, it declares a publication complete and says what it is.
//!
//! It is data: nothing in it is run or used as a path. A reader of format 1 tolerates fields it does not
//! know, so that later programs may add some; another format is refused.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::csv_file::{Newline, Quote};
use crate::fault::{Class, Fault};
use crate::file_name::FileName;
use crate::hash::sha256;
use crate::ids::{Branch, Digest, FeedId, InterfaceId, Sequence, Version, Window};
use crate::layout::{FileFormat, HeaderRow};
use crate::naming::NOTICE_ENDING;
use crate::publication::Kind;
use crate::text::Encoding;

/// The format this program writes and reads.
pub const FORMAT: u32 = 1;
/// The longest notice that is read, in bytes: room for thousands of parts.
pub const MAX_BYTES: usize = 1 << 20;

/// What is read first: a later format may have another shape.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// [`FORMAT`].
    pub format: u32,
    /// 市区町村コード.
    pub municipality: String,
    /// 連携ID.
    pub interface: InterfaceId,
    /// 枝番.
    pub branch: Branch,
    /// 版数 (WT資料 2.2.2).
    pub version: Version,
    /// The feed.
    pub feed: FeedId,
    /// The content.
    pub kind: Kind,
    /// Its number in the feed.
    pub sequence: Sequence,
    /// For a diff, the number of the publication it builds on.
    pub base_sequence: Option<Sequence>,
    /// The commits it brings; a full brings all of them, from 0.
    pub commits: Window,
    /// For a full as of a day, that day.
    pub as_of: Option<NaiveDate>,
    /// The business date (業務日).
    pub business_date: NaiveDate,
    /// When it was made, with offset: for people.
    pub created_at: String,
    /// How the data files are written.
    pub file_format: FileFormatWords,
    /// How many columns they have.
    pub n_columns: usize,
    /// The data files, in order; at least one, and the last is marked.
    pub files: Vec<DataFile>,
    /// Files beside them that are not data: reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportFile>,
    /// Rows in all data files, headers not counted.
    pub n_rows: u64,
    /// Of a diff's rows: how many are new to the receiver, changed, removed.
    pub changes: Option<ChangeCounts>,
    /// What a receiver holds before, where that matters: diffs. The hub's own always have it; a sender that keeps
    /// no state leaves both out.
    pub state_before: Option<StateWords>,
    /// What a receiver holds after; absent where the publication moves no state.
    pub state_after: Option<StateWords>,
}

/// How data files are written, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFormatWords {
    /// `utf-8`, `utf-8-bom`, `cp932`.
    pub encoding: String,
    /// `crlf`, `lf`.
    pub newline: String,
    /// `always`, `needed`, `never`.
    pub quote: String,
    /// `ja`, `romaji`, `none`.
    pub header: String,
}

impl FileFormatWords {
    /// What the words mean; `None` where one is unknown.
    pub fn read(&self) -> Option<FileFormat> {
        Some(FileFormat {
            encoding: Encoding::parse(&self.encoding)?,
            newline: Newline::parse(&self.newline)?,
            quote: Quote::parse(&self.quote)?,
            header: HeaderRow::parse(&self.header)?,
        })
    }
}

/// One data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Its name, in the notice's own folder.
    pub name: FileName,
    /// Rows, header not counted.
    pub n_rows: u64,
    /// Bytes.
    pub n_bytes: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// True for the last of the publication.
    pub is_last: bool,
}

/// One report beside the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportFile {
    /// Its name.
    pub name: FileName,
    /// `degraded`: characters that went through the degrade map, by row key and column.
    pub kind: String,
    /// Lines, header not counted.
    pub n_rows: u64,
    /// Bytes.
    pub n_bytes: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
}

/// What a diff's rows do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCounts {
    /// Rows the receiver does not have.
    pub added: u64,
    /// Rows it has with other content.
    pub changed: u64,
    /// Rows it is to drop.
    pub removed: u64,
}

/// A state in short: how many rows, and the digest over the 256 buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateWords {
    /// Rows held.
    pub n_rows: u64,
    /// [`crate::state::FeedState::digest`].
    pub digest: Digest,
}

/// A notice that cannot be read. What it holds is not repeated: it is foreign data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// Longer than [`MAX_BYTES`].
    #[error("the notice is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not one JSON object of the right shape.
    #[error("the notice is not well-formed: {detail}")]
    Malformed {
        /// Where and what.
        detail: String,
    },
    /// Written in another format.
    #[error("the notice has format {found}; this program reads format {FORMAT}")]
    Format {
        /// The format found.
        found: u64,
    },
    /// Its parts contradict one another.
    #[error("the notice contradicts itself: {what}")]
    Contradiction {
        /// How.
        what: &'static str,
    },
}

impl Fault for NoticeError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "notice.too-long",
            Self::Malformed { .. } => "notice.malformed",
            Self::Format { .. } => "notice.format",
            Self::Contradiction { .. } => "notice.contradiction",
        }
    }

    fn class(&self) -> Class {
        Class::Partner
    }
}

impl Notice {
    /// The notice as published: one JSON object, indented, with a newline at its end.
    pub fn to_json(&self) -> Result<String, NoticeError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| NoticeError::Malformed { detail: error.to_string() })?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a notice and checks that it does not contradict itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoticeError> {
        if bytes.len() > MAX_BYTES {
            return Err(NoticeError::TooLong);
        }
        let malformed = |error: serde_json::Error| NoticeError::Malformed {
            // The category and place only: the message may quote the foreign text.
            detail: format!(
                "{:?} error at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            ),
        };
        let Format { format } = serde_json::from_slice(bytes).map_err(malformed)?;
        if format != u64::from(FORMAT) {
            return Err(NoticeError::Format { found: format });
        }
        let notice: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        match notice.contradiction() {
            Some(what) => Err(NoticeError::Contradiction { what }),
            None => Ok(notice),
        }
    }

    /// What the publication is, whatever its notice says about when and by whom it was made: SHA-256 over interface,
    /// branch, version, feed, kind, sequence, base and the digests of its data files, each followed by a newline.
    /// Two notices with the same one bring the same rows.
    pub fn content_sha256(&self) -> Digest {
        let base = self.base_sequence.map(|base| base.to_string()).unwrap_or_default();
        let mut text = format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n{base}\n",
            self.interface, self.branch, self.version, self.feed, self.kind, self.sequence
        );
        for file in &self.files {
            text.push_str(&file.sha256.to_string());
            text.push('\n');
        }
        Digest(sha256(text.as_bytes()))
    }

    /// The names of its data files and then of its reports.
    pub fn names(&self) -> impl Iterator<Item = &FileName> {
        let files = self.files.iter().map(|file| &file.name);
        files.chain(self.reports.iter().map(|report| &report.name))
    }

    /// True for a diff that puts right what is held of the very publication it builds on.
    pub fn is_correction(&self) -> bool {
        self.kind == Kind::Diff && self.base_sequence == Some(self.sequence)
    }

    fn contradiction(&self) -> Option<&'static str> {
        let different: std::collections::BTreeSet<&FileName> = self.names().collect();
        let last = self.files.split_last();
        let counted = self.files.iter().try_fold(0_u64, |sum, file| sum.checked_add(file.n_rows));
        if last.is_none() {
            return Some("it names no data file");
        }
        if last.is_some_and(|(last, others)| !last.is_last || others.iter().any(|file| file.is_last)) {
            return Some("not exactly the last data file is marked as the last");
        }
        if different.len() != self.names().count() {
            return Some("a file is named twice");
        }
        if self.names().any(|name| name.as_str().ends_with(NOTICE_ENDING)) {
            return Some("it names a notice as one of its files");
        }
        if counted != Some(self.n_rows) {
            return Some("the rows of the files do not add up to n_rows");
        }
        if self.commits.after > self.commits.through {
            return Some("its window of commits ends before it begins");
        }
        match self.kind {
            Kind::Diff => {
                if self.base_sequence.is_none_or(|base| base > self.sequence) {
                    return Some("a diff does not build on an earlier publication");
                }
                if self.is_correction()
                    && (self.state_before.is_none() || self.state_before == self.state_after)
                {
                    return Some("a diff builds on itself and proves no other state");
                }
                if self.state_before.is_some() != self.state_after.is_some() {
                    return Some("a diff with the state before or after, but not both");
                }
                let changes = match (self.changes, self.state_after) {
                    (None, Some(_)) => return Some("a diff without changes counted"),
                    // A sender that keeps no state proves nothing; whether that will do is for the taker to say.
                    (None, None) => return None,
                    (Some(changes), _) => changes,
                };
                let sum = [changes.added, changes.changed, changes.removed]
                    .iter()
                    .try_fold(0_u64, |sum, n| sum.checked_add(*n));
                if sum != Some(self.n_rows) {
                    return Some("added, changed and removed rows do not add up to n_rows");
                }
                let (Some(before), Some(after)) = (self.state_before, self.state_after) else { return None };
                let expected =
                    i128::from(before.n_rows) + i128::from(changes.added) - i128::from(changes.removed);
                (i128::from(after.n_rows) != expected)
                    .then_some("the rows before, added and removed do not give the rows after")
            }
            Kind::Full => {
                let rows_after = self.state_after.map(|state| state.n_rows);
                rows_after
                    .is_some_and(|n_rows| n_rows != self.n_rows)
                    .then_some("a full whose rows are not the state after it")
            }
            Kind::Single => self.state_after.is_some().then_some("a single that moves a state"),
            Kind::AsOf => (self.state_after.is_some() || self.as_of.is_none())
                .then_some("a full as of a day that moves a state or has no day"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::CommitNo;

    fn diff() -> Notice {
        let state = |n_rows| Some(StateWords { n_rows, digest: Digest([7; 32]) });
        Notice {
            format: FORMAT,
            municipality: "082201".to_owned(),
            interface: "001o005".parse().unwrap(),
            branch: "00".parse().unwrap(),
            version: "1.1".parse().unwrap(),
            feed: "001o005-v1.1".parse().unwrap(),
            kind: Kind::Diff,
            sequence: Sequence(2),
            base_sequence: Some(Sequence(1)),
            commits: Window { after: CommitNo(1), through: CommitNo(4) },
            as_of: None,
            business_date: "2026-10-02".parse().unwrap(),
            created_at: "2026-10-02T01:30:00+09:00".to_owned(),
            file_format: FileFormatWords {
                encoding: "utf-8".to_owned(),
                newline: "crlf".to_owned(),
                quote: "always".to_owned(),
                header: "ja".to_owned(),
            },
            n_columns: 3,
            files: vec![DataFile {
                name: "x.csv".parse().unwrap(),
                n_rows: 3,
                n_bytes: 100,
                sha256: Digest([1; 32]),
                is_last: true,
            }],
            reports: Vec::new(),
            n_rows: 3,
            changes: Some(ChangeCounts { added: 1, changed: 1, removed: 1 }),
            state_before: state(10),
            state_after: state(10),
        }
    }

    #[test]
    fn a_notice_reads_what_it_wrote_and_tolerates_more() {
        let text = diff().to_json().unwrap();
        assert_eq!(Notice::parse(text.as_bytes()), Ok(diff()));
        let more = text.replacen('{', "{ \"later_field\": [1],", 1);
        assert_eq!(Notice::parse(more.as_bytes()), Ok(diff()));
    }

    #[test]
    fn every_cut_of_a_notice_is_refused() {
        let text = diff().to_json().unwrap();
        for length in 0..text.trim_end().len() {
            assert!(Notice::parse(&text.as_bytes()[..length]).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn contradictions_are_found() {
        let check = |change: fn(&mut Notice), expect: &str| {
            let mut notice = diff();
            change(&mut notice);
            let found = Notice::parse(notice.to_json().unwrap().as_bytes());
            assert!(
                matches!(&found, Err(NoticeError::Contradiction { what }) if what.contains(expect)),
                "{expect}: {found:?}"
            );
        };
        check(|n| n.files.clear(), "no data file");
        check(|n| n.files[0].is_last = false, "marked as the last");
        check(|n| n.files[0].name = "x.done".parse().unwrap(), "names a notice");
        let report = |name: &str| ReportFile {
            name: name.parse().unwrap(),
            kind: "degraded".to_owned(),
            n_rows: 0,
            n_bytes: 0,
            sha256: Digest([2; 32]),
        };
        let mut twice = diff();
        twice.reports = vec![report("x.csv")];
        assert_eq!(twice.contradiction(), Some("a file is named twice"));
        check(|n| n.files[0].n_rows = 4, "add up to n_rows");
        check(|n| n.files[0].n_rows = u64::MAX, "add up to n_rows");
        check(|n| n.changes = None, "without changes");
        check(|n| n.changes = Some(ChangeCounts::default()), "removed rows do not add up");
        check(|n| n.base_sequence = Some(Sequence(3)), "earlier publication");
        check(|n| n.base_sequence = None, "earlier publication");
        // One that builds on itself is a correction, if it says what it corrects.
        let mut right = diff();
        right.base_sequence = Some(Sequence(2));
        right.state_before.as_mut().unwrap().digest = Digest([8; 32]);
        assert!(right.is_correction() && right.contradiction().is_none());
        check(
            |n| {
                n.base_sequence = Some(Sequence(2));
                n.state_before = n.state_after;
            },
            "proves no other state",
        );
        check(|n| n.state_before = None, "but not both");
        check(|n| n.state_before.as_mut().unwrap().n_rows = 9, "give the rows after");
        check(|n| n.commits.after = CommitNo(9), "ends before");
        check(|n| n.kind = Kind::Full, "a full whose rows");
        let mut bare = diff();
        (bare.state_before, bare.state_after, bare.changes) = (None, None, None);
        assert!(Notice::parse(bare.to_json().unwrap().as_bytes()).is_ok());
        check(|n| n.kind = Kind::Single, "moves a state");
    }

    #[test]
    fn foreign_paths_and_formats_are_refused_without_being_repeated() {
        let text = diff().to_json().unwrap().replace("x.csv", "../../etc/passwd");
        let error = Notice::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, NoticeError::Malformed { .. }));
        assert!(!error.to_string().contains("passwd"), "{error}");
        let later = diff().to_json().unwrap().replace("\"format\": 1", "\"format\": 2");
        assert_eq!(Notice::parse(later.as_bytes()), Err(NoticeError::Format { found: 2 }));
        assert_eq!(Notice::parse(&vec![b' '; MAX_BYTES + 1]), Err(NoticeError::TooLong));
    }
}
