//! Sets that are fetched from partners' servers, real ones: by hand, by the daemon, and cut off anywhere.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use renkei_engine::pull::PULL_POINTS;
use renkei_sftp::client::Backend;
use serde_json::Value;

use crate::partner::{INBOX, Set, answers, held, hub, look, row, rows};
use crate::sandbox::files::{ends_with, names};
use crate::sandbox::volumes::{fill, make_room, on_a_small_volume};
use crate::sandbox::{Outcome, Sandbox};
use crate::sshd::Sshd;
use crate::up::Daemon;

/// Declares a server as a source; `more` goes into it, `of_folder` into its folder.
fn declare(sandbox: &Sandbox, id: &str, server: &Sshd, more: &str, of_folder: &str) {
    let terms = server.terms(Backend::Ssh2);
    let mut text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    writeln!(
        text,
        "\n[[source]]\nid = \"{id}\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nkey_file = \"{}\"\n{more}\n\
         [[source.folder]]\nfrom = \"{}\"\nto = \"{}\"\n{of_folder}\n",
        terms.port,
        terms.user,
        server.file("id").display(),
        terms.folder,
        if id == "other" { "024/inbox/024z001-00" } else { "023/inbox/023z001-00" },
    )
    .unwrap();
    fs::write(sandbox.path("hub/hub.toml"), text).unwrap();
}

/// With its host key accepted by declaration.
fn known(server: &Sshd) -> String {
    format!("host_keys = [\"{}\"]\n", server.fingerprint("host.pub"))
}

fn put(set: &Set, folder: &Path) {
    fs::write(folder.join(format!("{}.csv", set.stem())), set.data()).unwrap();
    fs::write(folder.join(format!("{}.done", set.stem())), set.notice().to_string()).unwrap();
}

fn pull(sandbox: &Sandbox) -> Outcome {
    sandbox.run(&["pull", "kaigo-center", "--reason", "試験"])
}

fn standing(sandbox: &Sandbox) -> Value {
    sandbox.run(&["pulls", "--json"]).json()[0].clone()
}

fn first() -> Set {
    Set::full(1, vec![row(1, "21", "0")])
}

#[test]
fn a_host_key_is_accepted_by_a_person_and_then_sets_come() {
    for backend in ["ssh2", "pipelined"] {
        let (server, sandbox) = (Sshd::start(), hub().noted(backend));
        declare(&sandbox, "kaigo-center", &server, &format!("backend = \"{backend}\""), "");
        sandbox.run(&["check"]).expect(0);
        put(&first(), &server.inbox());
        look(&sandbox).expect(0);
        let fingerprint = server.fingerprint("host.pub").to_string();
        pull(&sandbox).expect(10).says("delivery.host-key-unknown");
        let line = standing(&sandbox);
        assert_eq!(
            (&line["waits_for"], &line["fault_code"]),
            (&"person".into(), &"delivery.host-key-unknown".into())
        );
        sandbox.run(&["doctor"]).says("sources");
        let trust = ["destination", "trust", "kaigo-center", &fingerprint, "--reason", "電話で確認"];
        sandbox.run(&trust).expect(0);
        assert_eq!(standing(&sandbox)["waits_for"], "nothing");
        sandbox.run(&["destination", "test", "kaigo-center"]).expect(0);
        let came = sandbox.run(&["pull", "--reason", "試験", "--json"]).expect(0).json();
        assert_eq!(came[0]["sets"][0]["sequence"], 1, "{came}");
        look(&sandbox).expect(0);
        assert_eq!(held(&sandbox), rows(&[(1, "21")]), "{backend}");
        // Unchanged there it does not come again; a new one does, and one that is not whole stays.
        pull(&sandbox).expect(0);
        assert!(names(&sandbox.path(INBOX)).is_empty());
        let next = Set::diff(2, vec![row(2, "22", "0")]);
        fs::write(server.inbox().join(format!("{}.done", next.stem())), next.notice().to_string()).unwrap();
        pull(&sandbox).expect(0);
        assert_eq!(standing(&sandbox)["unfinished"], 1);
        assert!(names(&sandbox.path(INBOX)).is_empty());
        put(&next, &server.inbox());
        pull(&sandbox).expect(0);
        look(&sandbox).expect(0);
        assert_eq!(held(&sandbox), rows(&[(1, "21"), (2, "22")]), "{backend}");
        // Another set under the names of the first.
        let mut again = Set::full(1, vec![row(1, "21", "0"), row(3, "20", "0")]);
        again.sequence = 1;
        put(&again, &server.inbox());
        pull(&sandbox).expect(0);
        assert_eq!(names(&sandbox.path(INBOX)).len(), 2);
        let audit = sandbox.audit();
        let of_pulls = audit.iter().filter(|line| line.action == "pull kaigo-center");
        assert!(of_pulls.clone().all(|line| line.reason == "試験"));
        assert!(of_pulls.clone().any(|line| line.result.starts_with("1 sets came")), "{audit:#?}");
        sandbox.run(&["audit", "verify"]).expect(0);
    }
}

#[test]
fn what_was_lost_here_comes_once_more_when_it_is_asked_for() {
    let (server, sandbox) = (Sshd::start(), hub());
    declare(&sandbox, "kaigo-center", &server, &known(&server), "");
    look(&sandbox).expect(0);
    let (lost, other) = (first(), Set::diff(2, vec![row(2, "22", "0")]));
    for set in [&lost, &other] {
        put(set, &server.inbox());
    }
    pull(&sandbox).expect(0);
    let notice = format!("{}.done", lost.stem());
    for name in names(&sandbox.path(INBOX)) {
        fs::remove_file(sandbox.path(INBOX).join(name)).unwrap();
    }
    pull(&sandbox).expect(0);
    assert!(names(&sandbox.path(INBOX)).is_empty());
    let again = |notice: &str| {
        sandbox.run(&["pull", "kaigo-center", "--again", notice, "--reason", "受け口から消えた"])
    };
    // The one that was asked for, and no other.
    again(&notice).expect(0).says("023z001");
    assert_eq!(names(&sandbox.path(INBOX)), [format!("{}.csv", lost.stem()), notice.clone()]);
    look(&sandbox).expect(0);
    assert_eq!(held(&sandbox), rows(&[(1, "21")]));
    // Names that never came, a set that is not there any more, and no source.
    again("nothing.done").expect(2).says("usage.never-fetched");
    fs::remove_file(server.inbox().join(format!("{}.csv", lost.stem()))).unwrap();
    again(&notice).expect(10).says("pull.not-there-again");
    sandbox.run(&["pull", "--again", &notice, "--reason", "x"]).expect(2);
    put(&lost, &server.inbox());
    pull(&sandbox).expect(0);
    assert_eq!(names(&sandbox.path(INBOX)).len(), 2);
    let audit = sandbox.audit();
    let forgotten = audit.iter().filter(|line| line.action == "pull kaigo-center again");
    assert!(forgotten.clone().all(|line| line.reason == "受け口から消えた" && line.result.contains(&notice)));
    assert_eq!(forgotten.count(), 2);
}

#[test]
fn a_full_disk_here_is_told_and_what_waited_comes_when_there_is_room() {
    on_a_small_volume(
        "pulling::a_full_disk_here_is_told_and_what_waited_comes_when_there_is_room",
        |volume| {
            for backend in ["ssh2", "pipelined"] {
                let (server, sandbox) = (Sshd::start(), hub().noted(backend));
                let place = volume.join(backend);
                fs::create_dir(&place).unwrap();
                let path = format!("path = \"{}\"", place.display());
                sandbox.replace("hub/hub.toml", "path = \"share\"", &path);
                let more = format!("{}backend = \"{backend}\"\n", known(&server));
                declare(&sandbox, "kaigo-center", &server, &more, "");
                look(&sandbox).expect(0);
                put(&first(), &server.inbox());
                let inbox = place.join("023/inbox/023z001-00");
                // No room for a byte, and room for the data alone.
                for n_pages in [0, 1] {
                    fill(volume, n_pages);
                    pull(&sandbox).expect(12).says("folder.full");
                    let line = standing(&sandbox);
                    assert_eq!(
                        (&line["waits_for"], &line["fault_code"]),
                        (&"next".into(), &"folder.full".into()),
                        "{line}"
                    );
                    let here = names(&inbox);
                    assert!(here.iter().all(|name| !ends_with(name, "done")), "{here:?}");
                    assert!(!here.iter().any(|name| name.contains(".csv.")), "{here:?}");
                    make_room(volume);
                }
                pull(&sandbox).expect(0);
                look(&sandbox).expect(0);
                assert_eq!(held(&sandbox), rows(&[(1, "21")]), "{backend}");
                assert_eq!(names(&inbox), Vec::<String>::new());
            }
        },
    );
}

#[test]
fn killed_at_any_point_it_ends_as_an_undisturbed_one() {
    for backend in ["ssh2", "pipelined"] {
        for point in PULL_POINTS {
            let (server, sandbox) = (Sshd::start(), hub().noted(format!("{backend} {point}")));
            let more = format!("{}backend = \"{backend}\"\n", known(&server));
            declare(&sandbox, "kaigo-center", &server, &more, "after = \"delete\"");
            look(&sandbox).expect(0);
            put(&first(), &server.inbox());
            let args = ["pull", "--reason", "x"];
            sandbox.run_with(&[("RENKEI_STOP_AT", point)], &args).expect_killed();
            let inbox = names(&sandbox.path(INBOX));
            let has =
                |ending: &str| inbox.iter().any(|name| !name.starts_with('.') && name.ends_with(ending));
            assert!(!has(".done") || has(".csv"), "{point}: {inbox:?}");
            // Whatever was here whole is taken in before the next look, and is not fetched again.
            let is_here = has(".done");
            if is_here {
                look(&sandbox).expect(0);
            }
            sandbox.run(&args).expect(0);
            let left: Vec<String> =
                names(&sandbox.path(INBOX)).into_iter().filter(|name| !ends_with(name, ".part")).collect();
            assert_eq!(left.len(), if is_here { 0 } else { 2 }, "{backend} {point}: {left:?}");
            look(&sandbox).expect(0);
            assert_eq!(held(&sandbox), rows(&[(1, "21")]), "{backend} {point}");
            assert_eq!(answers(&sandbox), ["1 taken"], "{backend} {point}");
            assert!(names(&server.inbox()).is_empty(), "{backend} {point}");
            assert!(names(&sandbox.path(INBOX)).is_empty(), "{backend} {point}");
            sandbox.run(&["audit", "verify"]).expect(0);
        }
    }
}

#[test]
fn what_was_removed_here_before_it_was_judged_comes_again() {
    for point in ["pull.remembered", "pull.notice-here"] {
        let (server, sandbox) = (Sshd::start(), hub().noted(point));
        declare(&sandbox, "kaigo-center", &server, &known(&server), "after = \"delete\"");
        look(&sandbox).expect(0);
        put(&first(), &server.inbox());
        let args = ["pull", "--reason", "x"];
        sandbox.run_with(&[("RENKEI_STOP_AT", point)], &args).expect_killed();
        // A person makes room, by no means the intake.
        for name in names(&sandbox.path(INBOX)) {
            fs::remove_file(sandbox.path(INBOX).join(name)).unwrap();
        }
        let came = sandbox.run(&[args.as_slice(), &["--json"]].concat()).expect(0).json();
        assert_eq!(came[0]["sets"][0]["sequence"], 1, "{point}: {came}");
        assert!(names(&server.inbox()).is_empty(), "{point}");
        look(&sandbox).expect(0);
        assert_eq!(held(&sandbox), rows(&[(1, "21")]), "{point}");
    }
}

#[test]
fn the_daemon_fetches_by_itself_and_one_that_fails_holds_no_other_up() {
    let (server, sandbox) = (Sshd::start(), hub());
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = sandbox.path("said");
    sandbox.write("hook.sh", &format!("printf '%s\\n' \"$*\" >> '{}'\n", said.display()));
    let mut text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let hook = sandbox.path("hook.sh");
    writeln!(
        text,
        "\n[daemon]\ntick = \"1s\"\ngrace = \"5s\"\n\n[alert.command]\nprogram = \"/bin/sh\"\n\
         args = [\"{}\", \"{{kind}}\", \"{{key}}\", \"{{news}}\"]",
        hook.display()
    )
    .unwrap();
    fs::write(sandbox.path("hub/hub.toml"), text).unwrap();
    let two = "id = \"kaigo\"\nfolders = [\"023/inbox/023z001-00\", \"023/inbox/mute\"]";
    sandbox.replace("hub/hub.toml", "id = \"kaigo\"", two);
    let has_said = |kind: &str, news: &str| {
        let told = fs::read_to_string(&said).unwrap_or_default();
        told.lines().any(|line| line.starts_with(kind) && line.ends_with(news))
    };
    let done = format!("after = \"move\"\nmove_to = \"{}/done\"", server.terms(Backend::Ssh2).folder);
    declare(&sandbox, "kaigo-center", &server, "every = \"10s\"", &done);
    // A second one that answers nobody.
    declare(&sandbox, "mute", &server, "timeout = \"3s\"", "");
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let (before, of_mute) = text.split_at(text.rfind("[[source]]").unwrap());
    let of_mute = of_mute
        .replace(&server.port.to_string(), &mute.local_addr().unwrap().port().to_string())
        .replace("023/inbox/023z001-00", "023/inbox/mute");
    fs::write(sandbox.path("hub/hub.toml"), format!("{before}{of_mute}")).unwrap();
    look(&sandbox).expect(0);
    put(&first(), &server.inbox());
    fs::create_dir(server.inbox().join("done")).unwrap();
    let daemon = Daemon::start(&sandbox);
    daemon.until("the alert", |_| has_said("source-failing", "opened"));
    assert!(held(&sandbox).is_empty());
    let fingerprint = server.fingerprint("host.pub").to_string();
    let trust = ["destination", "trust", "kaigo-center", &fingerprint, "--reason", "電話で確認", "--wait=30"];
    crate::up::run(&sandbox, &trust).expect(0);
    daemon.until("what stood there", |_| held(&sandbox) == rows(&[(1, "21")]));
    daemon.until("the all-clear", |_| has_said("source-failing", "cleared"));
    put(&Set::diff(2, vec![row(2, "22", "0")]), &server.inbox());
    daemon.until("what came since", |_| held(&sandbox).len() == 2);
    daemon.until("what is done with", |_| names(&server.inbox().join("done")).len() == 4);
    daemon.stop();
    assert!(names(&server.inbox()).is_empty());
    assert_eq!(answers(&sandbox), ["2 taken", "1 taken"]);
    let of_mute = sandbox.run(&["pulls", "mute", "--json"]).json();
    assert!(of_mute[0]["pulled_at"].is_null(), "{of_mute}");
}

#[test]
fn what_is_declared_wrongly_is_told_all_at_once() {
    let (server, sandbox) = (Sshd::start(), hub());
    declare(&sandbox, "kaigo-center", &server, "every = \"1s\"\nfolder_x = 1", "after = \"move\"");
    declare(&sandbox, "kaigo-center", &server, "", "after = \"leave\"\nmove_to = \"x\"");
    declare(&sandbox, "other", &server, "", "");
    let told = sandbox.run(&["check"]).expect(1);
    for words in [
        "every",
        "folder_x",
        "needs move_to",
        "goes with after",
        "is already declared",
        "is filled from another place already",
        "no intake looks into 024/inbox/024z001-00",
    ] {
        assert!(told.stderr.contains(words) || told.stdout.contains(words), "{words}: {}", told.stderr);
    }
}
