//! What keys mean.

use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

/// A key of the live view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    /// Out of what lies over the board; quits where nothing does.
    Back,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Enter,
    OtherPane,
    EarlierDay,
    LaterDay,
    Help,
    OtherLanguage,
}

impl Key {
    /// The key of an event; `None` for what means nothing here.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let Event::Key(key) = event else { return None };
        if key.kind == KeyEventKind::Release {
            return None;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(Self::Quit);
        }
        Some(match key.code {
            KeyCode::Char('q') => Self::Quit,
            KeyCode::Esc => Self::Back,
            KeyCode::Up | KeyCode::Char('k') => Self::Up,
            KeyCode::Down | KeyCode::Char('j') => Self::Down,
            KeyCode::PageUp => Self::PageUp,
            KeyCode::PageDown | KeyCode::Char(' ') => Self::PageDown,
            KeyCode::Home | KeyCode::Char('g') => Self::First,
            KeyCode::End | KeyCode::Char('G') => Self::Last,
            KeyCode::Enter => Self::Enter,
            KeyCode::Tab | KeyCode::BackTab => Self::OtherPane,
            KeyCode::Char('d') => Self::EarlierDay,
            KeyCode::Char('D') => Self::LaterDay,
            KeyCode::Char('?' | 'h') => Self::Help,
            KeyCode::Char('l') => Self::OtherLanguage,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyEvent;

    use super::*;

    #[test]
    fn keys_mean_what_the_help_says() {
        let check = |code, modifiers, expected| {
            assert_eq!(Key::of(&Event::Key(KeyEvent::new(code, modifiers))), expected, "{code:?}");
        };
        check(KeyCode::Char('q'), KeyModifiers::NONE, Some(Key::Quit));
        check(KeyCode::Char('c'), KeyModifiers::CONTROL, Some(Key::Quit));
        check(KeyCode::Char('c'), KeyModifiers::NONE, None);
        check(KeyCode::Char('d'), KeyModifiers::NONE, Some(Key::EarlierDay));
        check(KeyCode::Char('D'), KeyModifiers::SHIFT, Some(Key::LaterDay));
        check(KeyCode::Char('?'), KeyModifiers::SHIFT, Some(Key::Help));
        check(KeyCode::Esc, KeyModifiers::NONE, Some(Key::Back));
        // Ctrl-Z and the like would leave the terminal half set.
        check(KeyCode::Char('z'), KeyModifiers::CONTROL, None);
    }
}
