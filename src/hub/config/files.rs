//! The files of a hub's folder.

use std::fs;
use std::path::{Path, PathBuf};

use renkei_core::Digest;
use renkei_core::declared::{Problems, Spot};
use renkei_core::hash::Hasher;

/// The file that makes a folder a hub's folder.
pub const HUB_FILE: &str = "hub.toml";

/// One declaration file.
#[derive(Debug)]
pub(super) struct DeclarationFile {
    /// Its name relative to the hub's folder, for problems.
    pub(super) name: String,
    /// Its file name without `.toml`.
    pub(super) id: String,
    /// Its text.
    pub(super) text: String,
}

/// The nearest folder with a `hub.toml`: `start` or one above it.
pub fn find_folder(start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|folder| folder.join(HUB_FILE).is_file()).map(Path::to_path_buf)
}

/// Reads one text file of the hub's folder; one that cannot be read is a problem.
pub(super) fn read_text(folder: &Path, name: &str, problems: &Problems) -> Option<String> {
    let bytes = match fs::read(folder.join(name)) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.report(&Spot::of_file(name), format!("cannot be read: {error}"));
            return None;
        }
    };
    let text = String::from_utf8(bytes).ok();
    if text.is_none() {
        let hint = "save the file as UTF-8".to_owned();
        problems.report_with(&Spot::of_file(name), "is not UTF-8", hint);
    }
    text
}

/// Reads every `*.toml` of a folder in the hub's folder, by name. No such folder: no files.
pub(super) fn read_folder(folder: &Path, below: &str, problems: &Problems) -> Vec<DeclarationFile> {
    names(folder, below, ".toml", problems)
        .into_iter()
        .filter_map(|id| {
            let name = format!("{below}/{id}.toml");
            let text = read_text(folder, &name, problems)?;
            Some(DeclarationFile { name, id, text })
        })
        .collect()
}

/// The layout files of a folder: id, name for problems, text.
pub(crate) fn read_layout_files(
    folder: &Path,
    problems: &Problems,
) -> impl Iterator<Item = (String, String, String)> {
    read_folder(folder, "layouts", problems).into_iter().map(|file| (file.id, file.name, file.text))
}

/// The calendar files of a folder: id, name for problems, text.
pub(crate) fn read_calendar_files(
    folder: &Path,
    problems: &Problems,
) -> impl Iterator<Item = (String, String, String)> {
    read_folder(folder, "calendars", problems).into_iter().map(|file| (file.id, file.name, file.text))
}

/// The names without `suffix` of the files in a folder of the hub's folder, in order.
pub(super) fn names(folder: &Path, below: &str, suffix: &str, problems: &Problems) -> Vec<String> {
    let path = folder.join(below);
    if !path.exists() {
        return Vec::new();
    }
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) => {
            problems.report(&Spot::of_file(below), format!("cannot be read: {error}"));
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        // Editors leave `.name.toml.swp` and the like beside a file that is open.
        .filter(|name| !name.starts_with('.'))
        .filter_map(|name| name.strip_suffix(suffix).map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The SHA-256 of everything that is declared in a hub's folder: each file's name and bytes, by name. What cannot be
/// read counts as empty.
pub(crate) fn declarations_sha256(folder: &Path) -> Digest {
    let mut found = vec![PathBuf::from(HUB_FILE)];
    for below in ["jobs", "jobs/calendars", "layouts", "layouts/degrade", "layouts/mappings"] {
        let entries = fs::read_dir(folder.join(below)).into_iter().flatten().filter_map(Result::ok);
        let names = entries.map(|entry| Path::new(below).join(entry.file_name()));
        found.extend(names.filter(|name| folder.join(name).is_file() && !is_hidden(name)));
    }
    found.sort();
    let mut hasher = Hasher::new();
    for name in &found {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        let text = name.to_string_lossy();
        for part in [text.as_bytes(), &bytes] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    hasher.finish()
}

/// Editors leave such files beside one that is open.
fn is_hidden(name: &Path) -> bool {
    name.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_is_in_the_digest() {
        let hub = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = hub.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let digest = || declarations_sha256(hub.path());
        write("hub.toml", "a");
        let mut last = digest();
        for name in
            ["hub.toml", "jobs/a.toml", "jobs/calendars/c.toml", "layouts/l.toml", "layouts/mappings/m.toml"]
        {
            write(name, "b");
            assert_ne!(digest(), last, "{name}");
            last = digest();
        }
        write("jobs/.a.toml.swp", "x");
        write("data/renkei.db", "x");
        assert_eq!(digest(), last);
    }
}
