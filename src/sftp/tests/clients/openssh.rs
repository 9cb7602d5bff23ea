//! OpenSSH's sftp and scp: the client that most others are measured by.

use renkei_core::access::Rights;

use super::house::{House, noise};
use super::programs::{may_lack, openssh, run, sftp, sftp_with};

#[test]
fn files_come_and_go_whole() {
    let house = House::open();
    let data = noise(3_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    sftp(&house, "put local 015/inbox/a.csv\nget 015/inbox/a.csv back\nls -l 015/inbox\n").succeeded();
    assert_eq!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap(), data);
    assert_eq!(std::fs::read(house.here("back")).unwrap(), data);
    assert_eq!(house.inbox(), ["a.csv"]);
    house.wait_for("office fetched /015/inbox/a.csv whole 3000000");
    assert!(house.deeds().contains(&"office stored /015/inbox/a.csv 3000000".to_owned()));
}

#[test]
fn what_may_not_be_listed_is_not_there() {
    let house = House::open();
    assert_eq!(sftp(&house, "ls -1\n").succeeded().lines().skip(1).collect::<Vec<_>>(), ["001", "015"]);
    assert_eq!(sftp(&house, "ls -1 001\n").succeeded().lines().skip(1).collect::<Vec<_>>(), ["001/feed"]);
    for commands in [
        "ls 001/secret\n",
        "cd 001/secret\n",
        "get 001/secret/b.csv x\n",
        "get 001/none x\n",
        "ls .stage\n",
        "get 001/feed/../secret/b.csv x\n",
        "ls ../../../etc\n",
        "put local 001/secret/c\n",
        "rm 001/secret/b.csv\n",
        "rmdir 001/secret\n",
        "rename 001/secret/b.csv 015/inbox/b.csv\n",
    ] {
        std::fs::write(house.here("local"), "x").unwrap();
        let output = sftp(&house, commands).failed();
        assert!(
            output.to_lowercase().contains("no such file") || output.contains("not found"),
            "{commands}: {output}"
        );
    }
    assert_eq!(std::fs::read(house.on_disk("001/secret/b.csv")).unwrap(), b"secret");
}

#[test]
fn rights_are_kept_to() {
    let house = House::open();
    std::fs::write(house.here("local"), "new").unwrap();
    house.set_rules(&[("015/inbox", Rights::BRING), ("001/feed", Rights::FETCH)]);
    sftp(&house, "put local 015/inbox/a.tmp\nrename 015/inbox/a.tmp 015/inbox/a.csv\n").succeeded();
    for commands in [
        "put local 015/inbox/a.csv\n",
        "get 015/inbox/a.csv x\n",
        "rm 015/inbox/a.csv\n",
        "put local 001/feed/c\n",
        "rm 001/feed/a.csv\n",
        "mkdir 001/feed/inner\n",
        "rmdir 015/inbox\n",
        "mkdir top\n",
        "put local top\n",
    ] {
        let output = sftp(&house, commands).failed();
        assert!(output.to_lowercase().contains("permission denied"), "{commands}: {output}");
    }
    // Over a file that stands there only with the right to replace.
    std::fs::write(house.here("other"), "other").unwrap();
    let output = sftp(&house, "put other 015/inbox/b.tmp\nrename 015/inbox/b.tmp 015/inbox/a.csv\n").failed();
    assert!(output.to_lowercase().contains("permission denied"), "{output}");
    assert_eq!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap(), b"new");
    house.set_rules(&[("015/inbox", Rights::ALL)]);
    sftp(&house, "rename 015/inbox/b.tmp 015/inbox/a.csv\nmkdir 015/inbox/x\nrename 015/inbox/x 015/inbox/y\n\
                  rmdir 015/inbox/y\nchmod 777 015/inbox/a.csv\nput -p local 015/inbox/c.csv\nrm 015/inbox/c.csv\n")
    .succeeded();
    assert_eq!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap(), b"other");
    assert_eq!(house.inbox(), ["a.csv"]);
    sftp(&house, "ln -s a b\n").failed();
    sftp(&house, "ln 015/inbox/a.csv 015/inbox/hard\n").failed();
}

#[test]
fn whoever_may_only_bring_puts_nothing_in_anothers_place() {
    let house = House::open();
    house.set_rules(&[("015/inbox", Rights::BRING)]);
    std::fs::write(house.here("local"), "new").unwrap();
    std::fs::write(house.on_disk("015/inbox/a.csv"), "handed in").unwrap();
    let changed = std::fs::metadata(house.on_disk("015/inbox/a.csv")).unwrap().modified().unwrap();
    for commands in [
        "rename 015/inbox/a.csv 015/inbox/old\n",
        "rename 015/inbox/a.csv 015/inbox/old\nput local 015/inbox/a.csv\n",
    ] {
        let output = sftp(&house, commands).failed();
        assert!(output.to_lowercase().contains("permission denied"), "{commands}: {output}");
    }
    // Nor the next visit of the same account, for which it is evidence.
    sftp(&house, "put local 015/inbox/b.csv\nrename 015/inbox/b.csv 015/inbox/c.csv\n").succeeded();
    sftp(&house, "rename 015/inbox/c.csv 015/inbox/d.csv\n").failed();
    assert_eq!(house.inbox(), ["a.csv", "c.csv"]);
    let session = super::libssh2::connect(&house);
    let remote = session.sftp().unwrap();
    let times = |mtime| ssh2::FileStat {
        size: None,
        uid: None,
        gid: None,
        perm: None,
        atime: Some(mtime),
        mtime: Some(mtime),
    };
    let path = std::path::Path::new("015/inbox/a.csv");
    assert_eq!(remote.setstat(path, times(1)).unwrap_err().code(), ssh2::ErrorCode::SFTP(3));
    assert_eq!(std::fs::metadata(house.on_disk("015/inbox/a.csv")).unwrap().modified().unwrap(), changed);
    let own = std::path::Path::new("015/inbox/own");
    drop(remote.create(own).unwrap());
    remote.setstat(own, times(1_000_000_000)).unwrap();
    remote.setstat(own, times(1_100_000_000)).unwrap();
    remote.rename(own, std::path::Path::new("015/inbox/own.csv"), None).unwrap();
}

#[test]
fn a_folder_with_rules_stays_under_its_name() {
    let house = House::open();
    std::fs::create_dir_all(house.on_disk("015/inbox/ruled")).unwrap();
    house.set_rules(&[
        ("015", Rights::ALL),
        ("015/inbox/ruled", Rights::NONE),
        ("015/free/ruled", Rights::FETCH),
    ]);
    for commands in [
        "rename 015/inbox 015/other\n",
        "mkdir 015/x\nrename 015/x 015/free\n",
        "rename 015/inbox/ruled 015/free\n",
    ] {
        sftp(&house, commands).failed();
    }
    assert!(house.on_disk("015/inbox/ruled").exists());
}

#[test]
fn a_broken_upload_is_gone_on_with() {
    let house = House::open();
    let data = noise(2_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    super::libssh2::bring_part(&house, "015/inbox/a.csv", &data[..700_000]);
    assert!(!house.on_disk("015/inbox/a.csv").exists());
    assert_eq!(sftp(&house, "ls -1 015/inbox\n").succeeded().lines().count(), 1);
    sftp(&house, "reput local 015/inbox/a.csv\n").succeeded();
    assert_eq!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap(), data);
    assert_eq!(house.inbox(), ["a.csv"]);
    // The second half of a fetch.
    std::fs::write(house.here("back"), &data[..1_000_000]).unwrap();
    sftp(&house, "reget 015/inbox/a.csv back\n").succeeded();
    assert_eq!(std::fs::read(house.here("back")).unwrap(), data);
}

#[test]
fn scp_and_folders_work() {
    let house = House::open();
    std::fs::create_dir_all(house.here("tree/inner")).unwrap();
    std::fs::write(house.here("tree/inner/宛名 1.csv"), "x").unwrap();
    let scp = |arguments: &[&str]| run(openssh("scp", &house).arg("-s").args(arguments), "");
    scp(&["-rp", "tree", "office@127.0.0.1:015/inbox/"]).succeeded();
    scp(&["-r", "office@127.0.0.1:015/inbox/tree", "back"]).succeeded();
    assert_eq!(std::fs::read_to_string(house.here("back/inner/宛名 1.csv")).unwrap(), "x");
}

#[test]
fn every_strict_algorithm_is_spoken_and_no_other() {
    let house = House::open();
    for option in [
        "Ciphers=aes128-gcm@openssh.com",
        "Ciphers=aes256-gcm@openssh.com",
        "Ciphers=chacha20-poly1305@openssh.com",
        "Ciphers=aes256-ctr",
        "KexAlgorithms=curve25519-sha256",
    ] {
        sftp_with(&house, &["-o", option], "ls\n").succeeded();
    }
    for option in [
        "Ciphers=aes128-cbc",
        "Ciphers=aes128-ctr",
        "KexAlgorithms=ecdh-sha2-nistp256",
        "KexAlgorithms=diffie-hellman-group16-sha512",
        "KexAlgorithms=diffie-hellman-group18-sha512",
        "KexAlgorithms=diffie-hellman-group14-sha1",
        "HostKeyAlgorithms=ssh-rsa",
    ] {
        let output = sftp_with(&house, &["-o", option], "ls\n").failed();
        assert!(output.contains("no matching"), "{option}: {output}");
    }
}

#[test]
fn keys_are_agreed_anew_from_both_sides() {
    let house = House::open_with(|config| config.rekey_bytes = 1 << 20);
    let data = noise(20_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    sftp_with(&house, &["-o", "RekeyLimit=3M"], "put local 015/inbox/a\nget 015/inbox/a back\n").succeeded();
    assert_eq!(std::fs::read(house.here("back")).unwrap(), data);
}

#[test]
fn a_legacy_door_speaks_what_it_names() {
    use renkei_sftp::server::{LegacyAlgorithm, Listening, Suite};
    let house = House::open_with(|config| {
        let suite = Suite::with_legacy(vec![
            LegacyAlgorithm::AesCbc,
            LegacyAlgorithm::HmacSha1,
            LegacyAlgorithm::DhSha512,
        ]);
        config.listening = vec![Listening { address: "127.0.0.1:0".parse().unwrap(), suite }];
    });
    sftp_with(&house, &["-o", "Ciphers=aes128-cbc", "-o", "MACs=hmac-sha1"], "ls\n").succeeded();
    sftp_with(&house, &["-o", "KexAlgorithms=diffie-hellman-group16-sha512"], "ls\n").succeeded();
}

/// A folder mounted is written by programs that open, write, stat and close as on any disk.
#[test]
fn sshfs_works() {
    use std::process::Command;
    if may_lack("sshfs") {
        return;
    }
    let house = House::open();
    let mount = house.here("mount");
    std::fs::create_dir(&mount).unwrap();
    let mut command = Command::new("sshfs");
    command
        .args(["-F", "/dev/null", "-p", &house.address.port().to_string(), "-o", "IdentitiesOnly=yes"])
        .arg("-o")
        .arg(format!("IdentityFile={}", house.key_path().display()))
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", house.known_hosts().display()))
        .arg("office@127.0.0.1:/")
        .arg(&mount);
    // A container without the right to mount says so: RENKEI_TESTS_WITHOUT=sshfs.
    run(&mut command, "").succeeded();
    let data = noise(2_000_000);
    let text = format!(
        "set -ex; cd '{}'; cp '{}' 015/inbox/a.csv; cmp '{}' 015/inbox/a.csv; mv 015/inbox/a.csv 015/inbox/b.csv\n\
         echo x > 015/inbox/c; echo y >> 015/inbox/c; test \"$(cat 015/inbox/c)\" = \"$(printf 'x\\ny')\"\n\
         : > 015/inbox/c; test ! -s 015/inbox/c; mkdir 015/inbox/d; rmdir 015/inbox/d; rm 015/inbox/c\n\
         set +x; for n in $(seq 60); do echo x > 015/inbox/e; echo y >> 015/inbox/e; cat 015/inbox/e > /dev/null\n\
         mv 015/inbox/e 015/inbox/f; echo z >> 015/inbox/f; test \"$(cat 015/inbox/f)\" = \"$(printf 'x\\ny\\nz')\"; rm 015/inbox/f; done\n\
         set -x; ls 001/secret && exit 1; test \"$(ls)\" = \"$(printf '001\\n015')\"\n",
        mount.display(),
        house.here("local").display(),
        house.here("local").display()
    );
    std::fs::write(house.here("local"), &data).unwrap();
    let done = run(Command::new("sh").args(["-c", &text]), "");
    let unmounted = run(Command::new("fusermount3").arg("-u").arg(&mount), "");
    if !done.is_success {
        println!("{:?}", house.deeds());
    }
    done.succeeded();
    unmounted.succeeded();
    assert!(std::fs::read(house.on_disk("015/inbox/b.csv")).unwrap() == data);
    assert_eq!(house.inbox(), ["b.csv"]);
}
