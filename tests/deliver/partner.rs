//! To a partner's SFTP server, a real one, with the host key accepted by command.

use std::fs;
use std::time::{Duration, Instant};

use renkei_sftp::client::Backend;

use crate::hub::{arrived, declare_as, deliver, hub, lines, published};
use crate::running::Running;
use crate::sandbox::files::{ends_with, names};
use crate::sandbox::{NOW, PLAIN, Sandbox};
use crate::sshd::Sshd;

fn terms(server: &Sshd, backend: &str) -> String {
    let terms = server.terms(Backend::Ssh2);
    format!(
        "kind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nkey_file = \"{}\"\nfolder = \"{}\"\n\
         backend = \"{backend}\"\nretry = {{ tries = 2 }}\n",
        terms.port,
        terms.user,
        server.file("id").display(),
        terms.folder,
    )
}

#[test]
fn a_host_key_is_accepted_by_a_person_and_then_files_travel() {
    for backend in ["ssh2", "pipelined"] {
        let server = Sshd::start();
        let sandbox = hub(&terms(&server, backend)).noted(backend);
        let fingerprint = server.fingerprint("host.pub").to_string();
        let tested =
            sandbox.run(&["destination", "test", "tax"]).expect_fault(10, "delivery.host-key-unknown");
        assert!(tested.stderr.contains(&fingerprint), "{}", tested.stderr);
        deliver(&sandbox, &[]).expect(10);
        assert_eq!(lines(&sandbox)[0].2, "delivery.host-key-unknown");
        assert!(arrived(&server.inbox()).is_empty());
        let trust = ["destination", "trust", "tax", &fingerprint, "--reason", "電話で確認"];
        sandbox.run(&trust).expect(0);
        sandbox.run(&["destination", "test", "tax"]).expect(0);
        assert!(sandbox.run(&["destination", "list"]).expect(0).stdout.contains(&fingerprint));
        deliver(&sandbox, &[]).expect(0);
        assert!(arrived(&server.inbox()) == published(&sandbox), "{backend}");
        // Another key in its place: nothing is given, and nobody is asked to log in.
        let other = server.fingerprint("other.pub").to_string();
        let trust = ["destination", "trust", "tax", &other, "--only", "--reason", "試験"];
        let key_file = format!("key_file = \"{}\"\n", server.file("id").display());
        let declared = format!("{key_file}host_keys = [\"{fingerprint}\"]\n");
        sandbox.replace("hub/hub.toml", &key_file, &declared);
        let refused = sandbox.run(&trust).expect_fault(2, "usage.declared-keys");
        assert!(refused.stderr.contains(&fingerprint), "{}", refused.stderr);
        sandbox.run(&["destination", "test", "tax"]).expect(0);
        sandbox.replace("hub/hub.toml", &declared, &key_file);
        // A key is accepted for a host and port, not for whatever is written there later.
        sandbox.replace("hub/hub.toml", "host = \"127.0.0.1\"", "host = \"localhost\"");
        sandbox.run(&["destination", "test", "tax"]).expect_fault(10, "delivery.host-key-unknown");
        sandbox.replace("hub/hub.toml", "host = \"localhost\"", "host = \"127.0.0.1\"");
        sandbox.run(&trust).expect(0);
        sandbox.run(&["destination", "test", "tax"]).expect_fault(10, "delivery.host-key-changed");
        let audit = sandbox.audit();
        assert!(audit.iter().any(|line| line.action.starts_with("destination trust tax SHA256:")));
    }
}

/// A hub whose destination `tax` is so slow that it takes minutes, its key accepted.
fn slow(server: &Sshd, backend: &str) -> Sandbox {
    let fingerprint = server.fingerprint("host.pub");
    let terms = format!("{}bandwidth = \"4KB/s\"\nhost_keys = [\"{fingerprint}\"]\n", terms(server, backend));
    let sandbox = Sandbox::loaded(2_000, 8);
    declare_as(&sandbox, "tax", &terms);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.noted(backend)
}

/// Waits until a part of a file is there.
fn until_under_way(running: &mut Running, server: &Sshd) {
    let inbox = server.inbox();
    let is_under_way = || {
        let mut parts = names(&inbox).into_iter().filter(|name| name.starts_with('.'));
        parts.any(|name| fs::metadata(inbox.join(name)).is_ok_and(|part| part.len() > 0))
    };
    running.until("a part of a file", is_under_way);
}

fn end_the_rate(sandbox: &Sandbox) {
    sandbox.replace("hub/hub.toml", "bandwidth = \"4KB/s\"", "bandwidth = \"1GB/s\"");
}

#[test]
fn a_slow_one_holds_no_other_up_and_a_stop_ends_it() {
    for backend in ["ssh2", "pipelined"] {
        let (server, partner) = (Sshd::start(), Sandbox::new());
        let sandbox = slow(&server, backend);
        let folder = partner.path("fast");
        fs::create_dir(&folder).unwrap();
        let fast = format!("kind = \"folder\"\nroot = \"{}\"\n", folder.display());
        declare_as(&sandbox, "fast", &fast);
        let mut running = Running::start(&sandbox, &[]);
        until_under_way(&mut running, &server);
        running.until("all at the other", || arrived(&folder) == published(&sandbox));
        let began = Instant::now();
        assert_eq!(running.stop().code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
        let of_tax = |key: &str| {
            let told = sandbox.run(&["deliveries", "tax", "--all", "--json"]).json();
            told[0][key].clone()
        };
        // Asked to end is no failure, and counts as no try.
        assert_eq!((of_tax("state"), of_tax("tries")), ("due".into(), 0.into()), "{backend}");
        end_the_rate(&sandbox);
        deliver(&sandbox, &[]).expect(0);
        assert!(arrived(&server.inbox()) == published(&sandbox), "{backend}");
    }
}

#[test]
fn killed_in_a_transfer_it_goes_on_to_a_whole_one() {
    for backend in ["ssh2", "pipelined"] {
        let server = Sshd::start();
        let sandbox = slow(&server, backend);
        let mut running = Running::spawn(&sandbox, &["deliver", "tax", "--reason", "x"], &[]);
        until_under_way(&mut running, &server);
        running.signal("KILL");
        drop(running);
        assert!(names(&server.inbox()).iter().all(|name| name.starts_with('.')), "{backend}");
        end_the_rate(&sandbox);
        deliver(&sandbox, &[]).expect(0);
        assert!(arrived(&server.inbox()) == published(&sandbox), "{backend}");
        // The one that was cut off is on record without an end.
        let tries = sandbox.run(&["deliveries", "tax", "--attempts", "--json"]).expect(0).json();
        assert!(tries[0]["ended_at"].is_null() && tries[1]["ended_at"].is_string(), "{tries}");
    }
}

#[test]
fn the_end_of_a_window_ends_a_try_that_goes_on_in_the_next() {
    let server = Sshd::start();
    let sandbox = slow(&server, "ssh2");
    sandbox.replace(
        "hub/hub.toml",
        "bandwidth = \"4KB/s\"",
        "window = \"01:00-02:00\"\nbandwidth = \"4KB/s\"",
    );
    // From half past one, two minutes in each second.
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let clock = format!("{NOW}@{}*120", since_epoch.as_secs());
    let mut running = Running::start(&sandbox, &[("RENKEI_CLOCK", &clock)]);
    until_under_way(&mut running, &server);
    let first_try =
        || sandbox.run(&["deliveries", "tax", "--attempts", "--json"]).expect(0).json()[0].clone();
    running.until("the end of the try", || first_try()["ended_at"].is_string());
    assert_eq!(first_try()["fault_code"], "delivery.stopped");
    assert!(first_try()["ended_at"].as_str().unwrap().contains("T02:"), "{}", first_try());
    assert_eq!(running.stop().code(), Some(0));
    assert_eq!(lines(&sandbox), [(1, "due".to_owned(), "-".to_owned())]);
    end_the_rate(&sandbox);
    deliver(&sandbox, &[]).expect(0);
    assert!(arrived(&server.inbox()) == published(&sandbox));
}

#[test]
fn what_fits_no_window_is_stopped_and_told() {
    let server = Sshd::start();
    let sandbox = slow(&server, "ssh2");
    // Each a few seconds long: to prove what is there already takes more than a minute.
    let windows: Vec<String> = (0..40)
        .map(|no| 90 + no * 12)
        .map(|from| format!("\"{}-{}\"", hour(from), hour(from + 10)))
        .collect();
    let declared = format!("window = [{}]\nbandwidth = \"4KB/s\"", windows.join(", "));
    sandbox.replace("hub/hub.toml", "bandwidth = \"4KB/s\"", &declared);
    let (name, bytes) = published(&sandbox).into_iter().find(|(name, _)| ends_with(name, "csv")).unwrap();
    let digest = renkei_core::Digest(renkei_core::hash::sha256(&bytes)).to_string();
    let part = server.inbox().join(format!(".{name}.{}.part", &digest[..12]));
    fs::write(&part, &bytes[..300 * 1024]).unwrap();
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let clock = format!("{NOW}@{}*120", since_epoch.as_secs());
    let mut running = Running::start(&sandbox, &[("RENKEI_CLOCK", &clock)]);
    let told = (1, "stopped".to_owned(), "delivery.window-too-short".to_owned());
    running.until("the end of it", || lines(&sandbox) == [told.clone()]);
    assert_eq!(running.stop().code(), Some(0));
    sandbox.run(&["deliveries"]).expect(10).says("delivery.window-too-short");
    // Whoever asks for it waits for no window.
    end_the_rate(&sandbox);
    deliver(&sandbox, &[]).expect(0);
    assert!(arrived(&server.inbox()) == published(&sandbox));
}

/// Minutes of the long clock.
fn hour(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
