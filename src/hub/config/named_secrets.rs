//! Every secret that a hub's configuration refers to, with who needs it.

use std::path::PathBuf;

use renkei_secret::{Keeper, KeyPlace, SecretSource};
use renkei_sftp::client::LoginTerms;

use super::{Config, HOST_KEYS, WayTerms};

/// The folder of secrets, below the hub's.
pub(crate) const SECRETS: &str = "secrets";

impl Config {
    /// Who needs a secret, and where it comes from.
    pub(crate) fn secrets(&self) -> Vec<(String, &SecretSource)> {
        let mut secrets = vec![("store".to_owned(), &self.store.number_key)];
        if let Some(login) = self.alert.mail.as_ref().and_then(|mail| mail.login.as_ref()) {
            secrets.push(("alert.mail".to_owned(), &login.password));
        }
        let destinations = self.destinations.iter().filter_map(|destination| match &destination.way {
            WayTerms::Sftp(terms) => Some((format!("destination {}", destination.terms.id), terms.as_ref())),
            _ => None,
        });
        let fetched = self.sources.iter().map(|one| (format!("source {}", one.terms.id), &one.server));
        for (of, terms) in destinations.chain(fetched) {
            let sources = match &terms.login {
                LoginTerms::Key { key, passphrase } => vec![Some(key), passphrase.as_ref()],
                LoginTerms::Password(password) => vec![Some(password)],
            };
            secrets.extend(sources.into_iter().flatten().map(|source| (of.clone(), source)));
        }
        secrets
    }

    /// Who keeps them: those of the hub's folder, and those declared elsewhere. `key` stands in place of the declared one.
    pub(crate) fn keeper(&self, key: Option<KeyPlace>) -> Keeper {
        let folder = self.folder.join(SECRETS);
        let declared = self.secrets().into_iter().filter_map(|(_, source)| source.path().map(PathBuf::from));
        let elsewhere = declared.filter(|path| path.parent() != Some(&folder)).collect();
        // Those of a server that is not declared at present, too: they must be given another key with the rest.
        let mut host_keys = vec![self.folder.join(HOST_KEYS)];
        host_keys.extend(self.sftp.iter().map(|sftp| sftp.host_keys.clone()));
        Keeper::new(folder, key.or_else(|| self.secret_key.clone()), elsewhere).with_folders(host_keys)
    }
}
