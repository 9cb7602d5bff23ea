//! The end of a case: its move goes into the registry in one transaction with the case, or it is turned down.

use renkei_core::CommitNo;
use renkei_core::port::HandoverRecord;
use renkei_core::transfer::{CaseKind, CaseNo, Comparison, Event, HandoverState, Purpose};
use renkei_registry::ItemNo;

use super::compare::compare_all;
use super::events::{after, audit, counts_from, held, put, record};
use super::terms::TransferTerms;
use super::verify::{move_of_case, refused};
use crate::error::EngineError;
use crate::house::House;
use crate::intake::{IssueList, apply_within};

/// Applies a verified case as a move; certificate information of a move-out is due from then on.
///
/// What was verified must still be so: where the registry says something else by now, nothing is applied and the
/// case must be compared and verified again.
pub fn apply(house: House<'_>, case_no: CaseNo, terms: &TransferTerms) -> Result<CommitNo, EngineError> {
    let snapshot = house.store.snapshot()?;
    let mut held = held(snapshot.as_ref(), case_no)?;
    let standing = after(&held.record, Event::Apply)?;
    let kind = standing.kind;
    let verified = held.content.verified.as_ref().unwrap_or(&held.content.raw);
    let now_compared = compare_all(house, snapshot.as_ref(), &[(kind, verified)])?.pop();
    let says_the_same = |then: &Comparison| now_compared.as_ref().is_some_and(|now| now.says_the_same(then));
    if !held.content.comparison.as_ref().is_some_and(says_the_same) {
        return Err(EngineError::CaseOvertaken { case_no });
    }
    drop(snapshot);
    let mv = move_of_case(&held)?;
    let mut tx = house.store.begin()?;
    let mut issues = IssueList::default();
    let (row_no, sha256) = (held.record.row_no, held.record.source_sha256);
    let Some(commit) = apply_within(house, tx.as_mut(), (row_no, &mv), sha256, &mut issues)? else {
        return Err(refused(case_no, &issues));
    };
    let now = house.clock.now();
    let day = mv.item(ItemNo::TENSHUTSU_YOTEI_YMD).or_else(|| mv.item(ItemNo::IDO_YMD)).unwrap_or_default();
    held.record.standing = standing;
    held.record.commit_no = Some(commit.commit_no);
    held.record.changed_at = now.to_string();
    held.record.counts_from = Some(counts_from(now, day));
    if kind == CaseKind::OssMoveOut {
        let purpose = Purpose::Certificate;
        tx.put_handover(&HandoverRecord {
            case_no,
            stem: purpose.stem(house.municipality.as_str(), case_no)?,
            purpose,
            folder: terms.cs_folder.clone(),
            with_number: true,
            state: HandoverState::Due,
            content: None,
            changed_at: now.to_string(),
        })?;
    }
    put(house, tx.as_mut(), &held.record, "apply")?;
    let result = format!("commit {}: {} rows", commit.commit_no, commit.n_row_changes);
    audit(house, tx.as_mut(), format!("apply transfer {case_no}"), result)?;
    house.witness.reached("transfer.move-written");
    tx.commit()?;
    house.witness.reached("transfer.applied");
    tracing::info!(case = %case_no, commit = commit.commit_no.0, "a transfer case is applied");
    Ok(commit.commit_no)
}

/// Turns a case down.
pub fn reject(house: House<'_>, case_no: CaseNo) -> Result<(), EngineError> {
    let mut tx = house.store.begin()?;
    let mut record = record(tx.as_ref(), case_no)?;
    record.standing = after(&record, Event::Reject)?;
    record.changed_at = house.clock.now().to_string();
    record.counts_from = Some(record.changed_at.clone());
    put(house, tx.as_mut(), &record, "reject")?;
    audit(house, tx.as_mut(), format!("reject transfer {case_no}"), "rejected".to_owned())?;
    Ok(tx.commit()?)
}
