//! Proving the rights: every account really logs in, from every class of addresses and by every means, and tries every
//! verb in every folder; what happens is held against what is declared.
//!
//! The server is the hub's own, on loopback, with the rules as they stand. Nobody's private key is known here, so each
//! account's keys and password are exchanged for passing ones that keep their terms; and the folders are empty ones of
//! the same names, because proving must not touch what partners exchange. Whether the real folders can be written is
//! for `doctor` and `acl diff` to say.

mod attempts;
mod certificates;
mod house;
mod places;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use renkei_core::Moment;
use renkei_core::access::{Account, AccountId, Authorities, Operation, Right, Rulebook};
use renkei_sftp::probe::Probe;
use renkei_sftp::server::{DefenderLimits, Listening, ServerConfig, ServerHandle, Suite};
use renkei_sftp::{HostKey, HostKeyKind, SftpError};

use crate::clock::HubClock;
use crate::{Failure, HubError};
pub(crate) use attempts::Means;
use attempts::{Attempt, Passing};
use certificates::PassingAuthorities;
pub(crate) use certificates::TriedCertificate;
use house::ProvingHouse;
use places::{Places, ProvenFolder, address_classes, loopback_of};

/// Logins under way at a time: refused passwords take their time.
const N_AT_ONCE: usize = 16;

/// What was tried, and what was not as declared.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    pub(crate) n_accounts: usize,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) n_folders: usize,
    pub(crate) n_logins: usize,
    pub(crate) n_logins_let_in: usize,
    pub(crate) n_verbs: usize,
    pub(crate) n_verbs_allowed: usize,
    pub(crate) differences: Vec<ProofDifference>,
}

/// One thing that went otherwise than declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProofDifference {
    pub(crate) account: AccountId,
    pub(crate) address: IpAddr,
    pub(crate) what: Tried,
    /// What is declared; the opposite was found.
    pub(crate) is_declared: bool,
}

/// What was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tried {
    LogIn(Means),
    Verb { folder: String, right: Right },
}

/// By what a server goes.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Who may do what where.
    pub(crate) book: Rulebook,
    /// Whose certificates are taken.
    pub(crate) authorities: Authorities,
}

/// Proves the rights of these accounts.
pub(crate) fn prove(accounts: &[Account], declared: &Rules, clock: HubClock) -> Result<Proof, Failure> {
    prove_served(accounts, declared, declared.clone(), clock)
}

/// Holds what a server that goes by these rules does against what is declared.
fn prove_served(
    accounts: &[Account],
    declared: &Rules,
    by: Rules,
    clock: HubClock,
) -> Result<Proof, Failure> {
    let now = renkei_engine::Clock::now(&clock);
    let book = &declared.book;
    let places = Places::make(book).map_err(|source| HubError::Daemon { attempt: "make folders", source })?;
    let addresses = address_classes(accounts);
    let authorities = PassingAuthorities::of(&declared.authorities)?;
    // There is always one: an address that is nobody's.
    let one = addresses.first().copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let passing = accounts.iter().map(|account| Passing::of(account, &authorities, one, now));
    let passing = passing.collect::<Result<Vec<_>, _>>()?;
    let by = Rules { authorities: authorities.exchanged(&by.authorities), ..by };
    let house = ProvingHouse::new(&places, by, &passing, addresses.clone(), clock)?;
    let server = start(Arc::new(house))?;
    let to = *server.addresses().first().ok_or(SftpError::NoHostKey)?;

    let mut proof = Proof {
        n_accounts: accounts.len(),
        n_folders: places.folders().len(),
        addresses: addresses.clone(),
        ..Proof::default()
    };
    let ways_in = log_in_everywhere(&passing, &authorities.declared, &addresses, to, now, &mut proof)?;
    for ((who, address_no), means) in ways_in {
        let (Some(passing), Some(address)) = (passing.get(who), addresses.get(address_no)) else { continue };
        let by = passing.login(means);
        let Some(probe) = Probe::log_in(loopback_of(address_no), to, &passing.account.id, by)? else {
            continue;
        };
        for folder in places.folders() {
            for right in Right::ALL {
                let operation = operation(right, folder);
                let is_declared = book.allows(&passing.account, operation).is_allowed;
                let is_found = tried(&probe, &places, folder, right)?;
                proof.n_verbs += 1;
                proof.n_verbs_allowed += usize::from(is_found);
                if is_found != is_declared {
                    let what = Tried::Verb { folder: folder.name().to_owned(), right };
                    let account = passing.account.id.clone();
                    proof.differences.push(ProofDifference { account, address: *address, what, is_declared });
                }
            }
        }
    }
    server.stop(Duration::ZERO);
    Ok(proof)
}

fn start(house: Arc<ProvingHouse>) -> Result<ServerHandle, SftpError> {
    let listening = Listening { address: SocketAddr::from(([127, 0, 0, 1], 0)), suite: Suite::strict() };
    let config = ServerConfig {
        max_connections: 4 * N_AT_ONCE,
        max_per_address: 4 * N_AT_ONCE,
        max_unauthenticated: 4 * N_AT_ONCE,
        max_unauthenticated_per_address: 4 * N_AT_ONCE,
        refusal_time: Duration::ZERO,
        // Whoever proves guesses wrong on purpose.
        defender: DefenderLimits {
            ban_points: u32::MAX,
            longest_delay: Duration::ZERO,
            ..DefenderLimits::default()
        },
        ..ServerConfig::new(vec![listening], vec![HostKey::generate(HostKeyKind::Ed25519)?])
    };
    ServerHandle::start(&config, house)
}

/// For an account and a class of addresses, by their places, the first means that let it in.
type WaysIn = BTreeMap<(usize, usize), Means>;

/// Tries every means for every account from every class of addresses.
fn log_in_everywhere(
    passing: &[Passing<'_>],
    authorities: &Authorities,
    addresses: &[IpAddr],
    to: SocketAddr,
    now: Moment,
    proof: &mut Proof,
) -> Result<WaysIn, SftpError> {
    let mut attempts = Vec::new();
    for (who, one) in passing.iter().enumerate() {
        for address_no in 0..addresses.len() {
            attempts.extend(one.means().map(|means| Attempt { who, address_no, means }));
        }
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new((WaysIn::new(), Vec::new(), 0));
    let work = || -> Result<(), SftpError> {
        while let Some(attempt) = attempts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Attempt { who, address_no, means } = *attempt;
            let (Some(one), Some(address)) = (passing.get(who), addresses.get(address_no)) else { continue };
            let is_declared = one.is_declared(authorities, *address, means, now);
            let by = one.login(means);
            let is_in = Probe::log_in(loopback_of(address_no), to, &one.account.id, by)?.is_some();
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            if is_in {
                done.0.entry((who, address_no)).or_insert(means);
                done.2 += 1;
            }
            if is_in != is_declared {
                let (account, what) = (one.account.id.clone(), Tried::LogIn(means));
                done.1.push(ProofDifference { account, address: *address, what, is_declared });
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..N_AT_ONCE).map(|_| scope.spawn(work)).collect();
        let lost = || SftpError::Proof { attempt: "log in", detail: "a thread ended".to_owned() };
        // Those that are not asked are waited for by the scope.
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(lost())))
    })?;
    let (ways_in, differences, n_in) = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    proof.n_logins = attempts.len();
    proof.n_logins_let_in = n_in;
    proof.differences = differences;
    proof.differences.sort_by(|one, other| (&one.account, one.address).cmp(&(&other.account, other.address)));
    Ok(ways_in)
}

fn operation(right: Right, folder: &ProvenFolder) -> Operation<'_> {
    let folder = Some(folder.path());
    match right {
        Right::List => Operation::Look(folder),
        Right::Read => Operation::Fetch(folder),
        Right::Create => Operation::Bring(folder),
        Right::Replace => Operation::Replace(folder),
        Right::Delete => Operation::Remove(folder),
    }
}

/// Tries one verb; the folder is as it was afterwards.
fn tried(probe: &Probe, places: &Places, folder: &ProvenFolder, right: Right) -> Result<bool, Failure> {
    let (standing, free) = (folder.standing(), folder.free());
    let is_done = match right {
        Right::List => probe.lists(&folder.visited(), places::STANDING)?,
        Right::Read => probe.reads(&standing)?,
        Right::Create => probe.creates(&free)?,
        Right::Replace => probe.replaces(&standing)?,
        Right::Delete => probe.removes(&standing)?,
    };
    if is_done && !matches!(right, Right::List | Right::Read) {
        places.restore(folder).map_err(|source| HubError::Daemon { attempt: "put a folder back", source })?;
    }
    Ok(is_done)
}

#[cfg(test)]
mod tests {
    use renkei_core::access::{
        AccountState, Authority, Grantee, LoginRule, Origin, PublicKey, Revoked, Rights, Rule,
    };

    use super::certificates::CertificateSort;
    use super::*;

    fn account(id: &str, system: &str) -> Account {
        Account {
            id: id.parse().unwrap(),
            system: system.parse().unwrap(),
            state: AccountState::Enabled,
            rule: LoginRule::Either,
            keys: Vec::new(),
            password_hash: Some(String::new()),
            addresses: vec!["10.1.2.0/24".parse().unwrap(), "2001:db8:9::/48".parse().unwrap()],
        }
    }

    fn rule(system: &str, folder: &str, rights: Rights) -> Rule {
        let grantee = Grantee::System(system.parse().unwrap());
        Rule { grantee, folder: folder.parse().unwrap(), rights, origin: Origin::Answers }
    }

    #[test]
    fn a_server_that_goes_by_other_rules_is_found_out() {
        let accounts =
            [account("zei", "015"), Account { state: AccountState::Disabled, ..account("old", "015") }];
        let declared = vec![
            rule("015", "001/001o005", Rights::FETCH),
            rule("015", "001/001o005/hidden", Rights::NONE),
            rule("015", "015/in", Rights::BRING),
            rule("024", "024/in", Rights::ALL),
        ];
        let rules = |rules| Rules { book: Rulebook::new(rules), authorities: Authorities::default() };
        let book = rules(declared.clone());
        let proof = prove(&accounts, &book, HubClock::system()).unwrap();
        assert_eq!(proof.differences, []);
        // First and last of two networks, and one of each kind that is in none; three means each, and a certificate.
        assert_eq!((proof.addresses.len(), proof.n_logins, proof.n_logins_let_in), (6, 48, 4));
        // 001, 001/001o005, its hidden one, 015, 015/in, 024, 024/in, and the undeclared one.
        assert_eq!((proof.n_folders, proof.n_verbs, proof.n_verbs_allowed), (8, 4 * 8 * 5, 4 * 4));

        let mut other = declared;
        other.push(rule("015", "024/in", Rights::of(&[Right::Delete])));
        let proof = prove_served(&accounts, &book, rules(other), HubClock::system()).unwrap();
        assert_eq!(proof.differences.len(), 4);
        for found in &proof.differences {
            let what = Tried::Verb { folder: "024/in".to_owned(), right: Right::Delete };
            assert_eq!((&found.what, found.is_declared), (&what, false));
        }
    }

    fn key(last: u8) -> PublicKey {
        PublicKey::from_blob([&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[last; 32]].concat())
            .unwrap()
    }

    #[test]
    fn a_server_that_takes_other_certificates_is_found_out() {
        let accounts = [account("zei", "015"), account("kaigo", "020")];
        let rules = |accounts: Option<&str>, revoked: &[Revoked]| {
            let accounts = accounts.map(|id| vec![id.parse().unwrap()]);
            let authorities =
                Authorities { trusted: vec![Authority { key: key(7), accounts }], revoked: revoked.to_vec() };
            Rules { book: Rulebook::new(Vec::new()), authorities }
        };
        let of_nobody = Some(key(9).fingerprint());
        let revoked = [
            Revoked::Serials { authority: None, from: 0, to: 3 },
            Revoked::Key(key(8).fingerprint()),
            Revoked::KeyId("lost".to_owned()),
            Revoked::Serials { authority: of_nobody, from: 4, to: 4 },
        ];
        let declared = rules(Some("zei"), &revoked);
        let proof = prove(&accounts, &declared, HubClock::system()).unwrap();
        assert_eq!(proof.differences, []);
        // Three without a certificate, one of a stranger, seven of the authority, a right one with a password, and one
        // for each line that revokes something of it.
        assert_eq!((proof.addresses.len(), proof.n_logins), (6, 2 * 6 * (3 + 1 + 7 + 1 + 3)));
        // zei by its password from four, by a certificate from everywhere, with and without the password, and by that
        // of one address; kaigo by its password from four, also after a certificate that is not taken.
        assert_eq!(proof.n_logins_let_in, (4 + 6 + 6 + 1) + (4 + 4));

        let served = rules(None, &revoked[1..2]);
        let proof = prove_served(&accounts, &declared, served, HubClock::system()).unwrap();
        let n_found = |sort| {
            let is_it = |found: &&ProofDifference| match found.what {
                Tried::LogIn(Means::Certificate(tried) | Means::CertificateAndPassword(tried)) => {
                    tried.sort == sort && tried.authority == Some(key(7).fingerprint())
                }
                _ => false,
            };
            proof.differences.iter().filter(is_it).count()
        };
        assert!(proof.differences.iter().all(|found| !found.is_declared));
        // kaigo: from everywhere alone, with its password from the two where that alone would not do.
        assert_eq!(n_found(CertificateSort::Right), 6 + 2);
        assert_eq!(n_found(CertificateSort::FromOneAddress), 1);
        assert_eq!(n_found(CertificateSort::Revoked(0)), 2 * 6);
        assert_eq!(n_found(CertificateSort::Revoked(2)), 2 * 6);
        assert_eq!(proof.differences.len(), 8 + 1 + 12 + 12);
    }
}
