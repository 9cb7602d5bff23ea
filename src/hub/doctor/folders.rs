//! Whether every feed's folder can be written.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::finding::{Finding, Level, Words};
use super::volumes::nearest;
use crate::config::Config;

/// Asks the system, without writing: for each feed's folder, or the one it would be made in.
pub(super) fn writable(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let stage = config.root.join(".stage");
    let folders = config.feeds.iter().map(|declared| config.root.join(declared.feed.folder.as_str()));
    for folder in folders.chain([stage]) {
        if let Err((existing, error)) = is_writable(&folder) {
            findings.push(not_writable("folders", &existing, &error));
        }
    }
    // Several feeds below one folder that cannot be written are one finding.
    findings.dedup();
    if findings.is_empty() {
        let n_feeds = config.feeds.len();
        let words = Words::new(
            format!("{n_feeds} 系列のフォルダに書き込めます"),
            format!("the folders of {n_feeds} feeds can be written"),
        );
        findings.push(Finding::ok("folders", config.root.display().to_string(), words));
    }
    findings
}

/// Asks the system, without writing, of a folder or the one it would be made in: that one, and why not.
pub(super) fn is_writable(folder: &Path) -> Result<(), (PathBuf, std::io::Error)> {
    let existing = nearest(folder);
    if !existing.is_dir() {
        return Err((existing.to_owned(), std::io::ErrorKind::NotADirectory.into()));
    }
    let asked = accessat(CWD, existing, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS);
    asked.map_err(|error| (existing.to_owned(), error.into()))
}

/// A folder that cannot be written.
pub(super) fn not_writable(check: &'static str, folder: &Path, error: &std::io::Error) -> Finding {
    let words = Words::new(format!("書き込めません: {error}"), format!("cannot be written: {error}"));
    let remedy = Words::new(
        "フォルダの権限と、読み取り専用のマウントでないことを確かめてください。",
        "Check the folder's rights, and that it is not mounted read-only.",
    );
    Finding::new(check, Level::Problem, folder.display().to_string(), words).with_remedy(remedy)
}
