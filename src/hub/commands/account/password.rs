//! `renkei account password`.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _};

use clap::Args;
use renkei_sftp::password::{MOST_PASSWORD_BYTES, hash_password, random_password};
use zeroize::Zeroizing;

use super::super::reason::Reason;
use crate::access::{AccessDesk, AccessFault};
use crate::{Exit, Failure, Session};

/// Set or take away a password.
///
/// It is asked for twice on a terminal; without a terminal the first line of standard input is it. Only its hash
/// (argon2id) is kept.
#[derive(Debug, Args)]
pub(super) struct Password {
    /// The account.
    account: String,
    /// Make one by chance and print it once.
    #[arg(long, conflicts_with = "remove")]
    generate: bool,
    /// Take the password away.
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    reason: Reason,
}

impl Password {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_writing(session)?;
        let id = desk.account(&self.account)?.id;
        let password = match (self.remove, self.generate) {
            (true, _) => None,
            (false, true) => Some(random_password(random).map_err(input("/dev/urandom"))?),
            (false, false) => Some(asked()?),
        };
        let hash = match &password {
            Some(password) => {
                Some(hash_password(password).map_err(|source| AccessFault::Password { source })?)
            }
            None => None,
        };
        let action = format!("account password {}{id}", if self.remove { "remove " } else { "" });
        let is_unlisted = desk.account(&self.account)?.addresses.is_empty();
        desk.change_account(&id, action, &self.reason.reason, |account| {
            account.password_hash = hash;
            Ok(if self.remove { "removed" } else { "set" }.to_owned())
        })?;
        let console = session.console();
        if self.generate
            && let Some(password) = &password
        {
            console.data(password.as_str());
        }
        if self.remove {
            console.say(
                format_args!("パスワードを外しました: {id}"),
                format_args!("Removed the password: {id}"),
            );
        } else {
            console
                .say(format_args!("パスワードを設定しました: {id}"), format_args!("Set the password: {id}"));
            if is_unlisted {
                console.say(
                    format_args!(
                        "接続元がまだないので、このパスワードではどこからも入れません: renkei account address add {id} 10.1.2.0/24"
                    ),
                    format_args!(
                        "It has no address yet, so the password is good nowhere: renkei account address add {id} 10.1.2.0/24"
                    ),
                );
            }
        }
        Ok(Exit::Ok)
    }
}

/// The password a person types twice, or the first line of standard input.
fn asked() -> Result<Zeroizing<String>, AccessFault> {
    if std::io::stdin().is_terminal() {
        let ask =
            |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(input("the terminal"));
        let password = ask("Password: ")?;
        if *ask("Again: ")? != *password {
            return Err(AccessFault::PasswordsDiffer);
        }
        return Ok(password);
    }
    let most = u64::try_from(MOST_PASSWORD_BYTES + 2).unwrap_or(u64::MAX);
    // Room for all of it at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut text = Zeroizing::new(String::with_capacity(MOST_PASSWORD_BYTES + 3));
    std::io::stdin().lock().take(most).read_to_string(&mut text).map_err(input("standard input"))?;
    let line = text.lines().next().unwrap_or_default();
    Ok(Zeroizing::new(line.to_owned()))
}

fn random(bytes: &mut [u8]) -> std::io::Result<()> {
    File::open("/dev/urandom")?.read_exact(bytes)
}

fn input(what: &'static str) -> impl FnOnce(std::io::Error) -> AccessFault {
    move |source| AccessFault::Input { what: what.to_owned(), source }
}
