//! The loop: keys in, pictures out, until somebody quits.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use chrono::NaiveDate;
use ratatui::crossterm::event;
use renkei_engine::Clock as _;

use super::drawing::{Picture, draw};
use super::keys::Key;
use super::reading::{Blind, Look, Reader, Seen, Wanted};
use super::screen::{Next, Room, Rows, Screen};
use super::terminal::{Ending, Line, Terminal, require, wait_for_key};
use crate::clock::HubClock;
use crate::console::Lang;
use crate::{Exit, Failure, HubError, Session};

/// How long to wait for a key before the clock is drawn anew and signals are looked at.
const KEY_WAIT: Duration = Duration::from_millis(200);

/// Shows the hub until the operator has seen enough.
pub(crate) fn run(session: &Session, date: Option<NaiveDate>) -> Result<Exit, Failure> {
    let failed = |source| Failure::from(HubError::Screen { source });
    require(session.console().is_json())?;
    let reader = Reader::new(session.folder()?)?;
    let ending = Ending::listen().map_err(failed)?;
    let (ask, asked) = channel();
    let (tell, told) = channel();
    let looking = thread::spawn(move || reader.serve(&asked, &tell));
    let mut view = View::new(Screen::new(session.console().lang(), date), ask);
    // The terminal is given back before anything is said about how it went.
    let shown = Terminal::take().and_then(|mut terminal| view.show(&mut terminal, &told, &ending));
    match shown {
        // A look that is still under way ends with the process; it holds nothing.
        Ok(End::Asked) => Ok(Exit::Ok),
        Ok(End::Alone) => {
            looking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok(Exit::Ok)
        }
        // The line was dropped: nobody is there to be told.
        Err(_) if ending.is_asked() => Ok(Exit::Ok),
        Err(source) => Err(failed(source)),
    }
}

/// Why the view ended.
enum End {
    /// Somebody wanted it.
    Asked,
    /// The thread that looks is gone.
    Alone,
}

struct View {
    screen: Screen,
    seen: Option<Seen>,
    blind: Option<Blind>,
    wanted: Option<Wanted>,
    ask: Sender<Wanted>,
}

impl View {
    fn new(screen: Screen, ask: Sender<Wanted>) -> Self {
        Self { screen, seen: None, blind: None, wanted: None, ask }
    }

    fn show(
        &mut self,
        terminal: &mut Terminal,
        told: &Receiver<Look>,
        ending: &Ending,
    ) -> std::io::Result<End> {
        let mut room = Room::default();
        loop {
            loop {
                match told.try_recv() {
                    Ok(look) => self.take(look),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(End::Alone),
                }
            }
            let now = HubClock::system().now();
            let rows = rows(self.seen.as_ref(), now.date());
            self.ask_anew(&rows);
            let picture = Picture {
                screen: &self.screen,
                rows: &rows,
                seen: self.seen.as_ref(),
                blind: self.blind.as_ref(),
                now,
            };
            terminal.draw(|frame| room = draw(frame, &picture))?;
            panic_if_asked();
            // Waited for here: asked about a line that was dropped, the library reads nothing for ever.
            if ending.is_asked() || wait_for_key(KEY_WAIT) == Line::Dropped {
                return Ok(End::Asked);
            }
            while event::poll(Duration::ZERO)? {
                let key = Key::of(&event::read()?);
                if key.is_some_and(|key| self.screen.press(key, &rows, room) == Next::Quit) {
                    return Ok(End::Asked);
                }
            }
            if ending.is_asked() {
                return Ok(End::Asked);
            }
        }
    }

    fn take(&mut self, look: Look) {
        match look {
            Ok(seen) => {
                self.seen = Some(seen);
                self.blind = None;
            }
            // What was seen last stays, under a word that it is old.
            Err(blind) => self.blind = Some(blind),
        }
    }

    /// Asks for what is shown now, unless that is what was asked for last.
    fn ask_anew(&mut self, rows: &Rows) {
        let wanted = Wanted { date: self.screen.date, run: self.screen.wanted_run(rows) };
        if self.wanted.as_ref() != Some(&wanted) {
            // With the other thread gone, the loop ends at its next word.
            let _ = self.ask.send(wanted.clone());
            self.wanted = Some(wanted);
        }
    }
}

/// In test builds, panics with a drawn screen when `RENKEI_PANIC_AT` is `top`: the terminal is to be given back
/// even then.
#[cfg(feature = "failpoints")]
#[expect(clippy::panic, clippy::manual_assert, reason = "a panic is what the test asks for")]
fn panic_if_asked() {
    if std::env::var("RENKEI_PANIC_AT").is_ok_and(|place| place == "top") {
        panic!("a value that must not be shown");
    }
}

#[cfg(not(feature = "failpoints"))]
fn panic_if_asked() {}

/// What stands in the lists; nothing before the first look.
pub(super) fn rows(seen: Option<&Seen>, today: NaiveDate) -> Rows {
    let Some(seen) = seen else { return Rows { date: today, today, ..Rows::default() } };
    let lines = seen.board.words(Lang::En).into_iter();
    Rows {
        board: lines.map(|line| (line.key, Some(line.run).filter(|run| !run.is_empty()))).collect(),
        runs: seen.runs.iter().map(|run| run.run_id.clone()).collect(),
        date: seen.board.date(),
        today,
    }
}
