//! Line ends and quoting.

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Newline {
    /// CR LF.
    CrLf,
    /// LF alone.
    Lf,
}

impl Newline {
    /// The word in declarations and notices.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrLf => "crlf",
            Self::Lf => "lf",
        }
    }

    /// Reads [`Newline::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::CrLf, Self::Lf].into_iter().find(|newline| newline.as_str() == text)
    }
}

/// Which fields stand in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quote {
    /// All of them.
    Always,
    /// Those that cannot stand without.
    Needed,
    /// None; a field that cannot stand without is refused.
    Never,
}

impl Quote {
    /// The word in declarations and notices.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Needed => "needed",
            Self::Never => "never",
        }
    }

    /// Reads [`Quote::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Always, Self::Needed, Self::Never].into_iter().find(|quote| quote.as_str() == text)
    }
}
