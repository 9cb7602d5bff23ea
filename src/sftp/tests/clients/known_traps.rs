//! Each trap that the trials met: a download that stops for ever, a client without an answer, a name destroyed.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::house::{House, noise, wait_until};
use super::programs::sftp;
use super::python::python;

/// Above the 22 MB at which it stopped, with the extension by which OpenSSH reads 255 KiB at a time.
#[test]
fn a_large_download_by_openssh_does_not_stop() {
    let house = House::open();
    let data = noise(16 << 20);
    let mut file = std::fs::File::create(house.on_disk("001/feed/big")).unwrap();
    for _ in 0..17 {
        file.write_all(&data).unwrap();
    }
    sftp(&house, "get 001/feed/big back\n").succeeded();
    let (there, here) =
        (std::fs::read(house.on_disk("001/feed/big")).unwrap(), std::fs::read(house.here("back")).unwrap());
    assert!(there == here, "the copy differs");
    house.wait_for(&format!("office fetched /001/feed/big whole {}", 17 * (16 << 20)));
}

/// Paramiko asks for the whole file before it reads the first reply.
#[test]
fn a_client_that_asks_for_everything_at_once_is_served() {
    let house = House::open();
    let data = noise(100 << 20);
    std::fs::write(house.on_disk("001/feed/big"), &data).unwrap();
    python(
        &house,
        "import hashlib\n\
         c.get('001/feed/big', 'back')\n\
         c.put('back', '015/inbox/again')\n",
    )
    .succeeded();
    assert!(std::fs::read(house.on_disk("015/inbox/again")).unwrap() == data, "the copy differs");
}

/// 表.csv in CP932, whose second byte is a backslash, is neither changed nor refused.
#[test]
fn a_name_in_cp932_stays_what_it_is() {
    let house = House::open();
    python(
        &house,
        "n = b'015/inbox/' + '表.csv'.encode('cp932')\n\
         with c.open(n, 'wb') as f: f.write(b'x')\n\
         c.rename(n, n + b'.done')\n\
         assert c.stat(n + b'.done').st_size == 1\n",
    )
    .succeeded();
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"\x95\x5c.csv.done");
    assert_eq!(std::fs::read(house.on_disk("015/inbox").join(name)).unwrap(), b"x");
}

/// Somebody who says nothing, or only his greeting, is sent away in time and leaves nothing behind.
#[test]
fn a_mute_connection_is_ended() {
    let house = House::open_with(|config| config.login_time = Duration::from_secs(1));
    let mut connections = Vec::new();
    for greeting in [&b""[..], b"SSH-2.0-x\r\n", b"GET / HTTP/1.1\r\n\r\n", &[0; 1000]] {
        let mut connection = TcpStream::connect(house.address).unwrap();
        connection.write_all(greeting).unwrap();
        connections.push(connection);
    }
    let begun = Instant::now();
    wait_until("all have gone", || house.server().n_connections() == 0);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

/// A client that asks and never reads: the session is ended before it takes more than its share of memory.
#[test]
fn a_client_that_never_reads_is_ended() {
    let house = House::open();
    std::fs::write(house.on_disk("001/feed/big"), noise(1 << 20)).unwrap();
    let output = python(
        &house,
        "import struct, time\n\
         f = c.open('001/feed/big', 'rb'); h = f.handle\n\
         ch = c.get_channel()\n\
         r = b''.join(struct.pack('>IBII', 13 + 4 + len(h) + 4 - 0, 5, 7, len(h)) + h + struct.pack('>QI', 0, 1 << 18) for _ in range(2000))\n\
         c.sock = None\n\
         try:\n\
        \x20   for _ in range(2000): ch.sendall(r)\n\
        \x20   print('never ended')\n\
         except Exception as e: print('ended', type(e).__name__)\n",
    )
    .output;
    assert!(output.contains("ended") && !output.contains("never ended"), "{output}");
}

/// What is sent to a channel before it has a session is read by nobody: the connection is ended, and not only stands still.
#[test]
fn data_for_no_session_ends_the_connection() {
    let house = House::open();
    for before in [
        "",
        "m = message(98); m.add_string('exec'); m.add_boolean(True); m.add_string('ls'); t._send_user_message(m)",
    ] {
        let output = python(
            &house,
            &format!(
                "import time\n\
                 ch = t.open_session()\n\
                 def message(kind):\n\
                \x20   m = paramiko.Message(); m.add_byte(bytes([kind])); m.add_int(ch.remote_chanid); return m\n\
                 {before}\n\
                 try:\n\
                \x20   for n in range(300): m = message(94); m.add_string('x'); t._send_user_message(m)\n\
                 except (EOFError, OSError): pass\n\
                 end = time.monotonic() + 50\n\
                 while t.is_active() and time.monotonic() < end: time.sleep(0.01)\n\
                 print('ended' if not t.is_active() else 'goes on')\n"
            ),
        )
        .output;
        assert!(output.contains("ended"), "{output}");
        wait_until("it has gone", || house.server().n_connections() == 0 && house.server().n_sessions() == 0);
    }
}

/// A download that is cut while the client's window is full, and an upload beside it: nothing of them stays open.
#[test]
fn a_download_that_is_cut_leaves_nothing_behind() {
    let house = House::open();
    std::fs::write(house.on_disk("001/feed/big"), noise(8 << 20)).unwrap();
    // The connection outlives the channel until the server has closed it too.
    let close = "ch.close()\n\
                 while t._channels.get(ch.chanid) is not None and time.monotonic() < end: time.sleep(0.01)";
    for end in ["os._exit(0)", close, "ch.shutdown_write(); t.close()"] {
        let output = python(
            &house,
            &format!(
                "import struct, time\n\
                 u = c.open('015/inbox/a.csv', 'wb'); u.write(b'half'); u.flush()\n\
                 f = c.open('001/feed/big', 'rb'); h = f.handle\n\
                 ch = c.get_channel()\n\
                 c.sock = None\n\
                 for n in range(32): ch.sendall(struct.pack('>IBII', 1 + 4 + 4 + len(h) + 8 + 4, 5, n, len(h)) + h + struct.pack('>QI', n << 18, 1 << 18))\n\
                 end, n, still = time.monotonic() + 60, 0, 0\n\
                 while (n < 1 << 20 or still < 20) and time.monotonic() < end:\n\
                \x20   time.sleep(0.01); still = still + 1 if len(ch.in_buffer) == n else 0; n = len(ch.in_buffer)\n\
                 assert n < 4 << 20, 'the window is full'\n\
                 print('cut here', flush=True)\n\
                 {end}\n"
            ),
        )
        .output;
        assert!(output.contains("cut here"), "{output}");
        wait_until("its session has ended", || house.server().n_sessions() == 0);
        house.wait_for("office broken off /015/inbox/a.csv");
        house.gate.deeds.lock().unwrap().clear();
    }
}

#[test]
fn an_idle_connection_is_ended() {
    let house = House::open_with(|config| config.idle_time = Duration::from_secs(1));
    let session = super::libssh2::connect(&house);
    let sftp = session.sftp().unwrap();
    sftp.stat(std::path::Path::new("001/feed/a.csv")).unwrap();
    wait_until("it has gone", || house.server().n_connections() == 0);
}

/// Whoever asks for a file and its close at once, and goes before he has read it, has not fetched it whole.
#[test]
fn what_was_never_sent_is_not_fetched_whole() {
    let house = House::open();
    std::fs::write(house.on_disk("001/feed/big"), noise(200_000)).unwrap();
    let output = python(
        &house,
        "import struct, time\n\
         ch = t.open_session(window_size=1 << 15, max_packet_size=1 << 15); ch.invoke_subsystem('sftp')\n\
         def packet(kind, rest): return struct.pack('>IB', 1 + len(rest), kind) + rest\n\
         path = b'001/feed/big'\n\
         ch.sendall(packet(1, struct.pack('>I', 3)) + packet(3, struct.pack('>II', 1, len(path)) + path + struct.pack('>II', 1, 0))\n\
        \x20   + packet(5, struct.pack('>III', 2, 4, 1) + struct.pack('>QI', 0, 200000)) + packet(4, struct.pack('>III', 3, 4, 1)))\n\
         while len(ch.in_buffer) < 1 << 15: time.sleep(0.01)\n\
         print('goes', flush=True); os._exit(0)\n",
    )
    .output;
    assert!(output.contains("goes"), "{output}");
    house.wait_for("office fetched /001/feed/big 200000");
}

/// A slow line takes longer for one reply than a connection may be idle.
#[test]
fn whoever_reads_slowly_is_not_idle() {
    let house = House::open_with(|config| config.idle_time = Duration::from_secs(4));
    std::fs::write(house.on_disk("001/feed/big"), noise(1 << 18)).unwrap();
    let output = python(
        &house,
        "import struct, time\n\
         ch = t.open_session(window_size=1 << 15, max_packet_size=1 << 15); ch.invoke_subsystem('sftp')\n\
         def packet(kind, rest): return struct.pack('>IB', 1 + len(rest), kind) + rest\n\
         path = b'001/feed/big'\n\
         ch.sendall(packet(1, struct.pack('>I', 3)) + packet(3, struct.pack('>II', 1, len(path)) + path + struct.pack('>II', 1, 0))\n\
        \x20   + packet(5, struct.pack('>III', 2, 4, 1) + struct.pack('>QI', 0, 250000)))\n\
         n = 0\n\
         while n < 250000:\n\
        \x20   got = ch.recv(1 << 14)\n\
        \x20   if not got: break\n\
        \x20   n += len(got); time.sleep(0.4)\n\
         print('read', n >= 250000)\n",
    )
    .output;
    assert!(output.contains("read True"), "{output}");
}

/// Small files one after the other, with a pause now and then in which a stop may end the connection: of each that is
/// there its client was told.
#[test]
fn a_stop_cuts_nobody_between_his_close_and_its_answer() {
    for _ in 0..4 {
        let mut house = House::open();
        let session = super::libssh2::connect(&house);
        let (begun, has_begun) = std::sync::mpsc::channel();
        let bringing = std::thread::spawn(move || {
            let sftp = session.sftp().unwrap();
            let bring = |n: usize| {
                let mut remote = sftp.create(std::path::Path::new(&format!("015/inbox/{n}")))?;
                remote.write_all(b"x").map_err(|_| ssh2::Error::unknown())?;
                remote.close()
            };
            let goes_on = |n: &usize| {
                let is_done = bring(*n).is_ok();
                let _ = begun.send(());
                if n % 4 == 3 {
                    std::thread::sleep(Duration::from_millis(400));
                }
                is_done
            };
            (0..10_000).take_while(goes_on).count()
        });
        has_begun.recv().unwrap();
        house.stop(Duration::from_mins(1));
        let n_told = bringing.join().unwrap();
        let n_stored = house.deeds().iter().filter(|deed| deed.contains(" stored ")).count();
        assert_eq!(n_told, n_stored);
    }
}

#[test]
fn a_stop_lets_work_end_and_cuts_what_does_not() {
    let mut house = House::open();
    let session = super::libssh2::connect(&house);
    let sftp = session.sftp().unwrap();
    let mut remote = sftp.create(std::path::Path::new("015/inbox/a.csv")).unwrap();
    remote.write_all(b"half").unwrap();
    let begun = Instant::now();
    house.stop(Duration::from_millis(300));
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert!(TcpStream::connect(house.address).is_err());
    assert!(house.deeds().contains(&"office broken off /015/inbox/a.csv".to_owned()), "{:?}", house.deeds());
    assert!(!house.on_disk("015/inbox/a.csv").exists());
}
