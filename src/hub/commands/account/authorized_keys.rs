//! `renkei account authorized-keys`.

use clap::Args;
use renkei_core::Moment;
use renkei_core::access::{Account, AccountState, LoginRule};

use crate::access::AccessDesk;
use crate::{Exit, Failure, Session};

/// Print keys for sshd.
#[derive(Debug, Args)]
pub(super) struct AuthorizedKeys {
    /// The account; all of them where it is left out.
    account: Option<String>,
}

impl AuthorizedKeys {
    pub(super) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        let desk = AccessDesk::for_reading(session)?;
        let accounts = match &self.account {
            Some(name) => vec![desk.account(name)?],
            None => desk.snapshot()?.accounts()?,
        };
        let program = std::env::current_exe().unwrap_or_else(|_| "renkei".into());
        let (program, hub) = (program.display().to_string(), desk.config.folder.display().to_string());
        for line in accounts.iter().flat_map(|account| lines(account, &program, &hub, desk.now())) {
            session.console().data(line);
        }
        Ok(Exit::Ok)
    }
}

fn lines(account: &Account, program: &str, hub: &str, now: Moment) -> Vec<String> {
    if account.state == AccountState::Disabled || account.rule == LoginRule::Both {
        return Vec::new();
    }
    let good = account.keys.iter().filter(|key| key.until.is_none_or(|until| now <= until));
    let line = |key: &renkei_core::access::AccountKey| {
        let command =
            format!("{} --hub {} sftp-server --account {}", quoted(program), quoted(hub), account.id);
        let mut options =
            format!("restrict,command=\"{}\"", command.replace('\\', "\\\\").replace('"', "\\\""));
        if !key.from.is_empty() {
            let from: Vec<String> = key.from.iter().map(ToString::to_string).collect();
            options = format!("{options},from=\"{}\"", from.join(","));
        }
        if let Some(until) = key.until {
            // To the minute, and of sshd's own zone unless it says Z.
            let utc = until.plus(chrono::TimeDelta::hours(-9)).local();
            options = format!("{options},expiry-time=\"{}Z\"", utc.format("%Y%m%d%H%M%S"));
        }
        format!("{options} {} {}", key.key.to_line(), account.id)
    };
    good.map(line).collect()
}

/// A word for the shell that sshd runs the command by.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use renkei_core::access::{AccountKey, PublicKey};

    use super::*;

    fn account() -> Account {
        let blob = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[1; 32]].concat();
        let key = |from: &[&str], until: Option<&str>| AccountKey {
            key: PublicKey::from_blob(blob.clone()).unwrap(),
            comment: "a \" comment".to_owned(),
            from: from.iter().map(|text| text.parse().unwrap()).collect(),
            until: until.and_then(Moment::parse),
        };
        Account {
            id: "office".parse().unwrap(),
            system: "015".parse().unwrap(),
            state: AccountState::Enabled,
            rule: LoginRule::Either,
            keys: vec![
                key(&["10.1.2.0/24", "192.0.2.7"], Some("2026-12-31T23:59:59")),
                key(&[], Some("2026-01-01T00:00:00")),
            ],
            password_hash: None,
            addresses: Vec::new(),
        }
    }

    #[test]
    fn a_line_lets_in_only_here_from_there_and_until_then() {
        let now = Moment::parse("2026-11-22T00:00:00").unwrap();
        let made = lines(&account(), "/usr/bin/renkei", "/srv/a hub's", now);
        let [line] = made.as_slice() else { panic!("{made:?}") };
        let start = "restrict,command=\"/usr/bin/renkei --hub '/srv/a hub'\\\\''s' sftp-server --account office\",\
                     from=\"10.1.2.0/24,192.0.2.7\",expiry-time=\"20261231145959Z\" ssh-ed25519 ";
        assert!(line.starts_with(start), "{line}");
        assert!(line.ends_with(" office"), "{line}");
    }

    #[test]
    fn nobody_comes_in_by_sshd_who_may_not() {
        let now = Moment::parse("2026-11-22T00:00:00").unwrap();
        let stopped = Account { state: AccountState::Disabled, ..account() };
        let both = Account { rule: LoginRule::Both, ..account() };
        assert!(lines(&stopped, "renkei", "/srv", now).is_empty());
        assert!(lines(&both, "renkei", "/srv", now).is_empty());
    }
}
