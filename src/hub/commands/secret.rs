//! `renkei secret`: secrets that `hub.toml` refers to, put where it looks for them.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use super::reason::Reason;
use crate::access::{AccessDesk, AccessFault};
use crate::config::{Config, KeySource};
use crate::{Exit, Failure, HubError, Session};

/// The folder, below the hub's.
const SECRETS: &str = "secrets";
/// The key for 個人番号: another in its place would make every stored number unreadable.
const NUMBER_KEY: &str = "number.key";
/// As much as is read of a secret.
const MOST_BYTES: u64 = 64 * 1024;

/// Keys and passwords that hub.toml refers to.
#[derive(Debug, Args)]
pub(crate) struct Secret {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    Set(Set),
}

/// Put a secret into the hub's secrets folder, readable by its owner alone.
///
/// It is asked for twice on a terminal; without a terminal all of standard input is it, such as a private key. It is
/// never printed. hub.toml refers to it: password_file = "secrets/NAME".
#[derive(Debug, Args)]
struct Set {
    /// The file's name.
    #[arg(value_parser = name)]
    name: String,
    /// Put it in the place of the one that is there.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    reason: Reason,
}

fn name(text: &str) -> Result<String, String> {
    let is_name = (1..=64).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    match text {
        NUMBER_KEY => Err("the key for 個人番号 is never replaced".to_owned()),
        _ if is_name => Ok(text.to_owned()),
        _ => Err("must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', not with a dot first".to_owned()),
    }
}

impl Secret {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match &self.command {
            SecretCommand::Set(set) => set.run(session),
        }
    }
}

impl Set {
    /// On record where hub.toml is right; it may not be yet, because it refers to what is only now put there.
    fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let folder = session.folder()?.join(SECRETS);
        let path = folder.join(&self.name);
        let config = session.config().ok();
        match &config {
            Some(config) if is_number_key(config, &path) => {
                return Err(HubError::NumberKeyKept { name: self.name.clone() }.into());
            }
            None if self.replace => return Err(HubError::ReplaceUnsure { name: self.name.clone() }.into()),
            _ => {}
        }
        let secret = asked()?;
        let failed = |source| HubError::Write { path: path.clone(), source };
        let is_there = path.symlink_metadata().is_ok();
        if is_there && !self.replace {
            return Err(failed(io::ErrorKind::AlreadyExists.into()).into());
        }
        let put = || place(&folder, &path, &secret, self.replace).map_err(failed);
        let is_on_record = config.is_some();
        if is_on_record {
            let (desk, reason) = (AccessDesk::for_writing(session)?, &self.reason.reason);
            let note = |result: &str| {
                desk.change(format!("secret set {}", self.name), reason, |_, _| Ok(result.to_owned()))
            };
            // Before it is done: no secret changes without a reason on record.
            note(if is_there { "is to be put in place of another" } else { "is to be put" })?;
            put()?;
            note(if is_there { "put, in place of another" } else { "put" })?;
        } else {
            put()?;
        }
        let (console, reference) = (session.console(), format!("{SECRETS}/{}", self.name));
        if console.is_json() {
            console.json(&json!({ "file": reference, "on_record": is_on_record }));
            return Ok(Exit::Ok);
        }
        console.say(
            format_args!("秘密を置きました。hub.toml から \"{reference}\" で参照します。"),
            format_args!("Put the secret; hub.toml refers to it as \"{reference}\"."),
        );
        if !is_on_record {
            console.say(
                "hub.toml がまだ正しくないので、監査には残していません。`renkei check` で確かめてください。",
                "It is not in the audit, because hub.toml is not right yet: see `renkei check`.",
            );
        }
        Ok(Exit::Ok)
    }
}

/// Whether hub.toml has the key for 個人番号 there, by whatever path.
fn is_number_key(config: &Config, path: &Path) -> bool {
    let KeySource::File(key) = &config.store.number_key else { return false };
    let real = |path: &Path| path.canonicalize().ok();
    let place = |path: &Path| Some((real(path.parent()?)?, path.file_name()?.to_owned()));
    let is_same_file = real(key).is_some_and(|key| real(path) == Some(key));
    key == path || is_same_file || place(key).is_some_and(|key| place(path) == Some(key))
}

/// What a person types twice, with a line end, or all of standard input.
fn asked() -> Result<Zeroizing<Vec<u8>>, AccessFault> {
    let input = |what: &'static str| move |source| AccessFault::Input { what: what.to_owned(), source };
    let mut secret;
    if io::stdin().is_terminal() {
        let ask =
            |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(input("the terminal"));
        let typed = ask("Secret: ")?;
        if *ask("Again: ")? != *typed {
            return Err(AccessFault::PasswordsDiffer);
        }
        secret = Zeroizing::new(Vec::with_capacity(typed.len() + 1));
        secret.extend_from_slice(typed.as_bytes());
        secret.push(b'\n');
    } else {
        // Room for all of it at once: a buffer that grows leaves copies behind that nobody wipes.
        secret = Zeroizing::new(Vec::with_capacity(usize::try_from(MOST_BYTES).unwrap_or(0) + 1));
        io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut secret).map_err(input("standard input"))?;
    }
    let is_too_long = secret.len() as u64 > MOST_BYTES;
    if is_too_long || secret.iter().all(u8::is_ascii_whitespace) {
        let source = io::Error::new(io::ErrorKind::InvalidData, "empty, or longer than 64 KiB");
        return Err(input("the secret")(source));
    }
    Ok(secret)
}

/// Puts it whole; over another only where that is asked for.
fn place(folder: &Path, path: &Path, secret: &[u8], replace: bool) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let hidden = folder.join(format!(".{}.{:x}.writing", std::process::id(), crate::daemon::dice()));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden);
    let placed =
        written.and_then(|mut file| file.write_all(secret).and_then(|()| file.sync_all())).and_then(|()| {
            if replace { std::fs::rename(&hidden, path) } else { std::fs::hard_link(&hidden, path) }
        });
    // Renamed, it is gone already.
    let _ = std::fs::remove_file(&hidden);
    // After a power failure it is still the one that the audit tells of.
    placed.and_then(|()| std::fs::File::open(folder)).and_then(|folder| folder.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_put_for_its_owner_alone_and_not_over_another() {
        let hub = tempfile::tempdir().unwrap();
        let folder = hub.path().join(SECRETS);
        let path = folder.join("tax.password");
        place(&folder, &path, b"first\n", false).unwrap();
        assert_eq!(
            place(&folder, &path, b"other\n", false).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"first\n");
        place(&folder, &path, b"second\n", true).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second\n");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_name_leads_nowhere_else_and_the_number_key_is_left_alone() {
        for wrong in ["", ".", "..", ".x", "a/b", "a b", "秘密", NUMBER_KEY] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(name("tax-1.key").as_deref(), Ok("tax-1.key"));
    }
}
