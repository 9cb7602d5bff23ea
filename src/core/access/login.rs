//! Whether somebody is let in: one pure function over account, address and what was offered.

use std::net::IpAddr;

use super::account::{Account, AccountState, LoginRule};
use super::key::Fingerprint;
use super::network::SourceNetwork;
use crate::moment::Moment;

/// What somebody offers to prove who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// A public key whose signature the server checks, or has checked, before it believes the outcome.
    Key(Fingerprint),
    /// A key with a certificate.
    Certificate {
        /// The key that it is for.
        key: Fingerprint,
        /// What [`super::Authorities::judge`] says of it.
        judged: Result<(), LoginRefusal>,
    },
    /// A password, and whether it is the one whose hash is kept.
    Password {
        /// True when it is.
        is_right: bool,
    },
}

impl Offer {
    /// The key, where it is of one.
    pub const fn key(&self) -> Option<Fingerprint> {
        match self {
            Self::Key(key) | Self::Certificate { key, .. } => Some(*key),
            Self::Password { .. } => None,
        }
    }
}

/// What becomes of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOutcome {
    /// He is in.
    In,
    /// This is right, and the password is to follow.
    PasswordToFollow,
    /// This is right, and the key is to follow.
    KeyToFollow,
    /// He is refused.
    Refused(LoginRefusal),
}

/// Why somebody is refused. It is for the audit only: whoever is refused is told nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoginRefusal {
    /// There is no such account.
    NoAccount,
    /// The account is stopped.
    Disabled,
    /// The key is not one of the account's.
    OtherKey,
    /// The key, or what it is signed by, is of a kind or length that is not taken from anybody.
    KeyNotTaken,
    /// The key may no longer be used.
    KeyEnded,
    /// The key may not be used from that address.
    KeyFromElsewhere,
    /// The account has no password.
    NoPassword,
    /// A password may not be used from that address.
    PasswordFromElsewhere,
    /// The password is another.
    OtherPassword,
    /// The certificate is of nobody who is trusted for the account, or for hosts.
    OtherAuthority,
    /// The certificate is not for the account.
    CertificateOfAnother,
    /// The certificate is not valid yet, or no longer.
    CertificateEnded,
    /// The certificate was taken back.
    CertificateRevoked,
    /// The certificate demands what is not known here.
    CertificateOption,
}

impl LoginRefusal {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::NoAccount,
        Self::Disabled,
        Self::OtherKey,
        Self::KeyNotTaken,
        Self::KeyEnded,
        Self::KeyFromElsewhere,
        Self::NoPassword,
        Self::PasswordFromElsewhere,
        Self::OtherPassword,
        Self::OtherAuthority,
        Self::CertificateOfAnother,
        Self::CertificateEnded,
        Self::CertificateRevoked,
        Self::CertificateOption,
    ];

    /// The word in the audit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAccount => "no-account",
            Self::Disabled => "disabled",
            Self::OtherKey => "other-key",
            Self::KeyNotTaken => "key-not-taken",
            Self::KeyEnded => "key-ended",
            Self::KeyFromElsewhere => "key-from-elsewhere",
            Self::NoPassword => "no-password",
            Self::PasswordFromElsewhere => "password-from-elsewhere",
            Self::OtherPassword => "other-password",
            Self::OtherAuthority => "other-authority",
            Self::CertificateOfAnother => "certificate-of-another",
            Self::CertificateEnded => "certificate-ended",
            Self::CertificateRevoked => "certificate-revoked",
            Self::CertificateOption => "certificate-option",
        }
    }
}

/// Decides about an offer (WT資料 2.1.3: public key, or password with source address). `proven` is what the same
/// connection has proven before, for accounts that need both.
pub fn decide_login(
    account: Option<&Account>,
    address: IpAddr,
    offer: Offer,
    proven: Option<Offer>,
    now: Moment,
) -> LoginOutcome {
    let Some(account) = account else {
        return LoginOutcome::Refused(LoginRefusal::NoAccount);
    };
    if let Err(refusal) = check(account, address, offer, now) {
        return LoginOutcome::Refused(refusal);
    }
    // What was proven is looked at anew: a key may have ended between.
    let is_held = |offer: &Offer| check(account, address, *offer, now).is_ok();
    let before = proven.filter(is_held);
    match (account.rule, offer, before) {
        (LoginRule::Either, ..)
        | (LoginRule::Both, Offer::Key(_) | Offer::Certificate { .. }, Some(Offer::Password { .. }))
        | (LoginRule::Both, Offer::Password { .. }, Some(Offer::Key(_) | Offer::Certificate { .. })) => {
            LoginOutcome::In
        }
        (LoginRule::Both, Offer::Key(_) | Offer::Certificate { .. }, _) => LoginOutcome::PasswordToFollow,
        (LoginRule::Both, Offer::Password { .. }, _) => LoginOutcome::KeyToFollow,
    }
}

/// Whether a password from that address could be right at all; where not, it need not be hashed.
pub fn password_is_worth_checking(account: Option<&Account>, address: IpAddr) -> bool {
    account.is_some_and(|account| password_terms(account, address).is_ok())
}

fn check(account: &Account, address: IpAddr, offer: Offer, now: Moment) -> Result<(), LoginRefusal> {
    match offer {
        Offer::Key(fingerprint) => {
            if account.state == AccountState::Disabled {
                return Err(LoginRefusal::Disabled);
            }
            let is_offered = |key: &&super::account::AccountKey| key.key.fingerprint() == fingerprint;
            let key = account.keys.iter().find(is_offered).ok_or(LoginRefusal::OtherKey)?;
            if key.until.is_some_and(|until| now > until) {
                return Err(LoginRefusal::KeyEnded);
            }
            if !key.from.is_empty() && !has(&key.from, address) {
                return Err(LoginRefusal::KeyFromElsewhere);
            }
            Ok(())
        }
        Offer::Certificate { judged, .. } => {
            if account.state == AccountState::Disabled {
                return Err(LoginRefusal::Disabled);
            }
            judged
        }
        Offer::Password { is_right } => {
            password_terms(account, address)?;
            if is_right { Ok(()) } else { Err(LoginRefusal::OtherPassword) }
        }
    }
}

fn password_terms(account: &Account, address: IpAddr) -> Result<(), LoginRefusal> {
    if account.state == AccountState::Disabled {
        return Err(LoginRefusal::Disabled);
    }
    if account.password_hash.is_none() {
        return Err(LoginRefusal::NoPassword);
    }
    if has(&account.addresses, address) { Ok(()) } else { Err(LoginRefusal::PasswordFromElsewhere) }
}

fn has(networks: &[SourceNetwork], address: IpAddr) -> bool {
    networks.iter().any(|network| network.has(address))
}

#[cfg(test)]
mod tests {
    use super::super::account::AccountKey;
    use super::super::key::PublicKey;
    use super::*;
    use LoginOutcome::{In, KeyToFollow, PasswordToFollow, Refused};

    const LISTED: &str = "10.1.2.9";
    const KEYS_OWN: &str = "192.0.2.1";
    const ELSEWHERE: &str = "203.0.113.9";
    const RIGHT: Offer = Offer::Password { is_right: true };
    const WRONG: Offer = Offer::Password { is_right: false };

    fn key(last: u8) -> PublicKey {
        let blob = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[last; 32]].concat();
        PublicKey::from_blob(blob).unwrap()
    }

    fn account_key(last: u8, from: &[&str], until: Option<&str>) -> AccountKey {
        AccountKey {
            key: key(last),
            comment: String::new(),
            from: from.iter().map(|text| text.parse().unwrap()).collect(),
            until: until.map(|text| Moment::parse(text).unwrap()),
        }
    }

    /// Key 1 from anywhere, key 2 from its own address, key 3 ended; a password from 10.1.2.0/24.
    fn account() -> Account {
        Account {
            id: "office".parse().unwrap(),
            system: "015".parse().unwrap(),
            state: AccountState::Enabled,
            rule: LoginRule::Either,
            keys: vec![
                account_key(1, &[], None),
                account_key(2, &[KEYS_OWN], Some("2026-11-23T00:00:00")),
                account_key(3, &[], Some("2026-11-21T23:59:59")),
            ],
            password_hash: Some("$argon2id$".to_owned()),
            addresses: vec!["10.1.2.0/24".parse().unwrap()],
        }
    }

    fn offer_key(last: u8) -> Offer {
        Offer::Key(key(last).fingerprint())
    }

    fn decide(account: Option<&Account>, address: &str, offer: Offer, proven: Option<Offer>) -> LoginOutcome {
        let now = Moment::parse("2026-11-22T00:00:00").unwrap();
        decide_login(account, address.parse().unwrap(), offer, proven, now)
    }

    #[test]
    fn a_key_from_anywhere_it_allows_or_a_password_from_a_listed_address() {
        let account = account();
        let check = |address, offer, expect| {
            assert_eq!(decide(Some(&account), address, offer, None), expect, "{address} {offer:?}");
        };
        check(LISTED, offer_key(1), In);
        check(ELSEWHERE, offer_key(1), In);
        check(KEYS_OWN, offer_key(2), In);
        check(ELSEWHERE, offer_key(2), Refused(LoginRefusal::KeyFromElsewhere));
        check(LISTED, offer_key(2), Refused(LoginRefusal::KeyFromElsewhere));
        check(LISTED, offer_key(3), Refused(LoginRefusal::KeyEnded));
        check(LISTED, offer_key(4), Refused(LoginRefusal::OtherKey));
        check(LISTED, RIGHT, In);
        check("::ffff:10.1.2.9", RIGHT, In);
        check(LISTED, WRONG, Refused(LoginRefusal::OtherPassword));
        check(ELSEWHERE, RIGHT, Refused(LoginRefusal::PasswordFromElsewhere));
        check(KEYS_OWN, RIGHT, Refused(LoginRefusal::PasswordFromElsewhere));
    }

    #[test]
    fn nobody_else_is_in() {
        assert_eq!(decide(None, LISTED, RIGHT, None), Refused(LoginRefusal::NoAccount));
        let stopped = Account { state: AccountState::Disabled, ..account() };
        for offer in [offer_key(1), RIGHT, WRONG] {
            assert_eq!(decide(Some(&stopped), LISTED, offer, None), Refused(LoginRefusal::Disabled));
        }
        let without = Account { password_hash: None, ..account() };
        assert_eq!(decide(Some(&without), LISTED, RIGHT, None), Refused(LoginRefusal::NoPassword));
        // Without a list a password is good nowhere.
        let unlisted = Account { addresses: Vec::new(), ..account() };
        assert_eq!(
            decide(Some(&unlisted), LISTED, RIGHT, None),
            Refused(LoginRefusal::PasswordFromElsewhere)
        );
        for (account, address, expect) in
            [(Some(account()), LISTED, true), (Some(account()), ELSEWHERE, false), (None, LISTED, false)]
        {
            assert_eq!(password_is_worth_checking(account.as_ref(), address.parse().unwrap()), expect);
        }
    }

    #[test]
    fn both_means_both_in_any_order() {
        let account = Account { rule: LoginRule::Both, ..account() };
        let check = |address, offer, proven, expect| {
            assert_eq!(
                decide(Some(&account), address, offer, proven),
                expect,
                "{address} {offer:?} {proven:?}"
            );
        };
        check(LISTED, offer_key(1), None, PasswordToFollow);
        check(LISTED, RIGHT, None, KeyToFollow);
        check(LISTED, RIGHT, Some(offer_key(1)), In);
        check(LISTED, offer_key(1), Some(RIGHT), In);
        // Twice the same is not both, and what was proven wrongly counts for nothing.
        check(LISTED, offer_key(1), Some(offer_key(1)), PasswordToFollow);
        check(LISTED, RIGHT, Some(RIGHT), KeyToFollow);
        check(LISTED, RIGHT, Some(offer_key(3)), KeyToFollow);
        check(LISTED, offer_key(1), Some(WRONG), PasswordToFollow);
        check(ELSEWHERE, RIGHT, Some(offer_key(1)), Refused(LoginRefusal::PasswordFromElsewhere));
        check(LISTED, WRONG, Some(offer_key(1)), Refused(LoginRefusal::OtherPassword));
        // A certificate is a key.
        let by = |judged| Offer::Certificate { key: key(4).fingerprint(), judged };
        let ended = Err(LoginRefusal::CertificateEnded);
        check(LISTED, by(Ok(())), None, PasswordToFollow);
        check(LISTED, by(Ok(())), Some(RIGHT), In);
        check(LISTED, by(Ok(())), Some(offer_key(1)), PasswordToFollow);
        check(LISTED, RIGHT, Some(by(Ok(()))), In);
        check(LISTED, RIGHT, Some(by(ended)), KeyToFollow);
        check(LISTED, by(ended), Some(RIGHT), Refused(LoginRefusal::CertificateEnded));
    }

    #[test]
    fn a_certificate_needs_no_key_of_the_account() {
        let by = |judged| Offer::Certificate { key: key(4).fingerprint(), judged };
        let bare = Account { keys: Vec::new(), ..account() };
        assert_eq!(decide(Some(&bare), ELSEWHERE, by(Ok(())), None), In);
        let revoked = Err(LoginRefusal::CertificateRevoked);
        assert_eq!(decide(Some(&bare), LISTED, by(revoked), None), Refused(LoginRefusal::CertificateRevoked));
        let stopped = Account { state: AccountState::Disabled, ..account() };
        assert_eq!(decide(Some(&stopped), LISTED, by(Ok(())), None), Refused(LoginRefusal::Disabled));
        assert_eq!(decide(None, LISTED, by(Ok(())), None), Refused(LoginRefusal::NoAccount));
    }
}
