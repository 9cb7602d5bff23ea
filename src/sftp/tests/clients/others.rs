//! lftp, rclone, curl, PuTTY's psftp and, where Node.js stands, ssh2-sftp-client.

use std::process::Command;

use renkei_core::access::Rights;
use renkei_sftp::server::{LegacyAlgorithm, Listening, Suite};

use super::house::{House, PASSWORD, noise};
use super::programs::{may_lack, run};

fn lftp(house: &House, commands: &str) -> super::programs::Ended {
    let connect = format!(
        "ssh -a -x -F /dev/null -i {} -o IdentitiesOnly=yes -o UserKnownHostsFile={}",
        house.key_path().display(),
        house.known_hosts().display()
    );
    let text = format!(
        "set sftp:connect-program \"{connect}\"\nset net:max-retries 2\nset net:timeout 30\n\
         set cmd:fail-exit true\nopen -u office,x -p {} sftp://127.0.0.1\n{commands}\n",
        house.address.port()
    );
    let mut command = Command::new("lftp");
    command.args(["--norc", "-c", &text]).env("HOME", house.folder.path()).current_dir(house.folder.path());
    run(&mut command, "")
}

#[test]
fn lftp_works_also_with_temporary_names() {
    let house = House::open();
    let data = noise(5_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    std::fs::create_dir_all(house.here("tree/inner")).unwrap();
    std::fs::write(house.here("tree/inner/a"), "x").unwrap();
    lftp(
        &house,
        "put local -o 015/inbox/a.csv\n\
         set xfer:use-temp-file yes\nput local -o 015/inbox/b.csv\nput local -o 015/inbox/b.csv\n\
         mirror -R tree 015/inbox/tree\nmv 015/inbox/a.csv 015/inbox/c.csv\npget -n 3 015/inbox/c.csv -o back\n\
         rm 015/inbox/c.csv\nrm -r 015/inbox/tree",
    )
    .succeeded();
    assert!(std::fs::read(house.here("back")).unwrap() == data);
    assert!(std::fs::read(house.on_disk("015/inbox/b.csv")).unwrap() == data);
    assert_eq!(house.inbox(), ["b.csv"]);
}

#[test]
fn lftp_brings_under_a_temporary_name_with_create_alone() {
    let house = House::open();
    house.set_rules(&[("015/inbox", Rights::BRING)]);
    let data = noise(300_000);
    std::fs::write(house.here("local"), &data).unwrap();
    lftp(&house, "set xfer:use-temp-file yes\nput local -o 015/inbox/a.csv").succeeded();
    assert!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap() == data);
    assert_eq!(house.inbox(), ["a.csv"]);
}

#[test]
fn lftp_goes_on_with_a_broken_upload() {
    let house = House::open();
    let data = noise(3_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    super::libssh2::bring_part(&house, "015/inbox/a.csv", &data[..1_000_000]);
    lftp(&house, "put -c local -o 015/inbox/a.csv").succeeded();
    assert!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap() == data);
}

/// Its first question is whether a shell answers: without an answer it waits for ever.
#[test]
fn rclone_works() {
    let house = House::open();
    std::fs::create_dir_all(house.here("tree/inner")).unwrap();
    for n in 0..20 {
        std::fs::write(house.here(&format!("tree/inner/{n}")), noise(n * 10_000)).unwrap();
    }
    let rclone = |arguments: &[&str]| {
        let remote = format!(
            ":sftp,host=127.0.0.1,port={},user=office,key_file={}:015/inbox/tree",
            house.address.port(),
            house.key_path().display()
        );
        let mut command = Command::new("rclone");
        command.env("HOME", house.folder.path()).current_dir(house.folder.path());
        command.args(arguments.iter().map(|argument| argument.replace("REMOTE", &remote)));
        run(&mut command, "")
    };
    rclone(&["copy", "tree", "REMOTE"]).succeeded();
    rclone(&["check", "--download", "tree", "REMOTE"]).succeeded();
    assert_eq!(
        rclone(&["lsl", "REMOTE"]).succeeded().lines().filter(|line| line.contains("inner/")).count(),
        20
    );
    std::fs::write(house.here("tree/inner/1"), noise(77)).unwrap();
    rclone(&["sync", "tree", "REMOTE"]).succeeded();
    assert_eq!(std::fs::read(house.on_disk("015/inbox/tree/inner/1")).unwrap(), noise(77));
    rclone(&["purge", "REMOTE"]).succeeded();
    assert!(house.inbox().is_empty());
}

/// It brings each file as `.partial` first, and asks for the other name on any of its connections.
#[test]
fn rclone_brings_with_create_alone() {
    let house = House::open();
    house.set_rules(&[("015/inbox", Rights::BRING)]);
    std::fs::create_dir_all(house.here("tree")).unwrap();
    for n in 0..30 {
        std::fs::write(house.here(&format!("tree/{n}")), noise(n * 10_000)).unwrap();
    }
    let remote = format!(
        ":sftp,host=127.0.0.1,port={},user=office,key_file={}:015/inbox",
        house.address.port(),
        house.key_path().display()
    );
    let mut command = Command::new("rclone");
    command.args(["copy", "--transfers", "8", "tree", &remote]);
    run(command.env("HOME", house.folder.path()).current_dir(house.folder.path()), "").succeeded();
    assert_eq!(house.inbox().len(), 30);
    assert_eq!(std::fs::read(house.on_disk("015/inbox/7")).unwrap(), noise(70_000));
}

/// Debian 12's curl stands on libssh2 1.10, which knows no MAC of the strict set: it is sent to a door of its own.
#[test]
fn curl_works() {
    // Some builds of curl have no SSH; Debian's has.
    if may_lack("curl") {
        return;
    }
    let house = House::open_with(|config| {
        let suite = Suite::with_legacy(vec![LegacyAlgorithm::HmacSha2]);
        config.listening = vec![Listening { address: "127.0.0.1:0".parse().unwrap(), suite }];
    });
    let data = noise(2_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    let curl = |arguments: &[&str], path: &str| {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "-k", "--key"])
            .arg(house.key_path())
            .arg("--pubkey")
            .arg(house.here("id.pub"))
            .args(["-u", "office:"])
            .args(arguments)
            .arg(format!("sftp://127.0.0.1:{}/{path}", house.address.port()))
            .current_dir(house.folder.path());
        run(&mut command, "")
    };
    curl(&["-T", "local"], "015/inbox/a.csv").succeeded();
    curl(&["-o", "back"], "015/inbox/a.csv").succeeded();
    assert!(std::fs::read(house.here("back")).unwrap() == data);
    assert!(curl(&[], "001/").succeeded().contains("feed"));
    curl(&["-o", "none"], "001/secret/b.csv").failed();
}

#[test]
fn psftp_works_and_goes_on_with_a_broken_upload() {
    let house = House::open();
    let data = noise(3_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    let psftp = |commands: &str| {
        let fingerprint = std::fs::read_to_string(house.known_hosts()).unwrap();
        let line: Vec<&str> = fingerprint.split_whitespace().collect();
        std::fs::write(house.here("host.pub"), format!("{} {}\n", line[1], line[2])).unwrap();
        let shown = Command::new("ssh-keygen").arg("-lf").arg(house.here("host.pub")).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let mut command = Command::new("psftp");
        command
            .args(["-batch", "-P", &house.address.port().to_string(), "-pw", PASSWORD, "-hostkey"])
            .arg(shown.split_whitespace().nth(1).unwrap())
            .args(["office@127.0.0.1", "-bc"])
            .env("HOME", house.folder.path())
            .current_dir(house.folder.path());
        run(&mut command, commands)
    };
    psftp("put local 015/inbox/a.csv\nget 015/inbox/a.csv back\nls 015/inbox\nmv 015/inbox/a.csv 015/inbox/b.csv\n\
           del 015/inbox/b.csv\nquit\n")
    .succeeded();
    assert!(std::fs::read(house.here("back")).unwrap() == data);
    assert!(house.inbox().is_empty());
    super::libssh2::bring_part(&house, "015/inbox/a.csv", &data[..1_000_000]);
    psftp("reput local 015/inbox/a.csv\nquit\n").succeeded();
    assert!(std::fs::read(house.on_disk("015/inbox/a.csv")).unwrap() == data);
}

#[test]
fn ssh2_sftp_client_of_node_works() {
    let modules = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/node/node_modules");
    if !modules.exists() {
        // scripts/setup installs it where Node.js stands.
        return;
    }
    let house = House::open();
    let data = noise(3_000_000);
    std::fs::write(house.here("local"), &data).unwrap();
    let text = "
        const fs = require('fs'), Client = require('ssh2-sftp-client');
        (async () => {
            const c = new Client();
            await c.connect({ host: '127.0.0.1', port: +process.env.PORT, username: 'office',
                privateKey: fs.readFileSync(process.env.KEY) });
            await c.fastPut('local', '/015/inbox/a.csv');
            await c.fastGet('/015/inbox/a.csv', 'back');
            await c.put(Buffer.from('x'), '/015/inbox/b');
            await c.append(Buffer.from('y'), '/015/inbox/b');
            if ((await c.get('/015/inbox/b')).toString() !== 'xy') throw new Error('append');
            if ((await c.list('/')).length !== 2) throw new Error('list');
            if (await c.exists('/001/secret')) throw new Error('secret');
            await c.posixRename('/015/inbox/b', '/015/inbox/a.csv');
            await c.delete('/015/inbox/a.csv');
            await c.end();
        })().catch((error) => { console.error(error); process.exit(1); });";
    let mut command = Command::new("node");
    command
        .args(["-e", text])
        .env("NODE_PATH", modules)
        .env("PORT", house.address.port().to_string())
        .env("KEY", house.key_path())
        .current_dir(house.folder.path());
    run(&mut command, "").succeeded();
    assert!(std::fs::read(house.here("back")).unwrap() == data);
    assert!(house.inbox().is_empty());
}
