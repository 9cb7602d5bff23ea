//! Killed at random moments, from outside.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::flow::{FLOW, Undisturbed, close, drive, next_command};
use crate::sandbox::{Sandbox, files};

/// How often the program is killed.
const N_KILLS: u32 = 20;
/// The longest a command is let run, which is more than most need.
const LONGEST: Duration = Duration::from_millis(300);
/// A flow that is not through by then has stopped.
const DEADLINE: Duration = Duration::from_mins(2);

/// Moments that are spread evenly and the same in every run (a Weyl sequence).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        LONGEST.mul_f64(f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX))
    }
}

/// Starts a command and kills it after `moment`; true if it was still at work.
fn kill_at(sandbox: &Sandbox, args: &[&str], moment: Duration) -> bool {
    let mut command = sandbox.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(moment);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    if let Some(code) = status.code() {
        assert_eq!(code, 0, "{args:?} after a kill");
    }
    status.code().is_none()
}

#[test]
fn killed_at_random_moments_it_ends_the_same() {
    let undisturbed = Undisturbed::run();
    let (mut n_kills, mut moments, started) = (0, Moments(1), Instant::now());
    while n_kills < N_KILLS {
        let sandbox = undisturbed.hubs[0].copy().noted(format!("after {n_kills} kills"));
        while n_kills < N_KILLS
            && let Some(command) = next_command(&sandbox, FLOW.len())
        {
            assert!(started.elapsed() < DEADLINE, "only {n_kills} kills");
            n_kills += u32::from(kill_at(&sandbox, &command, moments.next()));
            files::whole_or_absent(&sandbox.published(), &format!("kill {n_kills}, {command:?}"));
        }
        drive(&sandbox, FLOW.len());
        close(&sandbox).expect_fault(10, "store.not-empty");
        undisturbed.compare(&sandbox, FLOW.len(), &format!("after {n_kills} kills"));
    }
}
