//! A chain of publications: a full and the diffs on it, or any of them alone.

use std::collections::{HashMap, HashSet};

use renkei_core::csv_file::{Newline, Quote};
use renkei_core::layout::{FileFormat, HeaderRow, Layout, Rows};
use renkei_core::notice::{ChangeCounts, FileFormatWords, Notice, StateWords};
use renkei_core::publication::Kind;
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::text::Encoding;

use super::file::{self, Room, SeenRow};
use super::report::{ChainReport, NoticeReport};
use super::{Finding, Given, beside};
use crate::intake::InputIssue;
use crate::judge::{FileJudge, KeyOrder};

/// A diff's rows in short: memory goes with diffs, not with fulls.
#[derive(Default)]
struct DiffRows {
    rows: Vec<(Vec<u8>, usize, Option<RowDigest>)>,
}

/// Verifies notices given in any order. A full and diffs of one feed are proven as a chain, by sequence;
/// everything else by itself.
pub fn verify(given: Vec<Given<'_>>) -> ChainReport {
    verify_watched(given, u64::MAX, &mut |_| {})
}

/// [`verify`], telling each issue of a data file as it is found: a report lists only the first of them. Of a set with
/// more rows than `most_rows` no more are looked at: what is kept of each, some twenty bytes of a set alone and its key
/// of a diff in a chain, is memory.
pub fn verify_watched(
    mut given: Vec<Given<'_>>,
    most_rows: u64,
    watch: &mut dyn FnMut(&Finding<'_>),
) -> ChainReport {
    given.sort_by_key(|given| {
        given.notice.as_ref().map_or((0, 0), |notice| (rank(notice), notice.sequence.0))
    });
    let mut report = ChainReport { notices: Vec::new(), chain_issues: Vec::new(), proven_state: None };
    // Diffs first: of the full, only the rows they touch need to be remembered.
    let mut diffs: HashMap<usize, DiffRows> = HashMap::new();
    let mut reports: HashMap<usize, NoticeReport> = HashMap::new();
    let mut touched: HashSet<Vec<u8>> = HashSet::new();
    for (index, one) in given.iter().enumerate().filter(|(_, one)| kind(one) == Some(Kind::Diff)) {
        let mut rows = DiffRows::default();
        // A diff alone is followed by nothing and follows nothing.
        let kept = (given.len() > 1).then_some(&mut rows);
        reports.insert(index, verify_diff(one, kept, most_rows, watch));
        touched.extend(rows.rows.iter().map(|(key, _, _)| key.clone()));
        diffs.insert(index, rows);
    }
    let mut chain = Chain::default();
    for (index, one) in given.iter().enumerate() {
        let notice = one.notice.as_ref().ok();
        let mut found = match reports.remove(&index) {
            Some(found) => found,
            None => verify_rows(one, &touched, &mut chain, &mut report.chain_issues, (most_rows, watch)),
        };
        if let (Some(notice), Some(rows)) = (notice, diffs.get(&index)) {
            if chain.last.is_some() {
                chain.follow(notice, rows, &mut found, &mut report.chain_issues);
            } else if given.len() > 1 {
                // Not proven, which must not look as if it were.
                let detail = format!(
                    "{} {}: no full before it among the notices; give one with --base to prove it",
                    notice.feed, notice.sequence
                );
                report.chain_issues.push(InputIssue::of_row(0, "no-base", detail));
            }
        }
        report.notices.push(found);
    }
    if chain.last.is_some() {
        report.proven_state = Some(words(&chain.state));
    }
    report
}

/// Fulls come before diffs, extracts after both.
fn rank(notice: &Notice) -> u8 {
    match notice.kind {
        Kind::Full | Kind::Diff => 0,
        Kind::Single | Kind::AsOf => 1,
    }
}

fn kind(given: &Given<'_>) -> Option<Kind> {
    given.notice.as_ref().ok().map(|notice| notice.kind)
}

fn words(state: &FeedState) -> StateWords {
    StateWords { n_rows: u64::try_from(state.n_rows()).unwrap_or(0), digest: state.digest() }
}

/// What a receiver holds after the publications so far.
struct Chain {
    state: FeedState,
    /// The digest of each row that a diff touches.
    known: HashMap<Vec<u8>, RowDigest>,
    /// The feed and number of the publication before.
    last: Option<Notice>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { state: FeedState::empty(), known: HashMap::new(), last: None }
    }
}

impl Chain {
    /// Applies a diff.
    fn follow(
        &mut self,
        notice: &Notice,
        diff: &DiffRows,
        report: &mut NoticeReport,
        chain_issues: &mut Vec<InputIssue>,
    ) {
        let Some(last) = &self.last else { return };
        let mut issue = |rule: &str, detail: String| {
            let detail = format!("{} {}: {detail}", notice.feed, notice.sequence);
            chain_issues.push(InputIssue::of_row(0, rule, detail));
        };
        if last.feed != notice.feed {
            issue("other-feed", format!("does not belong to the chain of {}", last.feed));
            return;
        }
        if notice.base_sequence != Some(last.sequence) {
            let base = notice.base_sequence.map_or(0, |base| base.0);
            issue(
                "sequence-gap",
                format!("builds on publication {base}, but the one before it here is {}", last.sequence),
            );
        }
        if notice.state_before != Some(words(&self.state)) {
            issue("wrong-state-before", "the state before is not what the files before it give".to_owned());
        }
        let mut counts = ChangeCounts::default();
        for (key, bucket, after) in &diff.rows {
            let before = match after {
                Some(digest) => self.known.insert(key.clone(), *digest),
                None => self.known.remove(key),
            };
            match (&before, after) {
                (None, Some(_)) => counts.added += 1,
                (Some(_), Some(_)) => counts.changed += 1,
                (Some(_), None) => counts.removed += 1,
                (None, None) => {
                    issue("removes-unknown-row", "a row is removed that was not there".to_owned());
                }
            }
            if let Some(before) = &before {
                self.state.remove(*bucket, before);
            }
            if let Some(after) = after {
                self.state.add(*bucket, after);
            }
        }
        if notice.changes != Some(counts) {
            report.issue(
                "wrong-change-counts",
                format!(
                    "the files have {} added, {} changed, {} removed",
                    counts.added, counts.changed, counts.removed
                ),
            );
        }
        if notice.state_after != Some(words(&self.state)) {
            report
                .issue("wrong-state-after", "previous state and diff do not give the state after".to_owned());
        }
        self.last = Some(notice.clone());
    }
}

fn verify_diff(
    given: &Given<'_>,
    mut kept: Option<&mut DiffRows>,
    most_rows: u64,
    watch: &mut dyn FnMut(&Finding<'_>),
) -> NoticeReport {
    let (mut report, parts) = begin(given);
    let Some((notice, layout, format)) = parts else { return report };
    let mut judge = FileJudge::new(layout, format, notice.business_date, KeyOrder::Any);
    let (mut n_removed, mut room) = (0_u64, Room::of(most_rows));
    for file in &notice.files {
        let mut seen = |row: SeenRow<'_>| {
            n_removed += u64::from(row.is_removed);
            if let Some(kept) = &mut kept {
                kept.rows.push((row.key.to_vec(), row.bucket, (!row.is_removed).then_some(row.digest)));
            }
        };
        let found = file::check(&mut judge, &mut room, given.beside, file, &mut seen, &mut |issue| {
            watch(&Finding { set: &given.label, file: file.name.as_str(), issue });
        });
        report.files.push(found);
    }
    if room.is_exceeded {
        return report;
    }
    if notice.changes.is_some_and(|changes| changes.removed != n_removed) {
        report.issue("wrong-change-counts", format!("the files remove {n_removed} rows"));
    }
    report
}

/// A full or an extract; a full ends the chain before it, which it must equal, and begins another.
fn verify_rows(
    given: &Given<'_>,
    touched: &HashSet<Vec<u8>>,
    chain: &mut Chain,
    chain_issues: &mut Vec<InputIssue>,
    (most_rows, watch): (u64, &mut dyn FnMut(&Finding<'_>)),
) -> NoticeReport {
    let (mut report, parts) = begin(given);
    let Some((notice, layout, format)) = parts else { return report };
    // The hub writes in key order; whoever hands in may write in any.
    let order = if layout.rows == Rows::Received { KeyOrder::Any } else { KeyOrder::Ascending };
    let mut judge = FileJudge::new(layout, format, notice.business_date, order);
    let mut state = FeedState::empty();
    let mut known = HashMap::new();
    let (mut n_removed, mut room) = (0_u64, Room::of(most_rows));
    for file in &notice.files {
        let mut seen = |row: SeenRow<'_>| {
            n_removed += u64::from(row.is_removed);
            state.add(row.bucket, &row.digest);
            if touched.contains(row.key) {
                known.insert(row.key.to_vec(), row.digest);
            }
        };
        let found = file::check(&mut judge, &mut room, given.beside, file, &mut seen, &mut |issue| {
            watch(&Finding { set: &given.label, file: file.name.as_str(), issue });
        });
        report.files.push(found);
    }
    if room.is_exceeded {
        return report;
    }
    if n_removed > 0 {
        report.issue(
            "removal-in-full",
            format!("{n_removed} rows are marked as removed, which only a diff may have"),
        );
    }
    if notice.kind == Kind::Full {
        if notice.state_after != Some(words(&state)) {
            report.issue("wrong-state-after", "the rows of the files do not give the state after".to_owned());
        }
        if let Some(last) = &chain.last
            && last.feed == notice.feed
            && last.commits.through == notice.commits.through
            && chain.state != state
        {
            // Nothing was committed in between, so the files before must lead to the same rows.
            let n_buckets = chain.state.differing_buckets(&state).len();
            let detail = format!(
                "{} {}: the full is not what the files up to {} lead to ({n_buckets} of 256 buckets differ)",
                notice.feed, notice.sequence, last.sequence
            );
            chain_issues.push(InputIssue::of_row(0, "full-differs", detail));
        }
        *chain = Chain { state, known, last: Some(notice.clone()) };
    }
    report
}

/// The report with what can be said of the notice, and what is needed to read its files.
fn begin<'g>(given: &'g Given<'_>) -> (NoticeReport, Option<(&'g Notice, &'g Layout, FileFormat)>) {
    let mut report = NoticeReport {
        notice: given.label.clone(),
        feed: String::new(),
        version: String::new(),
        kind: String::new(),
        sequence: None,
        issues: Vec::new(),
        files: Vec::new(),
    };
    let notice = match &given.notice {
        Ok(notice) => notice,
        Err(error) => {
            report.issue("notice-unreadable", error.to_string());
            return (report, None);
        }
    };
    report.feed = notice.feed.to_string();
    report.version = notice.version.to_string();
    report.kind = notice.kind.to_string();
    report.sequence = Some(notice.sequence);
    let Some(layout) = given.layout else {
        let id = format!("{}-{} {}", notice.interface, notice.branch, notice.version);
        report.issue("unknown-version", format!("no layout for {id} is declared here"));
        return (report, None);
    };
    if !layout.is_valid_on(notice.business_date) {
        let detail = format!("version {} is not in force on {}", notice.version, notice.business_date);
        report.issue("not-in-force", detail);
    }
    beside::check(given, notice, &mut report);
    if notice.n_columns != layout.columns.len() {
        let detail =
            format!("{} columns declared, the layout has {}", notice.n_columns, layout.columns.len());
        report.issue("wrong-columns", detail);
    }
    let Some(format) = file_format(&notice.file_format) else {
        report.issue(
            "unknown-file-format",
            "encoding, newline, quote or header is a word unknown here".to_owned(),
        );
        return (report, None);
    };
    (report, Some((notice, layout, format)))
}

fn file_format(words: &FileFormatWords) -> Option<FileFormat> {
    Some(FileFormat {
        encoding: Encoding::parse(&words.encoding)?,
        newline: Newline::parse(&words.newline)?,
        quote: Quote::parse(&words.quote)?,
        header: HeaderRow::parse(&words.header)?,
    })
}
