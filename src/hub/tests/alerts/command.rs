//! The alert program: what it is given, and that it ends.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use renkei_core::alert::{Alert, Matter, Outcome};

use crate::hub::{Hub, at, failed};

/// A hub that starts `/bin/sh` on a script. The script is read by the shell, so it need not be executable.
fn hub(name: &str, script: &str, args: &str, more: &str) -> Hub {
    let hub = Hub::named(name, "");
    fs::write(hub.path("hook.sh"), script).unwrap();
    let toml = format!(
        "[alert.command]\nprogram = \"/bin/sh\"\nargs = [\"{}\", {args}]\n{more}\n",
        hub.path("hook.sh")
    );
    let path = hub.path("hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}\n{toml}")).unwrap();
    hub
}

fn run(hub: &Hub, alert: &Alert) -> Outcome {
    hub.sender().send(alert, at(0)).remove(0).outcome
}

fn exited(exit_code: i32, words: &str) -> Outcome {
    Outcome::Exited { exit_code, words: words.to_owned() }
}

#[test]
fn the_exit_code_and_what_it_says_are_kept() {
    let check = |script: &str, expected: &Outcome| {
        assert_eq!(&run(&hub("つくば市", script, "", ""), &failed("nightly")), expected, "{script}");
    };
    check("exit 0", &exited(0, ""));
    check("echo 'だめ' >&2; echo not this; exit 3", &exited(3, "だめ\n"));
    check("kill -15 $$", &exited(143, ""));
    let words = format!("{}\n", "0".repeat(80)).repeat(51);
    check(
        "i=0; while [ $i -lt 20000 ]; do printf '%080d\\n' 0 >&2; i=$((i+1)); done",
        &exited(0, &words[..4096]),
    );
}

#[test]
fn values_arrive_as_data_whatever_is_in_them() {
    for name in [
        "a b",
        "'\"",
        "$(touch /tmp/never)`id`",
        "line\nanother",
        "; rm -rf /",
        "{job}",
        "--option",
        "*",
        "\\",
        "\u{7f}\t",
    ] {
        let hub = hub(
            name,
            "printf '%s|%s|%s|%s' \"$#\" \"$1\" \"$2\" \"$RENKEI_ALERT_NAME\" > \"$3\"",
            "\"{name}\", \"--name={name}!\", \"OUT\"",
            "",
        );
        let out = hub.path("out");
        let path = hub.path("hub.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace("\"OUT\"", &format!("\"{out}\""))).unwrap();
        assert_eq!(run(&hub, &failed("nightly")), exited(0, ""));
        assert_eq!(fs::read_to_string(out).unwrap(), format!("3|{name}|--name={name}!|{name}"));
    }
    assert!(!Path::new("/tmp/never").exists());
}

#[test]
fn the_environment_holds_the_alert_and_nothing_of_the_hubs() {
    let hub = hub("つくば市", "env | sort > \"$1\"; pwd >> \"$1\"", "\"OUT\"", "");
    let out = hub.path("out");
    let path = hub.path("hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replace("\"OUT\"", &format!("\"{out}\""))).unwrap();
    run(&hub, &failed("nightly"));
    let said = fs::read_to_string(out).unwrap();
    // What sh sets itself.
    let own =
        |line: &&str| !line.starts_with("PWD=") && !line.starts_with("SHLVL=") && !line.starts_with("_=");
    let lines: Vec<&str> = said.lines().filter(own).collect();
    assert_eq!(
        lines,
        [
            "LANG=C.UTF-8",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "RENKEI_ALERT_ATTEMPTS=1",
            "RENKEI_ALERT_CLASS=operator",
            "RENKEI_ALERT_COUNT=1",
            "RENKEI_ALERT_DATE=2026-10-02",
            "RENKEI_ALERT_FAULT=store.full",
            "RENKEI_ALERT_FEED=",
            "RENKEI_ALERT_HUB=082201",
            "RENKEI_ALERT_INTAKE=",
            "RENKEI_ALERT_JOB=nightly",
            "RENKEI_ALERT_KEY=run-failed/nightly/2026-10-02",
            "RENKEI_ALERT_KIND=run-failed",
            "RENKEI_ALERT_NAME=つくば市",
            "RENKEI_ALERT_NEWS=opened",
            "RENKEI_ALERT_RUN=01k6h0zq7",
            "RENKEI_ALERT_SEVERITY=error",
            "RENKEI_ALERT_TIME=2026-10-02T01:30:00+09:00",
            "RENKEI_ALERT_TITLE=nightly の実行が障害で終わりました（store.full）",
            "/",
        ]
    );
}

#[test]
fn the_time_limit_ends_it_with_its_children() {
    let hub = hub(
        "つくば市",
        "trap '' TERM INT HUP; (trap '' TERM; sleep 600 & echo $! > \"$1\"; wait) & while :; do sleep 600; done",
        "\"OUT\"",
        "timeout = \"2s\"",
    );
    let out = hub.path("child");
    let path = hub.path("hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replace("\"OUT\"", &format!("\"{out}\""))).unwrap();
    let started = Instant::now();
    assert_eq!(run(&hub, &failed("nightly")), Outcome::TimedOut);
    assert!(started.elapsed() < Duration::from_secs(30));
    let child = fs::read_to_string(out).unwrap();
    // It is gone, or nobody's any more and on its way out; either way it runs no longer.
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Ok(state) = fs::read_to_string(format!("/proc/{}/stat", child.trim())) {
        if state.contains(") Z ") {
            break;
        }
        assert!(Instant::now() < deadline, "the child lives on: {state}");
        std::thread::yield_now();
    }
}

#[test]
fn a_child_left_behind_does_not_hold_the_hub_up() {
    let hub = hub("つくば市", "sleep 60 & exit 5", "", "timeout = \"50s\"");
    let started = Instant::now();
    assert_eq!(run(&hub, &failed("nightly")), exited(5, ""));
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_is_lighter_than_asked_for_starts_nothing() {
    let hub = hub("つくば市", "exit 0", "", "min_severity = \"error\"");
    assert!(hub.sender().send(&Alert::new(Matter::Test, at(0)), at(0)).is_empty());
    assert_eq!(hub.sender().send(&failed("nightly"), at(0)).len(), 1);
}
