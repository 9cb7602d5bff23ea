//! By a program: HULFT's send request, with a stand-in that behaves as its manual says and fails as it says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::hub::{deliver, hub, lines};
use crate::sandbox::files::names;
use crate::sandbox::{PLAIN, Sandbox};

/// A hub that hands over to a stand-in, and the stand-in's folder.
fn handing_over(more: &str) -> (Sandbox, Sandbox, PathBuf) {
    let place = Sandbox::new();
    let folder = place.path("hulft");
    fs::create_dir_all(folder.join("received")).unwrap();
    let program = folder.join("utlsend");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deliver/utlsend"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("registered"), "TAX01\nTAX01N\n").unwrap();
    fs::write(folder.join("daemon"), "").unwrap();
    let terms = format!(
        "kind = \"hulft\"\nprogram = \"{}\"\nfile_id = \"TAX01\"\nnotice_file_id = \"TAX01N\"\n\
         env = {{ STAND_IN = \"{}\" }}\nretry = {{ tries = 2 }}\n{more}\n",
        program.display(),
        folder.display(),
    );
    (hub(&terms), place, folder)
}

#[test]
fn each_file_is_handed_over_by_its_id_and_the_notice_last() {
    let (sandbox, _place, folder) = handing_over("wait = \"600s\"");
    deliver(&sandbox, &[]).expect(0);
    let log = fs::read_to_string(folder.join("log")).unwrap();
    let ids: Vec<&str> = log.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(ids, ["TAX01", "TAX01N", "TAX01", "TAX01N"]);
    assert!(log.lines().all(|line| line.ends_with(" yes 600")), "{log}");
    let received = names(&folder.join("received"));
    assert_eq!(received.len(), 4, "{received:?}");
    for name in received {
        let (_, name) = name.split_once('.').unwrap();
        let ours = fs::read(sandbox.feed_folder(PLAIN).join(name)).unwrap();
        assert!(received_bytes(&folder, name) == ours, "{name}");
    }
}

fn received_bytes(folder: &std::path::Path, name: &str) -> Vec<u8> {
    let id = if crate::sandbox::files::ends_with(name, "done") { "TAX01N" } else { "TAX01" };
    fs::read(folder.join("received").join(format!("{id}.{name}"))).unwrap()
}

#[test]
fn each_documented_failure_is_of_its_class() {
    let (sandbox, _place, folder) = handing_over("codes = { \"77\" = \"partner\", \"78\" = \"done\" }");
    let one = format!("{PLAIN}:1");
    let check = |exit, state: &str| {
        let told = deliver(&sandbox, &["--publication", &one, "--json"]).expect(exit).json();
        assert_eq!(told[0]["state"], state, "{told}");
        told[0]["detail"].as_str().unwrap_or_default().to_owned()
    };
    let status = |text: &str| fs::write(folder.join("status"), text).unwrap();
    status("TAX01 4\n");
    assert!(check(12, "due").contains("no answer within -w"));
    status("TAX01 21\n");
    assert!(check(12, "due").contains("the send log says why"));
    status("TAX01 8\n");
    check(10, "stopped");
    status("TAX01 77\n");
    check(11, "stopped");
    // The data is over, the notice is not: it is tried again as a whole.
    status("TAX01N 21\n");
    check(12, "due");
    status("TAX01 78\nTAX01N 78\n");
    check(0, "delivered");
    status("");
    fs::remove_file(folder.join("daemon")).unwrap();
    assert!(check(12, "due").contains("the send daemon is not up"));
    fs::write(folder.join("daemon"), "").unwrap();
    fs::write(folder.join("registered"), "OTHER\n").unwrap();
    assert!(check(10, "stopped").contains("not registered"));
    let codes = lines(&sandbox);
    assert_eq!(codes[0].2, "delivery.command");
}

#[test]
fn a_file_that_is_not_what_was_published_is_not_handed_over() {
    let (sandbox, _place, folder) = handing_over("");
    let data = crate::sandbox::files::data_files(&sandbox.notices(PLAIN)[0])[0].clone();
    crate::sandbox::files::edit(&data, |bytes| bytes[0] ^= 1);
    deliver(&sandbox, &[]).expect(10);
    assert_eq!(lines(&sandbox)[0].2, "delivery.source-changed");
    assert!(!folder.join("log").exists());
}
