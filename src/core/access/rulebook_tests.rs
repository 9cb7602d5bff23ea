//! The decision against an oracle that asks the sentence of the rule literally, and cases that people ask about.

use proptest::prelude::*;

use super::*;
use crate::file_name::FolderPath;
use crate::moment::Moment;

fn account(id: &str, system: &str) -> Account {
    Account {
        id: id.parse().unwrap(),
        system: system.parse().unwrap(),
        state: AccountState::Enabled,
        rule: LoginRule::Either,
        keys: Vec::new(),
        password_hash: None,
        addresses: Vec::new(),
    }
}

fn path(text: &str) -> FolderPath {
    text.parse().unwrap()
}

fn granted(grant_no: u64) -> Origin {
    let at = Moment::parse("2026-11-22T00:00:00").unwrap();
    Origin::Granted { grant_no, at, by: "operator".to_owned(), reason: "asked for".to_owned() }
}

fn rule(who: &str, folder: &str, rights: &str, origin: Origin) -> Rule {
    let grantee = match who.split_once(' ') {
        Some((_, id)) => Grantee::Account(id.parse().unwrap()),
        None => Grantee::System(who.parse().unwrap()),
    };
    Rule { grantee, folder: path(folder), rights: rights.parse().unwrap(), origin }
}

fn book() -> Rulebook {
    Rulebook::new(vec![
        rule("015", "001/001o005-00/v1.0", "list,read", Origin::Receiver("f1".parse().unwrap())),
        rule("015", "015/inbox", "list,create", Origin::Answers),
        rule("015", "015/inbox/closed", "none", granted(1)),
        rule("015", "015/inbox/closed/again", "list", granted(2)),
        rule("a x15", "015/inbox", "all", granted(3)),
        rule("018", "015", "none", Origin::Answers),
    ])
}

#[test]
fn the_nearest_rule_wins_and_without_one_nothing_is_allowed() {
    let (office, x15, other) = (account("office", "015"), account("x15", "015"), account("y", "018"));
    let book = book();
    let check = |who: &Account, folder: &str, right, expect: bool, line: Option<usize>| {
        let decision = book.decide(who, Some(&path(folder)), right);
        let found = decision.rule.map(|rule| book.rules().iter().position(|other| other == rule).unwrap());
        assert_eq!((decision.is_allowed, found), (expect, line), "{} {folder} {right:?}", who.id);
    };
    check(&office, "001/001o005-00/v1.0", Right::Read, true, Some(0));
    check(&office, "001/001o005-00/v1.0/deeper", Right::Read, true, Some(0));
    check(&office, "001/001o005-00/v1.0", Right::Delete, false, Some(0));
    // A name that only begins alike is another folder.
    check(&office, "001/001o005-00/v1.01", Right::Read, false, None);
    check(&office, "001/001o005-00", Right::List, false, None);
    check(&office, "015/inbox/x", Right::Create, true, Some(1));
    check(&office, "015/inbox/closed", Right::List, false, Some(2));
    check(&office, "015/inbox/closed/again", Right::List, true, Some(3));
    check(&x15, "015/inbox", Right::Delete, true, Some(4));
    // A nearer line for the system goes before one for the account further out.
    check(&x15, "015/inbox/closed", Right::Delete, false, Some(2));
    check(&other, "015/inbox", Right::List, false, Some(5));
    check(&other, "018/inbox", Right::List, false, None);
    assert_eq!(
        book.decide(&office, None, Right::List),
        Decision { is_allowed: false, rule: None, bar: None }
    );
}

#[test]
fn what_may_not_be_listed_is_not_seen() {
    let office = account("office", "015");
    let book = book();
    let check = |folder: Option<&str>, expect: Sight, ways: &[&str]| {
        let folder = folder.map(path);
        assert_eq!(book.sight(&office, folder.as_ref()), expect, "{folder:?}");
        assert_eq!(book.ways(&office, folder.as_ref()).iter().collect::<Vec<_>>(), ways, "{folder:?}");
    };
    check(None, Sight::WayThrough, &["001", "015"]);
    check(Some("001"), Sight::WayThrough, &["001o005-00"]);
    check(Some("001/001o005-00/v1.0"), Sight::Listed, &[]);
    check(Some("001/001o006-00"), Sight::Hidden, &[]);
    check(Some("015/inbox/closed"), Sight::WayThrough, &["again"]);
    check(Some("018"), Sight::Hidden, &[]);
    let nobody = account("nobody", "999");
    assert_eq!(book.sight(&nobody, None), Sight::WayThrough);
    assert!(book.ways(&nobody, None).is_empty());
}

#[test]
fn a_new_name_in_the_folder_for_what_was_just_brought_needs_no_right_to_delete() {
    let office = account("office", "015");
    let book = book();
    let (inbox, feed) = (path("015/inbox"), path("001/001o005-00/v1.0"));
    let check = |operation: Operation<'_>, expect: bool, right: Right| {
        let verdict = book.allows(&office, operation);
        assert_eq!((verdict.is_allowed, verdict.right), (expect, right), "{operation:?}");
    };
    let rename = |from, to, replaces| Operation::Rename { from, to, replaces, is_own: true };
    // What others brought keeps its name.
    let of_others =
        Operation::Rename { from: Some(&inbox), to: Some(&inbox), replaces: false, is_own: false };
    check(of_others, false, Right::Delete);
    check(rename(Some(&inbox), Some(&inbox), false), true, Right::Create);
    check(rename(Some(&inbox), Some(&inbox), true), false, Right::Replace);
    check(rename(Some(&feed), Some(&inbox), false), false, Right::Delete);
    check(rename(Some(&feed), Some(&feed), false), false, Right::Create);
    check(Operation::Fetch(Some(&feed)), true, Right::Read);
    check(Operation::Fetch(Some(&inbox)), false, Right::Read);
    check(Operation::MakeFolder(None), false, Right::Create);
    check(Operation::Look(None), false, Right::List);
}

/// The sentence of the rule, asked folder by folder from the inside out.
fn oracle(rules: &[Rule], who: &Account, folder: &str, right: Right) -> bool {
    let mut at = Some(folder);
    while let Some(here) = at {
        let about = |account: bool, grant: bool| {
            let mut gives = None;
            for rule in
                rules.iter().filter(|rule| rule.folder.as_str() == here && rule.origin.is_granted() == grant)
            {
                let is_for = match &rule.grantee {
                    Grantee::Account(id) => account && *id == who.id,
                    Grantee::System(id) => !account && *id == who.system,
                };
                if is_for {
                    gives = Some(gives == Some(true) || rule.rights.has(right));
                }
            }
            gives
        };
        for (account, grant) in [(true, true), (true, false), (false, true), (false, false)] {
            if let Some(decided) = about(account, grant) {
                return decided;
            }
        }
        at = here.rsplit_once('/').map(|(outer, _)| outer);
    }
    false
}

fn folders() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "ab"]), 1..4).prop_map(|parts| parts.join("/"))
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let one = (prop::sample::select(vec!["015", "018", "a x", "a y"]), folders(), 0..32_u8, any::<bool>());
    let one = one.prop_map(|(who, folder, bits, is_granted)| {
        let rights: Vec<Right> =
            Right::ALL.into_iter().filter(|right| bits & (1 << *right as u8) != 0).collect();
        let origin = if is_granted { granted(1) } else { Origin::Answers };
        Rule { rights: Rights::of(&rights), ..rule(who, &folder, "none", origin) }
    });
    prop::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn the_decision_is_what_the_sentence_says(rules in rules(), folder in folders(), is_x in any::<bool>()) {
        let who = if is_x { account("x", "015") } else { account("y", "018") };
        let book = Rulebook::new(rules.clone());
        let asked = path(&folder);
        for right in Right::ALL {
            let decision = book.decide(&who, Some(&asked), right);
            prop_assert_eq!(decision.is_allowed, oracle(&rules, &who, &folder, right));
        }
        // Whatever may be listed can be come to, step by step from the root.
        if book.decide(&who, Some(&asked), Right::List).is_allowed {
            let mut above = folder.as_str();
            while let Some((outer, name)) = above.rsplit_once('/') {
                let outer_path = path(outer);
                prop_assert_ne!(book.sight(&who, Some(&outer_path)), Sight::Hidden);
                if book.sight(&who, Some(&outer_path)) == Sight::WayThrough {
                    prop_assert!(book.ways(&who, Some(&outer_path)).contains(name));
                }
                above = outer;
            }
            let first = folder.split('/').next().unwrap();
            prop_assert!(book.ways(&who, None).contains(first));
        }
    }
}

#[test]
fn what_is_barred_no_rule_gives() {
    let (office, lawful) = (account("office", "015"), account("y", "010"));
    let bar = |folder: &str, rights: &str, spares: &[&str]| Bar {
        folder: path(folder),
        rights: rights.parse().unwrap(),
        spares: spares.iter().map(|system| system.parse().unwrap()).collect(),
        cause: BarCause::HubAlone(BarOf::Feed("f1".parse().unwrap())),
    };
    let rules = vec![rule("015", "001", "all", granted(1)), rule("010", "001", "list,read", granted(2))];
    let bars = vec![bar("001/numbers", "read", &["010"]), bar("001/numbers", "create,replace,delete", &[])];
    let book = Rulebook::new(rules).with_bars(bars);
    let check = |who: &Account, folder: &str, right, is_allowed: bool, is_barred: bool| {
        let decision = book.decide(who, Some(&path(folder)), right);
        assert_eq!(
            (decision.is_allowed, decision.bar.is_some()),
            (is_allowed, is_barred),
            "{folder} {right:?}"
        );
    };
    check(&office, "001/other", Right::Read, true, false);
    check(&office, "001/numbers", Right::List, true, false);
    check(&office, "001/numbers", Right::Read, false, true);
    check(&office, "001/numbers/deeper", Right::Delete, false, true);
    check(&lawful, "001/numbers", Right::Read, true, false);
    // What is not given anyway is not barred.
    check(&lawful, "001/numbers", Right::Delete, false, false);
    let cuts = |system: &str, folder: &str, rights: &str| {
        let system = system.parse().unwrap();
        book.bars().iter().any(|bar| bar.cuts(&system, &path(folder), rights.parse().unwrap()))
    };
    assert!(cuts("015", "001", "list,read") && cuts("015", "001/numbers/deeper", "read"));
    assert!(!cuts("010", "001", "list,read") && cuts("010", "001", "create"));
    assert!(!cuts("015", "001/other", "all") && !cuts("015", "001", "list"));
}
