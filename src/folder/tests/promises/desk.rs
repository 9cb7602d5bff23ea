//! A root in a temporary folder, and short words for what the tests do with it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use renkei_core::port::{Content, FolderError, Folders};
use renkei_core::{Digest, Fault, FileName, FolderPath};
use renkei_folder::LocalFolders;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub(crate) struct Desk {
    pub(crate) folders: LocalFolders,
    dir: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { folders: LocalFolders::open(dir.path()).unwrap(), dir }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Writes a finished file on the stage `s`, which is begun if it is missing.
    pub(crate) fn stage(&self, file: &str, text: &str) {
        if !self.path(".stage/s").exists() {
            self.folders.begin_stage(&name("s")).unwrap();
        }
        write_staged(&self.folders, file, text.as_bytes()).unwrap();
    }

    /// Publishes `file` from the stage `s` to `001/v1` as what `text` is.
    pub(crate) fn publish(&self, file: &str, text: &str) -> Result<(), FolderError> {
        self.folders.publish(&name("s"), &name(file), &folder("001/v1"), &content(text.as_bytes()))
    }

    /// Every file below the root with its text, sorted by path; a folder ends with `/`.
    pub(crate) fn tree(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let shown = path.strip_prefix(self.dir.path()).unwrap().display().to_string();
                if path.is_dir() {
                    found.push((format!("{shown}/"), String::new()));
                    open.push(path);
                } else {
                    found.push((shown, std::fs::read_to_string(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

pub(crate) fn write_staged(folders: &dyn Folders, file: &str, bytes: &[u8]) -> Result<(), FolderError> {
    let mut staged = folders.create(&name("s"), &name(file))?;
    staged.write_all(bytes).map_err(|error| error.downcast::<FolderError>().unwrap())?;
    staged.finish()
}

pub(crate) fn name(text: &str) -> FileName {
    text.parse().unwrap()
}

pub(crate) fn folder(text: &str) -> FolderPath {
    text.parse().unwrap()
}

pub(crate) fn content(bytes: &[u8]) -> Content {
    Content { n_bytes: bytes.len() as u64, sha256: Digest(Sha256::digest(bytes).into()) }
}

/// The code of a failure, or `ok`.
pub(crate) fn code<T>(answer: Result<T, FolderError>) -> &'static str {
    answer.map_or_else(|fault| fault.code(), |_| "ok")
}

/// This test program again, told to run only the test `test` as the other process.
pub(crate) fn again(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command
}

pub(crate) fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}
