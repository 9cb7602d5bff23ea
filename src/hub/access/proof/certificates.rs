//! Certificates that a proof tries: of every declared authority, right and with each of the faults that must keep them out.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use renkei_core::Moment;
use renkei_core::access::{
    AccountId, Authorities, Authority, Fingerprint, KeyAlgorithm, Offer, Revoked, UserCertificate,
};
use renkei_sftp::SftpError;
use renkei_sftp::probe::{PassingCertificate, PassingKey};

/// Seconds for which a certificate of a proof is valid before and after its hour.
const MARGIN: u64 = 60 * 60;
/// What an authority calls what it signs for a proof.
const KEY_ID: &str = "renkei-proof";

/// A certificate that is tried, as it is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TriedCertificate {
    /// Of which authority, by its real key; `None` for one that nobody trusts.
    pub(crate) authority: Option<Fingerprint>,
    pub(crate) sort: CertificateSort,
}

/// What there is about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateSort {
    /// It is for the account, now.
    Right,
    /// It is for another account.
    OfAnother,
    /// Its time is over.
    Ended,
    /// Its time has not come.
    Early,
    /// It is for hosts.
    ForHosts,
    /// It may be shown from one of the addresses only.
    FromOneAddress,
    /// It demands what nobody knows.
    UnknownOption,
    /// What is revoked in this place of the list is true of it.
    Revoked(usize),
}

impl CertificateSort {
    /// A word for it.
    pub(crate) fn word(self) -> String {
        match self {
            Self::Right => "right".to_owned(),
            Self::OfAnother => "of-another".to_owned(),
            Self::Ended => "ended".to_owned(),
            Self::Early => "early".to_owned(),
            Self::ForHosts => "for-hosts".to_owned(),
            Self::FromOneAddress => "from-one-address".to_owned(),
            Self::UnknownOption => "unknown-option".to_owned(),
            Self::Revoked(place) => format!("revoked-{}", place + 1),
        }
    }
}

/// Passing keys in the place of those that authorities have, and of those whose certificates are revoked.
pub(super) struct PassingAuthorities {
    /// By the real key.
    keys: BTreeMap<Fingerprint, PassingKey>,
    stranger: PassingKey,
    holder: PassingKey,
    /// By the real key.
    revoked_holders: BTreeMap<Fingerprint, PassingKey>,
    /// What is declared, by passing keys.
    pub(super) declared: Authorities,
}

impl PassingAuthorities {
    pub(super) fn of(declared: &Authorities) -> Result<Self, SftpError> {
        let make = || PassingKey::make(KeyAlgorithm::Ed25519);
        let mut keys = BTreeMap::new();
        for authority in &declared.trusted {
            // One that is declared in several parts is one.
            if let Entry::Vacant(free) = keys.entry(authority.key.fingerprint()) {
                free.insert(PassingKey::make(authority.key.algorithm)?);
            }
        }
        let mut revoked_holders = BTreeMap::new();
        for revoked in &declared.revoked {
            if let Revoked::Key(key) = revoked {
                revoked_holders.insert(*key, make()?);
            }
        }
        let (stranger, holder) = (make()?, make()?);
        let mut passing = Self { keys, stranger, holder, revoked_holders, declared: Authorities::default() };
        passing.declared = passing.exchanged(declared);
        Ok(passing)
    }

    /// The same with passing keys; what is said of keys that are not declared stays.
    pub(super) fn exchanged(&self, authorities: &Authorities) -> Authorities {
        let passing = |real: &Fingerprint| self.keys.get(real).map(|key| key.public().fingerprint());
        let trusted = authorities.trusted.iter().map(|authority| {
            let key = self.keys.get(&authority.key.fingerprint()).map(PassingKey::public);
            Authority { key: key.unwrap_or(&authority.key).clone(), accounts: authority.accounts.clone() }
        });
        let revoked = authorities.revoked.iter().map(|revoked| match revoked {
            Revoked::Serials { authority, from, to } => {
                let authority = authority.map(|real| passing(&real).unwrap_or(real));
                Revoked::Serials { authority, from: *from, to: *to }
            }
            Revoked::KeyId(id) => Revoked::KeyId(id.clone()),
            Revoked::Key(real) => {
                let holder = self.revoked_holders.get(real).map(|key| key.public().fingerprint());
                Revoked::Key(holder.unwrap_or(*real))
            }
        });
        Authorities { trusted: trusted.collect(), revoked: revoked.collect() }
    }

    /// Every certificate that is tried for an account. `one` is the address of [`CertificateSort::FromOneAddress`].
    pub(super) fn issue(
        &self,
        account: &AccountId,
        one: IpAddr,
        now: Moment,
    ) -> Result<Vec<Issued<'_>>, SftpError> {
        let strange = self.right(&self.stranger, account, now);
        let mut issued = vec![issue(&self.stranger, &self.holder, strange, None, CertificateSort::Right)?];
        for (real, authority) in &self.keys {
            let mut put = |sort, holder, says| -> Result<(), SftpError> {
                issued.push(issue(authority, holder, says, Some(*real), sort)?);
                Ok(())
            };
            for (sort, says) in self.flawed(authority, account, one, now) {
                put(sort, &self.holder, says)?;
            }
            for (place, revoked) in self.declared.revoked.iter().enumerate() {
                let right = self.right(authority, account, now);
                let (holder, says) = match revoked {
                    // Not of this authority.
                    Revoked::Serials { authority: Some(other), .. }
                        if *other != authority.public().fingerprint() =>
                    {
                        continue;
                    }
                    Revoked::Serials { to, .. } => (&self.holder, UserCertificate { serial: *to, ..right }),
                    Revoked::KeyId(id) => (&self.holder, UserCertificate { key_id: id.clone(), ..right }),
                    Revoked::Key(passing) => {
                        let of_it = |holder: &&PassingKey| holder.public().fingerprint() == *passing;
                        (self.revoked_holders.values().find(of_it).unwrap_or(&self.holder), right)
                    }
                };
                put(CertificateSort::Revoked(place), holder, says)?;
            }
        }
        Ok(issued)
    }

    /// A right one, and each with one fault.
    fn flawed(
        &self,
        authority: &PassingKey,
        account: &AccountId,
        one: IpAddr,
        now: Moment,
    ) -> [(CertificateSort, UserCertificate); 7] {
        let right = self.right(authority, account, now);
        let critical = |name: &str, value: String| UserCertificate {
            critical: vec![(name.to_owned(), value)],
            ..right.clone()
        };
        let width = if one.is_ipv4() { 32 } else { 128 };
        let of_another = UserCertificate { principals: vec![format!("not-{account}")], ..right.clone() };
        let (after, before) = (right.valid_after, right.valid_before);
        [
            (CertificateSort::Right, right.clone()),
            (CertificateSort::OfAnother, of_another),
            (CertificateSort::Ended, UserCertificate { valid_before: after + MARGIN / 2, ..right.clone() }),
            (CertificateSort::Early, UserCertificate { valid_after: before - MARGIN / 2, ..right.clone() }),
            (CertificateSort::ForHosts, UserCertificate { is_for_users: false, ..right.clone() }),
            (CertificateSort::FromOneAddress, critical("source-address", format!("{one}/{width}"))),
            (CertificateSort::UnknownOption, critical("proof@renkei.invalid", String::new())),
        ]
    }

    /// One that says what it should, of a number that is not revoked where there is one.
    fn right(&self, authority: &PassingKey, account: &AccountId, now: Moment) -> UserCertificate {
        let now = u64::try_from(now.unix()).unwrap_or_default();
        // The library looks at the system's clock too, which is another where the hub's was set.
        let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(now, |since| since.as_secs());
        UserCertificate {
            key: self.holder.public().fingerprint(),
            authority: authority.public().fingerprint(),
            is_for_users: true,
            key_id: KEY_ID.to_owned(),
            serial: self.free_serial(),
            principals: vec![account.to_string()],
            valid_after: now.min(system).saturating_sub(MARGIN),
            valid_before: now.max(system).saturating_add(MARGIN),
            critical: Vec::new(),
        }
    }

    /// The lowest number that no line revokes.
    fn free_serial(&self) -> u64 {
        let ranges = self.declared.revoked.iter().filter_map(|revoked| match revoked {
            Revoked::Serials { from, to, .. } => Some((*from, *to)),
            Revoked::KeyId(_) | Revoked::Key(_) => None,
        });
        let mut ranges: Vec<_> = ranges.collect();
        ranges.sort_unstable();
        ranges
            .into_iter()
            .fold(0, |free, (from, to)| if (from..=to).contains(&free) { to.saturating_add(1) } else { free })
    }
}

/// Signs what `says` says; `real` is the key that the authority has outside of the proof.
fn issue<'a>(
    authority: &PassingKey,
    holder: &'a PassingKey,
    says: UserCertificate,
    real: Option<Fingerprint>,
    sort: CertificateSort,
) -> Result<Issued<'a>, SftpError> {
    let certificate = authority.certify(holder, &says)?;
    let says = UserCertificate { key: holder.public().fingerprint(), ..says };
    Ok(Issued { tried: TriedCertificate { authority: real, sort }, holder, certificate, says })
}

/// A certificate with the key that it is for.
pub(super) struct Issued<'a> {
    pub(super) tried: TriedCertificate,
    pub(super) holder: &'a PassingKey,
    pub(super) certificate: PassingCertificate,
    says: UserCertificate,
}

impl Issued<'_> {
    /// Whether it is of a declared authority, and there is nothing wrong with what it says.
    pub(super) fn is_right(&self) -> bool {
        self.tried.authority.is_some() && self.tried.sort == CertificateSort::Right
    }

    /// What showing it is to the rules.
    pub(super) fn offer(
        &self,
        authorities: &Authorities,
        account: &AccountId,
        address: IpAddr,
        now: Moment,
    ) -> Offer {
        let judged = authorities.judge(&self.says, account, address, now);
        Offer::Certificate { key: self.says.key, judged }
    }
}
