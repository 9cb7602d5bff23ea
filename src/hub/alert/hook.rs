//! Starting the alert program. There is no shell: its arguments and environment are data.

use std::process::Command;

use renkei_core::alert::Outcome;

use super::bounded::{Ended, Limits, run_bounded};
use super::letter::{FIELDS, Letter};
use crate::config::alert::CommandConfig;

/// How much of its standard error is kept for the record.
const N_BYTES_KEPT: usize = 4096;
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Starts the program with a letter, and waits for it.
pub(super) fn run(config: &CommandConfig, letter: &Letter) -> Outcome {
    let mut command = Command::new(&config.program);
    command
        .args(config.args.iter().map(|argument| argument.filled(letter)))
        .current_dir("/")
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8");
    for name in FIELDS {
        let variable = format!("RENKEI_ALERT_{}", name.to_ascii_uppercase());
        // A value ends at a NUL, so none can be in it.
        command.env(variable, letter.field(name).replace('\0', ""));
    }
    let limits = Limits { timeout: config.timeout, n_bytes_kept: N_BYTES_KEPT, reads_stdout: false };
    match run_bounded(&mut command, limits) {
        Ok(Ended::Exited { exit_code, said }) => {
            Outcome::Exited { exit_code, words: String::from_utf8_lossy(&said).into_owned() }
        }
        Ok(Ended::TimedOut | Ended::Stopped) => Outcome::TimedOut,
        Err(error) => Outcome::Unreachable { words: error.to_string() },
    }
}
