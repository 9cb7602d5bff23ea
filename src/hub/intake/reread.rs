//! Reading a refused set again: which one, and what is given back to its inbox.

use renkei_core::notice::{MAX_BYTES, Notice};
use renkei_core::port::{IntakeStore, Outcome, SetRecord};
use renkei_core::{FileName, FolderPath};
use renkei_engine::EngineError;
use renkei_folder::LocalFolders;

use super::place::{names_of, place_of};
use crate::config::Config;
use crate::{Failure, HubError};

/// How far back refused sets are looked for.
const N_LOOKED_BACK: u32 = 10_000;
/// The longest reason file that is read.
const MOST_REASON_BYTES: u64 = 8 << 20;

/// A refused set on its way back.
pub(crate) struct Rereading {
    /// What was recorded when it was refused last.
    pub(crate) record: SetRecord,
    /// Its place in the quarantine.
    pub(crate) place: FileName,
    /// The inbox folder it goes back to.
    pub(crate) folder: FolderPath,
    /// Its files, the notice last.
    pub(crate) names: Vec<FileName>,
}

/// Finds a refused set by its place in the quarantine, or by its number.
pub(crate) fn find_refused(
    store: &dyn IntakeStore,
    folders: &LocalFolders,
    config: &Config,
    asked: &str,
) -> Result<Rereading, Failure> {
    let asked_place = asked.strip_prefix(".quarantine/").unwrap_or(asked).trim_end_matches('/');
    let mut found = None;
    for record in store.sets(None, N_LOOKED_BACK)? {
        let place = place_of(&record.intake, record.notice_sha256).map_err(EngineError::from)?;
        if record.outcome == Outcome::Refused
            && (place.as_str() == asked_place || record.set_no.to_string() == asked)
        {
            found = Some((record, place));
            break;
        }
    }
    let unknown = || HubError::UnknownSet { set: asked.to_owned() };
    let (record, place) = found.ok_or_else(unknown)?;
    let Some(intake) = config.intake(record.intake.as_str()) else {
        return Err(HubError::UnknownIntake { intake: record.intake.to_string(), near: None }.into());
    };
    let notice_name: FileName = record.notice_name.parse().map_err(|_| unknown())?;
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let bytes = folders.read_refused(&place, &notice_name, most)?;
    // A reading that was cut off has given all but the notice, or all, back already.
    let names = match bytes.as_deref().map(Notice::parse) {
        Some(Ok(notice)) => names_of(&notice, &notice_name),
        _ => vec![notice_name],
    };
    let reason: FileName = "reason.json".parse().map_err(EngineError::from)?;
    let written = folders.read_refused(&place, &reason, MOST_REASON_BYTES)?.unwrap_or_default();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap_or_default();
    let written = written.get("folder").and_then(serde_json::Value::as_str);
    let folders = &intake.terms.folders;
    let folder = folders.iter().find(|folder| Some(folder.as_str()) == written).or(folders.first());
    let folder = folder.cloned().ok_or_else(unknown)?;
    Ok(Rereading { record, place, folder, names })
}
