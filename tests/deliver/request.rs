//! What is asked of a HULFT partner by hand: a transfer once more, and files of theirs; by stand-ins that behave as their
//! manuals say.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::hub::{declare, deliver};
use crate::running::PATIENCE;
use crate::sandbox::{Outcome, Sandbox};

/// A hub whose destination `tax` is asked by stand-ins, and their folder.
struct Partner {
    sandbox: Sandbox,
    _place: Sandbox,
    folder: PathBuf,
}

impl Partner {
    fn new(more: &str) -> Self {
        let place = Sandbox::new();
        let folder = place.path("hulft");
        for below in ["received", "arrived", "partner/TAXHOST"] {
            fs::create_dir_all(folder.join(below)).unwrap();
        }
        let program = |name: &str| {
            let path = folder.join(name);
            fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deliver").join(name), &path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path.display().to_string()
        };
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.join("registered"), "TAX01\nTAX01N\nTAXRCP\nTAXOLD\n").unwrap();
        fs::write(folder.join("daemon"), "").unwrap();
        let terms = format!(
            "kind = \"hulft\"\nprogram = \"{}\"\nfile_id = \"TAX01\"\nnotice_file_id = \"TAX01N\"\n\
             env = {{ STAND_IN = \"{}\" }}\n{}\n",
            program("utlsend"),
            folder.display(),
            more.replace("UTLRECV", &program("utlrecv")),
        );
        let sandbox = Sandbox::loaded(10, 2);
        declare(&sandbox, &terms);
        Self { sandbox, _place: place, folder }
    }

    fn usual() -> Self {
        Self::new(
            "host = \"TAXHOST\"\n\
             receive = { program = \"UTLRECV\", file_ids = [\"TAXRCP\", \"TAXOLD\"], wait = \"60s\", codes = { \"77\" = \"partner\" } }",
        )
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    fn resend(&self, more: &[&str]) -> Outcome {
        self.sandbox.run(&[&["hulft", "resend", "tax", "--reason", "試験"], more].concat())
    }

    fn request(&self, more: &[&str]) -> Outcome {
        self.sandbox.run(&[&["hulft", "request", "tax", "--reason", "試験"], more].concat())
    }

    /// What was asked and how it ended, as the audit tells it.
    fn audit(&self) -> Vec<String> {
        let told = self.sandbox.run(&["audit", "list", "--last", "50", "--json"]).expect(0).json();
        let text = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap().to_owned();
        let lines = told.as_array().unwrap().iter();
        let lines = lines.filter(|line| text(line, "action").starts_with("hulft "));
        lines.map(|line| format!("{} | {}", text(line, "action"), text(line, "result"))).collect()
    }
}

#[test]
fn what_failed_is_sent_once_more_from_the_queue() {
    let partner = Partner::usual();
    partner.write("queue", "TAXHOST TAX01\nTAXHOST TAX01N\nOTHER TAX01\n");
    partner.resend(&["--lang", "en"]).expect(0).says("HULFT took the request for TAX01");
    partner.resend(&["--file-id", "TAX01N", "--from-start"]).expect(0);
    assert_eq!(partner.log(), ["resend TAXHOST TAX01 no", "resend TAXHOST TAX01N yes"]);
    assert_eq!(fs::read_to_string(partner.folder.join("queue")).unwrap(), "OTHER TAX01\n");
    // Nothing waits any more.
    partner.resend(&["--lang", "en"]).expect(10).says("nothing waits to be sent again");
    fs::remove_file(partner.folder.join("daemon")).unwrap();
    partner.resend(&["--lang", "en"]).expect(12).says("the send daemon is not up");
    assert_eq!(
        partner.audit(),
        [
            "hulft resend tax TAX01 | is to be asked",
            "hulft resend tax TAX01 | HULFT took the request",
            "hulft resend tax TAX01N --from-start | is to be asked",
            "hulft resend tax TAX01N --from-start | HULFT took the request",
            "hulft resend tax TAX01 | is to be asked",
            "hulft resend tax TAX01 | refused (delivery.command): utlsend ended with 1 for TAX01 (nothing waits to be sent again)",
            "hulft resend tax TAX01 | is to be asked",
            "hulft resend tax TAX01 | refused (delivery.command): utlsend ended with 9 for TAX01 (the send daemon is not up)",
        ]
    );
}

#[test]
fn a_partner_is_asked_for_its_file_and_for_it_once_more() {
    let partner = Partner::usual();
    partner.write("partner/TAXHOST/TAXRCP", "receipts");
    partner.request(&["--file-id", "TAXRCP"]).expect(0);
    assert_eq!(fs::read_to_string(partner.folder.join("arrived/TAXRCP")).unwrap(), "receipts");
    partner.request(&["--file-id", "TAXRCP", "--again", "--lang", "en"]).expect(10).says("nothing waits");
    partner.write("partner/TAXHOST/queue", "TAXRCP\n");
    partner.request(&["--file-id", "TAXRCP", "--again", "--from-start"]).expect(0);
    assert_eq!(
        partner.log(),
        ["no TAXHOST TAXRCP yes 60 no", "yes TAXHOST TAXRCP no  no", "yes TAXHOST TAXRCP no  yes"]
    );
    // Nothing from the partner, or nothing registered.
    partner.request(&["--file-id", "TAXOLD", "--lang", "en"]).expect(12).says("the transfer failed");
    partner.write("registered", "");
    partner.request(&["--file-id", "TAXOLD", "--lang", "en"]).expect(10).says("not registered");
}

#[test]
fn each_exit_status_is_of_its_class_and_nothing_printed_is_kept() {
    let partner = Partner::usual();
    for (status, exit) in
        [(1, 10), (2, 10), (4, 12), (5, 12), (8, 10), (9, 12), (11, 10), (21, 12), (22, 10), (77, 11)]
    {
        partner.write("status", &format!("TAXRCP {status}\n"));
        let outcome = partner.request(&["--file-id", "TAXRCP", "--lang", "en"]).expect(exit);
        outcome.says(&format!("ended with {status} ")).says_not("0123456789");
    }
    assert!(partner.audit().iter().all(|line| !line.contains("090-")));
}

#[test]
fn only_what_is_declared_is_asked_for() {
    let partner = Partner::usual();
    partner.resend(&["--file-id", "TAXRCP"]).expect_fault(2, "usage.unknown-file-id");
    partner.request(&["--file-id", "TAXRPC"]).expect_fault(2, "usage.unknown-file-id").says("TAXRCP");
    partner.request(&["--file-id", "TAXRCP; rm -rf /"]).expect(2);
    partner.request(&["--file-id", "TAXRCP", "--from-start"]).expect(2);
    assert_eq!(partner.log(), Vec::<String>::new());
    let silent = Partner::new("");
    silent.resend(&[]).expect_fault(2, "usage.no-request").says("host");
    silent.request(&["--file-id", "TAXRCP"]).expect_fault(2, "usage.no-request").says("receive");
    let nobody = Partner::new("receive = { program = \"UTLRECV\", file_ids = [\"TAXRCP\"] }");
    nobody.sandbox.run(&["check"]).expect(1).says("does not say whom it asks");
    let own = Partner::new("resend_args = [\"-r\", \"-f\", \"{file_id}\"]");
    own.write("queue", "OTHER TAX01\n");
    own.resend(&[]).expect(0);
    assert_eq!(own.log(), ["resend  TAX01 no"]);
}

#[test]
fn one_at_a_time_also_where_whoever_asked_is_killed() {
    let partner = Partner::usual();
    partner.write("partner/TAXHOST/TAXRCP", "receipts");
    // Killed before the program began: word of it is left, and nothing is held.
    let mut command =
        partner.sandbox.command(&["hulft", "request", "tax", "--file-id", "TAXRCP", "--reason", "試験"]);
    command.env("RENKEI_STOP_AT", "hulft.request-begun").output().unwrap();
    assert_eq!(partner.audit(), ["hulft request tax TAXRCP | is to be asked"]);
    // Killed while it runs: the program holds the destination as long as it lives.
    partner.write("status", "TAXRCP slow\n");
    let mut child = partner
        .sandbox
        .command(&["hulft", "request", "tax", "--file-id", "TAXRCP", "--reason", "試験"])
        .spawn()
        .unwrap();
    let wait_for = |what: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !what() {
            assert!(begun.elapsed() < PATIENCE, "it never came");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait_for(&|| partner.folder.join("pid").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    partner.resend(&[]).expect(12);
    deliver(&partner.sandbox, &[]).expect(12);
    partner.write("go", "");
    wait_for(&|| partner.folder.join("arrived/TAXRCP").exists());
    partner.write("status", "");
    wait_for(&|| partner.request(&["--file-id", "TAXRCP"]).status.success());
}
