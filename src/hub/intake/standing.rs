//! What stands in an intake's folders at this moment, read and nothing else.

use std::collections::HashMap;

use renkei_core::receive::{Pairer, Pairing, read_notice};
use renkei_core::{FolderPath, Moment};
use renkei_folder::LocalFolders;

use crate::config::Intake;

/// What stands in one folder.
pub(crate) struct FolderStanding {
    pub(crate) folder: FolderPath,
    pub(crate) pairing: Pairing,
}

/// Looks into an intake's folders. `pairers` remember them from look to look. A folder that cannot be looked into
/// is told in the log, and has nothing.
pub(crate) fn stand(
    folders: &LocalFolders,
    intake: &Intake,
    pairers: &mut HashMap<FolderPath, Pairer>,
    now: Moment,
) -> Vec<FolderStanding> {
    let mut standings = Vec::new();
    for folder in &intake.terms.folders {
        match renkei_core::port::Share::look(folders, folder) {
            Ok(seen) => {
                let mut read = |name: &_| read_notice(folders, folder, name);
                let pairer = pairers.entry(folder.clone()).or_default();
                let pairing = pairer.look(seen, &mut read, now, &intake.patience);
                standings.push(FolderStanding { folder: folder.clone(), pairing });
            }
            Err(error) => {
                tracing::warn!(intake = %intake.terms.id, %error, "an intake's folder cannot be looked into");
            }
        }
    }
    standings
}
