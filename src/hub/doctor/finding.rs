//! What a check found.

use serde::Serialize;

use crate::console::Lang;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Well.
    Ok,
    /// To look at soon.
    Warning,
    /// To mend now.
    Problem,
}

impl Level {
    /// The word for people.
    pub const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Ok => lang.pick("正常", "ok"),
            Self::Warning => lang.pick("注意", "warning"),
            Self::Problem => lang.pick("異常", "problem"),
        }
    }
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    ja: String,
    en: String,
}

impl Words {
    /// Of both.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    /// In one of them.
    pub fn pick(&self, lang: Lang) -> &str {
        lang.pick(&self.ja, &self.en)
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check: `space`, `clock`, …
    pub check: &'static str,
    /// How it stands.
    pub level: Level,
    /// Where: a path, a feed, a calendar.
    pub place: String,
    /// What was found.
    pub what: Words,
    /// What to do; none where all is well.
    pub remedy: Option<Words>,
}

impl Finding {
    /// A finding.
    pub fn new(check: &'static str, level: Level, place: impl Into<String>, what: Words) -> Self {
        Self { check, level, place: place.into(), what, remedy: None }
    }

    /// All is well.
    pub fn ok(check: &'static str, place: impl Into<String>, what: Words) -> Self {
        Self::new(check, Level::Ok, place, what)
    }

    /// With what to do.
    #[must_use]
    pub fn with_remedy(self, remedy: Words) -> Self {
        Self { remedy: Some(remedy), ..self }
    }
}
