//! What is shown, as keys and looks change it: a state without terminal, clock or database.

use chrono::{Days, NaiveDate};

use super::keys::Key;
use crate::console::Lang;

/// The two lists; keys move in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    Board,
    Runs,
}

/// What lies over the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Nothing,
    Sheet,
    Help,
}

/// What a key asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Quit,
}

/// What stands in the lists, by what tells the lines apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// Lines of the board, with the run that each is about.
    pub(super) board: Vec<(String, Option<String>)>,
    /// Runs.
    pub(super) runs: Vec<String>,
    /// The business date shown.
    pub(super) date: NaiveDate,
    /// The date by the clock.
    pub(super) today: NaiveDate,
}

/// How much the last drawing had room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Room {
    /// Lines of the pane or of what lies over it.
    pub(super) page: usize,
    /// The furthest that what lies over the lists can be scrolled.
    pub(super) max_scroll: usize,
}

/// The state of the view.
#[derive(Debug, Clone)]
pub(super) struct Screen {
    pub(super) lang: Lang,
    pub(super) pane: Pane,
    pub(super) over: Over,
    /// The business date asked for; `None` follows the clock.
    pub(super) date: Option<NaiveDate>,
    pub(super) scroll: usize,
    /// The line selected in the board, by key; the first where it is gone.
    line: Option<String>,
    /// The run selected among the last.
    run: Option<String>,
}

impl Screen {
    pub(super) fn new(lang: Lang, date: Option<NaiveDate>) -> Self {
        Self { lang, pane: Pane::Board, over: Over::Nothing, date, scroll: 0, line: None, run: None }
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: Key, rows: &Rows, room: Room) -> Next {
        match key {
            Key::Quit => return Next::Quit,
            Key::Back if self.over == Over::Nothing => return Next::Quit,
            Key::Help => self.lay_over(if self.over == Over::Help { Over::Nothing } else { Over::Help }),
            Key::OtherLanguage => self.lang = if self.lang == Lang::Ja { Lang::En } else { Lang::Ja },
            Key::Enter if self.over == Over::Nothing => self.lay_over(Over::Sheet),
            Key::Back | Key::Enter => self.over = Over::Nothing,
            Key::OtherPane if self.over == Over::Nothing => {
                self.pane = if self.pane == Pane::Board { Pane::Runs } else { Pane::Board };
            }
            Key::EarlierDay if self.over == Over::Nothing => {
                self.go_to(rows.date.checked_sub_days(Days::new(1)), rows);
            }
            Key::LaterDay if self.over == Over::Nothing => {
                self.go_to(rows.date.checked_add_days(Days::new(1)), rows);
            }
            Key::OtherPane | Key::EarlierDay | Key::LaterDay => {}
            Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::First | Key::Last => {
                if self.over == Over::Nothing {
                    self.select(key, rows, room.page);
                } else {
                    self.scroll = moved(key, self.scroll, room.page, room.max_scroll);
                }
            }
        }
        Next::GoOn
    }

    /// The place of the line selected in the board.
    pub(super) fn line(&self, rows: &Rows) -> usize {
        place(self.line.as_ref(), rows.board.iter().map(|(key, _)| key))
    }

    /// The place of the run selected.
    pub(super) fn run(&self, rows: &Rows) -> usize {
        place(self.run.as_ref(), rows.runs.iter())
    }

    /// The run whose sheet is wanted.
    pub(super) fn wanted_run(&self, rows: &Rows) -> Option<String> {
        match self.pane {
            Pane::Board => rows.board.get(self.line(rows)).and_then(|(_, run)| run.clone()),
            Pane::Runs => rows.runs.get(self.run(rows)).cloned(),
        }
    }

    fn lay_over(&mut self, over: Over) {
        self.over = over;
        self.scroll = 0;
    }

    fn go_to(&mut self, date: Option<NaiveDate>, rows: &Rows) {
        // Back at today, the view follows the clock again.
        self.date = date.filter(|date| *date != rows.today);
    }

    fn select(&mut self, key: Key, rows: &Rows, page: usize) {
        match self.pane {
            Pane::Board => {
                let to = moved(key, self.line(rows), page, rows.board.len().saturating_sub(1));
                self.line = rows.board.get(to).map(|(key, _)| key.clone());
            }
            Pane::Runs => {
                let to = moved(key, self.run(rows), page, rows.runs.len().saturating_sub(1));
                self.run = rows.runs.get(to).cloned();
            }
        }
    }
}

fn place<'k>(selected: Option<&String>, mut keys: impl Iterator<Item = &'k String>) -> usize {
    selected.and_then(|selected| keys.position(|key| key == selected)).unwrap_or(0)
}

fn moved(key: Key, from: usize, page: usize, last: usize) -> usize {
    let page = page.saturating_sub(1).max(1);
    let to = match key {
        Key::Up => from.saturating_sub(1),
        Key::Down => from + 1,
        Key::PageUp => from.saturating_sub(page),
        Key::PageDown => from + page,
        Key::First => 0,
        Key::Last => last,
        _ => from,
    };
    to.min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rows() -> Rows {
        let line = |key: &str, run: Option<&str>| (key.to_owned(), run.map(str::to_owned));
        Rows {
            board: vec![line("jutaku", None), line("nightly", Some("01B")), line("zeimu", Some("01A"))],
            runs: ["01C", "01B", "01A"].map(str::to_owned).to_vec(),
            date: date("2026-10-02"),
            today: date("2026-10-02"),
        }
    }

    const ROOM: Room = Room { page: 10, max_scroll: 5 };

    fn pressed(keys: &[Key]) -> (Screen, Next) {
        let mut screen = Screen::new(Lang::Ja, None);
        let mut next = Next::GoOn;
        for key in keys {
            next = screen.press(*key, &rows(), ROOM);
        }
        (screen, next)
    }

    #[test]
    fn keys_move_in_the_list_they_are_in() {
        let check = |keys: &[Key], line, run, wanted: Option<&str>| {
            let (screen, _) = pressed(keys);
            assert_eq!((screen.line(&rows()), screen.run(&rows())), (line, run), "{keys:?}");
            assert_eq!(screen.wanted_run(&rows()).as_deref(), wanted, "{keys:?}");
        };
        check(&[], 0, 0, None);
        check(&[Key::Down], 1, 0, Some("01B"));
        check(&[Key::Down, Key::Down, Key::Down, Key::Down], 2, 0, Some("01A"));
        check(&[Key::Last, Key::Up], 1, 0, Some("01B"));
        check(&[Key::PageDown, Key::First], 0, 0, None);
        check(&[Key::Down, Key::OtherPane, Key::PageDown], 1, 2, Some("01A"));
        check(&[Key::OtherPane, Key::Down, Key::OtherPane], 0, 1, None);
        check(&[Key::Up], 0, 0, None);
    }

    #[test]
    fn a_selected_run_stays_selected_when_others_come() {
        let (screen, _) = pressed(&[Key::OtherPane, Key::Down]);
        let mut later = rows();
        later.runs.insert(0, "01D".to_owned());
        assert_eq!(screen.run(&later), 2);
        later.runs.retain(|run| run != "01B");
        assert_eq!(screen.run(&later), 0);
    }

    #[test]
    fn back_leaves_what_lies_over_and_then_the_program() {
        let check = |keys: &[Key], over, next| {
            let (screen, found) = pressed(keys);
            assert_eq!((screen.over, found), (over, next), "{keys:?}");
        };
        check(&[Key::Back], Over::Nothing, Next::Quit);
        check(&[Key::Enter], Over::Sheet, Next::GoOn);
        check(&[Key::Enter, Key::Back], Over::Nothing, Next::GoOn);
        check(&[Key::Enter, Key::Back, Key::Back], Over::Nothing, Next::Quit);
        check(&[Key::Help, Key::Quit], Over::Help, Next::Quit);
        check(&[Key::Enter, Key::Help, Key::Help], Over::Nothing, Next::GoOn);
    }

    #[test]
    fn what_lies_over_is_scrolled_within_its_length() {
        let check = |keys: &[Key], scroll| assert_eq!(pressed(keys).0.scroll, scroll, "{keys:?}");
        check(&[Key::Enter, Key::Down, Key::Down], 2);
        check(&[Key::Enter, Key::PageDown], 5);
        check(&[Key::Enter, Key::Last, Key::Up], 4);
        check(&[Key::Enter, Key::Down, Key::Back, Key::Enter], 0);
    }

    #[test]
    fn days_go_back_and_forth_and_today_follows_the_clock() {
        assert_eq!(pressed(&[Key::EarlierDay]).0.date, Some(date("2026-10-01")));
        assert_eq!(pressed(&[Key::LaterDay]).0.date, Some(date("2026-10-03")));
        let mut screen = pressed(&[Key::EarlierDay]).0;
        let yesterday = Rows { date: date("2026-10-01"), ..rows() };
        screen.press(Key::LaterDay, &yesterday, ROOM);
        assert_eq!(screen.date, None);
        screen.press(Key::OtherLanguage, &rows(), ROOM);
        assert_eq!(screen.lang, Lang::En);
    }
}
