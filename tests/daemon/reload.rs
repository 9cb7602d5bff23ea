//! SIGHUP: the configuration is read anew, all of it or nothing.

use crate::running::Running;
use crate::sandbox::Sandbox;

const JOB: &str = "name = \"Weekly\"\npublish = [\"001o005-v1.0\"]\ncontent = \"full\"\nenabled = true\n";

#[test]
fn only_a_configuration_that_is_all_right_is_taken() {
    let sandbox = Sandbox::new().init();
    let mut running = Running::start(&sandbox, &[]);

    // Wrong: it goes on as before, and says where the problem is.
    let whole = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    std::fs::write(sandbox.path("hub/jobs/weekly.toml"), JOB).unwrap();
    std::fs::write(sandbox.path("hub/hub.toml"), format!("nonsense = 1\n{whole}")).unwrap();
    running.signal("HUP");
    let problem = running.wait_for("nonsense");
    assert!(problem.contains("hub.toml:1"), "{problem}");
    running.wait_for("the old configuration stays");

    // No TOML at all.
    std::fs::write(sandbox.path("hub/hub.toml"), "[").unwrap();
    running.signal("HUP");
    running.wait_for("the old configuration stays");

    // Right: the job that was added is there, beside the five that are shipped.
    std::fs::write(sandbox.path("hub/hub.toml"), &whole).unwrap();
    running.signal("HUP");
    assert!(running.wait_for("the configuration was read anew").contains("jobs=6"));

    // What needs a restart is not taken.
    std::fs::create_dir(sandbox.path("hub/other")).unwrap();
    sandbox.replace("hub/hub.toml", "path = \"share\"", "path = \"other\"");
    running.signal("HUP");
    running.wait_for("that needs a restart");
    assert_eq!(running.stop().code(), Some(0));

    // All of it is on record, with what was declared.
    let lines: Vec<_> = sandbox.audit().into_iter().filter(|line| line.operator == "scheduler").collect();
    let told: Vec<String> = lines.iter().map(|line| format!("{} {}", line.action, line.result)).collect();
    let begins = [
        "start scheduler version ",
        "reload declarations refused (",
        "reload declarations refused (",
        "reload declarations taken, declarations ",
        "reload declarations refused (config.needs-restart), declarations ",
        "stop scheduler ",
    ];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (line, begin) in told.iter().zip(begins) {
        assert!(line.starts_with(begin), "{told:#?}");
    }
    let digests: std::collections::BTreeSet<&str> =
        told[..5].iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(digests.len(), 5, "{told:#?}");
}

#[test]
fn a_broken_chain_is_told_and_cleared_when_it_is_accepted() {
    let sandbox = Sandbox::loaded(20, 4);
    let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    std::fs::write(sandbox.path("hub/hub.toml"), text + "\n[daemon]\ntick = \"1s\"\n").unwrap();
    let change = "UPDATE audit SET operator = 'suzuki' WHERE audit_no = 1";
    rusqlite::Connection::open(sandbox.path("hub/data/renkei.db")).unwrap().execute_batch(change).unwrap();
    let running = Running::start(&sandbox, &[]);
    let until = |what: &str, is_open: bool| {
        let started = std::time::Instant::now();
        loop {
            let open = sandbox.run(&["alert", "list", "--open", "--json"]).expect(0).json();
            let has = open.as_array().unwrap().iter().any(|alert| alert["key"] == "audit-broken");
            if has == is_open {
                return;
            }
            assert!(started.elapsed() < crate::running::PATIENCE, "{what}: {open:#}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    until("it is told", true);
    sandbox.run(&["audit", "accept", "--reason", "known"]).expect(0);
    until("it is cleared", false);
    assert_eq!(running.stop().code(), Some(0));
}

#[test]
fn an_operators_run_goes_by_the_configuration_taken_anew() {
    let sandbox = Sandbox::loaded(20, 4);
    let mut running = Running::start(&sandbox, &[]);
    std::fs::write(sandbox.path("hub/jobs/weekly.toml"), JOB).unwrap();
    running.signal("HUP");
    running.wait_for("the configuration was read anew");
    sandbox.run(&["run", "weekly", "--reason", "first"]).expect(0);
    assert_eq!(sandbox.notices(crate::sandbox::PLAIN).len(), 1);
    assert_eq!(running.stop().code(), Some(0));
}

#[test]
fn what_of_metrics_and_audit_is_taken_is_said() {
    let sandbox = Sandbox::loaded(20, 4);
    let mut running = Running::start(&sandbox, &[]);
    let whole = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let head = sandbox.path("elsewhere.head");
    let more = format!("[metrics]\nlisten = \"127.0.0.1:9631\"\n[audit]\nhead = \"{}\"\n", head.display());
    std::fs::write(sandbox.path("hub/hub.toml"), whole.clone() + &more).unwrap();
    for _ in 0..2 {
        // Again at every reload, for as long as it is not taken.
        running.signal("HUP");
        running.wait_for("[metrics] changed: that needs a restart");
        running.wait_for("the configuration was read anew");
    }
    std::fs::write(sandbox.path("hub/hub.toml"), whole).unwrap();
    running.signal("HUP");
    running.wait_for("[audit] changed");
    running.wait_for("the configuration was read anew");
    assert_eq!(running.stop().code(), Some(0));
    assert!(head.exists(), "the place in force while it was declared has the audit's end");
}
