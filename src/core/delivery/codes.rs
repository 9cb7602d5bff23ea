//! What a program's exit code means for a delivery: done, or a fault of a class.

use std::str::FromStr;

use crate::fault::Class;

/// What a code means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The file is over.
    Done,
    /// It is not; in a few words, why.
    Failed(Class, String),
}

/// Codes `from..=to`; a process gives 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRange {
    /// The first.
    pub from: u8,
    /// The last.
    pub to: u8,
}

/// A text that is no range of codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an exit code or two of them, such as 4 or 100-115, each 0 to 255, not {found:?}")]
pub struct NoCodes {
    /// What was there.
    pub found: String,
}

impl FromStr for CodeRange {
    type Err = NoCodes;
    fn from_str(text: &str) -> Result<Self, NoCodes> {
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?;
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = number(from).zip(number(to)).filter(|(from, to)| from <= to);
        range.map(|(from, to)| Self { from, to }).ok_or_else(|| NoCodes { found: text.to_owned() })
    }
}

/// The table of a destination. The first line that has a code says what it means; one in no line is a fault of class
/// operator, because nobody knows whether trying again does harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeTable {
    lines: Vec<(CodeRange, Verdict)>,
}

const DONE: (CodeRange, Verdict) = (CodeRange { from: 0, to: 0 }, Verdict::Done);

impl CodeTable {
    /// 0 is done; nothing else is known.
    pub fn plain() -> Self {
        Self { lines: vec![DONE] }
    }

    /// What is known of `utlsend`'s exit status: 1 to 11 from the error codes of HULFT Ver.6 for UNIX/Linux (exit
    /// status of commands), 21 from HULFT's FAQ 28157: a transfer asked for with `-sync` failed, and why is in the
    /// send log of that side. Codes from 22 on were not found; completion codes above 255 cannot be an exit status.
    pub fn hulft() -> Self {
        let retry = |code, words: &str| (code, code, Class::Retry, words.to_owned());
        let operator = |from, to, words: &str| (from, to, Class::Operator, words.to_owned());
        let lines = [
            operator(1, 1, "nothing waits to be sent again"),
            operator(2, 2, "the request could not be issued"),
            operator(3, 3, "the daemon could not be ended"),
            // The transfer may go on all the same; the file id's registration mode at the partner decides what a
            // second one does.
            retry(4, "no answer within -w"),
            retry(5, "no memory"),
            operator(6, 6, "broadcast with clear, delete or lock"),
            operator(7, 7, "a signal could not be sent"),
            operator(8, 8, "the work folder cannot be used"),
            retry(9, "the send daemon is not up"),
            operator(10, 10, "a file cannot be written"),
            operator(11, 11, "the file id is not registered"),
            retry(21, "the transfer failed; the send log says why"),
        ];
        let known =
            lines.map(|(from, to, class, words)| (CodeRange { from, to }, Verdict::Failed(class, words)));
        Self { lines: [DONE].into_iter().chain(known).collect() }
    }

    /// The same with other lines before its own.
    #[must_use]
    pub fn with(self, lines: Vec<(CodeRange, Verdict)>) -> Self {
        Self { lines: lines.into_iter().chain(self.lines).collect() }
    }

    /// What a code means.
    pub fn of(&self, exit_code: i32) -> Verdict {
        let has = |range: &CodeRange| (i32::from(range.from)..=i32::from(range.to)).contains(&exit_code);
        let line = self.lines.iter().find(|(range, _)| has(range));
        line.map_or_else(|| Verdict::Failed(Class::Operator, String::new()), |(_, verdict)| verdict.clone())
    }
}
