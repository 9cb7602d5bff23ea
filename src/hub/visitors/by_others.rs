//! Logins that another program did, an sshd: what it says of them, and whether the account takes that.

use std::net::IpAddr;

use renkei_core::Moment;
use renkei_core::access::{Account, AccountState, Fingerprint, LoginRule, PublicKey};

/// What was proven to sshd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// A key; `None` for one of a kind that accounts do not have.
    Key(Option<Fingerprint>),
    /// A password, however it was asked for.
    Password,
}

/// A login as sshd tells of it.
#[derive(Debug)]
pub(crate) struct ByOthers {
    address: Option<IpAddr>,
    /// `None` where sshd says nothing of it.
    proofs: Option<Vec<Proof>>,
    /// The command names the account, so that a key of it let somebody in.
    is_named: bool,
    /// The account's keys at the login.
    keys: Vec<Fingerprint>,
}

impl ByOthers {
    /// A login from `address`; `login` is what sshd writes with `ExposeAuthInfo yes`.
    pub(crate) fn new(
        account: &Account,
        address: Option<IpAddr>,
        login: Option<&str>,
        is_named: bool,
    ) -> Self {
        let proofs = login.map(|text| text.lines().filter_map(proof).collect());
        Self {
            address,
            proofs,
            is_named,
            keys: account.keys.iter().map(|key| key.key.fingerprint()).collect(),
        }
    }

    /// Whether the account as it stands now takes it; else why not, which is for the office and not for the client.
    pub(crate) fn check(&self, account: &Account, now: Moment) -> Result<(), &'static str> {
        if account.state == AccountState::Disabled {
            return Err("it is stopped");
        }
        let Some(proofs) = &self.proofs else {
            return match (self.is_named, account.rule) {
                (true, LoginRule::Either) => Ok(()),
                (true, LoginRule::Both) => Err(
                    "it needs a key and a password, and sshd does not say what was proven: ExposeAuthInfo yes",
                ),
                (false, _) => {
                    Err("sshd does not say how the login was done: ExposeAuthInfo yes, or --account")
                }
            };
        };
        let is_key =
            proofs.iter().any(|proof| matches!(proof, Proof::Key(key) if self.takes_key(account, *key, now)));
        let is_listed =
            self.address.is_some_and(|address| account.addresses.iter().any(|network| network.has(address)));
        let is_password = is_listed && proofs.contains(&Proof::Password);
        match (account.rule, is_key, is_password) {
            (LoginRule::Either, true, _) | (LoginRule::Either, _, true) | (LoginRule::Both, true, true) => {
                Ok(())
            }
            (LoginRule::Either, ..) => {
                Err("its key is not, or no longer, good here, and a password only from its addresses")
            }
            (LoginRule::Both, ..) => Err("it needs a key and a password from one of its addresses"),
        }
    }

    /// A key of the account's is good on its own terms. For another one sshd stands, unless the key's own command named
    /// the account, or it was the account's when the session began.
    fn takes_key(&self, account: &Account, key: Option<Fingerprint>, now: Moment) -> bool {
        let Some(fingerprint) = key else { return !self.is_named };
        let Some(key) = account.keys.iter().find(|key| key.key.fingerprint() == fingerprint) else {
            // Its own command in sshd's list is older than the account's keys are now.
            return !self.is_named && !self.keys.contains(&fingerprint);
        };
        let has_ended = key.until.is_some_and(|until| now > until);
        let from = &key.from;
        let is_here = self.address.is_some_and(|address| from.iter().any(|network| network.has(address)));
        !has_ended && (from.is_empty() || is_here)
    }
}

/// `publickey ssh-ed25519 AAAA...`, `password`, or `keyboard-interactive/pam`.
fn proof(line: &str) -> Option<Proof> {
    let (method, rest) = line.split_once(' ').unwrap_or((line, ""));
    match method.split('/').next() {
        Some("publickey") => {
            Some(Proof::Key(PublicKey::parse_line(rest).ok().map(|(key, _)| key.fingerprint())))
        }
        Some("password" | "keyboard-interactive") => Some(Proof::Password),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use renkei_core::access::AccountKey;

    use super::*;

    const LISTED: &str = "10.1.2.9";
    const ELSEWHERE: &str = "203.0.113.9";

    fn key(last: u8) -> PublicKey {
        PublicKey::from_blob([&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[last; 32]].concat())
            .unwrap()
    }

    fn account(rule: LoginRule) -> Account {
        let account_key =
            |last, until| AccountKey { key: key(last), comment: String::new(), from: Vec::new(), until };
        Account {
            id: "office".parse().unwrap(),
            system: "015".parse().unwrap(),
            state: AccountState::Enabled,
            rule,
            keys: vec![account_key(1, None), account_key(2, Moment::parse("2026-11-21T00:00:00"))],
            password_hash: None,
            addresses: vec!["10.1.2.0/24".parse().unwrap()],
        }
    }

    fn now() -> Moment {
        Moment::parse("2026-11-22T00:00:00").unwrap()
    }

    fn by_key(last: u8) -> String {
        format!("publickey {}\n", key(last).to_line())
    }

    #[test]
    fn what_sshd_says_is_held_against_the_account() {
        use LoginRule::{Both, Either};
        let check = |rule, address: &str, login: Option<&str>, is_named, expect: bool| {
            let account = account(rule);
            let login_by = ByOthers::new(&account, address.parse().ok(), login, is_named);
            assert_eq!(
                login_by.check(&account, now()).is_ok(),
                expect,
                "{rule:?} {address} {login:?} {is_named}"
            );
            let stopped = Account { state: AccountState::Disabled, ..account };
            assert!(login_by.check(&stopped, now()).is_err());
        };
        let (one, ended, foreign) = (by_key(1), by_key(2), by_key(3));
        // A key's own command; nothing else needs to be said of it.
        check(Either, ELSEWHERE, None, true, true);
        check(Both, LISTED, None, true, false);
        // A plain subsystem, where sshd says nothing.
        check(Either, LISTED, None, false, false);
        check(Either, LISTED, Some(""), false, false);
        check(Either, ELSEWHERE, Some(&one), false, true);
        check(Either, ELSEWHERE, Some(&ended), false, false);
        check(Either, ELSEWHERE, Some(&ended), true, false);
        check(Either, ELSEWHERE, Some(&foreign), false, true);
        check(Either, ELSEWHERE, Some(&foreign), true, false);
        check(Either, ELSEWHERE, Some("password\n"), false, false);
        check(Either, LISTED, Some("password\n"), false, true);
        check(Either, LISTED, Some("keyboard-interactive/pam\n"), false, true);
        check(Either, ELSEWHERE, Some("keyboard-interactive/pam\n"), false, false);
        check(Either, "", Some("password\n"), false, false);
        check(Either, LISTED, Some("hostbased ssh-ed25519 AAAA\n"), false, false);
        check(Both, LISTED, Some(&one), false, false);
        check(Both, LISTED, Some("password\n"), false, false);
        check(Both, LISTED, Some(&format!("{one}password\n")), false, true);
        check(Both, ELSEWHERE, Some(&format!("{one}password\n")), false, false);
        check(Both, LISTED, Some(&format!("{ended}password\n")), false, false);
    }

    #[test]
    fn a_key_taken_away_ends_what_it_opened() {
        let mut account = account(LoginRule::Either);
        let login = ByOthers::new(&account, LISTED.parse().ok(), Some(&by_key(1)), false);
        assert!(login.check(&account, now()).is_ok());
        account.keys.clear();
        assert!(login.check(&account, now()).is_err());
    }
}
