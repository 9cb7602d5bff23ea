//! Certificates made by ssh-keygen and shown by OpenSSH's client: who gets in by one, and who does not.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use renkei_core::access::{Authorities, Authority, LoginRefusal, LoginRule, PublicKey, Revoked};
use renkei_sftp::server::{GateEvent, LoginMeans};

use super::house::{House, PASSWORD, make_key, wait_until};
use super::programs::{Ended, openssh, run, sftp, sftp_with};

/// A house whose account has no key, and an authority that it trusts.
struct Office {
    house: House,
    authority: PublicKey,
}

impl Office {
    fn open() -> Self {
        Self::with_authority(&["-t", "ed25519"])
    }

    fn with_authority(kind: &[&str]) -> Self {
        let house = House::open();
        let authority = make_key(&house.here("ca"), kind);
        house.gate.accounts.lock().unwrap().values_mut().next().unwrap().keys.clear();
        let office = Self { house, authority };
        office.trust(Vec::new());
        office
    }

    fn trust(&self, revoked: Vec<Revoked>) {
        let trusted = vec![Authority { key: self.authority.clone(), accounts: None }];
        *self.house.gate.authorities.lock().unwrap() = Arc::new(Authorities { trusted, revoked });
    }

    /// Signs the account's key.
    fn sign(&self, arguments: &[&str]) -> PathBuf {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-s"]).arg(self.house.here("ca")).args(["-I", "zei-1", "-z", "12"]);
        command.args(arguments).arg(self.house.here("id.pub"));
        assert!(command.status().unwrap().success(), "{arguments:?}");
        self.house.here("id-cert.pub")
    }

    fn log_in(&self) -> Ended {
        sftp(&self.house, "pwd\n")
    }

    /// The refusal that was written down last.
    fn last_refusal(&self) -> Option<LoginRefusal> {
        let events = self.house.gate.events.lock().unwrap();
        events.iter().rev().find_map(|event| match event {
            GateEvent::LoginRefused { certificate: Some(certificate), refusal, .. } => {
                assert_eq!((certificate.key_id.as_str(), certificate.serial), ("zei-1", 12));
                Some(*refusal)
            }
            _ => None,
        })
    }
}

#[test]
fn each_kind_of_key_and_authority_gets_in_by_a_certificate() {
    let kinds: [&[&str]; 3] =
        [&["-t", "ed25519"], &["-t", "ecdsa", "-b", "256"], &["-t", "rsa", "-b", "3072"]];
    for (of_authority, of_key) in [(0, 0), (1, 2), (2, 1), (1, 0)] {
        let office = Office::with_authority(kinds[of_authority]);
        for name in ["id", "id.pub"] {
            std::fs::remove_file(office.house.here(name)).unwrap();
        }
        let key = make_key(&office.house.key_path(), kinds[of_key]).fingerprint();
        office.log_in().failed();
        office.sign(&["-n", "office"]);
        office.log_in().succeeded();
        let events = office.house.gate.events.lock().unwrap();
        let means = events.iter().find_map(|event| match event {
            GateEvent::LoggedIn { means, .. } => Some(means.clone()),
            _ => None,
        });
        let Some(LoginMeans::Certificate { key: shown, certificate, has_password: false }) = means else {
            panic!("{means:?}")
        };
        assert_eq!((shown, certificate.authority), (key, office.authority.fingerprint()));
        assert_eq!((certificate.key_id.as_str(), certificate.serial), ("zei-1", 12));
    }
}

#[test]
fn what_the_certificate_does_not_say_does_not_let_in() {
    use LoginRefusal::{CertificateOfAnother, CertificateOption, KeyFromElsewhere, OtherAuthority};
    let office = Office::open();
    let check = |arguments: &[&str], expect: Option<LoginRefusal>| {
        office.house.gate.events.lock().unwrap().clear();
        office.sign(arguments);
        assert_eq!(office.log_in().is_success, expect.is_none(), "{arguments:?}");
        assert_eq!(office.last_refusal(), expect, "{arguments:?}");
    };
    check(&["-n", "office,desk"], None);
    check(&["-n", "desk"], Some(CertificateOfAnother));
    check(&["-n", "OFFICE"], Some(CertificateOfAnother));
    // For everybody, as ssh-keygen understands it.
    check(&[], Some(CertificateOfAnother));
    check(&["-n", "office", "-O", "source-address=127.0.0.0/8"], None);
    check(&["-n", "office", "-O", "source-address=10.0.0.0/8"], Some(KeyFromElsewhere));
    check(&["-n", "office", "-O", "force-command=internal-sftp"], None);
    check(&["-n", "office", "-O", "force-command=/bin/sh"], Some(CertificateOption));
    check(&["-n", "office", "-O", "critical:later@example.org=x"], Some(CertificateOption));
    check(&["-n", "office", "-O", "verify-required"], Some(CertificateOption));
    check(&["-n", "office", "-V", "-1h:+1h"], None);
    // One for hosts the client does not even show.
    office.sign(&["-n", "office"]);
    let other = make_key(&office.house.here("other"), &["-t", "ed25519"]);
    *office.house.gate.authorities.lock().unwrap() = Arc::new(Authorities {
        trusted: vec![Authority { key: other, accounts: None }],
        revoked: Vec::new(),
    });
    office.log_in().failed();
    assert_eq!(office.last_refusal(), Some(OtherAuthority));
    let desk = Some(vec!["desk".parse().unwrap()]);
    *office.house.gate.authorities.lock().unwrap() = Arc::new(Authorities {
        trusted: vec![Authority { key: office.authority.clone(), accounts: desk }],
        revoked: Vec::new(),
    });
    office.log_in().failed();
    assert_eq!(office.last_refusal(), Some(OtherAuthority));
}

#[test]
fn a_certificate_out_of_its_time_or_altered_is_refused() {
    let office = Office::open();
    for time in ["-2h:-1h", "+1h:+2h"] {
        office.sign(&["-n", "office", "-V", time]);
        office.log_in().failed();
    }
    let path = office.sign(&["-n", "desk"]);
    // The name is in the clear part: as many letters in its place, and the authority's signature is wrong.
    let line = std::fs::read_to_string(&path).unwrap();
    let mut words = line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let blob = decode(&words[1]);
    let place = blob.windows(4).position(|part| part == b"desk").unwrap();
    let mut altered = blob;
    altered[place..place + 4].copy_from_slice(b"dusk");
    words[1] = encode(&altered);
    std::fs::write(&path, words.join(" ")).unwrap();
    let account = office.house.gate.accounts.lock().unwrap().values().next().unwrap().clone();
    let dusk = renkei_core::access::Account { id: "dusk".parse().unwrap(), ..account };
    office.house.gate.accounts.lock().unwrap().insert(dusk.id.clone(), dusk);
    let as_dusk = || {
        let mut command = openssh("sftp", &office.house);
        command.arg("dusk@127.0.0.1");
        run(&mut command, "pwd\n")
    };
    as_dusk().failed();
    let events = office.house.gate.events.lock().unwrap();
    assert!(!events.iter().any(|event| matches!(event, GateEvent::LoggedIn { .. })), "{events:?}");
    drop(events);
    // As the authority itself would have signed it, it is good.
    office.sign(&["-n", "dusk"]);
    as_dusk().succeeded();
}

#[test]
fn a_certificate_is_one_half_where_both_are_needed() {
    let office = Office::open();
    office.house.gate.accounts.lock().unwrap().values_mut().next().unwrap().rule = LoginRule::Both;
    office.sign(&["-n", "office"]);
    office.log_in().failed();
    let mut command = Command::new("sshpass");
    let port = office.house.address.port().to_string();
    command
        .args(["-p", PASSWORD, "sftp", "-F", "/dev/null", "-P", &port, "-i"])
        .arg(office.house.key_path())
        .args(["-o", "NumberOfPasswordPrompts=1", "-o"])
        .arg(format!("UserKnownHostsFile={}", office.house.known_hosts().display()))
        .arg("office@127.0.0.1")
        .current_dir(office.house.folder.path());
    run(&mut command, "pwd\n").succeeded();
    let events = office.house.gate.events.lock().unwrap();
    let is_both = |event: &GateEvent| {
        matches!(event, GateEvent::LoggedIn { means: LoginMeans::Certificate { has_password: true, .. }, .. })
    };
    assert!(events.iter().any(is_both), "{events:?}");
}

#[test]
fn what_is_revoked_gets_nobody_in_and_sends_away_who_is() {
    let office = Office::open();
    office.sign(&["-n", "office"]);
    office.log_in().succeeded();
    let key =
        PublicKey::parse_line(&std::fs::read_to_string(office.house.here("id.pub")).unwrap()).unwrap().0;
    for revoked in [
        Revoked::Serials { authority: Some(office.authority.fingerprint()), from: 10, to: 12 },
        Revoked::KeyId("zei-1".to_owned()),
        Revoked::Key(key.fingerprint()),
    ] {
        office.trust(vec![revoked.clone()]);
        office.log_in().failed();
        assert_eq!(office.last_refusal(), Some(LoginRefusal::CertificateRevoked), "{revoked:?}");
    }
    office.trust(Vec::new());
    // Somebody is in, and stays while nothing changes.
    let mut command = openssh("sftp", &office.house);
    command.arg("office@127.0.0.1").stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut client = command.spawn().unwrap();
    let server = office.house.server();
    wait_until("in", || server.accounts().len() == 1);
    let accounts: Vec<_> = office.house.gate.accounts.lock().unwrap().values().cloned().collect();
    assert!(server.recheck(&accounts).is_empty());
    office.trust(vec![Revoked::KeyId("zei-1".to_owned())]);
    assert_eq!(server.recheck(&accounts).len(), 1);
    wait_until("sent away", || server.accounts().is_empty());
    drop(client.stdin.take());
    client.wait().unwrap();
}

#[test]
fn without_an_authority_nothing_changes_and_with_one_bare_keys_are_judged_by_their_signature() {
    let office = Office::open();
    office.sign(&["-n", "office"]);
    *office.house.gate.authorities.lock().unwrap() = Arc::default();
    office.log_in().failed();
    assert_eq!(office.last_refusal(), None);
    std::fs::remove_file(office.house.here("id-cert.pub")).unwrap();
    office.trust(Vec::new());
    let before = office.house.gate.events.lock().unwrap().len();
    office.log_in().failed();
    let events = office.house.gate.events.lock().unwrap();
    let refusals = events[before..].iter().filter_map(|event| match event {
        GateEvent::LoginRefused { refusal, certificate: None, key: Some(_), .. } => Some(*refusal),
        _ => None,
    });
    assert_eq!(refusals.collect::<Vec<_>>(), [LoginRefusal::OtherKey]);
    drop(events);
    // A key of the account's is good as ever, also after others were shown.
    let key = make_key(&office.house.here("own"), &["-t", "ed25519"]);
    let own = renkei_core::access::AccountKey { key, comment: String::new(), from: Vec::new(), until: None };
    office.house.gate.accounts.lock().unwrap().values_mut().next().unwrap().keys = vec![own];
    let own = office.house.here("own");
    sftp_with(&office.house, &["-i", own.to_str().unwrap()], "pwd\n").succeeded();
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn decode(text: &str) -> Vec<u8> {
    let mut bits = 0_u32;
    let (mut n_bits, mut bytes) = (0, Vec::new());
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        bits = bits << 6 | u32::try_from(DIGITS.iter().position(|one| *one == digit).unwrap()).unwrap();
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push(u8::try_from(bits >> n_bits & 0xff).unwrap());
        }
    }
    bytes
}

fn encode(bytes: &[u8]) -> String {
    bytes
        .chunks(3)
        .map(|chunk| {
            let value = chunk.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            (0..4)
                .map(|place| {
                    let digit = DIGITS[(value >> (18 - 6 * place) & 63) as usize];
                    if place <= chunk.len() { char::from(digit) } else { '=' }
                })
                .collect::<String>()
        })
        .collect()
}
