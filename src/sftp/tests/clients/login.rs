//! Who gets in: keys of each kind, passwords, both, and those who guess.

use std::io::Write as _;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use renkei_core::access::{AccountKey, AccountState, LoginRefusal, LoginRule};
use renkei_sftp::server::{DefenderLimits, GateEvent, LoginMeans, TurnedAway};
use renkei_sftp::wire::{Attrs, OpenFlags, Packet, Request};

use super::house::{House, PASSWORD, make_key, wait_until};
use super::programs::{Ended, run, sftp};

fn by_password(house: &House, user: &str, password: &str, options: &[&str]) -> Ended {
    let mut command = Command::new("sshpass");
    command
        .args(["-p", password, "sftp", "-F", "/dev/null", "-P", &house.address.port().to_string()])
        .args(["-o", "NumberOfPasswordPrompts=1"])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", house.known_hosts().display()))
        .args(options)
        .arg(format!("{user}@127.0.0.1"))
        .current_dir(house.folder.path());
    run(&mut command, "pwd\n")
}

const NO_KEY: [&str; 2] = ["-o", "PubkeyAuthentication=no"];

#[test]
fn keys_of_every_kind_taken_get_in_and_others_do_not() {
    let house = House::open();
    for (kind, is_in) in [
        (&["-t", "ed25519"][..], true),
        (&["-t", "ecdsa", "-b", "256"], true),
        (&["-t", "ecdsa", "-b", "384"], true),
        (&["-t", "ecdsa", "-b", "521"], true),
        (&["-t", "rsa", "-b", "3072"], true),
        (&["-t", "rsa", "-b", "2048"], false),
    ] {
        for name in ["id", "id.pub"] {
            std::fs::remove_file(house.here(name)).unwrap();
        }
        let key = make_key(&house.key_path(), kind);
        let mut accounts = house.gate.accounts.lock().unwrap();
        let account = accounts.values_mut().next().unwrap();
        account.keys = vec![AccountKey { key, comment: String::new(), from: Vec::new(), until: None }];
        drop(accounts);
        assert_eq!(sftp(&house, "pwd\n").is_success, is_in, "{kind:?}");
    }
    assert!(was_not_taken(&house));
}

/// Whether it is on record that a key of the account is of a kind that nobody's is taken of.
fn was_not_taken(house: &House) -> bool {
    let events = house.gate.events.lock().unwrap();
    events.iter().any(|event| {
        let GateEvent::LoginRefused { account, refusal, key, .. } = event else { return false };
        *refusal == LoginRefusal::KeyNotTaken && account.is_some() && key.is_some()
    })
}

#[test]
fn rsa_signatures_by_sha1_are_refused() {
    let house = House::open();
    for name in ["id", "id.pub"] {
        std::fs::remove_file(house.here(name)).unwrap();
    }
    let key = make_key(&house.key_path(), &["-t", "rsa", "-b", "3072"]);
    house.gate.accounts.lock().unwrap().values_mut().next().unwrap().keys[0].key = key;
    sftp(&house, "pwd\n").succeeded();
    super::programs::sftp_with(&house, &["-o", "PubkeyAcceptedAlgorithms=ssh-rsa"], "pwd\n").failed();
}

#[test]
fn a_password_gets_in_from_a_listed_address_only() {
    let house = House::open();
    by_password(&house, "office", PASSWORD, &NO_KEY).succeeded();
    by_password(&house, "office", "wrong", &NO_KEY).failed();
    by_password(&house, "nobody", PASSWORD, &NO_KEY).failed();
    // What somebody types as a name may be his password: it is not written down where it is no account's.
    by_password(&house, "hunter2", PASSWORD, &NO_KEY).failed();
    by_password(&house, "My Password!", PASSWORD, &NO_KEY).failed();
    house.gate.accounts.lock().unwrap().values_mut().next().unwrap().addresses =
        vec!["10.0.0.0/8".parse().unwrap()];
    by_password(&house, "office", PASSWORD, &NO_KEY).failed();
    house.gate.accounts.lock().unwrap().values_mut().next().unwrap().state = AccountState::Disabled;
    sftp(&house, "pwd\n").failed();
    let events = house.gate.events.lock().unwrap();
    let refusals: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            GateEvent::LoginRefused { account, refusal, .. } => {
                Some((account.as_ref().map(ToString::to_string), *refusal))
            }
            _ => None,
        })
        .collect();
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(
        refusals,
        [
            (some("office"), LoginRefusal::OtherPassword),
            (None, LoginRefusal::NoAccount),
            (None, LoginRefusal::NoAccount),
            (None, LoginRefusal::NoAccount),
            (some("office"), LoginRefusal::PasswordFromElsewhere),
            (some("office"), LoginRefusal::Disabled),
        ]
    );
    assert!(
        events.iter().any(|event| matches!(event, GateEvent::LoggedIn { means: LoginMeans::Password, .. }))
    );
}

#[test]
fn a_refusal_takes_its_time_from_the_question_whoever_asks() {
    let (floor, delay) = (Duration::from_secs(2), Duration::from_secs(1));
    let house = House::open_with(|config| {
        config.refusal_time = floor;
        config.defender.delay_per_point = delay;
        config.defender.longest_delay = delay;
    });
    // One password is checked, the other is not: a delay that began only after that would tell them apart.
    for user in ["office", "nobody"] {
        let begun = std::time::Instant::now();
        by_password(&house, user, "wrong", &NO_KEY).failed();
        assert!(begun.elapsed() >= floor + delay, "{user}: {:?}", begun.elapsed());
    }
}

#[test]
fn an_account_with_both_needs_both() {
    let house = House::open();
    house.gate.accounts.lock().unwrap().values_mut().next().unwrap().rule = LoginRule::Both;
    sftp(&house, "pwd\n").failed();
    by_password(&house, "office", PASSWORD, &NO_KEY).failed();
    let key = house.key_path();
    let with_key = ["-i", key.to_str().unwrap()];
    by_password(&house, "office", "wrong", &with_key).failed();
    by_password(&house, "office", PASSWORD, &with_key).succeeded();
    let events = house.gate.events.lock().unwrap();
    let n_in = events.iter().filter(|event| matches!(event, GateEvent::LoggedIn { .. })).count();
    assert_eq!(n_in, 1);
    assert!(
        events.iter().any(|event| matches!(event, GateEvent::LoggedIn { means: LoginMeans::Both(_), .. }))
    );
}

#[test]
fn guessing_is_banned_and_the_audit_is_told() {
    let limits = DefenderLimits {
        ban_points: 15,
        first_ban: Duration::from_hours(1),
        delay_per_point: Duration::from_millis(1),
        ..DefenderLimits::default()
    };
    let house = House::open_with(|config| {
        config.defender = limits;
        config.refusal_time = Duration::from_millis(10);
    });
    for _ in 0..4 {
        by_password(&house, "office", "wrong", &NO_KEY).failed();
    }
    sftp(&house, "pwd\n").failed();
    let has = |wanted: fn(&GateEvent) -> bool| house.gate.events.lock().unwrap().iter().any(wanted);
    wait_until("the ban is told", || has(|event| matches!(event, GateEvent::Banned { .. })));
    wait_until("who is banned is turned away", || {
        has(|event| matches!(event, GateEvent::TurnedAway { why: TurnedAway::Banned, .. }))
    });
}

#[test]
fn an_address_has_no_more_connections_than_its_share() {
    let house = House::open_with(|config| config.max_per_address = 2);
    let one = super::libssh2::connect(&house);
    let other = super::libssh2::connect(&house);
    sftp(&house, "pwd\n").failed();
    drop((one, other));
    wait_until("they have gone", || house.server().n_connections() == 0);
    sftp(&house, "pwd\n").succeeded();
}

#[test]
fn a_stranger_who_holds_the_door_keeps_nobody_else_out_and_is_banned() {
    let house = House::open_with(|config| {
        config.max_unauthenticated_per_address = 4;
        config.defender.ban_points = 4;
    });
    let has = |wanted: fn(&GateEvent) -> bool| house.gate.events.lock().unwrap().iter().any(wanted);
    let held: Vec<_> = (0..8).map(|_| std::net::TcpStream::connect(house.address).unwrap()).collect();
    wait_until("four are at the door and the others turned away", || {
        house.server().n_connections() == 4
            && has(|event| matches!(event, GateEvent::TurnedAway { why: TurnedAway::AddressFull, .. }))
    });
    super::programs::sftp_with(&house, &["-o", "BindAddress=127.0.0.2"], "pwd\n").succeeded();
    // Held for a while and let go before the login's time is over: that is no honest client either.
    let begun = std::time::Instant::now();
    wait_until("they were held", || begun.elapsed() > Duration::from_secs(4));
    drop(held);
    wait_until("the ban is told", || has(|event| matches!(event, GateEvent::Banned { .. })));
    super::programs::sftp_with(&house, &["-o", "BindAddress=127.0.0.2"], "pwd\n").succeeded();
}

#[test]
fn a_grant_taken_back_holds_at_once_and_an_account_can_be_sent_away() {
    let house = House::open();
    let session = super::libssh2::connect(&house);
    let sftp = session.sftp().unwrap();
    let path = std::path::Path::new("001/feed/a.csv");
    sftp.stat(path).unwrap();
    house.set_rules(&[]);
    assert_eq!(sftp.stat(path).unwrap_err().code(), ssh2::ErrorCode::SFTP(2));
    assert_eq!(house.server().recheck(&[]).len(), 1);
    wait_until("it has gone", || house.server().n_connections() == 0);
}

#[test]
fn whoever_is_sent_away_gets_nothing_more_done_that_he_asked_for_ahead() {
    let house = House::open();
    let session = super::libssh2::connect(&house);
    let mut channel = session.channel_session().unwrap();
    channel.subsystem("sftp").unwrap();
    let mut asked = vec![0, 0, 0, 5, 1, 0, 0, 0, 3];
    let flags = OpenFlags(OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE);
    let handle = &1_u32.to_be_bytes();
    for (id, request) in [
        (1, Request::Open { path: b"015/inbox/a.csv", flags, attrs: Attrs::default() }),
        (2, Request::Write { handle, offset: 0, data: b"x" }),
        (3, Request::Close { handle }),
    ] {
        Packet::Request { id, request }.put(&mut asked);
    }
    // The opening waits for the rules, and what comes after it has arrived too.
    let rules = house.gate.rules.lock().unwrap();
    let n_asked = || house.gate.n_rules_asked.load(Ordering::Acquire);
    let n_before = n_asked();
    channel.write_all(&asked).unwrap();
    wait_until("the opening is at work", || n_asked() > n_before);
    assert_eq!(house.server().recheck(&[]), ["office".parse().unwrap()]);
    assert!(house.server().recheck(&[]).is_empty(), "it is told once");
    drop(rules);
    wait_until("it has gone", || house.server().n_connections() == 0 && house.server().n_sessions() == 0);
    assert!(house.inbox().is_empty(), "{:?}", house.inbox());
    assert_eq!(house.deeds(), ["office broken off /015/inbox/a.csv"]);
    assert!(matches!(house.gate.events.lock().unwrap().last(), Some(GateEvent::LoggedOut { .. })));
}

#[test]
fn a_new_host_key_is_shown_to_who_comes_and_disturbs_nobody() {
    let mut house = House::open();
    let session = super::libssh2::connect(&house);
    let remote = session.sftp().unwrap();
    let before = std::fs::read(house.known_hosts()).unwrap();
    house.change_host_key();
    sftp(&house, "pwd\n").succeeded();
    assert!(std::fs::read(house.known_hosts()).unwrap() != before);
    remote.stat(std::path::Path::new("001/feed/a.csv")).unwrap();
    assert!(house.server().set_host_keys(&[]).is_err());
}

#[test]
fn a_key_taken_away_ends_the_sessions_it_opened() {
    let house = House::open();
    let accounts = || house.gate.accounts.lock().unwrap().values().cloned().collect::<Vec<_>>();
    let session = super::libssh2::connect(&house);
    assert!(house.server().recheck(&accounts()).is_empty());
    session.sftp().unwrap().stat(std::path::Path::new("001/feed/a.csv")).unwrap();
    house.gate.accounts.lock().unwrap().values_mut().next().unwrap().keys.clear();
    assert_eq!(house.server().recheck(&accounts()), ["office".parse().unwrap()]);
    wait_until("it has gone", || house.server().n_connections() == 0);
}
