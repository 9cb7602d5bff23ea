//! What happens to a case, written down: its record, its own list of events, the audit.

use renkei_core::Moment;
use renkei_core::port::{
    AuditEntry, Transaction, TransferContent, TransferEvent, TransferReading, TransferRecord,
};
use renkei_core::transfer::{CaseNo, Event, Standing};

use crate::error::EngineError;
use crate::house::House;

/// A case and what it holds.
pub(super) struct Held {
    pub(super) record: TransferRecord,
    pub(super) content: TransferContent,
}

/// The case of this number, with its content.
pub(super) fn held(reading: &(impl TransferReading + ?Sized), case_no: CaseNo) -> Result<Held, EngineError> {
    let record = record(reading, case_no)?;
    let content = reading.transfer_content(case_no)?.ok_or(EngineError::CaseErased { case_no })?;
    Ok(Held { record, content })
}

/// The record of the case of this number.
pub(super) fn record(
    reading: &(impl TransferReading + ?Sized),
    case_no: CaseNo,
) -> Result<TransferRecord, EngineError> {
    reading.transfer_case(case_no)?.ok_or(EngineError::NoSuchCase { case_no })
}

/// Where a case stands after an event.
pub(super) fn after(record: &TransferRecord, event: Event) -> Result<Standing, EngineError> {
    let case_no = record.case_no;
    record.standing.after(event).map_err(|source| EngineError::CaseRefused { case_no, source })
}

/// Writes how a case stands now, and what happened to it.
pub(super) fn put(
    house: House<'_>,
    tx: &mut dyn Transaction,
    record: &TransferRecord,
    event: &str,
) -> Result<(), EngineError> {
    tx.put_transfer_case(record)?;
    note(house, tx, record.case_no, event, record.standing.state.to_string())
}

/// Adds to the list of what happened to a case.
pub(super) fn note(
    house: House<'_>,
    tx: &mut dyn Transaction,
    case_no: CaseNo,
    event: &str,
    result: String,
) -> Result<(), EngineError> {
    Ok(tx.add_transfer_event(&TransferEvent {
        case_no,
        at: house.clock.now().to_string(),
        operator: house.operator.to_owned(),
        event: event.to_owned(),
        reason: house.reason.to_owned(),
        result,
    })?)
}

/// A line of the audit on a case.
pub(super) fn audit(
    house: House<'_>,
    tx: &mut dyn Transaction,
    action: String,
    result: String,
) -> Result<(), EngineError> {
    let at = house.clock.now().to_string();
    Ok(tx.append_audit(&AuditEntry::new(at, house.operator, action, house.reason, result))?)
}

/// From when a case's time of keeping counts: now, or the start of the day of its move where that is later.
pub(super) fn counts_from(now: Moment, move_day: &str) -> String {
    let day = Moment::parse(&format!("{move_day}T00:00:00+09:00"));
    day.filter(|day| *day > now).unwrap_or(now).to_string()
}
