//! What systemd is told, on a socket in systemd's place.

use std::os::unix::net::UnixDatagram;

use crate::running::{PATIENCE, Running};
use crate::sandbox::Sandbox;

/// The socket systemd would listen on.
struct Told(UnixDatagram);

impl Told {
    fn listen(sandbox: &Sandbox) -> (Self, String) {
        let path = sandbox.path("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        (Self(socket), path.to_str().unwrap().to_owned())
    }

    fn next(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        let n_bytes = self.0.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..n_bytes].to_vec()).unwrap().lines().map(str::to_owned).collect()
    }

    /// Reads on until a state is told; gives what was told before it.
    fn until(&self, state: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let told = self.next();
            if told.iter().any(|line| line == state) {
                return before;
            }
            before.extend(told);
        }
    }
}

#[test]
fn systemd_hears_ready_alive_and_stopping() {
    let sandbox = Sandbox::new().init();
    let (told, path) = Told::listen(&sandbox);
    let running = Running::start(&sandbox, &[("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", "200000")]);
    // Alive may be told before ready, and nothing else.
    let before = told.until("READY=1");
    assert!(before.iter().all(|line| line == "WATCHDOG=1"), "{before:?}");
    // It goes on being told, not once.
    for _ in 0..3 {
        told.until("WATCHDOG=1");
    }
    assert_eq!(running.stop().code(), Some(0));
    told.until("STOPPING=1");
    assert!(!sandbox.path("hub/data/daemon.sock").exists());
}

#[test]
fn without_a_watchdog_only_the_states_are_told() {
    let sandbox = Sandbox::new().init();
    let (told, path) = Told::listen(&sandbox);
    let running = Running::start(&sandbox, &[("NOTIFY_SOCKET", &path)]);
    assert_eq!(told.until("READY=1"), Vec::<String>::new());
    assert_eq!(running.stop().code(), Some(0));
    assert_eq!(told.until("STOPPING=1"), Vec::<String>::new());
}

#[test]
fn the_daemon_works_without_systemd() {
    let sandbox = Sandbox::new().init();
    let running = Running::start(&sandbox, &[]);
    assert_eq!(running.stop().code(), Some(0));
}

#[test]
fn a_hub_has_one_daemon() {
    let sandbox = Sandbox::new().init();
    let running = Running::start(&sandbox, &[]);
    sandbox.run(&["daemon"]).expect_fault(10, "hub.daemon-up").says("renkei daemon");
    // The first is none the worse for it, and its place is free after it.
    sandbox.run(&["status"]).expect(0).says("The daemon is up");
    assert_eq!(running.stop().code(), Some(0));
    sandbox.run(&["status"]).expect(0).says("The daemon is not up");
    assert_eq!(Running::start(&sandbox, &[]).stop().code(), Some(0));
}
