//! OpenSSH certificates of users: an authority (認証局) that the hub trusts says that a key is an account's, for a time.
//! Whether that is believed is one pure function; signatures are checked before it is asked.

use std::fmt;
use std::net::IpAddr;

use super::account::AccountId;
use super::key::{Fingerprint, PublicKey};
use super::login::LoginRefusal;
use super::network::SourceNetwork;
use crate::moment::Moment;

/// The only command that a certificate may force (OpenSSH, `PROTOCOL.certkeys`): what is served here anyway.
const SFTP: &str = "internal-sftp";
/// As much of a key id is shown, in characters.
const MOST_SHOWN: usize = 60;

/// A certificate whose signatures, the authority's and its holder's, have been found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCertificate {
    /// The key it is for.
    pub key: Fingerprint,
    /// The key of the authority that signed it.
    pub authority: Fingerprint,
    /// False for one that is for hosts.
    pub is_for_users: bool,
    /// What the authority calls it.
    pub key_id: String,
    /// The authority's number for it.
    pub serial: u64,
    /// The names that it is for; for none where there are none.
    pub principals: Vec<String>,
    /// From this second since 1970 on.
    pub valid_after: u64,
    /// Until before this one.
    pub valid_before: u64,
    /// What must be understood and kept to, by name and value.
    pub critical: Vec<(String, String)>,
}

/// By what a certificate is named in the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateName {
    /// What the authority calls it, in one line and cut.
    pub key_id: String,
    /// The authority's number for it.
    pub serial: u64,
    /// The authority.
    pub authority: Fingerprint,
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate \"{}\" serial {} of {}", self.key_id, self.serial, self.authority)
    }
}

impl UserCertificate {
    /// By what it is named.
    pub fn name(&self) -> CertificateName {
        CertificateName {
            key_id: self.key_id.escape_debug().take(MOST_SHOWN).collect(),
            serial: self.serial,
            authority: self.authority,
        }
    }
}

/// An authority that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its key.
    pub key: PublicKey,
    /// The accounts that it may speak for; all of them where it is `None`.
    pub accounts: Option<Vec<AccountId>>,
}

/// What is taken back of what authorities signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// Numbers `from..=to`, of this authority or of any.
    Serials {
        /// Whose.
        authority: Option<Fingerprint>,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// All of this key id.
    KeyId(String),
    /// All for this key.
    Key(Fingerprint),
}

impl Revoked {
    fn has(&self, certificate: &UserCertificate) -> bool {
        match self {
            Self::Serials { authority, from, to } => {
                let is_theirs = authority.is_none_or(|authority| authority == certificate.authority);
                is_theirs && (*from..=*to).contains(&certificate.serial)
            }
            Self::KeyId(id) => *id == certificate.key_id,
            Self::Key(key) => *key == certificate.key,
        }
    }
}

/// The authorities that are trusted, and what is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorities {
    /// Who is trusted.
    pub trusted: Vec<Authority>,
    /// What is not taken any more.
    pub revoked: Vec<Revoked>,
}

impl Authorities {
    /// True when no certificate is ever taken.
    pub fn is_empty(&self) -> bool {
        self.trusted.is_empty()
    }

    /// Whether a certificate is good for this account, from this address, now.
    pub fn judge(
        &self,
        certificate: &UserCertificate,
        account: &AccountId,
        address: IpAddr,
        now: Moment,
    ) -> Result<(), LoginRefusal> {
        let is_its = |authority: &&Authority| authority.key.fingerprint() == certificate.authority;
        let speaks = |authority: &Authority| {
            authority.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
        };
        // One authority may be declared in several parts, each for its own accounts.
        if !certificate.is_for_users || !self.trusted.iter().filter(is_its).any(speaks) {
            return Err(LoginRefusal::OtherAuthority);
        }
        if self.revoked.iter().any(|revoked| revoked.has(certificate)) {
            return Err(LoginRefusal::CertificateRevoked);
        }
        if !certificate.principals.iter().any(|principal| principal == account.as_str()) {
            return Err(LoginRefusal::CertificateOfAnother);
        }
        let is_now = u64::try_from(now.unix())
            .is_ok_and(|now| (certificate.valid_after..certificate.valid_before).contains(&now));
        if !is_now {
            return Err(LoginRefusal::CertificateEnded);
        }
        certificate.critical.iter().try_for_each(|(name, value)| match name.as_str() {
            "source-address" => from_there(value, address),
            "force-command" if value == SFTP => Ok(()),
            // What is not understood may be what was to keep somebody out.
            _ => Err(LoginRefusal::CertificateOption),
        })
    }
}

/// A list of networks with commas between; one that cannot be read refuses everybody.
fn from_there(list: &str, address: IpAddr) -> Result<(), LoginRefusal> {
    let networks: Result<Vec<SourceNetwork>, _> = list.split(',').map(str::parse).collect();
    let networks = networks.map_err(|_| LoginRefusal::CertificateOption)?;
    let is_there = networks.iter().any(|network| network.has(address));
    if is_there { Ok(()) } else { Err(LoginRefusal::KeyFromElsewhere) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "10.1.2.9";

    fn key(last: u8) -> PublicKey {
        PublicKey::from_blob([&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[last; 32]].concat())
            .unwrap()
    }

    fn now() -> Moment {
        Moment::parse("2026-11-22T00:00:00").unwrap()
    }

    fn certificate() -> UserCertificate {
        let now = u64::try_from(now().unix()).unwrap();
        UserCertificate {
            key: key(1).fingerprint(),
            authority: key(7).fingerprint(),
            is_for_users: true,
            key_id: "zei-1".to_owned(),
            serial: 12,
            principals: vec!["other".to_owned(), "office".to_owned()],
            valid_after: now,
            valid_before: now + 1,
            critical: Vec::new(),
        }
    }

    fn authorities() -> Authorities {
        let trusted = vec![
            Authority { key: key(7), accounts: None },
            Authority { key: key(8), accounts: Some(vec!["desk".parse().unwrap()]) },
        ];
        Authorities { trusted, revoked: Vec::new() }
    }

    fn judge(authorities: &Authorities, certificate: &UserCertificate) -> Result<(), LoginRefusal> {
        authorities.judge(certificate, &"office".parse().unwrap(), ADDRESS.parse().unwrap(), now())
    }

    #[test]
    fn it_is_good_for_its_account_in_its_time_by_a_trusted_authority() {
        let check = |change: &dyn Fn(&mut UserCertificate), expect: Result<(), LoginRefusal>| {
            let mut certificate = certificate();
            change(&mut certificate);
            assert_eq!(judge(&authorities(), &certificate), expect, "{certificate:?}");
        };
        check(&|_| {}, Ok(()));
        check(&|one| one.is_for_users = false, Err(LoginRefusal::OtherAuthority));
        check(&|one| one.authority = key(9).fingerprint(), Err(LoginRefusal::OtherAuthority));
        // It speaks for other accounts only.
        check(&|one| one.authority = key(8).fingerprint(), Err(LoginRefusal::OtherAuthority));
        check(&|one| one.principals.clear(), Err(LoginRefusal::CertificateOfAnother));
        check(&|one| one.principals = vec!["Office".to_owned()], Err(LoginRefusal::CertificateOfAnother));
        check(&|one| one.valid_after += 1, Err(LoginRefusal::CertificateEnded));
        check(&|one| one.valid_before -= 1, Err(LoginRefusal::CertificateEnded));
        check(&|one| (one.valid_after, one.valid_before) = (0, u64::MAX), Ok(()));
        assert_eq!(judge(&Authorities::default(), &certificate()), Err(LoginRefusal::OtherAuthority));
    }

    #[test]
    fn what_is_critical_is_kept_to_or_refuses() {
        let check = |name: &str, value: &str, expect: Result<(), LoginRefusal>| {
            let critical = vec![(name.to_owned(), value.to_owned())];
            let certificate = UserCertificate { critical, ..certificate() };
            assert_eq!(judge(&authorities(), &certificate), expect, "{name} {value}");
        };
        check("source-address", "10.1.2.0/24", Ok(()));
        check("source-address", "192.0.2.1,10.1.2.9", Ok(()));
        check("source-address", "192.0.2.0/24", Err(LoginRefusal::KeyFromElsewhere));
        for wrong in ["", "10.1.2.0/24,", "!192.0.2.1,10.1.2.9", "10.1.2.*"] {
            check("source-address", wrong, Err(LoginRefusal::CertificateOption));
        }
        check("force-command", "internal-sftp", Ok(()));
        for wrong in ["", "/bin/sh", "internal-sftp -R"] {
            check("force-command", wrong, Err(LoginRefusal::CertificateOption));
        }
        check("verify-required", "", Err(LoginRefusal::CertificateOption));
        check("later@example.org", "", Err(LoginRefusal::CertificateOption));
    }

    #[test]
    fn what_is_revoked_is_taken_no_more() {
        let serials = |authority, from, to| Revoked::Serials { authority, from, to };
        let check = |revoked: Revoked, is_hit: bool| {
            let authorities = Authorities { revoked: vec![revoked.clone()], ..authorities() };
            let expect = if is_hit { Err(LoginRefusal::CertificateRevoked) } else { Ok(()) };
            assert_eq!(judge(&authorities, &certificate()), expect, "{revoked:?}");
        };
        check(serials(None, 12, 12), true);
        check(serials(None, 1, 11), false);
        check(serials(Some(key(7).fingerprint()), 10, 20), true);
        check(serials(Some(key(8).fingerprint()), 10, 20), false);
        check(Revoked::KeyId("zei-1".to_owned()), true);
        check(Revoked::KeyId("zei".to_owned()), false);
        check(Revoked::Key(key(1).fingerprint()), true);
        check(Revoked::Key(key(2).fingerprint()), false);
    }

    #[test]
    fn its_name_is_one_line() {
        let named = UserCertificate { key_id: "a\nb\u{1b}[2J".repeat(50), ..certificate() }.name();
        assert!(named.to_string().lines().count() == 1 && named.key_id.chars().count() == MOST_SHOWN);
    }
}
