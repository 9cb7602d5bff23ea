//! Many connections at once, cut at random: nothing half is seen, nothing is left behind, every byte is right, and a
//! second round takes no more memory than the first.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::house::{House, noise, wait_until};
use super::libssh2::connect;

/// Connections at once; `RENKEI_STRESS_CONNECTIONS` sets another number.
const CONNECTIONS: usize = 24;
/// Seconds; `RENKEI_STRESS_SECONDS` sets another number.
const SECONDS: usize = 5;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A visitor's next number: the same for the same visitor in every run.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

/// Bytes by which the second round may have grown: what allocators keep differs from round to round.
const GROWTH_BYTES: u64 = 48 << 20;

/// Memory of this process, server and clients, in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn many_at_once_leave_nothing_behind() {
    let n_visitors = setting("RENKEI_STRESS_CONNECTIONS", CONNECTIONS);
    let time = Duration::from_secs(setting("RENKEI_STRESS_SECONDS", SECONDS) as u64);
    let house = House::open_with(|config| {
        config.max_connections = 1000;
        config.max_per_address = 1000;
        config.max_unauthenticated = 1000;
        config.max_unauthenticated_per_address = 1000;
        config.login_time = Duration::from_mins(5);
    });
    let data = noise(4_000_000);
    std::fs::write(house.on_disk("001/feed/big"), &data).unwrap();
    let n_descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    drop(connect(&house));
    wait_until("the first has gone", || house.server().n_connections() == 0);
    let n_before = n_descriptors();
    let mut n_stored = work(&house, &data, n_visitors, 0, time / 2);
    let first_bytes = resident_bytes();
    n_stored += work(&house, &data, n_visitors, 1, time / 2);
    assert!(n_stored > 0);
    wait_until("all have gone", || house.server().n_connections() == 0);
    let grown_bytes = resident_bytes().saturating_sub(first_bytes);
    assert!(
        grown_bytes < GROWTH_BYTES,
        "{grown_bytes} bytes more after the second round than after the first"
    );
    let mut n_found = 0;
    for name in house.inbox().into_iter().filter(|name| !name.starts_with('.')) {
        let found = std::fs::read(house.on_disk("015/inbox").join(&name)).unwrap();
        assert!(found == data[..found.len()], "{name}");
        n_found += 1;
    }
    assert_eq!(n_found, n_stored);
    assert!(!house.inbox().iter().any(|name| name.ends_with(".uploading")), "{:?}", house.inbox());
    wait_until("no descriptor is left open", || n_descriptors() <= n_before + 2);
}

/// One round; says how many files were brought whole.
fn work(house: &House, data: &[u8], n_visitors: usize, round: usize, time: Duration) -> usize {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let visitors: Vec<_> = (0..n_visitors)
            .map(|visitor| {
                scope.spawn(move || {
                    let mut n_stored = 0;
                    let mut state = 0x1234_5678_9ABC_DEF1 ^ (visitor as u64 + 1 + 1000 * round as u64);
                    let mut n = round * 1_000_000;
                    let mut piece = vec![0; 64 * 1024];
                    while begun.elapsed() < time {
                        let session = connect(house);
                        let Ok(sftp) = session.sftp() else { continue };
                        for _ in 0..=next(&mut state) % 5 {
                            n += 1;
                            let length = next(&mut state) % 1_000_000;
                            let is_cut = next(&mut state).is_multiple_of(4);
                            let name = format!(
                                "015/inbox/{visitor}-{n}-{length}{}",
                                if is_cut { "-cut" } else { "" }
                            );
                            let mut remote = sftp.create(Path::new(&name)).unwrap();
                            remote.write_all(&data[..length]).unwrap();
                            if is_cut {
                                session.cut();
                                break;
                            }
                            remote.close().unwrap();
                            n_stored += 1;
                            // Piece by piece: what is measured is what the server keeps, not what the test does.
                            let mut remote = sftp.open(Path::new("001/feed/big")).unwrap();
                            for expected in data[..next(&mut state) % data.len()].chunks(piece.len()) {
                                let piece = &mut piece[..expected.len()];
                                remote.read_exact(piece).unwrap();
                                assert!(piece == expected);
                            }
                        }
                    }
                    n_stored
                })
            })
            .collect();
        // While they work, whatever is seen under a final name is whole.
        while begun.elapsed() < time {
            for name in house.inbox().into_iter().filter(|name| !name.starts_with('.')) {
                let length: u64 = name.split('-').nth(2).unwrap().parse().unwrap();
                assert!(!name.ends_with("-cut"), "{name}");
                assert_eq!(
                    std::fs::metadata(house.on_disk("015/inbox").join(&name)).unwrap().len(),
                    length,
                    "{name}"
                );
            }
        }
        visitors.into_iter().map(|visitor| visitor.join().unwrap()).sum::<usize>()
    })
}
