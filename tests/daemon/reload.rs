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
