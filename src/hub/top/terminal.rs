//! The terminal: taken over for as long as the view lasts, and given back as it was, however that ends.

use std::io::{self, IsTerminal as _, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::{HubError, log};

/// Kinds of terminals whose cursor cannot be moved.
const DUMB: [&str; 3] = ["", "dumb", "unknown"];

/// Fails where no live view can be drawn.
pub(super) fn require(is_json: bool) -> Result<(), HubError> {
    let why = if is_json {
        "a live view is not JSON"
    } else if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        "input or output is no terminal"
    } else if DUMB.contains(&std::env::var("TERM").unwrap_or_default().as_str()) {
        "TERM names a terminal that cannot move its cursor"
    } else {
        return Ok(());
    };
    Err(HubError::NoScreen { why })
}

/// The terminal while it is ours. Dropped, at an error or a panic too, it is as it was.
pub(super) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Stdout>>,
}

impl Terminal {
    /// Takes it over: no echo, keys one by one, another screen, no cursor, no log lines.
    pub(super) fn take() -> io::Result<Self> {
        log::set_silent(true);
        enable_raw_mode().inspect_err(|_| log::set_silent(false))?;
        let taken = execute!(io::stdout(), EnterAlternateScreen, Hide)
            .and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(io::stdout())));
        match taken {
            Ok(inner) => Ok(Self { inner }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Draws a picture.
    pub(super) fn draw(&mut self, picture: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        self.inner.draw(picture).map(|_| ())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    // A terminal that has gone needs nothing any more.
    let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
    log::set_silent(false);
}

/// How the line to the terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// There.
    Up,
    /// Gone: it was dropped, or the program that drew it was killed.
    Dropped,
}

/// Waits until a key was pressed, a signal came, or the time (less than a second) is over.
pub(super) fn wait_for_key(longest: Duration) -> Line {
    let stdin = io::stdin();
    let mut lines = [PollFd::new(&stdin, PollFlags::IN)];
    let wait = Timespec { tv_sec: 0, tv_nsec: longest.subsec_nanos().into() };
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    let is_told = poll(&mut lines, Some(&wait)).is_ok();
    let is_gone = is_told && lines.iter().any(|line| line.revents().intersects(gone));
    if is_gone { Line::Dropped } else { Line::Up }
}

/// Set when the process is asked to end: by `kill`, or because the line was dropped.
pub(super) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Listens from now on.
    pub(super) fn listen() -> io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
            // Whoever asks twice is not answered in between.
            signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&flag))?;
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self(flag))
    }

    /// True once it was asked.
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
