//! `[transfer]`: where files of online move-outs and transfer certificates go.

use renkei_core::declared::{Problems, Table, Value, did_you_mean};
use renkei_core::transfer::preparation_folder;
use renkei_core::{BusinessId, FolderPath};
use renkei_engine::transfer::{PreparingSystem, TransferTerms};

use super::types::System;

/// Where certificate information is put for the CS unless another folder is declared.
const CS_FOLDER: &str = "cs/outbox";

/// Reads `[transfer]`, which may be missing. `systems` are those declared, as far as they could be read.
pub(super) fn take(
    hub: &mut Table<'_>,
    systems: &[System],
    systems_are_complete: bool,
    problems: &Problems,
) -> Option<TransferTerms> {
    let mut cs_folder: Option<FolderPath> = CS_FOLDER.parse().ok();
    let mut prepare = Vec::new();
    if let Some(mut table) = hub.optional("transfer").and_then(Value::table) {
        if let Some(value) = table.optional("cs_folder") {
            cs_folder = value.parsed();
        }
        let named = table.optional("prepare").and_then(Value::list_of::<BusinessId>).unwrap_or_default();
        table.finish();
        for located in named {
            let id = located.value;
            if prepare.iter().any(|known: &PreparingSystem| known.system == id) {
                problems.report(&located.spot, format!("system {id} stands twice"));
                continue;
            }
            match systems.iter().find(|system| system.id == id) {
                Some(system) => prepare.extend(preparation_folder(&id).ok().map(|folder| PreparingSystem {
                    system: id,
                    with_number: system.individual_number,
                    folder,
                })),
                None if systems_are_complete => {
                    let hint = did_you_mean(id.as_str(), systems.iter().map(|system| system.id.as_str()));
                    problems.report_with(&located.spot, format!("no system {id} is declared"), hint);
                }
                None => {}
            }
        }
    }
    Some(TransferTerms { cs_folder: cs_folder?, prepare })
}
