//! What happens to the scheduler itself, in the audit: its start, its end, and each reading of its declarations.

use std::sync::Arc;

use renkei_core::port::{AuditEntry, Store as _, StoreError};
use renkei_core::{Digest, Fault as _};
use renkei_engine::Clock as _;

use super::look::SCHEDULER;
use crate::premises::Premises;

/// So often a line is tried whose turn does not come; each try waits as long as the scheduler does for the database.
const MOST_TRIES: u32 = 60;

/// Writes a line; beside a command that writes for long it waits for its turn, so never on the loop's own thread.
pub(super) fn note(premises: &Premises, action: &str, result: &str, n_tries: u32) {
    let at = premises.clock.now().to_string();
    for _ in 0..n_tries {
        let line = AuditEntry::new(at.clone(), SCHEDULER, action.to_owned(), "", result.to_owned());
        let noted = premises.store.begin().and_then(|mut tx| {
            tx.append_audit(&line)?;
            tx.commit()
        });
        match noted {
            Ok(()) => return,
            Err(StoreError::Busy) => {}
            Err(error) => {
                tracing::error!(fault.code = error.code(), action, "the audit's line could not be written");
                return;
            }
        }
    }
    tracing::error!(action, "the audit's line could not be written: its turn did not come");
}

/// The same beside the loop.
pub(super) fn note_beside(premises: &Arc<Premises>, action: &'static str, result: String) {
    let premises = Arc::clone(premises);
    tokio::task::spawn_blocking(move || note(&premises, action, &result, MOST_TRIES));
}

/// What was declared, as a line says it.
pub(super) fn declared(sha256: Digest) -> String {
    format!("declarations {sha256}")
}
