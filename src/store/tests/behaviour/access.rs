//! Accounts and the rights that were granted.

use renkei_core::Moment;
use renkei_core::access::{Account, AccountKey, AccountState, Grantee, LoginRule, Origin, PublicKey, Rights};
use renkei_core::port::{GrantEntry, Store};

use super::{Fixture, PATIENT};

fn at() -> Moment {
    Moment::parse("2026-10-02T01:30:00+09:00").unwrap()
}

fn key(last: u8, from: &[&str], until: Option<Moment>) -> AccountKey {
    let blob = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[last; 32]].concat();
    let from = from.iter().map(|network| network.parse().unwrap()).collect();
    AccountKey { key: PublicKey::from_blob(blob).unwrap(), comment: "office".to_owned(), from, until }
}

fn account(id: &str) -> Account {
    Account {
        id: id.parse().unwrap(),
        system: "015".parse().unwrap(),
        state: AccountState::Enabled,
        rule: LoginRule::Both,
        keys: vec![key(2, &["10.1.2.0/24", "2001:db8::/32"], Some(at())), key(1, &[], None)],
        password_hash: Some("$argon2id$x".to_owned()),
        addresses: vec!["192.0.2.7".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
    }
}

fn put(store: &dyn Store, account: &Account) {
    let mut transaction = store.begin().unwrap();
    transaction.put_account(account, at()).unwrap();
    transaction.commit().unwrap();
}

pub(crate) fn an_account_is_kept_whole_and_overwritten_whole<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    put(&*store, &account("b"));
    put(&*store, &account("a"));
    let again = fixture.open(PATIENT);
    assert_eq!(again.snapshot().unwrap().accounts().unwrap(), [account("a"), account("b")]);
    let less = Account {
        state: AccountState::Disabled,
        rule: LoginRule::Either,
        keys: vec![key(3, &[], None)],
        password_hash: None,
        addresses: Vec::new(),
        ..account("a")
    };
    put(&*store, &less);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.account(&less.id).unwrap(), Some(less));
    assert_eq!(snapshot.account(&"b".parse().unwrap()).unwrap(), Some(account("b")));
    assert_eq!(snapshot.account(&"c".parse().unwrap()).unwrap(), None);
}

pub(crate) fn a_grant_stands_until_it_is_taken_back_or_another_takes_its_place<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let grant = |grantee: Grantee, folder: &str, rights: Rights| GrantEntry {
        grantee,
        folder: folder.parse().unwrap(),
        rights,
        at: at(),
        by: "operator".to_owned(),
        reason: "asked for by letter".to_owned(),
    };
    let system = || Grantee::System("015".parse().unwrap());
    let one = Grantee::Account("015".parse().unwrap());
    let mut transaction = store.begin().unwrap();
    let first = transaction.put_grant(&grant(system(), "015/x", Rights::ALL)).unwrap();
    // An account may be called as a system is; they are not the same.
    let second = transaction.put_grant(&grant(one.clone(), "015/x", Rights::NONE)).unwrap();
    let third = transaction.put_grant(&grant(system(), "015/x", Rights::FETCH)).unwrap();
    transaction.commit().unwrap();
    assert!(first < second && second < third);

    let standing = |store: &dyn Store| -> Vec<(u64, Grantee, Rights)> {
        let rules = store.snapshot().unwrap().grants().unwrap();
        let number = |origin: &Origin| match origin {
            Origin::Granted { grant_no, at: granted_at, by, reason } => {
                assert_eq!(
                    (*granted_at, by.as_str(), reason.as_str()),
                    (at(), "operator", "asked for by letter")
                );
                *grant_no
            }
            other => panic!("a grant is not {other}"),
        };
        rules.into_iter().map(|rule| (number(&rule.origin), rule.grantee, rule.rights)).collect()
    };
    assert_eq!(standing(&*store), [(second, one, Rights::NONE), (third, system(), Rights::FETCH)]);

    let mut transaction = store.begin().unwrap();
    assert!(transaction.revoke_grant(second, at(), "operator", "moved").unwrap());
    assert!(!transaction.revoke_grant(second, at(), "operator", "moved").unwrap());
    assert!(!transaction.revoke_grant(first, at(), "operator", "moved").unwrap());
    transaction.commit().unwrap();
    assert_eq!(standing(&*store), [(third, system(), Rights::FETCH)]);
}
