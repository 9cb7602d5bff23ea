//! Where a secret comes from: a file of its owner's alone, plain or encrypted, or an environment variable. The secret
//! itself is never part of a configuration, and never repeated. And `[secrets]`: where the key is that encrypted ones are
//! under.

use std::path::Path;

use renkei_core::declared::{Declaration, Located, Problems, Table, Value};
use renkei_secret::{Exposure, KeyPlace, SecretSource, exposure};

use super::files::HUB_FILE;
use super::paths::resolve;

/// What is needed to read a reference to a secret.
pub(crate) struct Secrets<'s> {
    folder: &'s Path,
    key: Option<KeyPlace>,
    problems: &'s Problems,
}

impl<'s> Secrets<'s> {
    /// Takes `[secrets]`, which may be missing: then no secret is encrypted.
    pub(crate) fn take(root: &mut Table<'_>, folder: &'s Path, problems: &'s Problems) -> Self {
        let table = root.optional("secrets").and_then(Value::table);
        let key = table.and_then(|mut table| {
            let (spot, credential_spot) = (table.spot().clone(), table.spot_of("key_credential"));
            let file = table.optional("key_file").and_then(Value::located_text);
            let credential = table.optional("key_credential").and_then(Value::located_text);
            table.finish();
            match (file, credential) {
                // It need not be there yet: `secret key make` makes it.
                (Some(file), None) => resolve(folder, &file, problems).map(KeyPlace::File),
                (None, Some(name)) => credential_name(name, problems).map(KeyPlace::Credential),
                (Some(_), Some(_)) => {
                    problems.report(
                        &credential_spot,
                        "both key_file and key_credential; the key comes from one of them",
                    );
                    None
                }
                (None, None) => {
                    let hint = "key_file = \"/etc/renkei/secret.key\"".to_owned();
                    problems.report_with(&spot, "key_file or key_credential is missing", hint);
                    None
                }
            }
        });
        Self::under(key, folder, problems)
    }

    /// With `[secrets]` read already.
    pub(crate) fn under(key: Option<KeyPlace>, folder: &'s Path, problems: &'s Problems) -> Self {
        Self { folder, key, problems }
    }

    /// Where the key is.
    pub(crate) fn key(&self) -> Option<&KeyPlace> {
        self.key.as_ref()
    }

    /// A file that others may not use; `what` it is, for messages.
    pub(super) fn file(&self, value: Value<'_>, what: &str) -> Option<SecretSource> {
        let written = value.located_text()?;
        let path = resolve(self.folder, &written, self.problems)?;
        self.check(&path, &written, what);
        Some(SecretSource::file(path, self.key()))
    }

    fn check(&self, path: &Path, written: &Located<String>, what: &str) {
        let (spot, problems) = (&written.spot, self.problems);
        let exposure = match std::fs::metadata(path) {
            Err(error) => return problems.report(spot, format!("cannot be read: {error}")),
            Ok(file) => exposure(&file),
        };
        match exposure {
            None => {}
            Some(Exposure::NoPlainFile) => problems.report(spot, "is no file"),
            Some(Exposure::Mode(mode)) => {
                let message = format!("others than its owner may use the {what} file (mode {mode:03o})");
                problems.report_with(spot, message, format!("chmod 600 {}", written.value));
            }
            Some(Exposure::Owner(owner)) => {
                let message = format!("the {what} file belongs to another user (uid {owner})");
                problems.report_with(spot, message, "run the hub as the user who owns its files".to_owned());
            }
        }
    }

    /// The name of a variable, such as `example`. Somebody may have written the secret itself, so it is not repeated.
    pub(super) fn env(&self, value: Value<'_>, what: &str, example: &str) -> Option<SecretSource> {
        let written = value.located_text()?;
        let name = &written.value;
        let is_name = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
        if !is_name {
            let hint = format!("A-Z, 0-9 and _, such as {example}; never the {what} itself");
            self.problems.report_with(&written.spot, "must be the name of an environment variable", hint);
            return None;
        }
        Some(SecretSource::Env(written.value))
    }
}

/// Where `[secrets]` of a hub's folder has the key, whatever else is wrong there.
pub(crate) fn secret_key_of(folder: &Path) -> Option<KeyPlace> {
    let folder = folder.canonicalize().ok()?;
    let text = std::fs::read_to_string(folder.join(HUB_FILE)).ok()?;
    let problems = Problems::new();
    let mut hub = Declaration::parse(HUB_FILE, &text, &problems)?;
    Secrets::take(&mut hub, &folder, &problems).key
}

/// The name of one file, as systemd takes it.
fn credential_name(written: Located<String>, problems: &Problems) -> Option<String> {
    let is_name = !written.value.is_empty()
        && !written.value.starts_with('.')
        && written.value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if !is_name {
        let hint = "as LoadCredential= of the unit has it, such as secret.key".to_owned();
        problems.report_with(&written.spot, "must be the name of a systemd credential", hint);
        return None;
    }
    Some(written.value)
}
