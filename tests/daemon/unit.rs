//! `scripts/renkei.service`: systemd takes it, and it agrees with the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const UNIT: &str = "scripts/renkei.service";

fn text() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(UNIT)).unwrap()
}

/// The settings by section and name; lists keep all their values.
fn settings() -> BTreeMap<(String, String), Vec<String>> {
    let mut settings: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text().lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
            settings.entry((section.clone(), name.to_owned())).or_default().push(value.to_owned());
        }
    }
    settings
}

#[test]
fn the_unit_agrees_with_the_program() {
    let settings = settings();
    let check = |section: &str, name: &str, expected: &[&str]| {
        let found = settings.get(&(section.to_owned(), name.to_owned()));
        assert_eq!(
            found.map(|values| values.iter().map(String::as_str).collect()),
            Some(expected.to_vec()),
            "{name}"
        );
    };
    check("Service", "Type", &["notify"]);
    check("Service", "KillSignal", &["SIGTERM"]);
    check("Service", "ExecReload", &["/bin/kill -HUP $MAINPID"]);
    check("Service", "Restart", &["on-failure"]);
    check("Service", "NoNewPrivileges", &["yes"]);
    check("Service", "ProtectSystem", &["strict"]);
    // One folder, under three names.
    check("Service", "WorkingDirectory", &["/srv/renkei/hub"]);
    check("Service", "ReadWritePaths", &["/srv/renkei/hub"]);
    check("Service", "Environment", &["RENKEI_HUB=/srv/renkei/hub", "LANG=ja_JP.UTF-8"]);
    // More than the 60 s that runs have by default.
    check("Service", "TimeoutStopSec", &["180s"]);
    check("Service", "WatchdogSec", &["60s"]);
}

#[test]
fn systemd_takes_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("renkei.service");
    // The program must exist to be verified.
    let text = text().replace("/usr/local/bin/renkei", env!("CARGO_BIN_EXE_renkei"));
    assert!(text.contains(env!("CARGO_BIN_EXE_renkei")));
    fs::write(&unit, text).unwrap();
    match Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output() {
        Ok(verified) => {
            let said = String::from_utf8_lossy(&verified.stderr);
            let about_it: Vec<&str> = said.lines().filter(|line| line.contains("renkei.service")).collect();
            assert!(verified.status.success() && about_it.is_empty(), "{said}");
        }
        // A machine without systemd: what is left is the form of the file.
        Err(_) => assert!(settings().contains_key(&("Install".to_owned(), "WantedBy".to_owned()))),
    }
}
