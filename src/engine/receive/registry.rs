//! Sets whose rows go into the registry: as moves, or as transfer cases.
//!
//! Both know by its SHA-256 a file they took in before, so that a set handed over again after a crash, before its
//! mark was set, does nothing twice.

use renkei_core::Fault as _;
use renkei_core::port::TakeCounts;
use renkei_core::receive::{Reason, ReasonCode};
use renkei_core::text::Encoding;
use renkei_core::transfer::{CaseKind, CaseNo};

use super::desk::{HandedOver, VerifiedSet};
use crate::error::EngineError;
use crate::house::House;
use crate::intake::{ApplyOptions, IssueList, Strictness, apply_moves};
use crate::judge::{FileJudge, KeyOrder};
use crate::transfer::{CaseSource, TransferTerms, compare, go_on, take_in};

/// Applies the rows of a set as moves: one set, one commit.
pub fn to_moves(house: House<'_>, set: &VerifiedSet<'_>) -> Result<HandedOver, EngineError> {
    let notice = &set.found.notice;
    let [named] = notice.files.as_slice() else { return Ok(refused("moves come in one file")) };
    if set.format.encoding == Encoding::Cp932 {
        return Ok(refused("moves come as UTF-8"));
    }
    let strictness = if set.parks_rows { Strictness::Each } else { Strictness::Set };
    let options = ApplyOptions { file: named.name.as_str(), strictness, again_because: None };
    match apply_moves(house, set.share.open(set.folder, &named.name)?, &options) {
        Ok(applied) => {
            Ok(HandedOver::Taken(TakeCounts { added: applied.n_applied, ..TakeCounts::default() }))
        }
        Err(rejected) => match rejected.error {
            EngineError::SameFile { .. } => Ok(HandedOver::Taken(TakeCounts::default())),
            EngineError::Refused { .. } | EngineError::Header { .. } => {
                let row_of = |row| (set.source_row)(&named.name, row);
                Ok(HandedOver::Refused(reasons(&rejected.error, &rejected.issues, &row_of)))
            }
            error => Err(error),
        },
    }
}

/// Takes in the rows of a set as transfer cases of a kind, one case of each row.
pub fn to_transfers(
    house: House<'_>,
    terms: &TransferTerms,
    kind: CaseKind,
    set: &VerifiedSet<'_>,
) -> Result<HandedOver, EngineError> {
    let notice = &set.found.notice;
    let columns: Vec<&str> = set.layout.columns.iter().map(|column| column.header_romaji.as_str()).collect();
    let mut rows: Vec<Vec<(&str, String)>> = Vec::new();
    let mut judge = FileJudge::new(set.layout, set.format, notice.business_date, KeyOrder::Unchecked);
    for named in &notice.files {
        let source = set.share.open(set.folder, &named.name)?;
        let judged = judge.judge(source, &mut |batch| {
            let good = batch.rows().filter(|row| !row.has_error());
            rows.extend(good.map(|row| {
                columns.iter().copied().zip(row.fields().map(std::borrow::Cow::into_owned)).collect()
            }));
            Ok::<(), EngineError>(())
        })?;
        if let Some(source) = judged.unreadable {
            return Err(EngineError::Input { file: named.name.to_string(), source });
        }
    }
    let source = CaseSource { file: set.found.notice_name.as_str(), sha256: notice.content_sha256(), kind };
    let n_rows = rows.len() as u64;
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
            taken.cases().try_for_each(|case_no| compare_if_new(house, case_no))?;
            let added = if taken.is_repeat { 0 } else { n_rows };
            Ok(HandedOver::Taken(TakeCounts { added, ..TakeCounts::default() }))
        }
        Err(rejected) => match rejected.error {
            EngineError::Refused { .. } | EngineError::Header { .. } => {
                let first = notice.files.first().map(|named| &named.name);
                let row_of = |row| first.map_or(row, |name| (set.source_row)(name, row));
                Ok(HandedOver::Refused(reasons(&rejected.error, &rejected.issues, &row_of)))
            }
            error => Err(error),
        },
    }
}

/// Compares a case unless it has come further than that.
fn compare_if_new(house: House<'_>, case_no: CaseNo) -> Result<(), EngineError> {
    match compare(house, &[case_no]) {
        Ok(_) | Err(EngineError::CaseRefused { .. } | EngineError::CaseErased { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn refused(detail: &str) -> HandedOver {
    HandedOver::Refused(vec![Reason::of_set(ReasonCode::RegistryRefused, detail.to_owned())])
}

/// Every rule broken, with how often; the first places of each are in the list of issues, which names no value.
fn reasons(error: &EngineError, issues: &IssueList, row_of: &dyn Fn(u64) -> u64) -> Vec<Reason> {
    let mut reasons = vec![Reason::of_set(ReasonCode::RegistryRefused, error.to_string())];
    reasons.extend(issues.listed.iter().filter(|issue| !issue.is_warning).map(|issue| Reason {
        code: issue.rule.clone(),
        detail: issue.detail.clone(),
        file: None,
        row: Some(row_of(issue.row)),
        column: Some(issue.column.clone()).filter(|column| !column.is_empty()),
        count: None,
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
