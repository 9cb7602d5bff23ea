//! From what is declared to the adapter that fetches, and the lock by which one process at a time does.

use std::time::Duration;

use renkei_core::delivery::TrustedKey;
use renkei_core::port::{FolderError, IntakeStore as _, Outcome, Store as _, StoreError};
use renkei_core::{Digest, FolderPath};
use renkei_engine::{Clock as _, EngineError};
use renkei_folder::{Landing, RootLock};
use renkei_sftp::client::{SftpSource, SftpTerms};

use crate::config::{Config, Source};
use crate::premises::Premises;

/// Held while a process fetches from a source: two at a time would write one part.
pub(crate) struct PullKeeper {
    _lock: RootLock,
}

impl PullKeeper {
    /// Takes the source, after `wait` if that is given, or says who has it.
    pub(crate) fn take(
        premises: &Premises,
        config: &Config,
        source: &Source,
        what: &str,
        wait: Option<Duration>,
    ) -> Result<Self, EngineError> {
        let path = config.store.path.with_file_name(format!("pull-{}.lock", source.terms.id));
        let now = premises.clock.now().to_string();
        match RootLock::take(&path, what, &now, wait) {
            Ok(lock) => Ok(Self { _lock: lock }),
            Err(FolderError::Locked { holder }) => {
                Err(EngineError::SourceBusy { source_id: source.terms.id.clone(), holder })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The way to a source, with the host keys accepted until now.
pub(crate) fn open_source(
    premises: &Premises,
    config: &Config,
    source: &Source,
) -> Result<SftpSource, EngineError> {
    let trusted = premises.store.snapshot()?.trusted_keys(&source.terms.id)?;
    let place = source.server.place();
    let is_here = |key: &&TrustedKey| key.place.is_empty() || key.place == place;
    let accepted = trusted.iter().filter(is_here).filter_map(|key| key.fingerprint.parse().ok());
    let host_keys = source.server.host_keys.iter().copied().chain(accepted).collect();
    let terms = SftpTerms { host_keys, ..source.server.clone() };
    Ok(SftpSource::new(terms, Landing::at(&config.root)))
}

/// Whether an intake that looks into a folder has judged a set.
pub(crate) fn was_judged(
    premises: &Premises,
    config: &Config,
    folder: &FolderPath,
    notice_sha256: &Digest,
) -> Result<bool, StoreError> {
    let store = premises.intake_store()?;
    for intake in config.intakes.iter().filter(|intake| intake.terms.folders.contains(folder)) {
        let last = store.last_of_notice(&intake.terms.id, notice_sha256)?;
        if last.is_some_and(|set| set.outcome != Outcome::Waiting) {
            return Ok(true);
        }
    }
    Ok(false)
}
