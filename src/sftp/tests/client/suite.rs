//! What a backend must do, whichever it is.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use renkei_core::delivery::DeliveryError;
use renkei_core::port::{DeliveryWatch, HandedOver, Transport as _};
use renkei_core::{Class, Fault as _};
use renkei_sftp::client::{Backend, LoginTerms, SecretSource, SftpTerms, SftpTransport};

use crate::parcels::{Goods, Watcher, bytes, names};
use crate::proxy::Proxy;
use crate::sshd::Sshd;

fn hand_over(terms: &SftpTerms, goods: &Goods) -> Result<HandedOver, DeliveryError> {
    SftpTransport::new(terms.clone()).hand_over(&goods.parcel, goods, &Watcher::default())
}

#[track_caller]
fn refused(terms: &SftpTerms, goods: &Goods) -> (&'static str, Class, String) {
    let error = hand_over(terms, goods).unwrap_err();
    (error.code(), error.class(), error.to_string())
}

pub(crate) fn a_parcel_arrives_whole_and_once(backend: Backend) {
    let server = Sshd::start();
    let terms = server.terms(backend);
    let lengths = [0, 1, 32_767, 32_768, 32_769, 262_144, 3_000_000];
    let goods = Goods::new(&lengths);
    let n_bytes = lengths.iter().sum::<usize>() as u64 + 700;
    let given = hand_over(&terms, &goods).unwrap();
    assert_eq!(given, HandedOver { n_files_sent: 8, n_files_there: 0, n_bytes_sent: n_bytes });
    goods.assert_all_in(&server.inbox());
    let again = hand_over(&terms, &goods).unwrap();
    assert_eq!(again, HandedOver { n_files_sent: 0, n_files_there: 8, n_bytes_sent: 0 });
    fs::remove_file(server.inbox().join("part3.csv")).unwrap();
    let mended = hand_over(&terms, &goods).unwrap();
    assert_eq!(mended, HandedOver { n_files_sent: 1, n_files_there: 7, n_bytes_sent: 32_767 });
    goods.assert_all_in(&server.inbox());
}

pub(crate) fn other_bytes_under_a_name_are_never_overwritten(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[1000, 2000]);
    let mut same_length = goods.bytes_of("part2.csv").to_vec();
    same_length[1999] ^= 1;
    for other in [b"short".to_vec(), same_length] {
        fs::write(server.inbox().join("part2.csv"), &other).unwrap();
        let (code, class, _) = refused(&server.terms(backend), &goods);
        assert_eq!((code, class), ("delivery.name-taken", Class::Operator));
        assert_eq!(fs::read(server.inbox().join("part2.csv")).unwrap(), other);
        assert!(!server.inbox().join("set.done").exists());
    }
    fs::remove_file(server.inbox().join("part2.csv")).unwrap();
    fs::write(server.inbox().join("set.done"), b"x").unwrap();
    assert_eq!(refused(&server.terms(backend), &goods).0, "delivery.name-taken");
}

pub(crate) fn a_cut_upload_goes_on_where_it_stopped(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[6_000_000]);
    let proxy = Proxy::before(server.port);
    let terms = SftpTerms { port: proxy.port, ..server.terms(backend) };
    proxy.cut_after(4_000_000);
    let (code, class, _) = refused(&terms, &goods);
    assert_eq!((code, class), ("delivery.cut-off", Class::Retry));
    goods.assert_whole_or_absent(&server.inbox());
    let left = names(&server.inbox());
    assert!(left.len() == 1 && left[0].starts_with(".part1.csv."), "{left:?}");
    proxy.cut_after(u64::MAX);
    let given = hand_over(&terms, &goods).unwrap();
    // OpenSSH's server had at least half of it when the way broke.
    assert!(given.n_bytes_sent < 4_000_000, "{given:?}");
    goods.assert_all_in(&server.inbox());
}

pub(crate) fn a_part_with_other_bytes_is_not_taken_up(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[2_000_000]);
    let watcher = Watcher::default();
    *watcher.stop_after.lock().unwrap() = Some(1_500_000);
    let stopped = SftpTransport::new(server.terms(backend)).hand_over(&goods.parcel, &goods, &watcher);
    assert!(matches!(stopped, Err(DeliveryError::Stopped)), "{stopped:?}");
    let part = server.inbox().join(&names(&server.inbox())[0]);
    let mut there = fs::read(&part).unwrap();
    assert!(there.len() >= 500_000 && goods.bytes_of("part1.csv").starts_with(&there));
    there[300_000] ^= 1;
    fs::write(&part, &there).unwrap();
    let given = hand_over(&server.terms(backend), &goods).unwrap();
    assert_eq!(given.n_bytes_sent, 2_000_700);
    goods.assert_all_in(&server.inbox());
    // Longer than the whole, under the client's own name: nothing of it is ours.
    let other = Goods::new(&[2_000_000, 400_000]);
    let digest = other.parcel.files[1].content.sha256.to_string();
    let part = server.inbox().join(format!(".part2.csv.{}.part", &digest[..12]));
    fs::write(&part, [other.bytes_of("part2.csv"), &bytes(10, 1)].concat()).unwrap();
    fs::remove_file(server.inbox().join("set.done")).unwrap();
    let given = hand_over(&server.terms(backend), &other).unwrap();
    assert_eq!((given.n_files_sent, given.n_bytes_sent), (2, 400_700));
    other.assert_all_in(&server.inbox());
}

pub(crate) fn what_is_cut_anywhere_is_whole_in_the_end(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[300_000, 10, 700_000, 0, 50_000]);
    let proxy = Proxy::before(server.port);
    let terms = SftpTerms { port: proxy.port, ..server.terms(backend) };
    let mut n_cut = 0;
    for n_bytes in [500, 2_500, 5_000, 60_000, 300_000, 500_000, 700_000, 900_000] {
        proxy.cut_after(n_bytes);
        match hand_over(&terms, &goods) {
            Ok(_) => break,
            Err(error) => assert_eq!(error.class(), Class::Retry, "{error} after {n_bytes}"),
        }
        n_cut += 1;
        goods.assert_whole_or_absent(&server.inbox());
    }
    assert!(n_cut >= 4, "{n_cut}");
    proxy.cut_after(u64::MAX);
    hand_over(&terms, &goods).unwrap();
    goods.assert_all_in(&server.inbox());
}

pub(crate) fn a_host_key_nobody_accepted_is_refused(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[10]);
    let host = server.fingerprint("host.pub");
    let unknown = SftpTerms { host_keys: Vec::new(), ..server.terms(backend) };
    let (code, class, told) = refused(&unknown, &goods);
    assert_eq!((code, class), ("delivery.host-key-unknown", Class::Operator));
    assert!(told.contains(&format!("renkei destination trust partner {host}")), "{told}");
    let other = SftpTerms { host_keys: vec![server.fingerprint("other.pub")], ..unknown.clone() };
    let (code, class, told) = refused(&other, &goods);
    assert_eq!((code, class), ("delivery.host-key-changed", Class::Operator));
    assert!(told.contains(&host.to_string()), "{told}");
    assert!(names(&server.inbox()).is_empty());
    let both = SftpTerms { host_keys: vec![server.fingerprint("other.pub"), host], ..unknown };
    hand_over(&both, &goods).unwrap();
    // Three connections and one login: none was tried with a server that nobody knows. It would have been answered, and
    // so be in the log, before the next connection was.
    let said = server.log_with("Accepted publickey", 1);
    assert_eq!(said.matches("Connection from").count(), 3, "{said}");
    assert_eq!(said.matches("Accepted publickey").count(), 1, "{said}");
    assert!(!said.contains("Failed ") && !said.contains("authenticating user"), "{said}");
}

pub(crate) fn a_login_that_is_refused_says_so(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[10]);
    let key = SecretSource::File(server.file("other"));
    let password_file = server.file("password");
    fs::write(&password_file, "canary-secret-word\n").unwrap();
    fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600)).unwrap();
    for login in
        [LoginTerms::Key { key, passphrase: None }, LoginTerms::Password(SecretSource::File(password_file))]
    {
        let (code, class, told) = refused(&SftpTerms { login, ..server.terms(backend) }, &goods);
        assert_eq!((code, class), ("delivery.login-refused", Class::Operator));
        assert!(!told.contains("canary"), "{told}");
    }
}

pub(crate) fn a_key_that_others_may_read_is_not_used(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[10]);
    fs::set_permissions(server.file("id"), fs::Permissions::from_mode(0o640)).unwrap();
    let (code, class, told) = refused(&server.terms(backend), &goods);
    assert_eq!((code, class), ("delivery.secret", Class::Operator));
    assert!(told.contains("chmod 600") && told.contains("640"), "{told}");
    let no_key = server.file("no_key");
    fs::write(&no_key, "canary-secret-word").unwrap();
    fs::set_permissions(&no_key, fs::Permissions::from_mode(0o600)).unwrap();
    let login = LoginTerms::Key { key: SecretSource::File(no_key), passphrase: None };
    let (code, _, told) = refused(&SftpTerms { login, ..server.terms(backend) }, &goods);
    assert!(code == "delivery.secret" || code == "delivery.login-refused", "{code}");
    assert!(!told.contains("canary"), "{told}");
}

pub(crate) fn a_folder_that_is_not_there_is_the_partners_affair(backend: Backend) {
    let server = Sshd::start();
    let folder = format!("{}/nowhere", server.inbox().display());
    let terms = SftpTerms { folder, ..server.terms(backend) };
    let (code, class, _) = refused(&terms, &Goods::new(&[10]));
    assert_eq!((code, class), ("delivery.refused", Class::Partner));
    let probed = SftpTransport::new(terms).probe().unwrap_err();
    assert_eq!(probed.code(), "delivery.refused");
}

pub(crate) fn a_full_disk_is_tried_again(backend: Backend) {
    let server = Sshd::start_on_volume(1024);
    let terms = SftpTerms { parallel: 1, ..server.terms(backend) };
    let goods = Goods::new(&[100_000, 3_000_000]);
    let (code, class, told) = refused(&terms, &goods);
    assert_eq!((code, class), ("delivery.destination-full", Class::Retry), "{told}");
    // What did not fit does not keep the room; what came whole stays.
    assert_eq!(names(&server.inbox()), ["part1.csv"]);
    let small = Goods::new(&[100_000, 500_000]);
    hand_over(&terms, &small).unwrap();
    small.assert_all_in(&server.inbox());
}

pub(crate) fn a_server_that_says_nothing_holds_nobody_up(backend: Backend) {
    let server = Sshd::start();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let terms = SftpTerms { port, timeout: Duration::from_secs(1), ..server.terms(backend) };
    let began = Instant::now();
    let (code, class, told) = refused(&terms, &Goods::new(&[10]));
    assert_eq!((code, class), ("delivery.timed-out", Class::Retry), "{told}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

pub(crate) fn nobody_listening_is_tried_again(backend: Backend) {
    let server = Sshd::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, class, _) = refused(&SftpTerms { port, ..server.terms(backend) }, &Goods::new(&[10]));
    assert_eq!((code, class), ("delivery.unreachable", Class::Retry));
}

pub(crate) fn a_source_that_changed_is_not_given(backend: Backend) {
    let server = Sshd::start();
    let mut goods = Goods::new(&[100_000]);
    goods.spoil("part1.csv");
    let (code, class, _) = refused(&server.terms(backend), &goods);
    assert_eq!((code, class), ("delivery.source-changed", Class::Operator));
    assert!(names(&server.inbox()).is_empty());
}

pub(crate) fn a_stop_ends_it_at_once(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[4_000_000, 10]);
    let watcher = Watcher::default();
    *watcher.stop_after.lock().unwrap() = Some(1_000_000);
    let terms = SftpTerms { parallel: 1, ..server.terms(backend) };
    let stopped = SftpTransport::new(terms.clone()).hand_over(&goods.parcel, &goods, &watcher);
    assert!(matches!(stopped, Err(DeliveryError::Stopped)), "{stopped:?}");
    assert!(watcher.n_bytes.load(Ordering::Relaxed) < 2_000_000);
    goods.assert_whole_or_absent(&server.inbox());
    hand_over(&terms, &goods).unwrap();
    goods.assert_all_in(&server.inbox());
}

pub(crate) fn a_slow_line_is_no_dead_one(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[400_000, 400_000, 400_000]);
    let proxy = Proxy::before(server.port);
    proxy.slow_to(400_000);
    // It takes longer than an answer may, but answers come all the time.
    let timeout = Duration::from_secs(2);
    // The rate is each connection's.
    let parallel = if backend == Backend::Ssh2 { 1 } else { 4 };
    let terms = SftpTerms { port: proxy.port, timeout, parallel, ..server.terms(backend) };
    let began = Instant::now();
    hand_over(&terms, &goods).unwrap();
    assert!(began.elapsed() > timeout, "{:?}", began.elapsed());
    goods.assert_all_in(&server.inbox());
}

pub(crate) fn the_rate_is_kept(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[600_000, 600_000]);
    let terms = SftpTerms { bytes_per_second: Some(1_000_000), ..server.terms(backend) };
    let began = Instant::now();
    hand_over(&terms, &goods).unwrap();
    // 1.2 s at that rate, less the quarter of a second that may be saved up and the last piece, which is one too.
    assert!(began.elapsed() >= Duration::from_millis(690), "{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    goods.assert_all_in(&server.inbox());
    // What is read back to be compared goes no faster.
    let began = Instant::now();
    assert_eq!(hand_over(&terms, &goods).unwrap().n_files_there, 3);
    assert!(began.elapsed() >= Duration::from_millis(690), "{:?}", began.elapsed());
}

pub(crate) fn a_stop_ends_a_comparison_and_a_pause_too(backend: Backend) {
    let server = Sshd::start();
    let goods = Goods::new(&[3_000_000]);
    hand_over(&server.terms(backend), &goods).unwrap();
    fs::remove_file(server.inbox().join("set.done")).unwrap();
    // Five minutes at this rate; somebody asks for the end after less than a second.
    let terms = SftpTerms { bytes_per_second: Some(10_000), ..server.terms(backend) };
    // First what is there is compared, then it is sent.
    for name in ["none", "part1.csv"] {
        let _ = fs::remove_file(server.inbox().join(name));
        let began = Instant::now();
        let watcher = Ends { at: began + Duration::from_millis(700) };
        let stopped = SftpTransport::new(terms.clone()).hand_over(&goods.parcel, &goods, &watcher);
        assert!(matches!(stopped, Err(DeliveryError::Stopped)), "{stopped:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}

/// Wants a delivery to end at an instant.
struct Ends {
    at: Instant,
}

impl DeliveryWatch for Ends {
    fn sent(&self, _n_bytes: u64) {}

    fn wants_stop(&self) -> bool {
        Instant::now() >= self.at
    }
}

pub(crate) fn a_probe_leaves_nothing(backend: Backend) {
    let server = Sshd::start();
    let told = SftpTransport::new(server.terms(backend)).probe().unwrap();
    assert!(told.contains("127.0.0.1"), "{told}");
    assert!(names(&server.inbox()).is_empty());
}
