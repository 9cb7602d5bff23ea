//! Rights on disk: what the operating system lets real users do agrees with the rules, and drift is found and repaired.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::client::audit;
use crate::sandbox::{PLAIN, Sandbox, files};

/// A user and a group of this machine that a test makes and takes away.
struct Person {
    name: String,
}

impl Person {
    fn new(role: &str) -> Self {
        let name = format!("rk{role}{}", std::process::id());
        let made =
            Command::new("useradd").args(["--no-create-home", "--user-group", &name]).status().unwrap();
        assert!(made.success(), "making the user {name} needs root");
        Self { name }
    }

    /// Whether the system lets him run this in a shell.
    fn may(&self, script: &str) -> bool {
        let run = Command::new("setpriv")
            .args(["--reuid", &self.name, "--regid", &self.name, "--init-groups", "sh", "-c", script])
            .output()
            .unwrap();
        run.status.success()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = Command::new("userdel").arg(&self.name).status();
    }
}

#[test]
fn the_system_lets_people_do_what_the_rules_say_and_drift_is_repaired() {
    let sandbox = Sandbox::loaded(20, 0);
    sandbox.run(&["generate", PLAIN, "--full"]).expect(0);
    sandbox.run(&["acl", "diff"]).expect(0).says("local_group");
    let (tax, pay) = (Person::new("tax"), Person::new("pay"));
    let group = |system: &str, person: &Person| {
        let line = format!("id = \"{system}\"\n");
        sandbox.replace("hub/hub.toml", &line, &format!("{line}local_group = \"{}\"\n", person.name));
    };
    group("015", &tax);
    group("010", &pay);
    sandbox.run(&["acl", "grant", "015/work", "all", "--system", "015", "--reason", "x"]).expect(0);
    // What is above the root is the operator's to open.
    for folder in [sandbox.folder(), &sandbox.path("hub")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox.run(&["acl", "diff"]).expect(1).says("015/work").says("missing");
    sandbox.run(&["acl", "apply", "--dry-run", "--reason", "x"]).expect(0);
    assert!(!sandbox.path("hub/share/015/work").exists());
    sandbox.run(&["acl", "apply", "--reason", "初回"]).expect(0);
    sandbox.run(&["acl", "diff"]).expect(0);
    sandbox.run(&["acl", "apply", "--reason", "もう一度"]).expect(0);
    assert_eq!(audit(&sandbox, "acl apply", 1).len(), 1, "what is as declared is not set again");

    let share = sandbox.path("hub/share").display().to_string();
    let feed = sandbox.feed_folder(PLAIN).display().to_string();
    let name = files::names(&sandbox.feed_folder(PLAIN)).remove(0);
    let check = |person: &Person, script: &str, expect: bool| {
        assert_eq!(person.may(script), expect, "{}: {script}", person.name);
    };
    // 015 is a receiver of the plain feed, 010 of the one with numbers.
    check(&tax, &format!("ls {feed}"), true);
    check(&tax, &format!("cat {feed}/{name}"), true);
    check(&tax, &format!("touch {feed}/x"), false);
    check(&tax, &format!("rm -f {feed}/{name}"), false);
    check(&tax, &format!("echo x >> {feed}/{name}"), false);
    check(&tax, &format!("ls {share}"), false);
    check(&tax, &format!("ls {share}/001/001o006-00/v1.0"), false);
    check(&pay, &format!("ls {feed}"), false);
    check(&pay, &format!("cat {feed}/{name}"), false);
    // To bring, and neither to read nor to take away what others brought.
    check(&tax, &format!("echo x > {share}/015/receipt/a"), true);
    fs::write(sandbox.path("hub/share/015/receipt/others"), "y").unwrap();
    check(&tax, &format!("rm -f {share}/015/receipt/others"), false);
    check(&pay, &format!("ls {share}/015/receipt"), false);
    check(&tax, &format!("echo x > {share}/015/work/a && rm {share}/015/work/a"), true);
    // What is published after it has the folder's rights by itself.
    sandbox.run(&["generate", PLAIN, "--full"]).expect(0);
    let new = files::names(&sandbox.feed_folder(PLAIN)).into_iter().find(|file| *file != name).unwrap();
    check(&tax, &format!("cat {feed}/{new}"), true);
    check(&pay, &format!("cat {feed}/{new}"), false);

    // Somebody helps himself.
    fs::set_permissions(&feed, fs::Permissions::from_mode(0o777)).unwrap();
    check(&pay, &format!("touch {feed}/x && rm {feed}/x"), false);
    fs::set_permissions(sandbox.path("hub/share/001"), fs::Permissions::from_mode(0o777)).unwrap();
    sandbox.run(&["acl", "diff"]).expect(1).says("other:");
    sandbox.run(&["acl", "apply", "--reason", "直し"]).expect(0);
    sandbox.run(&["acl", "diff"]).expect(0);
    check(&pay, &format!("ls {feed}"), false);
    check(&tax, &format!("cat {feed}/{name}"), true);
}
