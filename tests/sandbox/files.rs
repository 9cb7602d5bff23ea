//! Looking at files, and tampering with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Copies everything of a folder into one that exists, with modes and times.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(copied.success(), "cp -a {} {}", from.display(), to.display());
}

/// The plain files of a folder, by name; none where there is no folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// True when a file's name ends with a dot and `ending`.
pub(crate) fn ends_with(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == ending)
}

/// All files below a folder with their bytes; entries whose name `wanted` refuses are passed over.
pub(crate) fn read_tree(folder: &Path, wanted: fn(&str) -> bool) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((path, prefix)) = open.pop() {
        let Ok(entries) = fs::read_dir(&path) else { continue };
        for entry in entries.map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if !wanted(&name) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                open.push((entry.path(), format!("{prefix}{name}/")));
            } else if let Ok(bytes) = fs::read(entry.path()) {
                // A file may be moved on while a hub is at work.
                found.insert(format!("{prefix}{name}"), bytes);
            }
        }
    }
    found
}

/// A folder's tree, for people.
pub(crate) fn tree(folder: &Path) -> String {
    let mut text = String::new();
    for (name, bytes) in read_tree(folder, |_| true) {
        let _ = writeln!(text, "{:>9} {name}", bytes.len());
    }
    text
}

/// A notice as it stands.
pub(crate) fn notice(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Changes a notice.
pub(crate) fn edit_notice(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value = notice(path);
    change(&mut value);
    fs::write(path, serde_json::to_string_pretty(&value).unwrap()).unwrap();
}

/// The data files a notice names, in order.
pub(crate) fn data_files(notice_path: &Path) -> Vec<PathBuf> {
    let value = notice(notice_path);
    let files = value["files"].as_array().unwrap();
    files.iter().map(|file| notice_path.with_file_name(file["name"].as_str().unwrap())).collect()
}

/// Changes the bytes of a file.
pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes the lines of a data file; the header is line 0.
pub(crate) fn edit_lines(path: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let text = fs::read_to_string(path).unwrap();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = text.split_terminator(newline).map(str::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.join(newline) + newline).unwrap();
}

/// Puts length, digest and rows of the data files into their notice, as a forger would who knows the
/// format; states and change counts stay as they are.
pub(crate) fn reseal(notice_path: &Path) {
    edit_notice(notice_path, |value| {
        let mut n_all = 0;
        for file in value["files"].as_array_mut().unwrap() {
            let bytes = fs::read(notice_path.with_file_name(file["name"].as_str().unwrap())).unwrap();
            // The header's line, and what stands after the last newline: nothing.
            let n_rows = bytes.split(|byte| *byte == b'\n').count() - 2;
            n_all += n_rows;
            file["n_bytes"] = json!(bytes.len());
            file["n_rows"] = json!(n_rows);
            file["sha256"] = json!(sha256(&bytes));
        }
        value["n_rows"] = json!(n_all);
        if value["kind"] == "full" {
            value["state_after"]["n_rows"] = json!(n_all);
        }
    });
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Fails unless every notice's files are there and whole; gives the names of data files and reports without
/// a notice.
#[track_caller]
pub(crate) fn whole_or_absent(published: &BTreeMap<String, Vec<u8>>, note: &str) -> Vec<String> {
    let mut unnamed: Vec<String> = published.keys().filter(|name| ends_with(name, "csv")).cloned().collect();
    for (name, bytes) in published.iter().filter(|(name, _)| ends_with(name, "done")) {
        let value: Value = serde_json::from_slice(bytes)
            .unwrap_or_else(|error| panic!("{note}: {name} is not whole: {error}"));
        let reports = value["reports"].as_array().into_iter().flatten();
        for file in value["files"].as_array().unwrap().iter().chain(reports) {
            let folder = name.rsplit_once('/').unwrap().0;
            let path = format!("{folder}/{}", file["name"].as_str().unwrap());
            let found = published
                .get(&path)
                .unwrap_or_else(|| panic!("{note}: {name} names {path}, which is not there"));
            assert_eq!(json!(sha256(found)), file["sha256"], "{note}: {path} is not whole");
            unnamed.retain(|name| *name != path);
        }
    }
    unnamed
}
