//! The catalogue of faults: title, cause and remedy of every code, in both languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::console::Lang;

/// A text in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Both {
    ja: String,
    en: String,
}

impl Both {
    /// The text in one of them.
    pub fn pick(&self, lang: Lang) -> &str {
        lang.pick(&self.ja, &self.en)
    }
}

/// What is said about one code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultText {
    /// What happened, in a few words.
    pub title: Both,
    /// What leads to it.
    pub cause: Both,
    /// What to do.
    pub remedy: Both,
}

/// Empty where the embedded text is no catalogue, which `tests::every_code_is_explained` would show.
static FAULTS: LazyLock<BTreeMap<String, FaultText>> =
    LazyLock::new(|| toml::from_str(include_str!("faults.toml")).unwrap_or_default());

/// What is said about a code.
pub fn of_fault(code: &str) -> Option<&'static FaultText> {
    FAULTS.get(code)
}

/// All codes in order, with what is said about them.
pub fn all_faults() -> impl Iterator<Item = (&'static str, &'static FaultText)> {
    FAULTS.iter().map(|(code, text)| (code.as_str(), text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }

    /// Every text between quotes that looks like a code in the body of a `fn code(&self)` of any room.
    fn codes_in_source() -> BTreeSet<String> {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut files);
        let mut codes = BTreeSet::new();
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            for (start, _) in text.match_indices("fn code(&self) -> &'static str {") {
                let body = text[start..].split("\n    }").next().unwrap();
                let texts = body.split('"').skip(1).step_by(2).filter(|text| is_code(text));
                codes.extend(texts.map(str::to_owned));
            }
        }
        codes
    }

    fn is_code(text: &str) -> bool {
        text.contains('.') && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'.')
    }

    #[test]
    fn every_code_is_explained() {
        let codes = codes_in_source();
        assert!(
            codes.contains("store.busy") && codes.contains("config.invalid") && codes.len() > 20,
            "{codes:?}"
        );
        let missing: Vec<_> = codes.iter().filter(|code| of_fault(code).is_none()).collect();
        assert!(missing.is_empty(), "faults.toml lacks {missing:?}");
    }

    #[test]
    fn every_text_says_something_in_both_languages() {
        /// Terms that English speakers of the trade use as they are.
        const TERMS: [&str; 7] =
            ["個人番号", "個人履歴番号", "宛名番号", "枝番号", "最新フラグ", "WT資料", "□"];
        for (code, text) in all_faults() {
            for both in [&text.title, &text.cause, &text.remedy] {
                assert!(!both.ja.is_ascii(), "{code}: {} is no Japanese", both.ja);
                let plain = TERMS.iter().fold(both.en.clone(), |text, term| text.replace(term, ""));
                assert!(!both.en.is_empty() && plain.is_ascii(), "{code}: {}", both.en);
            }
        }
    }
}
