//! Against a second server, the hub's own: by key and by password, cut on the way, and with other bytes in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use renkei_core::Fault as _;
use renkei_core::port::{HandedOver, Transport as _};
use renkei_sftp::client::{Backend, LoginTerms, SecretSource, SftpTerms, SftpTransport};

use crate::house::{House, PASSWORD};
use crate::parcels::{Goods, Watcher};
use crate::proxy::Proxy;

fn terms(house: &House, backend: Backend) -> SftpTerms {
    let host = house.folder.path().join("host.pub");
    fs::write(&host, &house.host_line).unwrap();
    let told = Command::new("ssh-keygen").arg("-lf").arg(&host).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    SftpTerms {
        destination: "hub".parse().unwrap(),
        host: "127.0.0.1".to_owned(),
        port: house.address.port(),
        user: "office".to_owned(),
        login: LoginTerms::Key { key: SecretSource::File(house.folder.path().join("id")), passphrase: None },
        folder: "/015/inbox".to_owned(),
        backend,
        parallel: 4,
        bytes_per_second: None,
        timeout: Duration::from_secs(30),
        host_keys: vec![told.split_whitespace().nth(1).unwrap().parse().unwrap()],
    }
}

fn password(house: &House) -> LoginTerms {
    let path = house.folder.path().join("password");
    fs::write(&path, format!("{PASSWORD}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    LoginTerms::Password(SecretSource::File(path))
}

#[test]
fn a_hub_takes_what_another_gives() {
    for backend in [Backend::Ssh2, Backend::Pipelined] {
        let house = House::open();
        let by_key = terms(&house, backend);
        let inbox = house.on_disk("015/inbox");
        let goods = Goods::new(&[0, 5, 700_000, 1_500_000]);
        let give = |terms: &SftpTerms| {
            SftpTransport::new(terms.clone()).hand_over(&goods.parcel, &goods, &Watcher::default())
        };
        assert_eq!(give(&by_key).unwrap().n_files_sent, 5, "{backend:?}");
        goods.assert_all_in(&inbox);
        let by_password = SftpTerms { login: password(&house), ..by_key.clone() };
        let again = give(&by_password).unwrap();
        assert_eq!(again, HandedOver { n_files_there: 5, ..HandedOver::default() }, "{backend:?}");
        fs::write(inbox.join("part2.csv"), "other").unwrap();
        assert_eq!(give(&by_key).unwrap_err().code(), "delivery.name-taken");
        let nowhere = SftpTerms { folder: "/001/feed".to_owned(), ..by_key };
        assert_eq!(give(&nowhere).unwrap_err().code(), "delivery.refused", "{backend:?}");
    }
}

#[test]
fn what_is_cut_on_the_way_to_a_hub_is_whole_in_the_end() {
    for backend in [Backend::Ssh2, Backend::Pipelined] {
        let house = House::open();
        let proxy = Proxy::before(house.address.port());
        let terms = SftpTerms { port: proxy.port, ..terms(&house, backend) };
        let goods = Goods::new(&[400_000, 2_000_000]);
        let give = || SftpTransport::new(terms.clone()).hand_over(&goods.parcel, &goods, &Watcher::default());
        for n_bytes in [3_000, 300_000, 1_200_000] {
            proxy.cut_after(n_bytes);
            let error = give().unwrap_err();
            assert_eq!(error.class(), renkei_core::Class::Retry, "{backend:?} {n_bytes}: {error}");
            goods.assert_whole_or_absent(&house.on_disk("015/inbox"));
        }
        proxy.cut_after(u64::MAX);
        give().unwrap();
        goods.assert_all_in(&house.on_disk("015/inbox"));
    }
}
