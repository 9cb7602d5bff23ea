//! The agent of a system that has no share of the hub's: it takes from the hub's own SFTP server, and answers there.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::agent::{V1_0, declare, last_full, receipts, table};
use crate::client::{add_key, audit, hub, make_key, start};
use crate::running::Running;
use crate::sandbox::{PLAIN, Sandbox, files};

/// 2031, in unix seconds.
const MUCH_LATER: &str = "1930000000";

/// A hub whose daemon listens, with a full, and an agent that reaches it by SFTP.
fn linked(backend: &str, host_keys: &str) -> (Sandbox, Running, u16) {
    let (sandbox, port) = hub();
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    declare(&sandbox, V1_0, "");
    let key = make_key(&sandbox, "agent", "ed25519", &[]);
    add_key(&sandbox, "office", &key, &[]);
    sandbox.replace("receive.toml", "share = \"hub/share\"\n", "");
    let server = format!(
        "[sftp]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"office\"\nkey_file = \"{}\"\nbackend = \"{backend}\"\n\
         {host_keys}\n[target]",
        key.display()
    );
    sandbox.replace("receive.toml", "[target]", &server);
    let running = start(&sandbox);
    (sandbox.noted(backend), running, port)
}

/// The key the hub shows, as a refusal tells it.
fn accept_key(sandbox: &Sandbox) {
    let refused = sandbox.receive(&[]).expect(10);
    let told = format!("{}{}", refused.stdout, refused.stderr);
    assert!(told.contains("receive.host-key-unknown"), "{told}");
    let at = told.find("SHA256:").unwrap();
    let fingerprint = &told[at..at + 50];
    sandbox.replace(
        "receive.toml",
        "\n\n[target]",
        &format!("\nhost_keys = [\"{fingerprint}\"]\n\n[target]"),
    );
}

fn mirrored(sandbox: &Sandbox) -> Vec<String> {
    visible(&sandbox.path("agent/mirror/001/001o005-00/v1.0"))
}

fn visible(folder: &Path) -> Vec<String> {
    if folder.exists() { files::names(folder) } else { Vec::new() }
}

#[test]
fn it_takes_from_the_hubs_own_server_and_its_receipts_are_in_the_ledger() {
    for backend in ["ssh2", "pipelined"] {
        let (sandbox, running, _) = linked(backend, "");
        accept_key(&sandbox);
        assert!(mirrored(&sandbox).is_empty());
        // A preview fetches and puts nothing back.
        sandbox.receive(&["--preview"]).expect(0);
        assert_eq!(mirrored(&sandbox).len(), 2);
        assert!(receipts_there(&sandbox).is_empty());
        sandbox.receive(&[]).expect(0);
        assert_eq!(table(&sandbox, "jumin_v1_0"), last_full(&sandbox, PLAIN), "{backend}");
        assert!(visible(&sandbox.path("agent/outgoing/015/receipt")).is_empty());
        let outcomes: Vec<_> = receipts(&sandbox).into_values().flatten().collect();
        assert_eq!(outcomes, ["taken"], "{backend}");
        sandbox.receive(&[]).expect(0).says("nothing new");
        // What was taken in long ago goes, and does not come again.
        sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &["receive"]).expect(0);
        assert!(mirrored(&sandbox).is_empty(), "{:?}", mirrored(&sandbox));
        sandbox.receive(&[]).expect(0);
        assert!(mirrored(&sandbox).is_empty());
        assert_eq!(running.stop().code(), Some(0));
        assert_eq!(crate::agent::line(&sandbox)["acknowledged"], 1, "{}", crate::agent::line(&sandbox));
    }
}

fn receipts_there(sandbox: &Sandbox) -> Vec<String> {
    visible(&sandbox.path("hub/share/015/receipt"))
}

#[test]
fn killed_on_the_way_or_with_the_hub_away_it_ends_as_an_undisturbed_one() {
    let (sandbox, running, port) = linked("pipelined", "");
    accept_key(&sandbox);
    for point in ["pull.part", "pull.files-here", "pull.remembered", "pull.notice-here", "receive.fetched"] {
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &["receive"]).expect_killed();
        if point == "pull.part" {
            assert!(
                !mirrored(&sandbox).iter().any(|name| files::ends_with(name, ".done")),
                "{:?}",
                mirrored(&sandbox)
            );
        }
    }
    sandbox.run_with(&[("RENKEI_STOP_AT", "receive.put-back")], &["receive"]).expect_killed();
    sandbox.receive(&[]).expect(0);
    assert_eq!(table(&sandbox, "jumin_v1_0"), last_full(&sandbox, PLAIN));
    let outcomes: Vec<_> = receipts(&sandbox).into_values().flatten().collect();
    assert_eq!(outcomes, ["taken"]);
    // With the hub away the round runs on what is here, and says that nothing could be fetched.
    assert_eq!(running.stop().code(), Some(0));
    let away = sandbox.receive(&[]).expect(12);
    assert!(
        format!("{}{}", away.stdout, away.stderr).contains("delivery.unreachable"),
        "{port}: {}",
        away.stderr
    );
    let text = fs::read_to_string(sandbox.path("receive.toml")).unwrap();
    fs::write(sandbox.path("receive.toml"), format!("share = \"x\"\n{text}")).unwrap();
    let both = sandbox.receive(&["--status"]).expect(10);
    assert!(format!("{}{}", both.stdout, both.stderr).contains("both share and [sftp]"), "{}", both.stderr);
}

#[test]
fn a_set_that_does_not_come_is_told_to_its_intakes_people_alone() {
    let (sandbox, running, _) = linked("pipelined", "");
    accept_key(&sandbox);
    let said = sandbox.path("said");
    sandbox.write("hook.sh", &format!("printf '%s\\n' \"$*\" >> '{}'\n", said.display()));
    let text = fs::read_to_string(sandbox.path("receive.toml")).unwrap();
    let hook = sandbox.path("hook.sh");
    let more = format!(
        "\n[alert.command]\nprogram = \"/bin/sh\"\nargs = [\"{}\", \"{{kind}}\", \"{{intake}}\", \"{{news}}\"]\n\
         \n[[intake]]\nid = \"other\"\nfrom = \"001\"\nfolders = [\"001/other\"]\n\
         accept = [{{ layout = \"001o005-1.0\" }}]\n",
        hook.display()
    );
    fs::write(sandbox.path("receive.toml"), format!("{text}{more}")).unwrap();
    // The first contact was refused, which is over.
    sandbox.receive(&[]).expect(0);
    let _ = fs::remove_file(&said);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let full = last_full(&sandbox, PLAIN);
    let odd = sandbox.feed_folder(PLAIN).join("a.done");
    fs::write(&odd, "no notice").unwrap();
    let told = sandbox.receive(&[]);
    let told = format!("{}{}", told.stdout, told.stderr);
    assert!(told.contains("pull.notice-unreadable"), "{told}");
    // What is whole came all the same.
    assert_eq!(table(&sandbox, "jumin_v1_0"), full);
    assert_eq!(fs::read_to_string(&said).unwrap(), "receiving-failed jumin opened\n");
    fs::remove_file(&odd).unwrap();
    fs::remove_file(&said).unwrap();
    sandbox.receive(&[]).expect(0);
    assert_eq!(fs::read_to_string(&said).unwrap(), "receiving-failed jumin cleared\n");
    assert_eq!(running.stop().code(), Some(0));
}

#[test]
fn what_came_damaged_is_fetched_again_once_it_changed_there_or_somebody_asks() {
    let (sandbox, running, _) = linked("pipelined", "");
    sandbox.replace("receive.toml", "folder = \"agent\"", "folder = \"agent\"\nevery = \"1s\"");
    accept_key(&sandbox);
    let data = sandbox.notices(PLAIN).pop().unwrap().with_extension("csv");
    let whole = fs::read(&data).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    let put = |bytes: &[u8], at: SystemTime| {
        fs::write(&data, bytes).unwrap();
        fs::File::options().write(true).open(&data).unwrap().set_modified(at).unwrap();
    };
    // Long ago: of what may still be written within the same second nobody could say that it is the same.
    put(&damaged, SystemTime::UNIX_EPOCH);
    let n_fetched = |ending: &str, n_lines: usize| {
        let lines = audit(&sandbox, "fetch", n_lines);
        lines.iter().filter(|line| line.contains(ending)).count()
    };
    for n_asked in 1..=2 {
        let told = sandbox.receive(&[]).expect(11);
        assert!(told.stderr.contains("pull.not-as-noticed"), "{}", told.stderr);
        assert_eq!(n_fetched(".csv", 2 * n_asked), n_asked);
    }
    let mut agent = Running::spawn(&sandbox, &["receive", "--daemon"], &[]);
    agent.until("it has looked", || n_fetched(".done", 4) >= 5);
    assert_eq!(n_fetched(".csv", 4), 2);
    put(&whole, SystemTime::UNIX_EPOCH + Duration::from_mins(1));
    agent.until("the full", || receipts(&sandbox).len() == 1);
    assert_eq!(n_fetched(".csv", 4), 3);
    assert_eq!(agent.end().0.code(), Some(0));
    assert_eq!(table(&sandbox, "jumin_v1_0"), last_full(&sandbox, PLAIN));
    assert_eq!(running.stop().code(), Some(0));
}
