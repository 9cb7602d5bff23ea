//! ssh-audit, which knows the state of the art better than any list of ours.

use std::path::Path;
use std::process::Command;

use renkei_sftp::{HostKey, HostKeyKind};

use super::house::House;
use super::programs::run;

#[test]
fn ssh_audit_has_nothing_against_the_strict_set() {
    let house = House::open_with(|config| {
        config.host_keys.push(HostKey::generate(HostKeyKind::Rsa).unwrap());
    });
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/ssh-audit");
    let mut command = Command::new(program);
    // Its last test floods the server with connections, which is what the door's limits are for.
    command.args(["--skip-rate-test", "-n", "-p", &house.address.port().to_string(), "127.0.0.1"]);
    let output = run(&mut command, "").output;
    assert!(output.contains("(kex) curve25519-sha256"), "{output}");
    for line in output.lines() {
        assert!(!line.contains("[fail]"), "{line}\n{output}");
        // Clients of today's offices know no other key agreement than those before quantum computers.
        let is_of_its_time =
            line.ends_with("[warn] does not provide protection against post-quantum attacks");
        assert!(!line.contains("[warn]") || is_of_its_time, "{line}\n{output}");
    }
}
