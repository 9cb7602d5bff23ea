//! Into a folder: the simplest way, on which what holds for all of them is shown.

use std::fs;

use crate::hub::{arrived, declare, deliver, delivered_events, hub, hub_without, lines, published};
use crate::running::Running;
use crate::sandbox::{NUMBERS, PLAIN, Sandbox};

fn to(sandbox: &Sandbox) -> String {
    let root = sandbox.path("partner");
    fs::create_dir_all(&root).unwrap();
    format!("kind = \"folder\"\nroot = \"{}\"\nfolder = \"015/in\"\n", root.display())
}

#[test]
fn everything_since_the_last_full_arrives_once_and_is_on_record() {
    let sandbox = hub("kind = \"folder\"\nroot = \"/nonexistent/partner\"\n");
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let text = text.replace("kind = \"folder\"\nroot = \"/nonexistent/partner\"\n", &to(&sandbox));
    fs::write(sandbox.path("hub/hub.toml"), text).unwrap();
    deliver(&sandbox, &[]).expect(0);
    let folder = sandbox.path("partner/015/in");
    assert!(arrived(&folder) == published(&sandbox), "{:?}", arrived(&folder).keys());
    let all = |state: &str| (1..=2).map(|no| (no, state.to_owned(), "-".to_owned())).collect::<Vec<_>>();
    assert_eq!(lines(&sandbox), all("delivered"));
    assert_eq!(delivered_events(&sandbox), [1, 2]);
    // Again: nothing is due, nothing changes.
    deliver(&sandbox, &[]).expect(0);
    // Asked for by name: what is there is left, and no event comes twice.
    let one = format!("{PLAIN}:1");
    let told = deliver(&sandbox, &["--publication", &one, "--json"]).expect(0).json();
    assert_eq!((&told[0]["files_sent"], &told[0]["files_there"]), (&0.into(), &2.into()));
    fs::remove_dir_all(&folder).unwrap();
    let told = deliver(&sandbox, &["--publication", &one, "--json"]).expect(0).json();
    assert_eq!(told[0]["files_sent"], 2);
    assert_eq!(delivered_events(&sandbox), [1, 2]);
    let audit = sandbox.audit();
    let actions: Vec<_> = audit.iter().filter(|line| line.action.starts_with("deliver ")).collect();
    // One for each publication that was handed over, and one for the command that found nothing due.
    let without = actions.iter().filter(|line| line.result == "done").count();
    assert_eq!((without, actions.len()), (1, 5));
    assert!(actions.iter().all(|line| line.operator == "tester" && line.reason == "試験"));
    sandbox.run(&["audit", "verify"]).expect(0);
}

#[test]
fn an_old_one_by_name_makes_only_itself_due() {
    let sandbox = Sandbox::new();
    let terms = to(&sandbox);
    let hub = hub_without();
    hub.generate(&[PLAIN], &["--full"]).expect(0);
    hub.generate(&[PLAIN], &["--diff"]).expect(0);
    declare(&hub, &terms);
    deliver(&hub, &["--publication", &format!("{PLAIN}:1")]).expect(0);
    deliver(&hub, &[]).expect(0);
    let delivered = |no| (no, "delivered".to_owned(), "-".to_owned());
    assert_eq!(lines(&hub), [1, 3, 4].map(delivered));
}

#[test]
fn a_feed_that_a_destination_is_not_given_does_not_go_there_by_name() {
    let sandbox = Sandbox::new();
    let terms = format!("feeds = [\"{PLAIN}\"]\n{}", to(&sandbox));
    let hub = hub(&terms);
    hub.generate(&[NUMBERS], &["--full"]).expect(0);
    deliver(&hub, &["--publication", &format!("{NUMBERS}:1")]).expect_fault(10, "feed.not-given");
    deliver(&hub, &[]).expect(0);
    assert!(lines(&hub).len() == 2 && arrived(&sandbox.path("partner/015/in")) == published(&hub));
}

#[test]
fn what_was_delivered_and_cannot_be_once_more_holds_nothing_up() {
    let sandbox = Sandbox::new();
    let terms = to(&sandbox);
    let hub = hub(&terms);
    deliver(&hub, &[]).expect(0);
    let notice = hub.notices(PLAIN)[0].file_name().unwrap().to_str().unwrap().to_owned();
    fs::write(sandbox.path("partner/015/in").join(notice), "theirs").unwrap();
    let one = format!("{PLAIN}:1");
    deliver(&hub, &["--publication", &one]).expect(10);
    let states: Vec<String> = lines(&hub).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, ["delivered", "delivered"]);
    hub.run(&["deliveries"]).expect(0);
    // The try is on record, with what it did and why it failed.
    let tries = hub.run(&["deliveries", "tax", "--attempts", "--json"]).expect(0).json();
    let tries = tries.as_array().unwrap();
    assert_eq!(tries.len(), 3, "{tries:?}");
    assert_eq!((&tries[1]["attempt"], &tries[1]["fault_code"]), (&2.into(), &"delivery.name-taken".into()));
    assert_eq!((&tries[1]["files_there"], &tries[1]["files_sent"]), (&1.into(), &0.into()));
    assert!(tries[1]["detail"].as_str().unwrap().contains("nothing was overwritten"), "{}", tries[1]);
    hub.run(&["deliveries", "tax", "--attempts"]).expect(0).says("delivery.name-taken");
}

#[test]
fn one_that_is_taken_holds_no_other_up() {
    let sandbox = Sandbox::new();
    let terms = to(&sandbox);
    let hub = hub(&terms);
    let other = sandbox.path("other");
    fs::create_dir(&other).unwrap();
    hub.replace(
        "hub/hub.toml",
        "[[destination]]\nid = \"tax\"",
        &format!(
            "[[destination]]\nid = \"before\"\nsystem = \"015\"\nkind = \"folder\"\nroot = \"{}\"\n\n\
             [[destination]]\nid = \"tax\"",
            other.display()
        ),
    );
    let taken = taken(&hub, "before");
    let told = hub.run(&["deliver", "--reason", "x", "--json"]).expect(12).json();
    let told = told.as_array().unwrap();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(arrived(&sandbox.path("partner/015/in")) == published(&hub) && arrived(&other).is_empty());
    assert_eq!(
        (&told[2]["destination"], &told[2]["fault_code"]),
        (&"before".into(), &"delivery.busy".into())
    );
    drop(taken);
    hub.run(&["deliver", "--reason", "x"]).expect(0);
    assert!(arrived(&other) == published(&hub));
}

/// The lock of a destination, held.
fn taken(hub: &Sandbox, destination: &str) -> fs::File {
    let path = hub.path(&format!("hub/data/delivery-{destination}.lock"));
    let file = fs::File::create(path).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn a_daemon_comes_back_to_one_that_was_taken_and_does_not_run_in_circles() {
    let partner = Sandbox::new();
    let terms = format!("{}\n[daemon]\ntick = \"1s\"\n", to(&partner));
    let hub = hub(&terms);
    let lock = taken(&hub, "tax");
    let mut running = Running::start(&hub, &[("RENKEI_LOG", "debug")]);
    running.wait_for("somebody delivers there already");
    // The second look, in another's time: between them it rested.
    running.wait_for("somebody delivers there already");
    drop(lock);
    running.wait_for("a publication is delivered");
    let (status, said) = running.end();
    assert!(status.success());
    let n_tried = said.iter().filter(|line| line.contains("somebody delivers there already")).count();
    assert!(n_tried <= 4, "{n_tried}");
}

#[test]
fn a_folder_that_is_to_be_mounted_takes_nothing_without() {
    let sandbox = Sandbox::new();
    let terms = format!("{}mounted = true\n", to(&sandbox));
    let hub = hub(&terms);
    hub.run(&["destination", "test", "tax"]).expect_fault(12, "delivery.not-mounted");
    deliver(&hub, &[]).expect(12);
    assert_eq!(lines(&hub)[0].2, "delivery.not-mounted");
    assert_eq!(fs::read_dir(sandbox.path("partner")).unwrap().count(), 0);
}

#[test]
fn other_bytes_under_a_name_stop_that_feed_until_a_person_decided() {
    let sandbox = Sandbox::new();
    let terms = to(&sandbox);
    let hub = hub(&terms);
    let folder = sandbox.path("partner/015/in");
    fs::create_dir_all(&folder).unwrap();
    let notice = hub.notices(PLAIN)[0].file_name().unwrap().to_str().unwrap().to_owned();
    fs::write(folder.join(&notice), "theirs").unwrap();
    deliver(&hub, &[]).expect(10);
    assert_eq!(fs::read(folder.join(&notice)).unwrap(), b"theirs");
    let stopped = (1, "stopped".to_owned(), "delivery.name-taken".to_owned());
    assert_eq!(lines(&hub), [stopped, (2, "due".to_owned(), "-".to_owned())]);
    hub.run(&["deliveries"]).expect(10);
    fs::remove_file(folder.join(&notice)).unwrap();
    let one = format!("{PLAIN}:1");
    deliver(&hub, &["--publication", &one, "--give-up"]).expect(0);
    deliver(&hub, &["--publication", &one, "--give-up"]).expect_fault(2, "usage.no-open-delivery");
    deliver(&hub, &[]).expect(0);
    let states: Vec<String> = lines(&hub).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, ["given-up", "delivered"]);
}

#[test]
fn what_a_receiver_took_out_of_the_hubs_folder_comes_from_the_archive() {
    let sandbox = Sandbox::new();
    let terms = to(&sandbox);
    let hub = hub(&terms);
    let before = published(&hub);
    fs::remove_dir_all(hub.feed_folder(PLAIN)).unwrap();
    deliver(&hub, &[]).expect(0);
    assert!(arrived(&sandbox.path("partner/015/in")) == before);
}

#[test]
fn the_daemon_delivers_what_is_published_and_tells_of_what_stopped() {
    let partner = Sandbox::new();
    let terms = to(&partner);
    let sandbox = Sandbox::loaded(20, 4);
    declare(&sandbox, &terms);
    let mut running = Running::start(&sandbox, &[]);
    sandbox.write(
        "hub/jobs/weekly.toml",
        "name = \"Weekly\"\npublish = [\"001o005-v1.0\"]\ncontent = \"full\"\nenabled = true\n",
    );
    running.signal("HUP");
    running.wait_for("the configuration was read anew");
    sandbox.run(&["run", "weekly", "--reason", "first"]).expect(0);
    running.wait_for("a publication is delivered");
    let folder = partner.path("partner/015/in");
    assert!(arrived(&folder) == published(&sandbox));
    // The next finds a stranger in its place.
    let next = sandbox.notices(PLAIN)[0].file_name().unwrap().to_str().unwrap().replace("_0001", "_0002");
    assert!(next.contains("0002"), "{next}");
    fs::write(folder.join(&next), "theirs").unwrap();
    sandbox.run(&["run", "weekly", "--reason", "second"]).expect(0);
    running.wait_for("delivery.name-taken");
    assert_eq!(running.stop().code(), Some(0));
    let alerts = sandbox.run(&["alert", "list", "--json"]).expect(0).stdout;
    assert!(alerts.contains("delivery-stopped"), "{alerts}");
    assert_eq!(lines(&sandbox)[1].1, "stopped");
}

#[test]
fn a_destination_must_be_one_of_the_feeds_receivers() {
    let sandbox = Sandbox::new().init();
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let check = |destination: &str, said: &[&str]| {
        fs::write(sandbox.path("hub/hub.toml"), format!("{text}\n[[destination]]\n{destination}\n")).unwrap();
        let told = sandbox.run(&["check"]).expect(1);
        let told = format!("{}{}", told.stdout, told.stderr);
        for said in said {
            assert!(told.contains(said), "{said:?} is not in {told}");
        }
    };
    let folder = "kind = \"folder\"\nroot = \"/mnt/x\"\n";
    check(
        &format!("id = \"tax\"\nsystem = \"015\"\nfeeds = [\"001o006-v1.0\", \"x\"]\n{folder}"),
        &["system 015 is no receiver of feed 001o006-v1.0", "unknown feed \"x\""],
    );
    check(&format!("id = \"TAX\"\nsystem = \"999\"\n{folder}"), &["destination id", "no system 999"]);
    check(
        &format!("id = \"tax\"\nsystem = \"015\"\nwindow = \"21:00-20:00\"\n{folder}port = 22\n"),
        &["21:00-29:00", "unknown key"],
    );
    check(
        "id = \"tax\"\nsystem = \"015\"\nkind = \"sftp\"\nhost = \"a b\"\nuser = \"x\"\nbandwidth = \"fast\"\n\
         key_file = \"nowhere\"\npassword_env = \"lower\"\nhost_keys = [\"MD5:00\"]\n",
        &["must be a host's name", "must be a rate", "cannot be read", "must be the name of", "SHA256:"],
    );
    check(
        "id = \"tax\"\nsystem = \"015\"\nkind = \"hulft\"\nprogram = \"utlsend\"\nfile_id = \"A-B\"\n\
         codes = { \"900\" = \"done\", \"4\" = \"later\" }\n",
        &["must be an absolute path", "1 to 50 of", "exit code or two", "unknown word \"later\""],
    );
}

#[test]
fn two_destinations_give_no_feed_into_the_same_place() {
    let sandbox = Sandbox::new().init();
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let head = |id: &str, way: &str| format!("\n[[destination]]\nid = \"{id}\"\nsystem = \"015\"\n{way}\n");
    let check = |one: &str, other: &str, is_same: bool| {
        let both = format!("{text}{}{}", head("one", one), head("other", other));
        fs::write(sandbox.path("hub/hub.toml"), both).unwrap();
        let told = sandbox.run(&["check"]);
        let says = format!("{}{}", told.stdout, told.stderr)
            .contains("destination other gives a feed of destination one into the same place");
        assert_eq!(says, is_same, "{one} {other} {} {}", told.stdout, told.stderr);
    };
    let folder = "kind = \"folder\"\nroot = \"/mnt/x\"\n";
    check(folder, folder, true);
    let below = "kind = \"folder\"\nroot = \"/mnt/x/y\"\n";
    check(&format!("{folder}folder = \"y/z\""), &format!("{below}folder = \"z\""), true);
    check(folder, below, false);
    let feeds = |feeds: &str| format!("feeds = [\"{feeds}\"]\n{folder}");
    check(&feeds("001o005-v1.0"), &feeds("001o005-v1.0"), true);
    let server = |host: &str, user: &str, folder: &str| {
        format!(
            "kind = \"sftp\"\nhost = \"{host}\"\nuser = \"{user}\"\npassword_env = \"P\"\nfolder = \"{folder}\"\n"
        )
    };
    check(&server("a.example", "x", "in"), &server("A.example", "x", "./in/"), true);
    check(&server("a.example", "x", "in"), &server("a.example", "x", "/in"), false);
    check(&server("a.example", "x", "in"), &server("a.example", "y", "in"), false);
    check(&server("a.example", "x", "in"), &server("b.example", "x", "in"), false);
}
