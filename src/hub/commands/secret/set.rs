//! `renkei secret set`.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use clap::Args;
use renkei_secret::{MOST_BYTES, SecretError};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Drawer, NUMBER_KEY, Reason};
use crate::access::AccessFault;
use crate::config::{Config, SECRETS};
use crate::{Exit, Failure, HubError};

/// Put a secret into the hub's secrets folder, readable by its owner alone.
///
/// It is asked for twice on a terminal; without a terminal all of standard input is it, such as a private key. It is
/// never printed. hub.toml refers to it: password_file = "secrets/NAME".
#[derive(Debug, Args)]
pub(super) struct Set {
    /// The file's name.
    #[arg(value_parser = name)]
    name: String,
    /// Put it in the place of the one that is there.
    #[arg(long)]
    replace: bool,
    /// Encrypt it under the key file of [secrets] in hub.toml.
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    reason: Reason,
}

/// A name in the folder of secrets.
pub(super) fn file_name(text: &str) -> Result<String, String> {
    let is_name = (1..=64).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if is_name {
        return Ok(text.to_owned());
    }
    Err("must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', not with a dot first".to_owned())
}

/// The same, or a whole path.
pub(super) fn file_or_path(text: &str) -> Result<String, String> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { file_name(text) }
}

fn name(text: &str) -> Result<String, String> {
    match text {
        NUMBER_KEY => Err("the key for 個人番号 is never replaced".to_owned()),
        _ => file_name(text),
    }
}

impl Set {
    pub(super) fn run(&self, drawer: &Drawer<'_>) -> Result<Exit, Failure> {
        let path = drawer.folder.join(&self.name);
        match &drawer.config {
            Some(config) if is_number_key(config, &path) => {
                return Err(HubError::NumberKeyKept { name: self.name.clone() }.into());
            }
            None if self.replace => return Err(HubError::ReplaceUnsure { name: self.name.clone() }.into()),
            _ => {}
        }
        let secret = asked()?;
        let is_there = path.symlink_metadata().is_ok();
        if is_there && !self.replace {
            return Err(SecretError::There { path }.into());
        }
        let (before, after) = match (is_there, self.encrypt) {
            (true, false) => ("is to be put in place of another", "put, in place of another"),
            (true, true) => {
                ("is to be put encrypted in place of another", "put encrypted, in place of another")
            }
            (false, false) => ("is to be put", "put"),
            (false, true) => ("is to be put encrypted", "put encrypted"),
        };
        let put = || Ok(drawer.keeper.put(&self.name, &secret, self.replace, self.encrypt)?);
        let action = format!("secret set {}", self.name);
        drawer.change(&action, &self.reason.reason, before, put, |()| after.to_owned())?;
        let (console, reference) = (drawer.session.console(), format!("{SECRETS}/{}", self.name));
        if console.is_json() {
            console.json(&json!({
                "file": reference, "encrypted": self.encrypt, "on_record": drawer.is_on_record(),
            }));
            return Ok(Exit::Ok);
        }
        console.say(
            format_args!("秘密を置きました。hub.toml から \"{reference}\" で参照します。"),
            format_args!("Put the secret; hub.toml refers to it as \"{reference}\"."),
        );
        drawer.tell_if_off_record();
        Ok(Exit::Ok)
    }
}

/// Whether hub.toml has the key for 個人番号 there, by whatever path.
fn is_number_key(config: &Config, path: &Path) -> bool {
    let Some(key) = config.store.number_key.path() else { return false };
    let real = |path: &Path| path.canonicalize().ok();
    let place = |path: &Path| Some((real(path.parent()?)?, path.file_name()?.to_owned()));
    let is_same_file = real(key).is_some_and(|key| real(path) == Some(key));
    key == path || is_same_file || place(key).is_some_and(|key| place(path) == Some(key))
}

/// What a person types twice, with a line end, or all of standard input.
fn asked() -> Result<Zeroizing<String>, AccessFault> {
    let input = |what: &'static str| move |source| AccessFault::Input { what: what.to_owned(), source };
    let mut secret;
    if io::stdin().is_terminal() {
        let ask =
            |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(input("the terminal"));
        let typed = ask("Secret: ")?;
        if *ask("Again: ")? != *typed {
            return Err(AccessFault::PasswordsDiffer);
        }
        secret = Zeroizing::new(String::with_capacity(typed.len() + 1));
        secret.push_str(&typed);
        secret.push('\n');
    } else {
        // Room for all of it at once: a buffer that grows leaves copies behind that nobody wipes.
        secret = Zeroizing::new(String::with_capacity(usize::try_from(MOST_BYTES).unwrap_or(0) + 1));
        let mut input_bytes = io::stdin().lock().take(MOST_BYTES + 1);
        input_bytes.read_to_string(&mut secret).map_err(input("standard input"))?;
    }
    let is_too_long = secret.len() as u64 > MOST_BYTES;
    if is_too_long || secret.trim_ascii().is_empty() {
        let source = io::Error::new(io::ErrorKind::InvalidData, "empty, or longer than 64 KiB");
        return Err(input("the secret")(source));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else_and_the_number_key_is_left_alone() {
        for wrong in ["", ".", "..", ".x", "a/b", "a b", "秘密", NUMBER_KEY] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(name("tax-1.key").as_deref(), Ok("tax-1.key"));
    }
}
