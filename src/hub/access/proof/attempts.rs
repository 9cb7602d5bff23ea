//! The means by which logins are tried, and what is declared of each.

use std::net::IpAddr;

use renkei_core::Moment;
use renkei_core::access::{
    Account, AccountKey, Authorities, KeyAlgorithm, LoginOutcome, Offer, decide_login,
};
use renkei_sftp::SftpError;
use renkei_sftp::password::hash_password;
use renkei_sftp::probe::{PassingKey, ProbeLogin, passing_password};
use zeroize::Zeroizing;

use super::certificates::{Issued, PassingAuthorities, TriedCertificate};

/// By what a login is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// By the account's key of this place.
    Key(usize),
    /// By a key that is nobody's.
    OtherKey,
    /// By the account's password.
    Password,
    /// By another.
    OtherPassword,
    /// By the account's first key and, where that is not enough, its password.
    Both,
    /// By a certificate.
    Certificate(TriedCertificate),
    /// By a certificate and, where that is not enough, the account's password.
    CertificateAndPassword(TriedCertificate),
}

/// A login that is to be tried: account and class of addresses by their places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) who: usize,
    pub(super) address_no: usize,
    pub(super) means: Means,
}

/// An account whose keys and password were exchanged for passing ones; everything else is as it stands.
pub(super) struct Passing<'a> {
    pub(super) account: Account,
    keys: Vec<PassingKey>,
    other_key: PassingKey,
    password: Zeroizing<String>,
    other_password: Zeroizing<String>,
    certificates: Vec<Issued<'a>>,
}

impl<'a> Passing<'a> {
    /// `one` is an address of which some certificates speak.
    pub(super) fn of(
        account: &Account,
        authorities: &'a PassingAuthorities,
        one: IpAddr,
        now: Moment,
    ) -> Result<Self, SftpError> {
        let keys = account.keys.iter().map(|key| PassingKey::make(key.key.algorithm));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let exchanged = account.keys.iter().zip(&keys);
        let exchanged =
            exchanged.map(|(key, passing)| AccountKey { key: passing.public().clone(), ..key.clone() });
        let password = passing_password()?;
        let hash = hash_password(&password)
            .map_err(|error| SftpError::Proof { attempt: "hash a password", detail: error.to_string() })?;
        Ok(Self {
            account: Account {
                keys: exchanged.collect(),
                // Who has no password has none here.
                password_hash: account.password_hash.as_ref().map(|_| hash),
                ..account.clone()
            },
            keys,
            other_key: PassingKey::make(KeyAlgorithm::Ed25519)?,
            password,
            other_password: passing_password()?,
            certificates: authorities.issue(&account.id, one, now)?,
        })
    }

    /// Every means that can be tried.
    pub(super) fn means(&self) -> impl Iterator<Item = Means> + use<'_, 'a> {
        let keys = (0..self.keys.len()).map(Means::Key);
        let both = (!self.keys.is_empty()).then_some(Means::Both);
        let certificates = self.certificates.iter().flat_map(|one| {
            let alone = Means::Certificate(one.tried);
            // With a fault, it is as if there were only the password.
            [Some(alone), one.is_right().then_some(Means::CertificateAndPassword(one.tried))]
        });
        let others = [Means::OtherKey, Means::Password, Means::OtherPassword];
        keys.chain(both).chain(others).chain(certificates.flatten())
    }

    pub(super) fn login(&self, means: Means) -> ProbeLogin<'_> {
        let key = |key| ProbeLogin { key, ..ProbeLogin::default() };
        let password = |password| ProbeLogin { password: Some(password), ..ProbeLogin::default() };
        match means {
            Means::Key(place) => key(self.keys.get(place)),
            Means::OtherKey => key(Some(&self.other_key)),
            Means::Password => password(&self.password),
            Means::OtherPassword => password(&self.other_password),
            Means::Both => ProbeLogin { key: self.keys.first(), ..password(&self.password) },
            Means::Certificate(tried) | Means::CertificateAndPassword(tried) => {
                let issued = self.issued(tried);
                ProbeLogin {
                    key: issued.map(|issued| issued.holder),
                    certificate: issued.map(|issued| &issued.certificate),
                    password: matches!(means, Means::CertificateAndPassword(_)).then_some(&self.password),
                }
            }
        }
    }

    fn issued(&self, tried: TriedCertificate) -> Option<&Issued<'a>> {
        self.certificates.iter().find(|issued| issued.tried == tried)
    }

    /// Whether the rules let this account in so.
    pub(super) fn is_declared(
        &self,
        authorities: &Authorities,
        address: IpAddr,
        means: Means,
        now: Moment,
    ) -> bool {
        let decide = |offer, proven| decide_login(Some(&self.account), address, offer, proven, now);
        let key = |place: usize| {
            let key = self.account.keys.get(place);
            Offer::Key(key.map_or_else(|| self.other_key.public().fingerprint(), |key| key.key.fingerprint()))
        };
        let other_key = Offer::Key(self.other_key.public().fingerprint());
        let (right, wrong) = (Offer::Password { is_right: true }, Offer::Password { is_right: false });
        // First this, and then the password.
        let with_password = |first| match decide(first, None) {
            LoginOutcome::In => true,
            LoginOutcome::PasswordToFollow => decide(right, Some(first)) == LoginOutcome::In,
            LoginOutcome::KeyToFollow | LoginOutcome::Refused(_) => decide(right, None) == LoginOutcome::In,
        };
        let certificate = |tried| {
            let issued = self.issued(tried);
            issued.map(|issued| issued.offer(authorities, &self.account.id, address, now))
        };
        match means {
            Means::Key(place) => decide(key(place), None) == LoginOutcome::In,
            Means::OtherKey => decide(other_key, None) == LoginOutcome::In,
            Means::Password => decide(right, None) == LoginOutcome::In,
            Means::OtherPassword => decide(wrong, None) == LoginOutcome::In,
            Means::Both => with_password(key(0)),
            Means::Certificate(tried) => {
                certificate(tried).is_some_and(|offer| decide(offer, None) == LoginOutcome::In)
            }
            Means::CertificateAndPassword(tried) => certificate(tried).is_some_and(with_password),
        }
    }
}
