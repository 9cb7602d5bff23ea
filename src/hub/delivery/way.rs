//! From what is declared to the adapter that does it, and the lock by which one process at a time does.

use std::fs::File;
use std::time::Duration;

use renkei_core::DestinationId;
use renkei_core::delivery::TrustedKey;
use renkei_core::port::{FolderError, Store as _, Transport};
use renkei_folder::{FolderTransport, RootLock};
use renkei_sftp::client::{SftpTerms, SftpTransport};

use super::command::CommandTransport;
use crate::config::{Config, Destination, WayTerms};
use crate::premises::Premises;
use renkei_engine::{Clock as _, EngineError};

/// Held while a process delivers to a destination: two at a time would write one temporary file.
pub(crate) struct Keeper {
    lock: RootLock,
}

impl Keeper {
    /// Takes the destination, after `wait` if that is given, or says who has it.
    pub(crate) fn take(
        premises: &Premises,
        config: &Config,
        destination: &Destination,
        what: &str,
        wait: Option<Duration>,
    ) -> Result<Self, EngineError> {
        let name = format!("delivery-{}.lock", destination.terms.id);
        let path = config.store.path.with_file_name(name);
        let now = premises.clock.now().to_string();
        match RootLock::take(&path, what, &now, wait) {
            Ok(lock) => Ok(Self { lock }),
            Err(FolderError::Locked { holder }) => {
                Err(EngineError::DestinationBusy { destination: destination.terms.id.clone(), holder })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Keeper {
    /// What a program that is started under it holds too, so that nobody starts a second one beside it.
    pub(super) fn hold(&self, destination: &DestinationId) -> Result<File, EngineError> {
        self.lock.hold().map_err(|source| {
            let path = destination.to_string();
            EngineError::Folder(FolderError::Unavailable { path, attempt: "locked", source })
        })
    }
}

/// The adapter of a destination, with the host keys accepted until now. What is started by it keeps what its keeper
/// keeps; without one it can only be tried.
pub(crate) fn open_way(
    premises: &Premises,
    config: &Config,
    destination: &Destination,
    keeper: Option<&Keeper>,
) -> Result<Box<dyn Transport>, EngineError> {
    let trusted = premises.store.snapshot()?.trusted_keys(&destination.terms.id)?;
    let hold = keeper.map(|keeper| keeper.hold(&destination.terms.id)).transpose()?;
    Ok(transport_of(config, destination, &trusted, hold))
}

/// The same with keys at hand.
fn transport_of(
    config: &Config,
    destination: &Destination,
    trusted: &[TrustedKey],
    hold: Option<File>,
) -> Box<dyn Transport> {
    match &destination.way {
        WayTerms::Folder { root, folder, mounted } => {
            Box::new(FolderTransport::new(root, folder.clone()).mounted(*mounted))
        }
        WayTerms::Sftp(terms) => {
            let place = terms.place();
            let is_here = |key: &&TrustedKey| key.place.is_empty() || key.place == place;
            let accepted = trusted.iter().filter(is_here).filter_map(|key| key.fingerprint.parse().ok());
            let host_keys = terms.host_keys.iter().copied().chain(accepted).collect();
            Box::new(SftpTransport::new(SftpTerms { host_keys, ..terms.as_ref().clone() }))
        }
        WayTerms::Command(terms) => {
            let id = destination.terms.id.to_string();
            let (terms, root) = (terms.as_ref().clone(), config.root.clone());
            Box::new(CommandTransport { terms, root, destination: id, hold })
        }
    }
}
