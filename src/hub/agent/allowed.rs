//! What a person let in although it changes more than the bounds allow: on record in the agent's own folder, one JSON
//! object a line, before it is taken in.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use renkei_core::{IntakeId, Moment};
use serde_json::json;

use crate::{Failure, HubError};

/// The file in the agent's folder.
const FILE: &str = "allowed.jsonl";

/// Writes who lets which set in, and why; durable before it gives.
pub(crate) fn note_allowed(
    folder: &Path,
    intake: &IntakeId,
    sequence: u32,
    (operator, reason): (&str, &str),
    now: Moment,
) -> Result<(), Failure> {
    let path = folder.join(FILE);
    let line = json!({
        "at": now.to_string(), "operator": operator, "intake": intake, "sequence": sequence, "reason": reason,
    });
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| {
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| HubError::Write { path, source })?;
    tracing::info!(%intake, sequence, operator, "a set is let in by a person");
    Ok(())
}
