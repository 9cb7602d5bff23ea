//! Rights on disk: what the operating system lets real users do agrees with the rules, and drift is found and repaired.

use std::collections::BTreeMap;
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
    // One before anything is set, one after.
    assert_eq!(audit(&sandbox, "acl apply", 2).len(), 2);
    sandbox.run(&["acl", "diff"]).expect(0);
    sandbox.run(&["acl", "apply", "--reason", "もう一度"]).expect(0);
    let lines = audit(&sandbox, "acl apply", 3);
    assert_eq!(lines[2..], ["tester | acl apply | done"], "what is as declared is not set again");

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

#[test]
fn the_hub_as_a_plain_user_takes_what_people_bring_and_nothing_is_left_of_a_grant() {
    let sandbox = Sandbox::new().init();
    let (hub, tax) = (Person::new("hub"), Person::new("zmu"));
    sandbox.replace(
        "hub/hub.toml",
        "id = \"015\"\n",
        &format!("id = \"015\"\nlocal_group = \"{}\"\n", tax.name),
    );
    sandbox.run(&["acl", "grant", "015/work", "all", "--system", "015", "--reason", "x"]).expect(0);
    for folder in [sandbox.folder(), &sandbox.path("hub")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let share = sandbox.path("hub/share").display().to_string();
    assert!(Command::new("chown").args(["-R", &hub.name, &share]).status().unwrap().success());
    // By root, as whoever sets rights on what is others' must be.
    sandbox.run(&["acl", "apply", "--reason", "x"]).expect(0);
    sandbox.run(&["acl", "diff"]).expect(0);
    let check = |person: &Person, script: &str, expect: bool| {
        assert_eq!(person.may(&format!("cd {share} && {script}")), expect, "{}: {script}", person.name);
    };
    check(&hub, "mkdir 001/new && rmdir 001/new && touch .stage/x && rm .stage/x", true);
    check(&tax, "umask 077; echo x > 015/receipt/a", true);
    check(&hub, "cat 015/receipt/a && mv 015/receipt/a .archive/ && rm .archive/a", true);
    check(&tax, "umask 077; mkdir 015/work/sub && echo x > 015/work/sub/b", true);
    check(&hub, "cat 015/work/sub/b && rm 015/work/sub/b", true);

    sandbox.run(&["acl", "revoke", "1", "--reason", "x"]).expect(0);
    sandbox.run(&["acl", "diff"]).expect(1).says("015/work ").says("015/work/sub").says("owner");
    check(&tax, "ls 015/work", true);
    sandbox.run(&["acl", "apply", "--reason", "x"]).expect(0);
    sandbox.run(&["acl", "diff"]).expect(0);
    check(&tax, "ls 015/work", false);
    check(&tax, "ls 015/work/sub", false);

    // The last system with a group has it no more.
    let group = format!("local_group = \"{}\"\n", tax.name);
    sandbox.replace("hub/hub.toml", &group, "");
    check(&tax, "echo x > 015/receipt/b", true);
    sandbox.run(&["acl", "diff"]).expect(1).says("015/receipt");
    sandbox.run(&["acl", "apply", "--reason", "x"]).expect(0);
    check(&tax, "echo x > 015/receipt/c", false);
    sandbox.run(&["acl", "diff"]).expect(0);
}

/// Numbers by chance, the same at every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

const RIGHTS: [&str; 5] = ["list", "read", "create", "replace", "delete"];

/// What is granted, by system and folder; the folder's innermost grant holds.
#[derive(Default)]
struct Granted(BTreeMap<(&'static str, String), [bool; 5]>);

impl Granted {
    fn rights(&self, system: &'static str, folder: &str) -> [bool; 5] {
        let mut way = Some(folder);
        while let Some(here) = way {
            if let Some(rights) = self.0.get(&(system, here.to_owned())) {
                return *rights;
            }
            way = here.rsplit_once('/').map(|(above, _)| above);
        }
        [false; 5]
    }
}

#[test]
fn on_trees_and_grants_by_chance_the_system_does_what_the_rules_say() {
    let sandbox = Sandbox::new().init();
    let people = [("015", Person::new("zei")), ("010", Person::new("nen"))];
    for (system, person) in &people {
        let line = format!("id = \"{system}\"\n");
        sandbox.replace("hub/hub.toml", &line, &format!("{line}local_group = \"{}\"\n", person.name));
    }
    let (mut chance, mut granted) = (Chance(20_261_122), Granted::default());
    let mut folders = Vec::new();
    for tree in 0..5 {
        let tree_folders = ["", "/a", "/a/b", "/c"].map(|below| format!("t{tree}{below}"));
        for _ in 0..5 {
            let folder = &tree_folders[chance.below(tree_folders.len())];
            let system = people[chance.below(2)].0;
            let rights = [0; 5].map(|_| chance.below(2) == 1);
            let words: Vec<&str> =
                RIGHTS.into_iter().zip(rights).filter(|(_, is)| *is).map(|(word, _)| word).collect();
            let words = if words.is_empty() { "none".to_owned() } else { words.join(",") };
            sandbox.run(&["acl", "grant", folder, &words, "--system", system, "--reason", "x"]).expect(0);
            granted.0.insert((system, folder.clone()), rights);
        }
        folders.extend(tree_folders);
    }
    for folder in [sandbox.folder(), &sandbox.path("hub")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox.run(&["acl", "apply", "--reason", "x"]).expect(0);
    sandbox.run(&["acl", "diff"]).expect(0);

    let mut n_allowed = 0;
    for folder in &folders {
        let path = sandbox.path(&format!("hub/share/{folder}"));
        // A folder that no grant is about, or above one, is not made.
        if !path.exists() {
            continue;
        }
        let shown = path.display();
        // What neither may be parted on disk (bringing and removing) is given to own files only.
        let is_sticky = people.iter().any(|(system, _)| {
            let [.., create, _, delete] = granted.rights(system, folder);
            create != delete
        });
        for (system, person) in &people {
            let [list, read, create, replace, delete] = granted.rights(system, folder);
            fs::write(path.join("f"), "x").unwrap();
            fs::remove_file(path.join("new")).ok();
            for (verb, script, expect) in [
                ("list", format!("ls {shown}"), list),
                ("read", format!("cat {shown}/f"), read),
                ("replace", format!("echo y | dd of={shown}/f conv=notrunc,nocreat"), replace),
                ("create", format!("touch {shown}/new"), create || delete),
                ("delete", format!("rm -f {shown}/f && test ! -e {shown}/f"), delete && !is_sticky),
            ] {
                assert_eq!(
                    person.may(&script),
                    expect,
                    "{system} {verb} {folder}: {:?}",
                    granted.rights(system, folder)
                );
                n_allowed += usize::from(expect);
            }
        }
    }
    assert!(n_allowed > 30, "{n_allowed}: too little was granted to prove anything");
}
