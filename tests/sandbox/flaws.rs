//! The sets of `fixtures/sets` that are not to be taken.

use std::path::{Path, PathBuf};

/// The folders of sets.
pub(crate) fn all() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sets");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut flaws: Vec<(String, PathBuf)> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, path)| path.is_dir() && name != "base")
        .collect();
    flaws.sort();
    assert!(flaws.len() > 40);
    flaws
}

/// Copies a set's files into a folder, the notice last.
pub(crate) fn put(set: &Path, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for ending in ["csv", "done"] {
        for name in super::files::names(set).iter().filter(|name| super::files::ends_with(name, ending)) {
            std::fs::copy(set.join(name), folder.join(name)).unwrap();
        }
    }
}

/// The codes a set is to be refused for.
pub(crate) fn expected(set: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(set.join("expected.txt")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The codes of a reason file that are about the set, each once; of rules of rows only the set's word.
pub(crate) fn codes(reason: &Path) -> Vec<String> {
    let reason = super::files::notice(reason);
    let mut codes: Vec<String> = Vec::new();
    for reason in reason["reasons"].as_array().unwrap() {
        let code = reason["code"].as_str().unwrap().to_owned();
        if renkei_core::receive::ReasonCode::parse(&code).is_some() && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}
