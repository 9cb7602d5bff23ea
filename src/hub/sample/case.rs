//! One sample: a folder of files, and what is expected of them.

use renkei_core::publication::Kind;

use super::draft::Bench;

/// One sample.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Its folder.
    pub(crate) folder: String,
    /// What it is, in Japanese.
    pub(crate) ja: &'static str,
    /// What it is, in English.
    pub(crate) en: &'static str,
    /// The rule that `conform` names, with the flaw; `None` for a right one.
    pub(crate) rule: Option<&'static str>,
    /// True where the rule is one that only warns.
    pub(crate) is_warning: bool,
    /// Names and contents.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl Case {
    /// True when `conform` is to say 適合.
    pub(crate) fn conforms(&self) -> bool {
        self.rule.is_none() || self.is_warning
    }
}

/// The right ones: a full, and a full with the diff on it.
pub(super) fn right(bench: &Bench<'_>) -> Vec<Case> {
    let right = |folder: &str, ja, en, files| Case {
        folder: folder.to_owned(),
        ja,
        en,
        rule: None,
        is_warning: false,
        files,
    };
    let full = bench.full();
    let diff = bench.diff();
    debug_assert_eq!((full.notice.kind, diff.notice.kind), (Kind::Full, Kind::Diff));
    vec![
        right("valid-full", "正しい全件", "a right full", full.clone().files()),
        right(
            "valid-chain",
            "正しい全件と、それに続く正しい差分",
            "a right full and the right diff on it",
            [full.files(), diff.files()].concat(),
        ),
    ]
}
