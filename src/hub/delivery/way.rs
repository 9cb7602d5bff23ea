//! From what is declared to the adapter that does it, and the lock by which one process at a time does.

use renkei_core::delivery::{DeliveryError, TrustedKey};
use renkei_core::port::{FolderError, Store as _, StoreError, Transport};
use renkei_folder::{FolderTransport, RootLock};
use renkei_sftp::client::{SftpTerms, SftpTransport};

use super::command::CommandTransport;
use crate::config::{Config, Destination, WayTerms};
use crate::premises::Premises;
use renkei_engine::Clock as _;

/// Held while a process delivers to a destination: two at a time would write one temporary file.
pub(crate) struct Keeper {
    _lock: RootLock,
}

impl Keeper {
    /// Takes the destination, or says who has it.
    pub(crate) fn take(
        premises: &Premises,
        config: &Config,
        destination: &Destination,
        what: &str,
    ) -> Result<Self, FolderError> {
        let name = format!("delivery-{}.lock", destination.terms.id);
        let path = config.store.path.with_file_name(name);
        let now = premises.clock.now().to_string();
        Ok(Self { _lock: RootLock::take(&path, what, &now, None)? })
    }
}

/// The adapter of a destination, with the host keys accepted until now.
pub(crate) fn open_way(
    premises: &Premises,
    config: &Config,
    destination: &Destination,
) -> Result<Box<dyn Transport>, StoreError> {
    let trusted = premises.store.snapshot()?.trusted_keys(&destination.terms.id)?;
    Ok(transport_of(config, destination, &trusted))
}

/// The same with keys at hand.
fn transport_of(config: &Config, destination: &Destination, trusted: &[TrustedKey]) -> Box<dyn Transport> {
    match &destination.way {
        WayTerms::Folder { root, folder } => Box::new(FolderTransport::new(root, folder.clone())),
        WayTerms::Sftp(terms) => {
            let accepted = trusted.iter().filter_map(|key| key.fingerprint.parse().ok());
            let host_keys = terms.host_keys.iter().copied().chain(accepted).collect();
            Box::new(SftpTransport::new(SftpTerms { host_keys, ..terms.as_ref().clone() }))
        }
        WayTerms::Command(terms) => {
            let id = destination.terms.id.to_string();
            Box::new(CommandTransport { terms: terms.clone(), root: config.root.clone(), destination: id })
        }
    }
}

/// An error and what caused it, for a log line.
pub(super) fn told(error: &DeliveryError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
