//! Comparing cases with the registry (突合). However many cases there are, the registry is read once.

use std::ops::ControlFlow;

use renkei_core::CommitNo;
use renkei_core::port::{Numbers, RowSet, Snapshot};
use renkei_core::transfer::{
    self as rules, CaseKind, CaseNo, CaseState, Comparison, Content, Event, Outcome, Search,
};
use renkei_registry::{ItemNo, PackedReader, Values as _};

use super::events::{after, held, put};
use crate::error::EngineError;
use crate::house::House;

/// Compares cases, again if they were compared before. One that was verified goes back: a clerk verifies it anew.
pub fn compare(house: House<'_>, cases: &[CaseNo]) -> Result<Vec<(CaseNo, Comparison)>, EngineError> {
    let snapshot = house.store.snapshot()?;
    let mut all = Vec::new();
    for case_no in cases {
        let held = held(snapshot.as_ref(), *case_no)?;
        // What it would come to does not matter: whether it may be compared does.
        after(&held.record, Event::Compare(Outcome::Matched))?;
        all.push(held);
    }
    let wanted: Vec<(CaseKind, &Content)> =
        all.iter().map(|held| (held.record.standing.kind, &held.content.raw)).collect();
    let compared = compare_all(house, snapshot.as_ref(), &wanted)?;
    drop(snapshot);
    let mut tx = house.store.begin()?;
    let mut told = Vec::new();
    for (mut held, comparison) in all.into_iter().zip(compared) {
        held.record.standing = after(&held.record, Event::Compare(comparison.outcome))?;
        held.record.changed_at = house.clock.now().to_string();
        held.content.comparison = Some(comparison.clone());
        held.content.verified = None;
        tx.put_transfer_content(held.record.case_no, &held.content)?;
        put(house, tx.as_mut(), &held.record, "compare")?;
        told.push((held.record.case_no, comparison));
    }
    tx.commit()?;
    Ok(told)
}

/// Compares those of these cases that were only taken in so far; what came further, as where a clerk verified it, is
/// left as it is. The registry is read once.
pub fn compare_new(
    house: House<'_>,
    cases: impl IntoIterator<Item = CaseNo>,
) -> Result<Vec<(CaseNo, Comparison)>, EngineError> {
    let snapshot = house.store.snapshot()?;
    let mut new = Vec::new();
    for case_no in cases {
        let case = snapshot.transfer_case(case_no)?;
        if case.is_some_and(|case| case.standing.state == CaseState::Received) {
            new.push(case_no);
        }
    }
    drop(snapshot);
    if new.is_empty() { Ok(Vec::new()) } else { compare(house, &new) }
}

/// Compares contents with the registry as a snapshot has it; in the same order.
pub(super) fn compare_all(
    house: House<'_>,
    snapshot: &dyn Snapshot,
    wanted: &[(CaseKind, &Content)],
) -> Result<Vec<Comparison>, EngineError> {
    let head = snapshot.head()?;
    let mut searches: Vec<Search> =
        wanted.iter().map(|(kind, content)| Search::new(*kind, content)).collect();
    let is_alone = |search: &&mut Search| search.is_by_atena_no_alone();
    for search in searches.iter_mut().filter(is_alone) {
        look_at_one(snapshot, head, search)?;
    }
    let mut others: Vec<&mut Search> =
        searches.iter_mut().filter(|search| !search.is_by_atena_no_alone()).collect();
    if !others.is_empty() {
        let needs_numbers = others.iter().any(|search| search.needs_numbers());
        let numbers = if needs_numbers { Numbers::Clear } else { Numbers::Sealed };
        let n_rows = snapshot.n_rows(RowSet::Latest)?;
        let (mut reader, mut damage, mut n_read) = (PackedReader::new(), None, 0_u64);
        snapshot.scan(RowSet::Latest, numbers, &mut |packed| {
            n_read += 1;
            if n_read.is_multiple_of(10_000) {
                house.witness.progress("residents", n_read, n_rows);
            }
            match reader.read(packed) {
                Ok(row) => others.iter_mut().for_each(|search| search.look_at(&row)),
                Err(error) => damage = Some(error),
            }
            if damage.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(error) = damage {
            return Err(error.into());
        }
        // Whoever was found without numbers is compared with the number all the same.
        if !needs_numbers {
            for search in others {
                look_again(snapshot, head, search)?;
            }
        }
    }
    let compared = wanted.iter().zip(&searches);
    Ok(compared.map(|((kind, content), search)| rules::compare(*kind, content, search, head)).collect())
}

/// Shows a search the latest row of the resident whose 宛名番号 it has.
fn look_at_one(snapshot: &dyn Snapshot, head: CommitNo, search: &mut Search) -> Result<(), EngineError> {
    let Some(atena_no) = search.atena_no() else { return Ok(()) };
    let mut reader = PackedReader::new();
    for packed in snapshot.rows_of(atena_no, head, Numbers::Clear)? {
        let row = reader.read(&packed)?;
        if row.get(ItemNo::SAISHIN_FLG) == "1" {
            search.look_at(&row);
        }
    }
    Ok(())
}

/// Puts rows with their numbers in clear in place of those found.
fn look_again(snapshot: &dyn Snapshot, head: CommitNo, search: &mut Search) -> Result<(), EngineError> {
    let found = search.take_found();
    let mut reader = PackedReader::new();
    for atena_no in found {
        for packed in snapshot.rows_of(atena_no, head, Numbers::Clear)? {
            let row = reader.read(&packed)?;
            if row.get(ItemNo::SAISHIN_FLG) == "1" {
                search.look_at(&row);
            }
        }
    }
    Ok(())
}
