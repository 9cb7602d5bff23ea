//! Erasing what a case holds of the person: its files as far as they still stand in our folders, then its content.
//! Number, states, times and the record of the erasure stay.

use renkei_core::transfer::{CaseNo, Event, HandoverState, Refused};

use super::events::{after, put, record};
use crate::error::EngineError;
use crate::house::House;

/// Erases a case's content. Cut off, it is simply done again.
pub fn erase(house: House<'_>, case_no: CaseNo) -> Result<(), EngineError> {
    let snapshot = house.store.snapshot()?;
    after(&record(snapshot.as_ref(), case_no)?, Event::Erase)?;
    let handovers = snapshot.handovers(Some(case_no))?;
    drop(snapshot);
    if handovers.iter().any(|handover| handover.state != HandoverState::Sent) {
        return Err(EngineError::CaseRefused { case_no, source: Refused::Unsent });
    }
    for handover in &handovers {
        // The notice first: nobody sees one without its file.
        let names = [format!("{}.done", handover.stem).parse()?, format!("{}.csv", handover.stem).parse()?];
        house.folders.remove_published(&handover.folder, &names)?;
        house.folders.discard_stage(&handover.purpose.stage(case_no)?)?;
    }
    house.witness.reached("transfer.files-removed");
    let mut tx = house.store.begin()?;
    let mut record = record(tx.as_ref(), case_no)?;
    record.standing = after(&record, Event::Erase)?;
    record.is_protected = false;
    record.changed_at = house.clock.now().to_string();
    tx.erase_transfer_content(case_no)?;
    put(house, tx.as_mut(), &record, "erase")?;
    tx.commit()?;
    tracing::info!(case = %case_no, "what a transfer case held is erased");
    Ok(())
}
