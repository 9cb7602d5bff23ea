//! How far a command is: a bar on a terminal, a line every few seconds elsewhere, nothing with `--json`.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use renkei_engine::Witness;

use crate::console::Console;

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Draws progress on standard error.
pub(crate) struct Progress<'c> {
    console: &'c Console,
    manner: Manner,
    state: Mutex<State>,
}

enum Manner {
    Silent,
    Lines,
    Bar,
}

struct State {
    bar: Option<(String, ProgressBar)>,
    last_line: Instant,
}

impl<'c> Progress<'c> {
    /// Progress for a command on this console.
    pub(crate) fn new(console: &'c Console) -> Self {
        let manner = if console.is_json() {
            Manner::Silent
        } else if std::io::stderr().is_terminal() {
            Manner::Bar
        } else {
            Manner::Lines
        };
        Self { console, manner, state: Mutex::new(State { bar: None, last_line: Instant::now() }) }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bar)) = state.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn draw(&self, what: &str, done: u64, total: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.bar.as_ref().is_none_or(|(shown, _)| shown != what) {
            if let Some((_, bar)) = state.bar.take() {
                bar.finish_and_clear();
            }
            let bar = ProgressBar::new(total);
            let style = ProgressStyle::with_template("{msg:20} {wide_bar} {human_pos}/{human_len} {eta:>4}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_message(what.to_owned());
            state.bar = Some((what.to_owned(), bar));
        }
        if let Some((_, bar)) = &state.bar {
            bar.set_length(total.max(done));
            bar.set_position(done);
        }
    }

    fn line(&self, what: &str, done: u64, total: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last_line.elapsed() >= LINE_EVERY {
            state.last_line = Instant::now();
            self.console.talk(format_args!("{what}: {done} / {}", total.max(done)));
        }
    }
}

impl Witness for Progress<'_> {
    fn reached(&self, point: &'static str) {
        tracing::debug!(point, "a point is reached");
        stop_if_asked(point);
    }

    fn progress(&self, what: &str, done: u64, total: u64) {
        match self.manner {
            Manner::Silent => {}
            Manner::Bar => self.draw(what, done, total),
            Manner::Lines => self.line(what, done, total),
        }
    }
}

/// In test builds, ends the process as `kill -9` would when `RENKEI_STOP_AT` names the point; with
/// `point:N` at its N-th time.
#[cfg(feature = "failpoints")]
pub(crate) fn stop_if_asked(point: &'static str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static N_REACHED: AtomicU32 = AtomicU32::new(0);
    let Ok(asked) = std::env::var("RENKEI_STOP_AT") else { return };
    let (name, time) = asked.split_once(':').unwrap_or((&asked, "1"));
    if name == point && N_REACHED.fetch_add(1, Ordering::Relaxed) + 1 == time.parse().unwrap_or(1) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

#[cfg(not(feature = "failpoints"))]
pub(crate) fn stop_if_asked(_point: &'static str) {}

/// In test builds, lingers at the point of `RENKEI_LINGER_AT` until asked to stop.
#[cfg(feature = "failpoints")]
pub(crate) fn linger_if_asked(point: &'static str, wants_stop: impl Fn() -> bool) {
    while std::env::var("RENKEI_LINGER_AT").is_ok_and(|asked| asked == point) && !wants_stop() {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(not(feature = "failpoints"))]
pub(crate) fn linger_if_asked(_point: &'static str, _wants_stop: impl Fn() -> bool) {}
