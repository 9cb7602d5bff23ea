//! A clerk confirms a case: what was taken in with his corrections, compared once more, tried against the
//! registry. What is verified stands beside what was taken in.

use renkei_core::transfer::{CaseNo, Comparison, Event, Field, Refused, move_of};
use renkei_registry::{AtenaNo, ItemNo, Move, Values as _};

use super::compare::compare_all;
use super::events::{Held, after, audit, held, put};
use crate::error::EngineError;
use crate::house::House;
use crate::intake::{IssueList, apply_within};

/// Verifies a case with these corrections; gives the comparison it was verified with.
pub fn verify(
    house: House<'_>,
    case_no: CaseNo,
    corrections: &[(Field, Box<str>)],
) -> Result<Comparison, EngineError> {
    let snapshot = house.store.snapshot()?;
    let Held { mut record, mut content } = held(snapshot.as_ref(), case_no)?;
    // Whether it may be verified at all, before the registry is read for it; what it is found to be comes after.
    match after(&record, Event::Verify { is_blocked: false }) {
        Err(EngineError::CaseRefused { source: Refused::NotOnePerson { .. }, .. }) | Ok(_) => {}
        Err(error) => return Err(error),
    }
    let kind = record.standing.kind;
    let verified = content.raw.with(corrections);
    let mut compared = compare_all(house, snapshot.as_ref(), &[(kind, &verified)])?;
    let Some(comparison) = compared.pop() else { return Err(EngineError::NoSuchCase { case_no }) };
    drop(snapshot);
    record.standing = after(&record, Event::Compare(comparison.outcome))?;
    record.standing = after(&record, Event::Verify { is_blocked: comparison.is_blocked(kind) })?;
    record.changed_at = house.clock.now().to_string();
    record.is_protected = verified.is_protected();
    content.verified = Some(verified);
    content.comparison = Some(comparison.clone());
    let mv = move_of_case(&Held { record: record.clone(), content: content.clone() })?;
    // In a transaction that is dropped.
    try_move(house, house.store.begin()?.as_mut(), record.case_no, record.row_no, &mv)?;
    let mut tx = house.store.begin()?;
    tx.put_transfer_content(case_no, &content)?;
    put(house, tx.as_mut(), &record, "verify")?;
    let result = format!("verified with {} corrections", corrections.len());
    audit(house, tx.as_mut(), format!("verify transfer {case_no}"), result)?;
    tx.commit()?;
    Ok(comparison)
}

/// The move of a verified case.
pub(super) fn move_of_case(held: &Held) -> Result<Move, EngineError> {
    let Held { record, content } = held;
    let case_no = record.case_no;
    let verified = content.verified.as_ref().unwrap_or(&content.raw);
    let found = content.comparison.as_ref().and_then(Comparison::atena_no);
    let atena_no: Option<AtenaNo> = found.or_else(|| verified.get(ItemNo::ATENA_NO).parse().ok());
    move_of(record.standing.kind, verified, atena_no).map_err(|gaps| EngineError::CaseIncomplete {
        case_no,
        fields: gaps.into_iter().map(|gap| gap.field.id()).collect(),
    })
}

fn try_move(
    house: House<'_>,
    tx: &mut dyn renkei_core::port::Transaction,
    case_no: CaseNo,
    row_no: u64,
    mv: &Move,
) -> Result<(), EngineError> {
    let mut issues = IssueList::default();
    let digest = renkei_core::Digest([0; 32]);
    match apply_within(house, tx, (row_no, mv), digest, &mut issues)? {
        Some(_) => Ok(()),
        None => Err(refused(case_no, &issues)),
    }
}

/// Why the registry does not take a move: rules and items, no values.
pub(super) fn refused(case_no: CaseNo, issues: &IssueList) -> EngineError {
    let why = issues.listed.iter().filter(|issue| !issue.is_warning);
    let why = why.map(|issue| format!("{} ({})", issue.rule, issue.detail)).collect::<Vec<_>>().join("; ");
    EngineError::CaseMoveRefused { case_no, why }
}
