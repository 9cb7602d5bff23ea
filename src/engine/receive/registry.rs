//! Sets whose rows go into the registry: as moves, or as transfer cases.
//!
//! Both know by its SHA-256 a file they took in before, so that a set handed over again after a crash, before its
//! mark was set, does nothing twice.

use renkei_core::hash::sha256;
use renkei_core::notice::{DataFile, Notice};
use renkei_core::port::TakeCounts;
use renkei_core::receive::{Reason, ReasonCode};
use renkei_core::text::Encoding;
use renkei_core::transfer::CaseKind;
use renkei_core::{Digest, Fault as _, FileName};

use super::desk::HandedOver;
use super::left_out::LeftOut;
use super::row_report::RowReport;
use super::verified::VerifiedSet;
use crate::error::EngineError;
use crate::house::House;
use crate::intake::{ApplyOptions, InputIssue, IssueList, MovesFollower, Strictness, apply_moves_for};
use crate::judge::{FileJudge, KeyOrder};
use crate::transfer::{CaseSource, TransferTerms, compare_new, go_on, take_in};

/// Puts a report on rows where the sender finds it.
type PutReport<'p> = dyn FnMut(&RowReport) -> Result<(), EngineError> + 'p;

/// Applies the rows of a set as moves: one set, one commit. Rows that the layout parked are left out of it; where
/// rows are parked, so are moves that the registry refuses.
pub fn to_moves(
    house: House<'_>,
    set: &VerifiedSet<'_>,
    left_out: &mut LeftOut<'_, '_>,
    put_report: &mut PutReport<'_>,
) -> Result<HandedOver, EngineError> {
    let notice = &set.found.notice;
    let [named] = notice.files.as_slice() else { return Ok(refused("moves come in one file")) };
    if set.format.encoding == Encoding::Cp932 {
        return Ok(refused("moves come as UTF-8"));
    }
    let strictness = if set.parks_rows { Strictness::Each } else { Strictness::Set };
    let options = ApplyOptions { file: named.name.as_str(), strictness, again_because: None };
    let mut follower = MovesOfSet { file: &named.name, left_out, put_report };
    match apply_moves_for(house, set.open(&named.name)?, &options, &mut follower) {
        Ok(applied) => {
            Ok(HandedOver::Taken(TakeCounts { added: applied.n_applied, ..TakeCounts::default() }))
        }
        Err(rejected) => match rejected.error {
            EngineError::SameFile { n_moves, .. } => {
                left_out.taken_over_before(set.parks_rows.then_some(n_moves));
                Ok(HandedOver::Taken(TakeCounts { added: n_moves, ..TakeCounts::default() }))
            }
            EngineError::Refused { .. } | EngineError::Header { .. } => {
                let place_of = |row| (&named.name, (set.source_row)(&named.name, row));
                Ok(HandedOver::Refused(reasons(&rejected.error, &rejected.issues, &place_of)))
            }
            error => Err(error),
        },
    }
}

/// Tells a set what becomes of its moves.
struct MovesOfSet<'m, 'l, 'r> {
    file: &'m FileName,
    left_out: &'m mut LeftOut<'l, 'r>,
    put_report: &'m mut PutReport<'m>,
}

impl MovesFollower for MovesOfSet<'_, '_, '_> {
    fn is_left_out(&self, row: u64) -> bool {
        self.left_out.is_parked(self.file, row)
    }

    fn refused(&mut self, issue: &InputIssue) -> Result<(), EngineError> {
        self.left_out.refused(self.file, issue)
    }

    /// Once the moves are in, nobody can tell any more which of them were refused and why.
    fn before_commit(&mut self) -> Result<(), EngineError> {
        self.left_out.put_report(self.put_report)
    }
}

/// Takes in the rows of a set as transfer cases of a kind, one case of each row.
pub fn to_transfers(
    house: House<'_>,
    terms: &TransferTerms,
    kind: CaseKind,
    set: &VerifiedSet<'_>,
    left_out: &mut LeftOut<'_, '_>,
) -> Result<HandedOver, EngineError> {
    let notice = &set.found.notice;
    let columns: Vec<&str> = set.layout.columns.iter().map(|column| column.header_romaji.as_str()).collect();
    let mut rows: Vec<(u64, Vec<(&str, String)>)> = Vec::new();
    let mut lines = Lines { files: Vec::new(), n_seen: 0, of_none: &set.found.notice_name };
    let mut judge = FileJudge::new(set.layout, set.format, notice.business_date, KeyOrder::Unchecked);
    for named in &notice.files {
        let n_before = lines.begin(&named.name);
        let judged = judge.judge(set.open(&named.name)?, &mut |batch| {
            for row in batch.rows() {
                lines.n_seen = lines.n_seen.max(n_before + row.row_no());
                if !row.has_error() {
                    let texts = row.fields().map(std::borrow::Cow::into_owned);
                    rows.push((n_before + row.row_no(), columns.iter().copied().zip(texts).collect()));
                }
            }
            Ok::<(), EngineError>(())
        })?;
        if let Some(source) = judged.unreadable {
            return Err(EngineError::Input { file: named.name.to_string(), source });
        }
    }
    if rows.is_empty() {
        // A day without cases is handed in too, and counted like any other.
        return Ok(HandedOver::Taken(TakeCounts::default()));
    }
    let source = CaseSource { file: set.found.notice_name.as_str(), sha256: source_of(notice), kind };
    match take_in(house, source, terms, rows) {
        Ok(taken) => {
            // What was prepared is linked at once, and compared before a clerk looks at it; a repeat goes on where
            // the first time was cut off.
            for fault in go_on(house)? {
                tracing::warn!(
                    fault.code = fault.code(),
                    "a prepared file could not be handed out yet: {fault}"
                );
            }
            compare_new(house, taken.cases())?;
            let added = u64::from(taken.source.n_cases);
            Ok(HandedOver::Taken(TakeCounts { added, ..TakeCounts::default() }))
        }
        Err(rejected) => match rejected.error {
            EngineError::Refused { .. } | EngineError::Header { .. } => {
                for issue in rejected.issues.listed.iter().filter(|issue| !issue.is_warning) {
                    let (file, row) = lines.place_of(issue.row);
                    left_out.refused(file, &InputIssue { row, ..issue.clone() })?;
                }
                let place_of = |line| {
                    let (file, row) = lines.place_of(line);
                    (file, (set.source_row)(file, row))
                };
                Ok(HandedOver::Refused(reasons(&rejected.error, &rejected.issues, &place_of)))
            }
            error => Err(error),
        },
    }
}

/// What a set of cases is known by, whatever number it comes under: its file, as it is when it is taken in by hand;
/// of several, the digest of their digests.
fn source_of(notice: &Notice) -> Digest {
    match notice.files.as_slice() {
        [one] => one.sha256,
        files => {
            let digests: Vec<u8> = files.iter().flat_map(|DataFile { sha256, .. }| sha256.0).collect();
            Digest(sha256(&digests))
        }
    }
}

fn refused(detail: &str) -> HandedOver {
    HandedOver::Refused(vec![Reason::of_set(ReasonCode::RegistryRefused, detail.to_owned())])
}

/// The lines of several files, counted through.
struct Lines<'n> {
    /// The files, each with how many lines come before it.
    files: Vec<(u64, &'n FileName)>,
    n_seen: u64,
    /// The set's name, for what stands in none of its files.
    of_none: &'n FileName,
}

impl<'n> Lines<'n> {
    /// Begins a file; how many lines come before it.
    fn begin(&mut self, file: &'n FileName) -> u64 {
        self.files.push((self.n_seen, file));
        self.n_seen
    }

    /// The file that a line counted through stands in, and its line there.
    fn place_of(&self, line: u64) -> (&'n FileName, u64) {
        let file = self.files.iter().rev().find(|(n_before, _)| *n_before < line);
        file.map_or((self.of_none, line), |(n_before, file)| (*file, line - n_before))
    }
}

/// Every rule broken, with how often; the first places of each are in the list of issues, which names no value.
fn reasons<'n>(
    error: &EngineError,
    issues: &IssueList,
    place_of: &dyn Fn(u64) -> (&'n FileName, u64),
) -> Vec<Reason> {
    let mut reasons = vec![Reason::of_set(ReasonCode::RegistryRefused, error.to_string())];
    reasons.extend(issues.listed.iter().filter(|issue| !issue.is_warning).map(|issue| {
        let (file, row) = place_of(issue.row);
        Reason {
            code: issue.rule.clone(),
            detail: issue.detail.clone(),
            file: Some(file.to_string()),
            row: Some(row),
            column: Some(issue.column.clone()).filter(|column| !column.is_empty()),
            count: None,
        }
    }));
    if issues.n_unlisted() > 0 {
        reasons.extend(issues.by_rule.iter().map(|(place_and_rule, count)| Reason {
            code: place_and_rule.clone(),
            detail: String::new(),
            file: None,
            row: None,
            column: None,
            count: Some(*count as u64),
        }));
    }
    reasons
}
