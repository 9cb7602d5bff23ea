//! The audit as a whole: verified from its base, accepted as it stands, and lines on work that was refused.

use renkei_core::Fault as _;
use renkei_core::audit::{AuditLink, AuditReport, Verifier};
use renkei_core::port::{AuditEntry, Snapshot, StoreError};

use crate::error::EngineError;
use crate::house::House;

/// Lines read at a time.
const PIECE: u32 = 10_000;

/// Calls `each` with all lines from the one after `after` on, in pieces; memory does not grow with the audit.
pub fn walk_audit<E: From<StoreError>>(
    snapshot: &dyn Snapshot,
    after: u64,
    mut each: impl FnMut(&[AuditEntry]) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = after;
    loop {
        let piece = snapshot.audit(after, PIECE)?;
        let Some(last) = piece.last() else { return Ok(()) };
        after = last.audit_no;
        each(&piece)?;
    }
}

/// Verifies the audit from its base on, and against the line `kept` in a second place.
pub fn verify_audit(snapshot: &dyn Snapshot, kept: Option<AuditLink>) -> Result<AuditReport, StoreError> {
    let base = snapshot.audit_base()?;
    let mut verifier = Verifier::new(base, kept);
    walk_audit(snapshot, base.audit_no, |piece| {
        verifier.take(piece);
        Ok::<(), StoreError>(())
    })?;
    Ok(verifier.end())
}

/// Accepts the audit as it stands: from now on it is proven after its last line, and a line of its own says who
/// accepted it, why, and what was `found` wrong.
pub fn accept_audit(house: House<'_>, found: &str) -> Result<AuditLink, EngineError> {
    let base = house.store.snapshot()?.audit_head()?;
    let at = house.clock.now().to_string();
    let result = format!("accepted as it stands: {found}");
    let mut tx = house.store.begin()?;
    tx.set_audit_base(base)?;
    tx.append_audit(&AuditEntry::new(at, house.operator, base.base_action(), house.reason, result))?;
    tx.commit()?;
    tracing::warn!(audit.line = base.audit_no, "the audit was accepted as it stands");
    Ok(base)
}

/// Writes that an operator's work was refused. That this may fail too does not hide why.
pub(crate) fn note_refused(house: House<'_>, action: &str, reason: &str, error: &EngineError) {
    if matches!(error, EngineError::Store(StoreError::Busy)) {
        // Its turn never came.
        return;
    }
    let at = house.clock.now().to_string();
    let result = format!("refused ({})", error.code());
    let line = AuditEntry::new(at, house.operator, action.to_owned(), reason, result);
    let noted = house.store.begin().and_then(|mut tx| {
        tx.append_audit(&line)?;
        tx.commit()
    });
    if let Err(error) = noted {
        tracing::error!(fault.code = error.code(), "the audit's line could not be written");
    }
}
