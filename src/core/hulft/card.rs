//! Cards: read strictly, with every problem and its line, and written as they were.

use std::fmt::{self, Write as _};

use crate::declared::nearest;

/// What a card is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardKind {
    /// 配信管理情報: what is sent.
    Send,
    /// 集信管理情報: what is received.
    Receive,
}

impl CardKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Send, Self::Receive];

    /// The key that names its file id, and begins a card.
    pub const fn id_key(self) -> &'static str {
        match self {
            Self::Send => "SNDFILE",
            Self::Receive => "RCVFILE",
        }
    }

    /// The other keys it may have.
    pub const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Send => &[
                "FILENAME",
                "DBID",
                "TRANSTYPE",
                "TRANSPRTY",
                "INTERVAL",
                "BLOCKLEN",
                "BLOCKCNT",
                "COMP",
                "JOBID",
                "COMMENT",
                "GRPID",
                "FMTID",
                "EJOBID",
                "KJCHNGE",
                "CLEAR",
                "PASSWORD",
                "CODESET",
                "COMPSIZE",
                "SHIFTTRANSACT",
                "PREJOBID",
                "DEFLATELEVEL",
            ],
            Self::Receive => &[
                "FILENAME",
                "OWNER",
                "GROUP",
                "PERM",
                "TRANSMODE",
                "ABNORMAL",
                "RCVTYPE",
                "JOBID",
                "EJOBID",
                "GRPID",
                "GENCTL",
                "GENMNGNO",
                "PASSWORD",
                "CODESET",
                "JOBWAIT",
                "MAILID",
                "DATAVERIFY",
                "COMMENT",
            ],
        }
    }
}

/// One card: its file id, and its other keys in the order in which they stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What it is about.
    pub kind: CardKind,
    /// The file id, 1 to 50 of `A-Z`, `a-z`, `0-9` and `_`.
    pub file_id: String,
    /// The other keys with their values.
    pub fields: Vec<(String, String)>,
}

impl Card {
    /// The value of a key.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

/// What is wrong with a file of cards, and where. Values are never shown: one of them is a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardProblem {
    /// The line, from 1.
    pub line: usize,
    /// What.
    pub what: String,
}

impl fmt::Display for CardProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Reads all cards of a file, or says everything that is wrong with it.
pub fn read_cards(text: &str) -> Result<Vec<Card>, Vec<CardProblem>> {
    let mut reading = Reading::default();
    // Editors of Windows begin a file in UTF-8 with a mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, text) in (1..).zip(text.lines()) {
        reading.line(line, text.trim_end_matches('\r'));
    }
    if let Some((began, card)) = reading.open {
        let what = format!("the card of {} has no END", card.kind.id_key());
        reading.problems.push(CardProblem { line: began, what });
    }
    if reading.problems.is_empty() { Ok(reading.cards) } else { Err(reading.problems) }
}

#[derive(Default)]
struct Reading {
    cards: Vec<Card>,
    open: Option<(usize, Card)>,
    problems: Vec<CardProblem>,
}

impl Reading {
    fn line(&mut self, line: usize, text: &str) {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return;
        }
        if trimmed == "END" {
            match self.open.take() {
                Some((began, card)) => self.close(began, card),
                None => self.problem(line, "END without a card before it"),
            }
            return;
        }
        let Some((key, value)) = text.split_once('=') else {
            return self.problem(line, "must be KEY=value or END");
        };
        let (key, value) = (key.trim(), value.trim());
        if let Some(problem) = value_problem(key, value) {
            self.problem(line, problem);
        }
        let begins = CardKind::ALL.into_iter().find(|kind| kind.id_key() == key);
        match (&mut self.open, begins) {
            (None, Some(kind)) => {
                let card = Card { kind, file_id: value.to_owned(), fields: Vec::new() };
                self.open = Some((line, card));
            }
            (None, None) => self.problem(line, "a card begins with SNDFILE or RCVFILE"),
            (Some(_), Some(_)) => self.problem(line, "another card begins before END"),
            (Some((_, card)), None) => {
                let known = card.kind.keys();
                if card.field(key).is_some() {
                    self.problem(line, format!("{} is there twice", shown(key)));
                } else if !known.contains(&key) {
                    let near = nearest(key, known.iter().copied());
                    let hint = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
                    self.problem(line, format!("unknown key {}{hint}", shown(key)));
                } else {
                    card.fields.push((key.to_owned(), value.to_owned()));
                }
            }
        }
    }

    fn close(&mut self, began: usize, card: Card) {
        let is_there =
            self.cards.iter().any(|other| (other.kind, &other.file_id) == (card.kind, &card.file_id));
        if is_there {
            self.problem(began, format!("the file id {} is there twice", shown(&card.file_id)));
        }
        self.cards.push(card);
    }

    fn problem(&mut self, line: usize, what: impl Into<String>) {
        self.problems.push(CardProblem { line, what: what.into() });
    }
}

/// A key as shown: what is no key could be anything.
fn shown(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(50).collect()
}

/// What is wrong with a value, where its form is known.
fn value_problem(key: &str, value: &str) -> Option<String> {
    let is_number =
        |from: u32, to: u32| value.parse::<u32>().is_ok_and(|number| (from..=to).contains(&number));
    let one_of = |words: &[&str]| words.contains(&value);
    let is_id =
        (1..=50).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let expected = match key {
        "SNDFILE" | "RCVFILE" if !is_id => "1 to 50 of A-Z, a-z, 0-9 and _",
        _ if value.chars().any(char::is_control) => "without control characters",
        "TRANSTYPE" if !value.is_empty() && !one_of(&["T", "B", "F", "M"]) => "T, B, F or M",
        // 1 to 256: Send File command, HULFT8 for UNIX/Linux.
        "TRANSPRTY" if !value.is_empty() && !is_number(1, 256) => "a number from 1 to 256",
        "GENCTL" if !value.is_empty() && !one_of(&["YES", "NO"]) => "YES or NO",
        "DATAVERIFY" if !value.is_empty() && !one_of(&["0", "1"]) => "0 or 1",
        "GENMNGNO" | "BLOCKLEN" | "BLOCKCNT" | "INTERVAL" | "COMPSIZE" | "DEFLATELEVEL"
            if !value.is_empty() && !is_number(0, u32::MAX) =>
        {
            "a number"
        }
        _ => return None,
    };
    Some(format!("{} must be {expected}", shown(key)))
}

/// Writes cards as they are read.
pub fn write_cards(cards: &[Card]) -> String {
    let mut text = String::new();
    for card in cards {
        let _ = writeln!(text, "{}={}", card.kind.id_key(), card.file_id);
        for (key, value) in &card.fields {
            let _ = writeln!(text, "{key}={value}");
        }
        text.push_str("END\n");
    }
    text
}
